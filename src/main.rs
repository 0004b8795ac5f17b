//! The `recount` binary: parse, call, exit code.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Version 2 of mimalloc: a large night takes a seventh less memory than with the allocator of glibc, and musl's is slower still.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    recount::cli::main()
}
