//! Private messages: kept for those who are away, and for those whose connection
//! was lost while they were on their way.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::ids::{Epoch, Position};
use super::names::UserName;
use super::time::Timestamp;
use super::token::NonceKey;
use super::wire::Mail;

/// Messages that are kept for one person.
const MOST_EACH: usize = 100;

/// People for whom a box is kept, and those who are remembered without one.
const MOST_BOXES: usize = 10_000;
const MOST_KNOWN: usize = 10_000;

/// Something that one person says to another.
///
/// ```
/// use wirechat::chat::{Epoch, Position, Private, Timestamp, UserName};
///
/// let private = Private {
///     from: UserName::parse("Ann")?,
///     to: UserName::parse("Bob")?,
///     content: "psst".into(),
///     at: Timestamp::from_millis(1_700_000_000_000),
///     id: Position { epoch: Epoch::new(0x5eed), seq: 1 },
///     key: None,
/// };
/// assert_eq!(private.id.to_string(), "5eed-1");
/// # Ok::<(), wirechat::chat::NameError>(())
/// ```
#[derive(Debug)]
pub struct Private {
    /// Who says it.
    pub from: UserName,
    /// To whom.
    pub to: UserName,
    /// What.
    pub content: Box<str>,
    /// When.
    pub at: Timestamp,
    /// Its place among all private messages.
    pub id: Position,
    /// What the same message would have if its sender sent it again.
    pub key: Option<NonceKey>,
}

/// What an [`Engine`](super::Engine) kept of the private messages.
///
/// ```
/// use wirechat::chat::{Epoch, RecalledPost};
///
/// let nothing = RecalledPost {
///     epoch: Epoch::new(0x5eed),
///     head: 0,
///     messages: Vec::new(),
///     delivered: Vec::new(),
/// };
/// # let _ = nothing;
/// ```
#[derive(Debug)]
pub struct RecalledPost {
    /// The life of their log.
    pub epoch: Epoch,
    /// The number of the last one that there ever was.
    pub head: u64,
    /// The last ones, the oldest first.
    pub messages: Vec<Private>,
    /// Up to which number they were handed to whom, by the letters of a name.
    pub delivered: Vec<(Box<str>, u64)>,
}

impl Private {
    /// Bytes that it takes in memory, about.
    pub(crate) fn size(&self) -> usize {
        self.content.len() + size_of::<Private>()
    }
}

/// All boxes, by the name of their owner without regard to case.
///
/// Without authentication a name is all that a person is, so what waits for a
/// name goes to whoever has it next.
#[derive(Debug)]
pub(crate) struct Post {
    epoch: Epoch,
    /// The number of the last message.
    head: u64,
    stamp: Timestamp,
    /// The last messages, the oldest first.
    kept: VecDeque<Arc<Private>>,
    /// Bytes of those, and how many they may be.
    size: usize,
    capacity: usize,
    /// The boxes of those who sent or got something.
    boxes: HashMap<Box<str>, PostBox>,
    /// The names of the boxes, the oldest first.
    order: VecDeque<Box<str>>,
    /// Those who have been here, and in which order they left.
    known: HashSet<Box<str>>,
    left: VecDeque<Box<str>>,
}

/// What one person sent and got.
#[derive(Debug, Default)]
struct PostBox {
    messages: VecDeque<Arc<Private>>,
    /// The last one that was handed to a connection of the owner.
    delivered: u64,
}

impl Post {
    /// Nothing yet; about `capacity` bytes are kept in all.
    pub(crate) fn new(epoch: Epoch, capacity: usize) -> Post {
        Post {
            epoch,
            head: 0,
            stamp: Timestamp::EARLIEST,
            kept: VecDeque::new(),
            size: 0,
            capacity,
            boxes: HashMap::new(),
            order: VecDeque::new(),
            known: HashSet::new(),
            left: VecDeque::new(),
        }
    }

    /// Whether somebody of this name has been here, and has left.
    pub(crate) fn knows(&self, user: &UserName) -> bool {
        let letters = user.letters();
        self.boxes.contains_key(&letters) || self.known.contains(&letters)
    }

    /// Somebody of this name has left, and what is said to them from now on waits.
    pub(crate) fn remember(&mut self, letters: Box<str>) {
        if self.known.insert(letters.clone()) {
            self.left.push_back(letters);
        }
        if self.left.len() > MOST_KNOWN
            && let Some(first) = self.left.pop_front()
        {
            self.known.remove(&first);
        }
    }

    /// What an engine kept.
    pub(crate) fn recalled(recalled: RecalledPost, capacity: usize) -> Post {
        let RecalledPost { epoch, head, messages, delivered } = recalled;
        let mut post = Post { head, ..Post::new(epoch, capacity) };
        for (letters, seq) in delivered {
            post.open(letters).delivered = seq;
        }
        for private in messages {
            post.stamp = post.stamp.max(private.at);
            post.put(&Arc::new(private));
        }
        post
    }

    /// The message that was sent with this nonce, if it is kept for its sender.
    pub(crate) fn find(&self, from: &UserName, key: NonceKey) -> Option<Position> {
        let mut kept = self.boxes.get(&from.letters())?.messages.iter().rev();
        kept.find(|private| private.key == Some(key)).map(|private| private.id)
    }

    /// Keeps a message for both, after `keep` has stored it.
    ///
    /// # Errors
    /// Those of `keep`; then nothing is kept.
    pub(crate) fn store<E>(
        &mut self,
        from: &UserName,
        to: &UserName,
        content: &str,
        key: Option<NonceKey>,
        now: Timestamp,
        keep: impl FnOnce(&Private) -> Result<(), E>,
    ) -> Result<Arc<Private>, E> {
        let private = Arc::new(Private {
            from: from.clone(),
            to: to.clone(),
            content: content.into(),
            at: self.stamp.max(now),
            id: Position { epoch: self.epoch, seq: self.head + 1 },
            key,
        });
        keep(&private)?;
        self.head += 1;
        self.stamp = private.at;
        self.put(&private);
        Ok(private)
    }

    fn put(&mut self, private: &Arc<Private>) {
        self.size += private.size();
        self.kept.push_back(Arc::clone(private));
        let (from, to) = (private.from.letters(), private.to.letters());
        if to != from {
            self.open(to).keep(private);
        }
        self.open(from).keep(private);
        while self.size > self.capacity
            && let Some(oldest) = self.kept.pop_front()
        {
            self.forget(&oldest);
        }
    }

    /// Somebody of this name is here and gets what is said from now on; what they
    /// get of what was said before, and the place behind which that begins: whoever
    /// loses the connection before the first one has that to come back with. `mark`
    /// is told how far it went if that was not known.
    pub(crate) fn collect(
        &mut self,
        user: &UserName,
        mail: Mail,
        mark: impl FnOnce(&str, u64),
    ) -> (Position, Vec<Arc<Private>>) {
        let (epoch, letters) = (self.epoch, user.letters());
        let Some(post_box) = self.boxes.get(&letters) else {
            return (Position { epoch, seq: 0 }, Vec::new());
        };
        let after = match mail {
            Mail::Waiting => post_box.delivered,
            Mail::After(Some(last)) if last.epoch == epoch => last.seq,
            Mail::After(_) => 0,
        };
        let mail = post_box.messages.iter().filter(|private| private.id.seq > after).cloned();
        let mail = mail.collect();
        self.delivered(letters, mark);
        (Position { epoch, seq: after }, mail)
    }

    /// Everything up to now has been handed to whoever has this name. `mark` is told
    /// if that was not known.
    pub(crate) fn delivered(&mut self, letters: Box<str>, mark: impl FnOnce(&str, u64)) {
        let Some(post_box) = self.boxes.get_mut(&letters) else { return };
        let last = post_box.messages.back().map_or(0, |private| private.id.seq);
        if last > post_box.delivered {
            post_box.delivered = last;
            mark(&letters, last);
        }
    }

    fn open(&mut self, name: Box<str>) -> &mut PostBox {
        if !self.boxes.contains_key(&name) {
            self.order.push_back(name.clone());
            if self.order.len() > MOST_BOXES
                && let Some(oldest) = self.order.pop_front()
            {
                self.boxes.remove(&oldest);
            }
        }
        self.boxes.entry(name).or_default()
    }

    /// A message is not kept any more; it is the oldest of its boxes.
    fn forget(&mut self, oldest: &Arc<Private>) {
        self.size -= oldest.size();
        for user in [&oldest.from, &oldest.to] {
            if let Some(post_box) = self.boxes.get_mut(&user.letters())
                && post_box.messages.front().is_some_and(|first| Arc::ptr_eq(first, oldest))
            {
                post_box.messages.pop_front();
            }
        }
    }
}

impl PostBox {
    fn keep(&mut self, private: &Arc<Private>) {
        self.messages.push_back(Arc::clone(private));
        if self.messages.len() > MOST_EACH {
            self.messages.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    fn post() -> Post {
        Post::new(Epoch::new(1), 1 << 20)
    }

    fn say(post: &mut Post, from: &str, to: &str, content: &str) -> Position {
        let now = Timestamp::from_millis(0);
        post.store(&user(from), &user(to), content, None, now, |_| Ok::<_, ()>(())).unwrap().id
    }

    fn collect(post: &mut Post, name: &str, mail: Mail) -> Vec<String> {
        let (_, privates) = post.collect(&user(name), mail, |_, _| {});
        privates.iter().map(|private| private.content.to_string()).collect()
    }

    #[test]
    fn what_waits_is_handed_out_once_and_only_to_those_it_concerns() {
        let mut post = post();
        say(&mut post, "Ann", "Bob", "1");
        say(&mut post, "Carol", "Bob", "2");
        say(&mut post, "Ann", "Carol", "3");
        assert_eq!(collect(&mut post, "BOB", Mail::Waiting), ["1", "2"]);
        assert_eq!(collect(&mut post, "Bob", Mail::Waiting), [""; 0]);
        assert_eq!(collect(&mut post, "Eve", Mail::Waiting), [""; 0]);
        assert_eq!(collect(&mut post, "Eve", Mail::After(None)), [""; 0]);
    }

    #[test]
    fn whoever_names_the_last_one_they_saw_gets_exactly_the_later_ones() {
        let mut post = post();
        let first = say(&mut post, "Ann", "Bob", "1");
        say(&mut post, "Bob", "Ann", "2");
        post.delivered(user("Bob").letters(), |_, _| {}); // to a connection that was dead already
        assert_eq!(collect(&mut post, "Bob", Mail::After(Some(first))), ["2"]);
        let elsewhere = Position { epoch: Epoch::new(9), seq: 7 };
        for unknown in [None, Some(elsewhere)] {
            assert_eq!(collect(&mut post, "Bob", Mail::After(unknown)), ["1", "2"]);
        }
    }

    #[test]
    fn whoever_saw_none_of_them_can_come_back_with_the_place_where_they_begin() {
        let mut post = post();
        let bob = user("Bob");
        let first = say(&mut post, "Ann", "Bob", "1");
        let (begin, _) = post.collect(&bob, Mail::Waiting, |_, _| {});
        assert_eq!(begin, Position { seq: 0, ..first });
        let (begin, _) = post.collect(&bob, Mail::Waiting, |_, _| {});
        assert_eq!(begin, first);
        say(&mut post, "Ann", "Bob", "2");
        post.delivered(bob.letters(), |_, _| {}); // to a connection that was dead already
        assert_eq!(collect(&mut post, "Bob", Mail::After(Some(begin))), ["2"]);
    }

    #[test]
    fn what_cannot_be_stored_is_nowhere() {
        let mut post = post();
        let now = Timestamp::from_millis(0);
        assert!(post.store(&user("Ann"), &user("Bob"), "1", None, now, |_| Err(())).is_err());
        assert_eq!(collect(&mut post, "Bob", Mail::After(None)), [""; 0]);
        assert_eq!(say(&mut post, "Ann", "Bob", "2").seq, 1);
    }

    #[test]
    fn what_was_recalled_goes_on_where_it_ended() {
        let mut before = post();
        say(&mut before, "Ann", "Bob", "1");
        let mut marks = Vec::new();
        before.collect(&user("Bob"), Mail::Waiting, |name, seq| marks.push((name.into(), seq)));
        before.collect(&user("Bob"), Mail::Waiting, |_, _| panic!("that was known"));
        say(&mut before, "Ann", "Bob", "2");
        let messages = before.kept.drain(..).map(|private| Private {
            from: private.from.clone(),
            to: private.to.clone(),
            content: private.content.clone(),
            ..*private
        });
        let messages = messages.collect();
        let recalled = RecalledPost { epoch: Epoch::new(1), head: 2, messages, delivered: marks };
        let mut post = Post::recalled(recalled, 1 << 20);
        assert_eq!(collect(&mut post, "Bob", Mail::Waiting), ["2"]);
        assert_eq!(say(&mut post, "Ann", "Bob", "3").seq, 3);
    }

    #[test]
    fn the_last_hundred_of_each_are_kept_and_no_more_bytes_than_allowed() {
        let mut post = post();
        for n in 0..150 {
            say(&mut post, "Ann", "Bob", &n.to_string());
        }
        let kept = collect(&mut post, "Bob", Mail::Waiting);
        assert_eq!((kept.len(), &*kept[0]), (100, "50"));
        let mut post = Post::new(Epoch::new(1), 10_000);
        for n in 0..150 {
            say(&mut post, "Ann", "Bob", &"x".repeat(n));
            assert!(post.size <= 10_000);
        }
        let kept = collect(&mut post, "Bob", Mail::Waiting);
        assert!(kept.len() == post.kept.len() && kept.len() > 20, "{}", kept.len());
        assert_eq!(kept.last().map(String::len), Some(149));
    }

    #[test]
    fn ten_thousand_names_are_known_and_as_many_boxes_kept() {
        let mut post = post();
        let name = |n: usize| user(&format!("user {n}"));
        for n in 0..=MOST_KNOWN {
            post.remember(name(n).letters());
            post.remember(name(n).letters());
        }
        assert!(!post.knows(&name(0)) && post.knows(&name(1)));
        assert_eq!((post.known.len(), post.left.len()), (MOST_KNOWN, MOST_KNOWN));
        for n in 0..MOST_BOXES {
            say(&mut post, "Ann", &format!("other {n}"), "x");
        }
        assert_eq!((post.boxes.len(), post.order.len()), (MOST_BOXES, MOST_BOXES));
    }
}
