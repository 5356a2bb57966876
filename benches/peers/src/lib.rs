//! wirechat beside other WebSocket libraries: the same work for each, on the same
//! transport in memory.
//!
//! | library | version | what it is measured with |
//! |---|---|---|
//! | wirechat | this one | codec: `proto::Connection`; session: `net::WebSocket` |
//! | tungstenite | 0.30 | codec: its blocking `WebSocket`; session: tokio-tungstenite |
//! | fastwebsockets | 0.10 | `FragmentCollector`, which gives whole messages |
//! | tokio-websockets | 0.13 | `WebSocketStream` |
//! | sockudo-ws | 3.1 | codec: `Protocol`; session: `WebSocketStream` |
//!
//! A module of [`libraries`] per library says how it is set up. A module of
//! [`cases`] per subject says what is done with it; a library that does not expose
//! a level (most keep their masking and the parsing of heads to themselves) is not
//! among the contestants there.
//!
//! ```text
//! cargo run --release --bin ratios          two minutes: tables, ratios, targets
//! cargo bench                               the same cases with criterion: distributions, throughput
//! cargo bench -- --test                     every case once, to see that all of them work
//! ```
//!
//! The two differ in how they take time. Criterion measures one contestant after
//! the other, so on a machine that others use too its ratios drift. `ratios` takes
//! turns: half a millisecond of each contestant, then the next round, in processor
//! time; the median of many rounds, and of several processes.

pub mod case;
pub mod cases;
pub mod libraries;
pub mod stream;
