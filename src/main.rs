//! The `wirechat` program.
fn main() {}
