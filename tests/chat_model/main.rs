//! The chat against a model of it: whatever clients do, in whatever order, each
//! sees exactly what it must see, and nothing else.
//!
//! | module | about |
//! |---|---|
//! | `conversations` | the property: any steps, then a while of quiet |
//! | `lagging` | another: whoever reads too seldom is told, and never misses something unknowingly |
//! | `step` | what clients do, and the time |
//! | `client` | one that does it: a real session, and what a client remembers |
//! | `world` | does a step in both, the chat and the model, and compares |
//! | `model` | who is where and has which name; what everybody must yet see |
//! | `joining`, `talk` | what becomes of each request, and how it is answered |
//! | `room`, `post` | what was said, to a room and to one person |
//! | `seat` | what a connection must yet see of a room, and what it believes |
//! | `hands` | who is typing |
//!
//! The model knows no batches, cursors, mailboxes or timers: it keeps everything that
//! was ever said and done, with the time, and what each connection must yet see.
//!
//! The same cases are tried each time, so that a change is judged and not chance. With
//! the environment variable `PROPTEST_CASES` it is as many others.
#![cfg(feature = "chat")]

mod client;
mod conversations;
mod hands;
mod joining;
mod lagging;
mod model;
mod post;
mod room;
mod seat;
mod step;
mod talk;
mod world;

use proptest::test_runner::{Config, RngAlgorithm, RngSeed};

/// As many cases as are quick, always the same, unless the environment asks for others.
fn cases(quick: u32) -> Config {
    let asked = Config::default();
    let (cases, rng_seed) = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => (asked.cases, asked.rng_seed),
        None => (quick, RngSeed::Fixed(6455)),
    };
    // A quarter of the time would go into better random numbers.
    Config { cases, rng_seed, rng_algorithm: RngAlgorithm::XorShift, ..asked }
}
