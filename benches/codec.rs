//! What the codec costs, layer by layer: frame headers, masking, UTF-8, whole
//! streams in and out.
//!
//! ```text
//! cargo bench --bench codec                       all of it
//! cargo bench --bench codec -- decode --quick     one group, roughly
//! ```
//!
//! Beside other libraries it is measured in `benches/peers`, a package of its own.

use std::hint::black_box;
use std::time::Instant;

use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use wirechat::proto::{
    Config, Connection, FrameHeader, MaskingKey, Opcode, Utf8Validator, apply_mask, encode_frame,
};

/// Payload sizes in bytes: a typing notice, the longest short frame, a long
/// message, a file.
const SIZES: [usize; 5] = [16, 125, 1 << 10, 16 << 10, 64 << 10];

/// ASCII masked with ASCII is ASCII again. So a stream of text that `receive`
/// unmasks in place is a legal stream of text once more, and can be decoded
/// again without a fresh copy, which would be measured too.
const KEY: MaskingKey = [0x13, 0x25, 0x07, 0x1a];

fn header(c: &mut Criterion) {
    let mut group = c.benchmark_group("header");
    for size in [16, 1 << 10, 64 << 10] {
        let frame = frame(Opcode::Binary, Some(KEY), &vec![0; size]);
        let (header, header_size) = FrameHeader::parse(&frame).unwrap().unwrap();
        group.throughput(Throughput::Bytes(header_size as u64));
        group.bench_function(BenchmarkId::new("parse", header_size), |b| {
            b.iter(|| FrameHeader::parse(black_box(&frame)));
        });
        let mut out = BytesMut::with_capacity(FrameHeader::MAX_SIZE);
        group.bench_function(BenchmarkId::new("write", header_size), |b| {
            b.iter(|| {
                out.clear();
                black_box(&header).write(&mut out);
                black_box(&out);
            });
        });
    }
}

/// Masking beside a copy of as many bytes, which memory alone allows.
fn mask(c: &mut Criterion) {
    let mut group = c.benchmark_group("mask");
    for size in SIZES {
        group.throughput(Throughput::Bytes(size as u64));
        let source = vec![b'a'; size];
        let mut payload = source.clone();
        group.bench_function(BenchmarkId::new("apply_mask", size), |b| {
            b.iter(|| apply_mask(black_box(&mut payload), black_box(KEY), 0));
        });
        group.bench_function(BenchmarkId::new("memcpy", size), |b| {
            b.iter(|| black_box(&mut payload[..]).copy_from_slice(black_box(&source)));
        });
    }
}

/// A long text that arrives in pieces, which cut its characters too.
fn utf8(c: &mut Criterion) {
    let mut group = c.benchmark_group("utf8");
    for (script, character) in [("ascii", "a"), ("cjk", "世")] {
        let text = character.repeat((64 << 10) / character.len());
        group.throughput(Throughput::Bytes(text.len() as u64));
        for piece in [16, 1 << 10, 16 << 10] {
            group.bench_function(BenchmarkId::new(script, piece), |b| {
                b.iter(|| {
                    let mut validator = Utf8Validator::default();
                    for piece in black_box(text.as_bytes()).chunks(piece) {
                        validator.push(piece).unwrap();
                    }
                    validator.finish()
                });
            });
        }
    }
}

/// A server that reads masked frames, which have all arrived.
fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    let now = Instant::now();
    for (name, opcode) in [("text", Opcode::Text), ("binary", Opcode::Binary)] {
        for size in SIZES {
            let frames = STREAM.div_ceil(size);
            let mut stream = frame(opcode, Some(KEY), &vec![b'a'; size]).repeat(frames);
            let mut server = Connection::server(Config::default(), now);
            group.throughput(Throughput::Bytes(stream.len() as u64));
            group.bench_function(BenchmarkId::new(name, size), |b| {
                b.iter(|| {
                    let mut input = &mut stream[..];
                    let mut messages = 0;
                    while let Some(event) = server.receive(now, &mut input) {
                        black_box(event);
                        messages += 1;
                    }
                    assert_eq!(messages, frames);
                });
            });
        }
    }
}

/// About how many bytes of payload a stream has: a few reads of a socket.
const STREAM: usize = 256 << 10;

/// A frame as a server writes it, and as a client does, which masks it.
fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    for (role, key) in [("server", None), ("client", Some(KEY))] {
        for size in SIZES {
            let payload = vec![b'a'; size];
            let mut out = frame(Opcode::Text, key, &payload);
            group.throughput(Throughput::Bytes(out.len() as u64));
            group.bench_function(BenchmarkId::new(role, size), |b| {
                b.iter(|| {
                    out.clear();
                    encode_frame(&mut out, true, Opcode::Text, key, black_box(&payload));
                    black_box(&out);
                });
            });
        }
    }
}

fn frame(opcode: Opcode, key: Option<MaskingKey>, payload: &[u8]) -> BytesMut {
    let mut frame = BytesMut::new();
    encode_frame(&mut frame, true, opcode, key, payload);
    frame
}

criterion_group!(codec, header, mask, utf8, decode, encode);
criterion_main!(codec);
