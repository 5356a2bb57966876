//! Lines of standard input become messages and commands.

use std::io::{self, BufRead, Read, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;
use wirechat::chat::RoomName;
use wirechat::client::{ChatClient, Page, SayError};

use super::command::{HELP, Line};
use crate::cli::complain;

/// Bytes of a line that are read; the rest becomes lines of their own. A server
/// of ours takes 4 KiB, others a bit more.
const MAX_LINE: u64 = 60 << 10;

/// Lines that may wait. Reading pauses then.
const QUEUE: usize = 16;

/// What becomes of the lines of input.
pub(super) struct Speaker {
    client: ChatClient,
    /// Whether lines are objects, or else words and commands.
    objects: bool,
    /// The room that was entered last, where lines go; otherwise the first one.
    room: Option<RoomName>,
    /// Whether every line was understood.
    understood: Arc<AtomicBool>,
}

impl Speaker {
    pub(super) fn new(client: ChatClient, objects: bool, understood: Arc<AtomicBool>) -> Speaker {
        Speaker { client, objects, room: None, understood }
    }

    /// Does what every line of the input says, waits until that has arrived, stays,
    /// and finishes.
    pub(super) async fn say_all(mut self, stay: Duration) {
        let mut lines = read_lines();
        while let Some(line) = lines.recv().await {
            let done = match self.objects {
                true => self.say_object(&line).await,
                false => self.obey(&line).await,
            };
            match done {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break,
                Err(_) => return, // The client has ended, and has told why.
            }
        }
        if !stay.is_zero() && self.client.flush().await.is_ok() {
            tokio::time::sleep(stay).await;
        }
        let _ = self.client.finish().await;
    }

    async fn say_object(&self, line: &str) -> Result<ControlFlow<()>, SayError> {
        let sent = match line.trim_start().starts_with('{') {
            true => self.client.send_json(line).await,
            false => Err(SayError::NotAnObject),
        };
        match sent {
            Err(SayError::NotAnObject) => self.client.say(line).await?,
            sent => sent?,
        };
        Ok(ControlFlow::Continue(()))
    }

    async fn obey(&mut self, line: &str) -> Result<ControlFlow<()>, SayError> {
        let line = match Line::parse(line) {
            Ok(line) => line,
            Err(wrong) => {
                self.understood.store(false, Ordering::Relaxed);
                complain(format_args!("{wrong}"));
                return Ok(ControlFlow::Continue(()));
            }
        };
        let client = &self.client;
        match line {
            Line::Say(text) => match &self.room {
                Some(room) => client.say_in(room, text).await?,
                None => client.say(text).await?,
            },
            Line::Message(to, text) => client.whisper(&to, text).await?,
            Line::Join(room) => {
                let ticket = client.join_room(&room).await?;
                self.room = Some(room);
                ticket
            }
            Line::Part(room) => match room.or_else(|| self.room.clone()) {
                Some(room) => {
                    let ticket = client.leave_room(&room).await?;
                    self.room.take_if(|here| *here == room);
                    ticket
                }
                None => client.send_json(r#"{"type":"leave"}"#).await?,
            },
            Line::Who(room) => client.who(room.as_ref().or(self.room.as_ref())).await?,
            Line::Rooms => client.rooms().await?,
            Line::Nick(name) => client.rename(&name).await?,
            Line::History(count) => client.history(self.room.as_ref(), Page::Newest, count).await?,
            Line::Quit => return Ok(ControlFlow::Break(())),
            Line::Help => {
                let _ = io::stderr().write_all(HELP.as_bytes());
                return Ok(ControlFlow::Continue(()));
            }
        };
        Ok(ControlFlow::Continue(()))
    }
}

/// The lines of standard input that say something. They are read by a thread of
/// its own, since nothing can interrupt a read from a terminal: the program ends
/// without waiting for it.
fn read_lines() -> mpsc::Receiver<String> {
    let (lines, queue) = mpsc::channel(QUEUE);
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Ok(Some(line)) = read_line(&mut input) {
            if !line.trim().is_empty() && lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    queue
}

/// The next line without its end; `None` at the end of input. What is not UTF-8
/// is replaced (U+FFFD), since a message is text.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    input.take(MAX_LINE).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&bytes);
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut input: &[u8]) -> Vec<String> {
        std::iter::from_fn(|| read_line(&mut input).expect("no error")).collect()
    }

    #[test]
    fn lines_end_with_either_line_break_or_with_the_input() {
        assert_eq!(lines(b"one\ntwo\r\n\nthree"), ["one", "two", "", "three"]);
        assert!(lines(b"").is_empty());
    }

    #[test]
    fn a_line_without_end_is_cut_and_not_collected() {
        let lengths: Vec<usize> = lines(&[b'x'; 100_000]).iter().map(String::len).collect();
        assert_eq!(lengths, [MAX_LINE as usize, 100_000 - MAX_LINE as usize]);
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        assert_eq!(lines(b"a\xffb\n"), ["a\u{fffd}b"]);
    }
}
