//! What is measured: a piece of work, and who does it.

/// The same work for several contestants.
pub struct Case {
    /// What kind of work it is: `decode`, say.
    pub group: &'static str,
    /// What exactly, in parts from the general to the special: `text/one per read/125 B`.
    pub name: String,
    /// How many messages (heads, calls, handshakes) one pass handles.
    pub messages: u64,
    /// How many bytes of payload they have together.
    pub bytes: u64,
    contestants: Box<dyn Fn() -> Vec<Contestant>>,
}

/// One that does the work.
pub struct Contestant {
    pub name: &'static str,
    pub kind: Kind,
    /// Does all of the work once, and leaves everything ready to do it again.
    pub pass: Box<dyn FnMut()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ours,
    Peer,
    /// Not a WebSocket library, but what the machine allows.
    Floor,
}

/// What this crate is called in a table.
pub const OURS: &str = "wirechat";

impl Case {
    /// `contestants` makes everything that the passes need, when the case is run.
    pub fn new(
        group: &'static str,
        name: impl Into<String>,
        (messages, bytes): (usize, usize),
        contestants: impl Fn() -> Vec<Contestant> + 'static,
    ) -> Case {
        Case {
            group,
            name: name.into(),
            messages: messages as u64,
            bytes: bytes as u64,
            contestants: Box::new(contestants),
        }
    }

    /// The group and the name, by which a case is chosen on a command line.
    pub fn id(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }

    pub fn contestants(&self) -> Vec<Contestant> {
        (self.contestants)()
    }
}

impl Contestant {
    /// A library, ours or a peer.
    pub fn library(name: &'static str, pass: impl FnMut() + 'static) -> Contestant {
        let kind = if name == OURS { Kind::Ours } else { Kind::Peer };
        Contestant { name, kind, pass: Box::new(pass) }
    }

    /// What the machine allows.
    pub fn floor(name: &'static str, pass: impl FnMut() + 'static) -> Contestant {
        Contestant { name, kind: Kind::Floor, pass: Box::new(pass) }
    }
}

/// A number of bytes as people write it: `125 B`, `16 KiB`.
pub fn size_name(bytes: usize) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} B"),
    }
}
