//! Any future may be dropped at any await point and its function called again:
//! nothing is lost and nothing doubled, or the function's documentation says what
//! else becomes of it.
//!
//! | module | what is dropped |
//! |---|---|
//! | `sending` | `send`, `feed`, `ping`, `flush` and the `Sink` |
//! | `receiving` | `recv` and the `Stream` |
//! | `closing` | `close`, and what else sees the closing handshake through |
//! | `conversation` | all of these in turn, compressed and not |
//! | `random` | anything, by both ends at once |
//! | `both_ways` | nothing: two peers that both write do not wait for each other |
//! | `handshakes` | `accept`, `connect` and their variants |
//! | `server` | `Server::run` and `accept_from` |
//! | `client` | what `ChatClient` and `Events` have |
//! | `documented` | nothing: each function says what becomes of its future |
//!
//! A scenario is a function of a `Run`. It is run once undisturbed, which counts
//! its await points; then once for each of them, where the future is dropped; all
//! that on transports that wait, read little and write little in every way that
//! `manners` has. The environment variable `PROPTEST_CASES` sets how many random
//! cases are tried.

mod both_ways;
mod calls;
#[cfg(feature = "chat")]
mod client;
mod closing;
mod conversation;
mod documented;
mod handshakes;
mod random;
mod receiving;
mod runs;
mod sending;
#[cfg(feature = "chat")]
mod server;
mod transport;
mod wire;

use proptest::test_runner::Config;

/// As many cases as are quick, unless the environment asks for others.
fn cases(quick: u32) -> Config {
    let asked = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { quick };
    Config { cases, ..asked }
}
