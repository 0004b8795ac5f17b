//! Simulated nights, as many as one likes: `cargo run --release --example nights -- --seeds 100000 [--from 0]`.
//! Ends with 1 at the first violation, and prints its seed and all that the seed drew.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for people")]

#[path = "../tests/nights/engine/mod.rs"]
mod engine;

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let (from, seeds) = (argument("--from").unwrap_or(0), argument("--seeds").unwrap_or(1000));
    let began = Instant::now();
    let mut all: Vec<engine::Seen> = Vec::new();
    for seed in from..from.saturating_add(seeds) {
        match engine::live(seed) {
            Ok(seen) => all.push(seen),
            Err(said) => {
                eprintln!("{said}\n\nagain: cargo run --release --example nights -- --seeds 1 --from {seed}");
                return ExitCode::FAILURE;
            }
        }
    }
    let sum = |of: fn(&engine::Seen) -> u64| all.iter().map(of).sum::<u64>();
    println!(
        "{seeds} seeds, {} bad nights, {} requests gone wrong, {} processes dead, {} hand edits, {} plans held",
        sum(|seen| seen.nights),
        sum(|seen| seen.faults),
        sum(|seen| seen.crashes),
        sum(|seen| seen.hand_edits),
        sum(|seen| seen.held_plans),
    );
    println!(
        "{} updates, {} creations, {} settled by another try, {} in the known gap between look and write; 0 violations in {} s",
        sum(|seen| seen.updates),
        sum(|seen| seen.creations),
        sum(|seen| seen.adopted),
        sum(|seen| seen.races),
        began.elapsed().as_secs(),
    );
    ExitCode::SUCCESS
}

fn argument(name: &str) -> Option<u64> {
    let mut words = std::env::args().skip_while(|word| word != name);
    words.nth(1)?.parse().ok()
}
