//! What a line of input asks for: a message, or a command behind a slash.

use wirechat::chat::{RoomName, UserName};

/// What `/help` says.
pub(super) const HELP: &str = "\
/msg NAME TEXT   say TEXT to NAME alone
/join ROOM       enter ROOM, or come back to it: lines go there from now on
/part [ROOM]     leave ROOM, or the one that lines go to
/who [ROOM]      who is there
/rooms           which rooms there are
/nick NAME       go by another name
/history N       show the last N messages (at most 100)
/quit            leave when everything has arrived
//TEXT           say /TEXT
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Say(String),
    Message(UserName, String),
    Join(RoomName),
    Part(Option<RoomName>),
    Who(Option<RoomName>),
    Rooms,
    Nick(UserName),
    History(u32),
    Quit,
    Help,
}

impl Line {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(super) fn parse(line: &str) -> Result<Line, String> {
        let Some(command) = line.strip_prefix('/') else { return Ok(Line::Say(line.to_owned())) };
        if command.starts_with('/') {
            return Ok(Line::Say(command.to_owned()));
        }
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let rest = rest.trim();
        match name {
            "msg" => message(rest),
            "join" => Ok(Line::Join(room(rest)?)),
            "part" => Ok(Line::Part(perhaps_a_room(rest)?)),
            "who" => Ok(Line::Who(perhaps_a_room(rest)?)),
            "rooms" => Ok(Line::Rooms),
            "nick" => Ok(Line::Nick(user(rest)?)),
            "history" => {
                let count = rest.parse().ok().filter(|count| (1..=100).contains(count));
                count.map(Line::History).ok_or_else(|| "write /history and 1 to 100".to_owned())
            }
            "quit" => Ok(Line::Quit),
            "help" => Ok(Line::Help),
            _ => Err(format!("/{name} is no command, see /help; to say it, write //{name}")),
        }
    }
}

/// `NAME TEXT`. A name with a space in it cannot be written here.
fn message(rest: &str) -> Result<Line, String> {
    let (name, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let text = text.trim();
    if text.is_empty() {
        return Err("write /msg, a name and what to say".to_owned());
    }
    Ok(Line::Message(user(name)?, text.to_owned()))
}

fn user(text: &str) -> Result<UserName, String> {
    UserName::parse(text).map_err(|error| format!("{text:?} cannot be a name: {error}"))
}

/// A room's name, with or without the `#` that others put before it.
fn room(text: &str) -> Result<RoomName, String> {
    let name = text.strip_prefix('#').unwrap_or(text);
    RoomName::parse(name).map_err(|error| format!("{text:?} cannot be a room: {error}"))
}

fn perhaps_a_room(text: &str) -> Result<Option<RoomName>, String> {
    if text.is_empty() { Ok(None) } else { room(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(line: &str) -> Line {
        Line::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    fn rust() -> RoomName {
        RoomName::parse("rust").expect("a name")
    }

    #[test]
    fn a_line_is_said_as_it_is_unless_it_begins_with_a_slash() {
        for line in ["hello", " /who", "a /b", "#x"] {
            assert_eq!(ok(line), Line::Say(line.to_owned()));
        }
        assert_eq!(ok("//who"), Line::Say("/who".to_owned()));
    }

    #[test]
    fn commands_take_what_they_need() {
        let bob = UserName::parse("Bob").expect("a name");
        assert_eq!(ok("/msg Bob  how are you? "), Line::Message(bob, "how are you?".to_owned()));
        assert_eq!(ok("/join #Rust"), Line::Join(rust()));
        assert_eq!(ok("/part"), Line::Part(None));
        assert_eq!(ok("/who rust"), Line::Who(Some(rust())));
        assert_eq!(ok("/history 20"), Line::History(20));
        assert_eq!(ok("/nick Ann Lee"), Line::Nick(UserName::parse("Ann Lee").expect("a name")));
        assert_eq!(ok("/quit"), Line::Quit);
    }

    #[test]
    fn what_is_no_command_or_lacks_something_is_explained() {
        for line in [
            "/",
            "/foo",
            "/who a b",
            "/msg Bob",
            "/msg",
            "/join",
            "/nick",
            "/history",
            "/history 0",
        ] {
            assert!(Line::parse(line).is_err(), "{line}");
        }
    }
}
