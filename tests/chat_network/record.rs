//! What was acknowledged and what was seen, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A message's place: the number of the log's life, and its number in it.
pub(crate) type Place = (usize, u64);

/// What all clients know together, which none of them does alone.
#[derive(Default)]
pub(crate) struct Record {
    /// The lives of the room's log, in their order.
    epochs: Vec<String>,
    /// What stands where, as everybody sees it.
    log: HashMap<Place, String>,
    /// Where it stands what was acknowledged last.
    pub(crate) acknowledged: BTreeMap<String, Place>,
    /// The private messages that were acknowledged, and to whom they are.
    pub(crate) delivered: BTreeMap<String, usize>,
    /// Whether the network is well again.
    pub(crate) is_calm: bool,
    views: Vec<View>,
    pub(crate) tally: Tally,
}

/// How much has happened: a story in which nothing does proves nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Connections that were lost after a join.
    pub(crate) breaks: usize,
    /// Joins after which something was sent that had been missed.
    pub(crate) recoveries: usize,
    /// Joins that were told that something may be missing.
    pub(crate) gaps: usize,
    /// Messages that were sent again although they had been stored.
    pub(crate) repeats: usize,
}

/// What one client has seen.
#[derive(Clone, Default)]
pub(crate) struct View {
    /// The last message behind which it has missed nothing, as far as it knows.
    last: Option<Place>,
    seen: BTreeSet<Place>,
    /// The messages between which it was told that some may be missing.
    gaps: Vec<(Option<Place>, Place)>,
    letters: Vec<String>,
    /// Whether it was told of a gap and has seen nothing since.
    is_told: bool,
    /// The head of the log when it first came.
    began: Option<Place>,
}

impl Record {
    pub(crate) fn new(clients: usize) -> Record {
        Record { views: vec![View::default(); clients], ..Record::default() }
    }

    pub(crate) fn epoch(&mut self, epoch: &str) -> usize {
        let known = self.epochs.iter().position(|other| other == epoch);
        known.unwrap_or_else(|| {
            self.epochs.push(epoch.to_owned());
            self.epochs.len() - 1
        })
    }

    /// The place in a message's id.
    pub(crate) fn place(&mut self, id: &str) -> Place {
        let (epoch, seq) = id.split_once('-').expect("an epoch and a number");
        (self.epoch(epoch), seq.parse().expect("a number"))
    }

    /// How many lives the room's log has had.
    pub(crate) fn lives(&self) -> usize {
        self.epochs.len()
    }

    /// In how many of them something was said.
    pub(crate) fn lives_with_messages(&self) -> usize {
        let places = self.log.keys().chain(self.acknowledged.values());
        places.map(|(life, _)| life).collect::<BTreeSet<_>>().len()
    }

    /// A client is in the room for the first time.
    pub(crate) fn begins(&mut self, who: usize, head: Place) {
        self.views[who].began = Some(head);
        self.views[who].last = Some(head);
    }

    /// A client comes back and is promised everything.
    pub(crate) fn is_promised_all(&mut self, who: usize, head: Place) {
        let last = self.views[who].last.expect("it asked for what comes behind it");
        assert_eq!(last.0, head.0, "promised what was in another life");
        self.tally.recoveries += usize::from(last < head);
    }

    /// A client comes back and is told that it may have missed something.
    pub(crate) fn is_told(&mut self, who: usize, head: Place) {
        self.tally.gaps += 1;
        let view = &mut self.views[who];
        view.is_told = true;
        if head.1 == 0 {
            self.sees_head(who, head);
        }
    }

    /// Nothing was said in this life yet.
    fn sees_head(&mut self, who: usize, head: Place) {
        let view = &mut self.views[who];
        view.gaps.push((view.last, head));
        (view.last, view.is_told) = (Some(head), false);
    }

    /// A client sees a message.
    pub(crate) fn sees(&mut self, who: usize, place: Place, content: &str) {
        let said = self.log.entry(place).or_insert_with(|| content.to_owned());
        assert_eq!(said, content, "two messages at {place:?}");
        let view = &mut self.views[who];
        if view.is_told {
            view.gaps.push((view.last, place));
            view.is_told = false;
        } else {
            let (life, last) = view.last.expect("it has begun");
            assert_eq!(place, (life, last + 1), "client {who} missed something, or saw it twice");
        }
        view.last = Some(place);
        view.seen.insert(place); // once more only after a gap
    }

    /// A client sees a private message.
    pub(crate) fn gets(&mut self, who: usize, content: &str) {
        self.views[who].letters.push(content.to_owned());
    }

    /// Behind which message a client asks for what it missed.
    pub(crate) fn last(&self, who: usize) -> Option<(String, u64)> {
        let (life, seq) = self.views[who].last?;
        Some((self.epochs[life].clone(), seq))
    }

    /// Whether a client has seen all there is.
    pub(crate) fn is_up_to_date(&self, who: usize) -> bool {
        let life = self.epochs.len().saturating_sub(1);
        let heads = self.log.keys().chain(self.acknowledged.values());
        let head = heads.filter(|place| place.0 == life).max();
        let last = self.views[who].last;
        last.is_some() && last >= head.copied() && !self.views[who].is_told
    }

    pub(crate) fn check(&self) {
        self.check_log();
        for (who, view) in self.views.iter().enumerate() {
            for (content, place) in &self.acknowledged {
                assert_eq!(self.log.get(place), Some(content), "acknowledged, and not there");
                let was_early = view.began.is_none_or(|began| *place <= began);
                let is_excused = was_early || view.knows_of_gap_at(*place);
                assert!(view.seen.contains(place) || is_excused, "{who} never saw {content}");
            }
            self.check_letters(who, view);
        }
    }

    /// Nothing was stored twice in one life of the log.
    fn check_log(&self) {
        let mut said = BTreeSet::new();
        for ((life, _), content) in &self.log {
            assert!(said.insert((life, content)), "{content} was stored twice");
        }
    }

    fn check_letters(&self, who: usize, view: &View) {
        let letters: BTreeSet<&String> = view.letters.iter().collect();
        if self.lives() > 1 {
            return; // a server without a memory forgets who got what
        }
        assert_eq!(letters.len(), view.letters.len(), "a private message came twice");
        for (content, to) in &self.delivered {
            let is_missing = *to == who && !letters.contains(content);
            assert!(!is_missing, "{who} never got {content}");
        }
    }
}

impl View {
    fn knows_of_gap_at(&self, place: Place) -> bool {
        let is_there = |(before, after): &(Option<Place>, Place)| {
            before.is_none_or(|before| before < place) && place < *after
        };
        self.gaps.iter().any(is_there)
    }
}
