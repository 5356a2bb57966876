//! What was said in one place, in the order in which the server has it; behind
//! that, what we have said and the server has not sent back yet.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use wirechat::chat::Timestamp;
use wirechat::client::Message;

use super::super::text;

/// Entries that are kept, and bytes of their text.
const MAX_ENTRIES: usize = 2000;
const MAX_BYTES: usize = 1 << 20;

/// What we have said, that is on its way or has not come back.
const MAX_UNSETTLED: usize = 512;

/// Names an entry as long as it is there.
pub(in super::super) type Uid = u64;

/// Something that is shown.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Entry {
    pub(in super::super) uid: Uid,
    pub(in super::super) time: Option<Timestamp>,
    pub(in super::super) kind: Kind,
    /// Its place in the log: which life of it, and the number.
    place: Option<(u32, u64)>,
    id: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Kind {
    /// Somebody says something.
    Said { name: String, text: String, is_call: bool },
    /// We do. `raw` is what is sent.
    Own { name: String, text: String, raw: String, mark: Mark },
    /// The server tells something.
    Notice(String),
    /// We were asked for something, and this is the answer.
    Aside(String),
    /// What did not work.
    Trouble(String),
    /// Something may be missing here.
    Missing(String),
}

/// What has become of something that we said.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Mark {
    /// It is on its way.
    Pending,
    /// The server has it.
    Delivered,
    /// It is not there, for this reason.
    Failed(String),
}

impl Kind {
    fn bytes(&self) -> usize {
        match self {
            Kind::Said { name, text, .. } => name.len() + text.len(),
            Kind::Own { name, text, raw, .. } => name.len() + text.len() + raw.len(),
            Kind::Notice(text) | Kind::Aside(text) | Kind::Trouble(text) | Kind::Missing(text) => {
                text.len()
            }
        }
    }
}

#[derive(Debug, Default)]
pub(in super::super) struct Timeline {
    settled: VecDeque<Entry>,
    /// What the client lets wait, and what the server is to send back.
    unsettled: VecDeque<Entry>,
    /// Of what is settled.
    bytes: usize,
    /// Which life of the log it is.
    life: u32,
    count: Uid,
    widest: usize,
}

impl Timeline {
    pub(in super::super) fn len(&self) -> usize {
        self.settled.len() + self.unsettled.len()
    }

    pub(in super::super) fn get(&self, index: usize) -> Option<&Entry> {
        match index.checked_sub(self.settled.len()) {
            None => self.settled.get(index),
            Some(index) => self.unsettled.get(index),
        }
    }

    pub(in super::super) fn index_of(&self, uid: Uid) -> Option<usize> {
        self.entries().position(|entry| entry.uid == uid)
    }

    pub(in super::super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.settled.iter().chain(&self.unsettled)
    }

    /// Cells of the widest name that was ever here.
    pub(in super::super) fn widest_name(&self) -> usize {
        self.widest
    }

    pub(in super::super) fn is_full(&self) -> bool {
        self.settled.len() >= MAX_ENTRIES - 100 || self.bytes >= MAX_BYTES / 2
    }

    /// Whether something that we said is still on its way.
    pub(in super::super) fn has_pending(&self) -> bool {
        let is_pending =
            |entry: &Entry| matches!(entry.kind, Kind::Own { mark: Mark::Pending, .. });
        self.unsettled.iter().any(is_pending)
    }

    /// The number of the oldest message of this life of the log, unless there are
    /// older lives before it.
    pub(in super::super) fn first_number(&self) -> Option<u64> {
        let (life, number) = self.settled.iter().find_map(|entry| entry.place)?;
        (life == self.life).then_some(number)
    }

    /// The log has begun anew: numbers from before mean nothing any more.
    pub(in super::super) fn begin_anew(&mut self) {
        self.settle_before(u64::MAX);
        self.life += 1;
    }

    /// Adds something that has no place in the log.
    pub(in super::super) fn tell(&mut self, time: Option<Timestamp>, kind: Kind) -> Uid {
        let entry = self.entry(time, kind);
        self.settle(entry)
    }

    /// Adds what is about to be sent.
    pub(in super::super) fn say(&mut self, time: Timestamp, kind: Kind) -> Uid {
        let entry = self.entry(Some(time), kind);
        let uid = entry.uid;
        if self.unsettled.len() == MAX_UNSETTLED
            && let Some(oldest) = self.unsettled.pop_front()
        {
            self.settle(oldest);
        }
        self.unsettled.push_back(entry);
        uid
    }

    /// Adds a message that the server has sent. Nothing, if it was there already,
    /// as one of ours is.
    pub(in super::super) fn hear(&mut self, message: &Message, kind: Kind) -> Option<Uid> {
        self.hear_as(message.id.as_deref(), message.seq, message.timestamp, kind)
    }

    /// As [`hear`](Timeline::hear), for what is no message of a room.
    pub(in super::super) fn hear_as(
        &mut self,
        id: Option<&str>,
        seq: Option<u64>,
        time: Option<Timestamp>,
        kind: Kind,
    ) -> Option<Uid> {
        if let Some(index) = self.awaited(id, &kind) {
            let mut own = self.unsettled.remove(index)?;
            if let Kind::Own { mark, .. } = &mut own.kind {
                *mark = Mark::Delivered;
            }
            own.time = time.or(own.time);
            own.id = id.map(str::to_owned);
            own.place = seq.map(|seq| (self.life, seq));
            self.settle(own);
            return None;
        }
        if self.has(id) {
            return None;
        }
        self.settle_before(seq.unwrap_or(0));
        let mut entry = self.entry(time, kind);
        entry.id = id.map(str::to_owned);
        entry.place = seq.map(|seq| (self.life, seq));
        Some(self.settle(entry))
    }

    /// What the server has stored before this number, but has not sent back, does not
    /// come any more.
    fn settle_before(&mut self, number: u64) {
        let is_before = |it: &Entry| it.place.is_some_and(|(_, it)| it < number);
        while let Some(index) = self.unsettled.iter().position(is_before)
            && let Some(entry) = self.unsettled.remove(index)
        {
            self.settle(entry);
        }
    }

    /// Which one of ours this is. On a server that gives no identities, the first
    /// one with the same words.
    fn awaited(&self, id: Option<&str>, kind: &Kind) -> Option<usize> {
        match (id, kind) {
            (Some(_), _) => self.unsettled.iter().position(|entry| entry.id.as_deref() == id),
            (None, Kind::Own { text, .. }) => self.unsettled.iter().position(
                |entry| matches!(&entry.kind, Kind::Own { text: ours, .. } if ours == text),
            ),
            (None, _) => None,
        }
    }

    fn has(&self, id: Option<&str>) -> bool {
        id.is_some() && self.settled.iter().rev().any(|entry| entry.id.as_deref() == id)
    }

    /// The server has stored what we said.
    pub(in super::super) fn delivered(&mut self, uid: Uid, id: Option<String>, seq: Option<u64>) {
        if self.has(id.as_deref()) {
            // It has come back already, before it was confirmed.
            self.forget(uid);
            return;
        }
        let Some(entry) = self.unsettled.iter_mut().find(|entry| entry.uid == uid) else { return };
        entry.id = id;
        entry.place = seq.map(|seq| (self.life, seq));
        if let Kind::Own { mark, .. } = &mut entry.kind {
            *mark = Mark::Delivered;
        }
    }

    /// It was not delivered.
    pub(in super::super) fn failed(&mut self, uid: Uid, reason: String) {
        let Some(mut entry) = self.forget(uid) else { return };
        if let Kind::Own { mark, .. } = &mut entry.kind {
            *mark = Mark::Failed(reason);
        }
        self.settle(entry);
    }

    /// Nobody knows what has become of what is on its way.
    pub(in super::super) fn fail_all(&mut self, reason: &str) {
        while let Some(uid) = self.unsettled.front().map(|entry| entry.uid) {
            self.failed(uid, reason.to_owned());
        }
    }

    /// What was not delivered, and why.
    pub(in super::super) fn failed_ones(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settled.iter().filter_map(|entry| match &entry.kind {
            Kind::Own { mark: Mark::Failed(reason), text, .. } => Some((&text[..], &reason[..])),
            _ => None,
        })
    }

    fn forget(&mut self, uid: Uid) -> Option<Entry> {
        let index = self.unsettled.iter().position(|entry| entry.uid == uid)?;
        self.unsettled.remove(index)
    }

    /// Takes out what was not delivered; what was to be sent, the oldest first.
    pub(in super::super) fn take_failed(&mut self) -> Vec<String> {
        let mut failed = Vec::new();
        let bytes = &mut self.bytes;
        self.settled.retain(|entry| match &entry.kind {
            Kind::Own { mark: Mark::Failed(_), raw, .. } => {
                failed.push(raw.clone());
                *bytes -= entry.kind.bytes();
                false
            }
            _ => true,
        });
        failed
    }

    /// Adds older messages where they belong.
    pub(in super::super) fn remember(&mut self, message: &Message, kind: Kind) {
        let (Some(seq), false) = (message.seq, self.has(message.id.as_deref())) else { return };
        let place = Some((self.life, seq));
        if self.settled.iter().any(|entry| entry.place == place) {
            return;
        }
        let mut entry = self.entry(message.timestamp, kind);
        (entry.place, entry.id) = (place, message.id.clone());
        let after = self.settled.iter().position(|entry| entry.place > place);
        let mut at = after.unwrap_or(self.settled.len());
        // What has no number stands before it only if it is older.
        let is_later = |it: &Entry| it.place.is_none() && it.time > message.timestamp;
        while at > 0 && is_later(&self.settled[at - 1]) {
            at -= 1;
        }
        self.bytes += entry.kind.bytes();
        self.settled.insert(at, entry);
    }

    fn entry(&mut self, time: Option<Timestamp>, kind: Kind) -> Entry {
        self.count += 1;
        if let Kind::Said { name, .. } | Kind::Own { name, .. } = &kind {
            self.widest = self.widest.max(text::width(name));
        }
        Entry { uid: self.count, time, kind, place: None, id: None }
    }

    fn settle(&mut self, entry: Entry) -> Uid {
        let uid = entry.uid;
        self.bytes += entry.kind.bytes();
        self.settled.push_back(entry);
        while self.settled.len() > MAX_ENTRIES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.settled.pop_front() else { break };
            self.bytes -= oldest.kind.bytes();
        }
        uid
    }
}
