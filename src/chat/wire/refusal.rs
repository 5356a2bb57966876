//! Why the server does not do what a client asked.

use std::borrow::Cow;

use crate::chat::limits::Limits;
use crate::chat::names::{NameError, UserName};

/// The `code` of an error object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    BadJson,
    BadMessage,
    UnknownType,
    TooLong,
    RateLimited,
    NameInvalid,
    NameReserved,
    NameTaken,
    NotJoined,
    RoomInvalid,
    TooManyRooms,
    NoSuchUser,
    Unavailable,
}

impl ErrorCode {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [ErrorCode; 13] = [
        ErrorCode::BadJson,
        ErrorCode::BadMessage,
        ErrorCode::UnknownType,
        ErrorCode::TooLong,
        ErrorCode::RateLimited,
        ErrorCode::NameInvalid,
        ErrorCode::NameReserved,
        ErrorCode::NameTaken,
        ErrorCode::NotJoined,
        ErrorCode::RoomInvalid,
        ErrorCode::TooManyRooms,
        ErrorCode::NoSuchUser,
        ErrorCode::Unavailable,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ErrorCode::BadJson => "bad_json",
            ErrorCode::BadMessage => "bad_message",
            ErrorCode::UnknownType => "unknown_type",
            ErrorCode::TooLong => "too_long",
            ErrorCode::RateLimited => "rate_limited",
            ErrorCode::NameInvalid => "name_invalid",
            ErrorCode::NameReserved => "name_reserved",
            ErrorCode::NameTaken => "name_taken",
            ErrorCode::NotJoined => "not_joined",
            ErrorCode::RoomInvalid => "room_invalid",
            ErrorCode::TooManyRooms => "too_many_rooms",
            ErrorCode::NoSuchUser => "no_such_user",
            ErrorCode::Unavailable => "unavailable",
        }
    }
}

/// What was refused, for the program (`code`) and for the person (`words`).
/// Nothing that the client asked for has happened, and its connection stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) words: Cow<'static, str>,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) suggestion: Option<UserName>,
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode, words: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { code, words: words.into(), retry_after_ms: None, suggestion: None }
    }

    pub(crate) fn bad_message(words: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal::new(ErrorCode::BadMessage, words)
    }

    pub(crate) fn unknown_type() -> Refusal {
        Refusal::new(ErrorCode::UnknownType, "`type` is not known here.")
    }

    pub(crate) fn not_joined() -> Refusal {
        Refusal::new(ErrorCode::NotJoined, "Join the room first.")
    }

    pub(crate) fn too_long(limits: &Limits) -> Refusal {
        let words = format!("A message has at most {} bytes.", limits.max_content);
        Refusal::new(ErrorCode::TooLong, words)
    }

    pub(crate) fn too_many_rooms(limits: &Limits) -> Refusal {
        let words = format!("One can be in {} rooms at a time.", limits.max_rooms);
        Refusal::new(ErrorCode::TooManyRooms, words)
    }

    pub(crate) fn rate_limited(retry_after_ms: u64) -> Refusal {
        let words = format!("Too fast: wait {retry_after_ms} ms.");
        Refusal {
            retry_after_ms: Some(retry_after_ms),
            ..Refusal::new(ErrorCode::RateLimited, words)
        }
    }

    pub(crate) fn user_name(error: NameError) -> Refusal {
        let code = match error {
            NameError::Reserved => ErrorCode::NameReserved,
            _ => ErrorCode::NameInvalid,
        };
        Refusal::new(code, format!("`username`: {error}."))
    }

    pub(crate) fn room_name(error: NameError) -> Refusal {
        Refusal::new(ErrorCode::RoomInvalid, format!("`room`: {error}."))
    }

    pub(crate) fn name_taken(name: &UserName, suggestion: UserName) -> Refusal {
        let words = format!("{name} is in use; {suggestion} is free.");
        Refusal { suggestion: Some(suggestion), ..Refusal::new(ErrorCode::NameTaken, words) }
    }

    pub(crate) fn no_such_user() -> Refusal {
        Refusal::new(ErrorCode::NoSuchUser, "Nobody of that name has been here.")
    }

    pub(crate) fn unavailable() -> Refusal {
        Refusal::new(ErrorCode::Unavailable, "Not stored: try again later.")
    }
}
