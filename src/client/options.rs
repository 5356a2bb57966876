//! Whom to be, and where.

use std::fmt;
use std::time::Duration;

use crate::chat::{RoomName, UserName};
use crate::proto::handshake::Uri;

/// What a chat client needs to know.
///
/// ```
/// use std::time::Duration;
/// use wirechat::chat::{RoomName, UserName};
/// use wirechat::client::Options;
///
/// let uri = "ws://127.0.0.1:8080/ws".parse()?;
/// let options = Options {
///     room: Some(RoomName::parse("rust")?),
///     history: 20,
///     give_up_after: Some(Duration::from_secs(60)),
///     ..Options::new(uri, UserName::parse("Ann")?)
/// };
/// # assert_eq!(options.user.as_str(), "Ann");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Options {
    /// The server.
    pub uri: Uri,
    /// The name to join with.
    pub user: UserName,
    /// The room to join; default `None`: the one that the server chooses. The
    /// original servers have one room only and take no notice of it.
    pub room: Option<RoomName>,
    /// How many messages from before the first join of a room to hand out, as far
    /// as the server has kept them; default 0.
    pub history: u32,
    /// The token from an earlier [`Joined::session`](super::Joined::session), with
    /// which a program that was started anew is the same person as before: it gets
    /// its name back from a connection that is not quite gone yet. Default `None`:
    /// a new person. A plain server never sees it.
    pub session: Option<String>,
    /// The [`Private::id`](super::Private::id) of the last private message that was
    /// seen before; default `None`: only what was not delivered yet is, or all that
    /// the server keeps if the connection broke before it had let us in.
    pub private_after: Option<String>,
    /// How long to go on trying without being connected; default `None`: for
    /// ever. Counted from the start, or from when the connection was lost.
    pub give_up_after: Option<Duration>,
}

impl Options {
    /// To join `uri` as `user`, with defaults for all else.
    #[must_use]
    pub fn new(uri: Uri, user: UserName) -> Options {
        Options {
            uri,
            user,
            room: None,
            history: 0,
            session: None,
            private_after: None,
            give_up_after: None,
        }
    }
}

/// Without the token, which is as good as a password.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("uri", &self.uri)
            .field("user", &self.user)
            .field("room", &self.room)
            .field("history", &self.history)
            .field("has_session", &self.session.is_some())
            .field("private_after", &self.private_after)
            .field("give_up_after", &self.give_up_after)
            .finish()
    }
}
