//! Messages become frames: a server's, and a client's, which it masks.

use wirechat::proto::Role;

use super::{SIZES, ascii, stream_of};
use crate::case::{Case, Contestant, size_name};
use crate::libraries::{CODECS, Codec};
use crate::stream::Stream;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, role) in [("server", Role::Server), ("client", Role::Client)] {
        for size in SIZES {
            let name = format!("{name}/{}", size_name(size));
            let count = stream_of(size);
            cases.push(Case::new("encode", name, (count, count * size), move || {
                contestants(role, size)
            }));
        }
    }
    cases
}

fn contestants(role: Role, size: usize) -> Vec<Contestant> {
    let count = stream_of(size);
    let contestant = |(name, codec): (&'static str, Codec)| {
        let text = ascii(size);
        let stream = Stream::sink();
        let mut endpoint = codec(role, stream.clone());
        Contestant::library(name, move || {
            stream.reset();
            endpoint.send(&[&text], count);
        })
    };
    CODECS.into_iter().map(contestant).collect()
}
