//! The head of a frame alone (RFC 6455 §5.2), read and written.
//!
//! Few libraries let a program do that: tungstenite both, sockudo-ws and
//! fastwebsockets only writing.

use std::hint::black_box;
use std::io::Cursor;

use bytes::BytesMut;
use fastwebsockets::{Frame, Payload};
use wirechat::proto::{FrameHeader, MaskingKey, Opcode, encode_frame};

use crate::case::{Case, Contestant, OURS};

/// Heads a pass.
const COUNT: usize = 1000;
const KEY: MaskingKey = [0x37, 0xfa, 0x21, 0x3d];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (action, contestants) in
        [("parse", parsers as fn(usize) -> Vec<Contestant>), ("write", writers)]
    {
        // One payload length for each way to write it.
        for payload_len in [16, 1 << 10, 64 << 10] {
            let size = head(payload_len).len();
            let name = format!("{action}/{size} B");
            let work = (COUNT, COUNT * size);
            cases.push(Case::new("header", name, work, move || contestants(payload_len)));
        }
    }
    cases
}

/// The head of a client's frame with so much payload.
fn head(payload_len: usize) -> Vec<u8> {
    let mut frame = BytesMut::new();
    encode_frame(&mut frame, true, Opcode::Binary, Some(KEY), &vec![0; payload_len]);
    frame.truncate(frame.len() - payload_len);
    frame.to_vec()
}

fn parsers(payload_len: usize) -> Vec<Contestant> {
    let (ours, tungstenites) = (head(payload_len), head(payload_len));
    vec![
        Contestant::library(OURS, move || {
            for _ in 0..COUNT {
                black_box(FrameHeader::parse(black_box(&ours)).unwrap());
            }
        }),
        Contestant::library("tungstenite", move || {
            use tungstenite::protocol::frame::FrameHeader;
            for _ in 0..COUNT {
                black_box(FrameHeader::parse(&mut Cursor::new(black_box(&tungstenites))).unwrap());
            }
        }),
    ]
}

fn writers(payload_len: usize) -> Vec<Contestant> {
    let mut ours = BytesMut::new();
    let mut tungstenites = Vec::new();
    let mut sockudos = BytesMut::new();
    let mut fastwebsockets = [0; 16];
    let (header, _) = FrameHeader::parse(&head(payload_len)).unwrap().unwrap();
    let payload = vec![0; payload_len];
    vec![
        Contestant::library(OURS, move || {
            for _ in 0..COUNT {
                ours.clear();
                black_box(&header).write(&mut ours);
                black_box(&ours);
            }
        }),
        Contestant::library("tungstenite", move || {
            use tungstenite::protocol::frame::FrameHeader;
            use tungstenite::protocol::frame::coding::{Data, OpCode};
            let opcode = OpCode::Data(Data::Binary);
            let header = FrameHeader { opcode, mask: Some(KEY), ..FrameHeader::default() };
            for _ in 0..COUNT {
                tungstenites.clear();
                black_box(&header).format(payload_len as u64, &mut tungstenites).unwrap();
                black_box(&tungstenites);
            }
        }),
        Contestant::library("fastwebsockets", move || {
            let payload = Payload::Borrowed(&payload);
            let opcode = fastwebsockets::OpCode::Binary;
            let mut frame = Frame::new(true, opcode, Some(KEY), payload);
            for _ in 0..COUNT {
                black_box(black_box(&mut frame).fmt_head(&mut fastwebsockets));
                black_box(&fastwebsockets);
            }
        }),
        Contestant::library("sockudo-ws", move || {
            let header = sockudo_ws::frame::FrameHeader {
                fin: true,
                rsv1: false,
                rsv2: false,
                rsv3: false,
                opcode: sockudo_ws::OpCode::Binary,
                masked: true,
                payload_len: payload_len as u64,
                mask: Some(KEY),
            };
            for _ in 0..COUNT {
                sockudos.clear();
                black_box(&header).encode(&mut sockudos);
                black_box(&sockudos);
            }
        }),
    ]
}
