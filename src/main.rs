//! The `recount` binary: parse, call, exit code.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A large night takes a sixth less memory and a fifth less CPU than with the allocator of glibc, and musl's is slower still.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    recount::cli::main()
}
