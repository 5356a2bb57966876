//! Why logs cannot be opened.

use std::error::Error;
use std::{fmt, io};

/// Why the logs in a folder cannot be used. Its text is made for the operator.
///
/// ```
/// use wirechat::engine::DiskError;
///
/// assert_eq!(DiskError::InUse.to_string(), "another wirechat uses it");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum DiskError {
    /// Another program has opened them.
    InUse,
    /// A newer version of this program wrote them, in a form with this number.
    Newer(i64),
    /// The folder cannot be made, read or written.
    Io(io::Error),
    /// The database cannot be read or written.
    Database(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiskError::InUse => f.write_str("another wirechat uses it"),
            DiskError::Newer(version) => {
                write!(f, "a newer wirechat wrote it (form {version}); use that one")
            }
            DiskError::Io(error) => error.fmt(f),
            DiskError::Database(error) => write!(f, "its database chat.db does not work: {error}"),
        }
    }
}

impl Error for DiskError {}

impl From<io::Error> for DiskError {
    fn from(error: io::Error) -> DiskError {
        DiskError::Io(error)
    }
}

impl From<rusqlite::Error> for DiskError {
    fn from(error: rusqlite::Error) -> DiskError {
        DiskError::Database(error.into())
    }
}
