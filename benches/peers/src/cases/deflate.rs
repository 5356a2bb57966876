//! Compressed messages (RFC 7692), with context takeover: objects as a chat sends
//! them, no two the same. tungstenite, fastwebsockets and tokio-websockets do not
//! compress.

use std::iter;

use wirechat::proto::Role;

use super::stream_of;
use crate::case::{Case, Contestant, size_name};
use crate::libraries::{COMPRESSING_CODECS, Codec};
use crate::stream::{Pieces, Stream};

const SIZES: [usize; 4] = [256, 1 << 10, 16 << 10, 64 << 10];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, contestants) in
        [("compress", compressing as fn(usize) -> Vec<Contestant>), ("inflate", inflating)]
    {
        for size in SIZES {
            let work = (stream_of(size), stream_of(size) * size);
            let name = format!("{name}/{}", size_name(size));
            cases.push(Case::new("deflate", name, work, move || contestants(size)));
        }
    }
    cases
}

/// A server sends.
fn compressing(size: usize) -> Vec<Contestant> {
    let contestant = |(name, codec): (&'static str, Codec)| {
        let texts = texts(size);
        let stream = Stream::sink();
        let mut server = codec(Role::Server, stream.clone());
        Contestant::library(name, move || {
            stream.reset();
            send(&mut *server, &texts);
        })
    };
    COMPRESSING_CODECS.into_iter().map(contestant).collect()
}

/// A server receives what our client has compressed. When it arrives once more,
/// the server's window holds more than the client's did, which changes nothing:
/// data refers back by distance.
fn inflating(size: usize) -> Vec<Contestant> {
    let texts = texts(size);
    let sent = Stream::sink();
    let (_, ours) = COMPRESSING_CODECS[0];
    send(&mut *ours(Role::Client, sent.clone()), &texts);
    let contestant = |(name, codec): (&'static str, Codec)| {
        let stream = Stream::new(sent.written(), Pieces::WHOLE);
        let mut server = codec(Role::Server, stream.clone());
        Contestant::library(name, move || {
            stream.reset();
            assert_eq!(server.receive(stream_of(size)), stream_of(size) * size);
        })
    };
    COMPRESSING_CODECS.into_iter().map(contestant).collect()
}

fn send(endpoint: &mut dyn crate::libraries::Endpoint, texts: &[String]) {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    endpoint.send(&texts, texts.len());
}

/// As many messages of this size as a stream has.
fn texts(size: usize) -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(7692);
    let mut objects = iter::repeat_with(move || {
        let (id, name) = (random.u32(..), ["Ann", "Ben", "Cleo", "Dmitri"][random.usize(..4)]);
        let words =
            ["lunch", "deploy", "tomorrow", "the build", "is green", "who", "can", "review"];
        let content: Vec<_> = (0..6).map(|_| words[random.usize(..words.len())]).collect();
        format!(
            r#"{{"type":"message","username":"{name}","content":"{}","timestamp":17{id:011},"id":"{id:08x}"}}"#,
            content.join(" ")
        )
    });
    let text = |_| {
        let mut text = String::new();
        while text.len() < size {
            text += &objects.next().unwrap_or_default();
        }
        text.truncate(size);
        text
    };
    (0..stream_of(size)).map(text).collect()
}
