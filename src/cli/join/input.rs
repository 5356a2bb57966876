//! Lines of standard input become messages.

use std::io::{self, BufRead, Read};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;
use wirechat::client::{ChatClient, SayError};

/// Bytes of a line that are read; the rest becomes lines of their own. A server
/// of ours takes 4 KiB, others a bit more.
const MAX_LINE: u64 = 60 << 10;

/// Lines that may wait. Reading pauses then.
const QUEUE: usize = 16;

/// Says every line of the input, waits until that has arrived, stays, and
/// finishes. Objects are sent as such if they are wanted.
pub(super) async fn say_all(client: ChatClient, objects: bool, stay: Duration) {
    let mut lines = read_lines();
    while let Some(line) = lines.recv().await {
        if say(&client, &line, objects).await.is_err() {
            return; // The client has ended, and has told why.
        }
    }
    if !stay.is_zero() && client.flush().await.is_ok() {
        tokio::time::sleep(stay).await;
    }
    let _ = client.finish().await;
}

async fn say(client: &ChatClient, line: &str, objects: bool) -> Result<(), SayError> {
    if objects && line.trim_start().starts_with('{') {
        match client.send_json(line).await {
            Err(SayError::NotAnObject) => {}
            sent => return sent,
        }
    }
    client.say(line).await
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
