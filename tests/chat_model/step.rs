//! What clients do, and the time.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Clients that there are. Some come back as others, with their token.
pub(crate) const CLIENTS: usize = 5;

/// Two of them are one name.
pub(crate) const NAMES: [&str; 6] = ["Ann", "Bob", "Cid", "Dot", "Eva", "ann"];

pub(crate) const ROOMS: [&str; 3] = ["lobby", "rust", "tea"];

/// What a client speaks from its opening handshake on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    V1,
    /// A plain one, and in seconds if its handshake looked like that; in which unit
    /// it writes its own timestamps, if it does.
    Plain {
        begins_with_seconds: bool,
        writes_seconds: Option<bool>,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Join {
        who: usize,
        name: usize,
        room: Option<usize>,
        back: Back,
        token_of: Option<usize>,
        letters: Letters,
    },
    Leave {
        who: usize,
        room: Option<usize>,
    },
    Say {
        who: usize,
        room: Option<usize>,
        nonce: Option<u8>,
    },
    Whisper {
        who: usize,
        to: usize,
        nonce: Option<u8>,
    },
    Type {
        who: usize,
        place: Place,
        is_typing: bool,
    },
    History {
        who: usize,
        room: Option<usize>,
        part: Part,
        limit: Option<u64>,
    },
    Who {
        who: usize,
        room: Option<usize>,
    },
    /// Reads so many pieces, with or without what is for it alone.
    Read {
        who: usize,
        pieces: usize,
        takes_letters: bool,
    },
    /// Goes, or is lost.
    Go {
        who: usize,
        is_lost: bool,
    },
    /// Time passes; ticks come twice a second.
    Wait {
        millis: i64,
    },
    /// So much time passes that something is forgotten.
    Sleep {
        minutes: i64,
    },
}

/// How a client that joins asks for what it missed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Back {
    /// It does not.
    Fresh,
    /// Behind the last message that it saw there, or some more or fewer.
    Behind(i64),
    /// Behind a message of another life of the log.
    Elsewhere(u64),
    /// From the time of the last message that it saw there, or so many milliseconds later.
    Since(i64),
    /// From before the chat began.
    SinceEver,
}

/// How it asks for its private messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Letters {
    Waiting,
    /// Behind the last one that it saw.
    Behind,
    /// Behind one that nobody knows.
    Elsewhere,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Room(Option<usize>),
    Person(usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Newest,
    Before(u64),
    After(u64),
}

pub(crate) fn speaks() -> impl Strategy<Value = Speaks> {
    let plain = (any::<bool>(), option::of(any::<bool>())).prop_map(|(begins, writes)| {
        Speaks::Plain { begins_with_seconds: begins, writes_seconds: writes }
    });
    prop_oneof![2 => Just(Speaks::V1), 1 => plain]
}

/// Everybody comes, more or less, and then anything happens.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    (vec(join(), CLIENTS), vec(step(), 0..60)).prop_map(|(mut steps, rest)| {
        steps.extend(rest);
        steps
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => join(),
        1 => (who(), room()).prop_map(|(who, room)| Step::Leave { who, room }),
        6 => (who(), room(), nonce()).prop_map(|(who, room, nonce)| Step::Say { who, room, nonce }),
        3 => (who(), name(), nonce()).prop_map(|(who, to, nonce)| Step::Whisper { who, to, nonce }),
        2 => (who(), place(), prop::bool::weighted(0.7))
            .prop_map(|(who, place, is_typing)| Step::Type { who, place, is_typing }),
        1 => (who(), room(), part(), option::of(0..8u64))
            .prop_map(|(who, room, part, limit)| Step::History { who, room, part, limit }),
        1 => (who(), room()).prop_map(|(who, room)| Step::Who { who, room }),
        6 => (who(), prop_oneof![0..4usize, Just(1000)], prop::bool::weighted(0.8))
            .prop_map(|(who, pieces, takes_letters)| Step::Read { who, pieces, takes_letters }),
        3 => (who(), any::<bool>()).prop_map(|(who, is_lost)| Step::Go { who, is_lost }),
        3 => prop_oneof![0..1_000i64, 0..7_000i64, 9_000..12_000i64]
            .prop_map(|millis| Step::Wait { millis }),
        1 => prop_oneof![3 => 4..7i64, 1 => 59..62i64].prop_map(|minutes| Step::Sleep { minutes }),
    ]
}

fn join() -> impl Strategy<Value = Step> {
    let back = prop_oneof![
        3 => Just(Back::Fresh),
        4 => Just(Back::Behind(0)),
        1 => (-9..3i64).prop_map(Back::Behind),
        1 => (0..3u64).prop_map(Back::Elsewhere),
        1 => (0..2i64).prop_map(Back::Since),
        1 => Just(Back::SinceEver),
    ];
    let letters = prop_oneof![
        2 => Just(Letters::Waiting),
        2 => Just(Letters::Behind),
        1 => Just(Letters::Elsewhere),
    ];
    // Mostly by its own name, and with its own token.
    let name = option::weighted(0.3, 0..NAMES.len());
    let token_of = option::weighted(0.8, prop_oneof![2 => Just(None), 1 => who().prop_map(Some)]);
    (who(), name, room(), back, token_of, letters).prop_map(
        |(who, name, room, back, token_of, letters)| Step::Join {
            who,
            name: name.unwrap_or(who),
            room,
            back,
            token_of: token_of.map(|other| other.unwrap_or(who)),
            letters,
        },
    )
}

fn who() -> impl Strategy<Value = usize> {
    0..CLIENTS
}

fn name() -> impl Strategy<Value = usize> {
    0..NAMES.len()
}

/// None is the first one joined.
fn room() -> impl Strategy<Value = Option<usize>> {
    option::weighted(0.4, 0..ROOMS.len())
}

/// Few, so that they are repeated.
fn nonce() -> impl Strategy<Value = Option<u8>> {
    option::of(0..3u8)
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![2 => room().prop_map(Place::Room), 1 => name().prop_map(Place::Person)]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        Just(Part::Newest),
        (0..15u64).prop_map(Part::Before),
        (0..15u64).prop_map(Part::After),
    ]
}

impl Part {
    /// The field that asks for it.
    pub(crate) fn field(self) -> Option<(&'static str, u64)> {
        match self {
            Part::Newest => None,
            Part::Before(seq) => Some(("before", seq)),
            Part::After(seq) => Some(("after", seq)),
        }
    }
}
