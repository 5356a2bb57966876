//! Whom to be, and where.

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
///     give_up_after: Some(Duration::from_secs(60)),
///     ..Options::new(uri, UserName::parse("Ann")?)
/// };
/// # assert_eq!(options.user.as_str(), "Ann");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// The server.
    pub uri: Uri,
    /// The name to join with.
    pub user: UserName,
    /// The room to join; default `None`: the one that the server chooses. The
    /// original servers have one room only and take no notice of it.
    pub room: Option<RoomName>,
    /// How long to go on trying without being connected; default `None`: for
    /// ever. Counted from the start, or from when the connection was lost.
    pub give_up_after: Option<Duration>,
}

impl Options {
    /// To join `uri` as `user`, with defaults for all else.
    #[must_use]
    pub fn new(uri: Uri, user: UserName) -> Options {
        Options { uri, user, room: None, give_up_after: None }
    }
}
