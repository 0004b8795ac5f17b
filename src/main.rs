//! The `recount` binary: parse, call, exit code.

fn main() {}
