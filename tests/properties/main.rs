//! What holds for every stream of bytes and every order of calls, whatever they are.
//!
//! | module | the property |
//! |---|---|
//! | `cuts` | what a stream of bytes means does not depend on where it is cut |
//! | `deflate` | nor does that of compressed messages, and whatever is agreed on, they arrive |
//! | `differential` | what we write others read, and the reverse; what we refuse they refuse |
//! | `memory` | what is held for a peer is what it sent, and a constant |
//! | `operations` | no order of calls and bytes breaks the state machine |
//!
//! The environment variable `PROPTEST_CASES` sets how many cases are tried.

mod cuts;
#[cfg(feature = "deflate")]
mod deflate;
mod differential;
mod listener;
mod memory;
mod operations;
mod peers;
mod wire;

use proptest::test_runner::Config;

/// As many cases as are quick, unless the environment asks for others.
fn cases(quick: u32) -> Config {
    let asked = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { quick };
    Config { cases, ..asked }
}
