//! The `recount` binary: parse, call, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    recount::cli::main()
}
