//! Simulated nights, as many as one likes:
//! `cargo run --release --example nights -- --seeds 100000 [--from 0] [--threads 2]`, and with `--year` whole years of them.
//! Ends with 1 at the first violation, and prints its seed and all that the seed drew.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for people")]

#[path = "../tests/nights/engine/mod.rs"]
mod engine;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use clap::Parser;
use engine::year::{Breach, YearSeen, live_a_year};

/// Simulated nights
#[derive(Parser)]
struct Arguments {
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many seeds
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// Side by side; as many as there are cores
    #[arg(long)]
    threads: Option<u64>,
    /// Go on after a violation, and count them by their invariant
    #[arg(long)]
    all: bool,
    /// Whole years of nights
    #[arg(long)]
    year: bool,
}

fn main() -> ExitCode {
    let Arguments { from, seeds, threads, all, year } = Arguments::parse();
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let threads = threads.unwrap_or(cores).max(1);
    let work = Mutex::new(Work { next: from, end: from.saturating_add(seeds), all, year, ..Work::default() });
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| live(&work, from, began));
        }
    });
    let work = work.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (kind, seeds) in &work.kinds {
        println!("{} of {kind}: seeds {:?}", seeds.len(), &seeds[..seeds.len().min(12)]);
    }
    if let Some((seed, said)) = work.violation {
        let year = if year { " --year" } else { "" };
        eprintln!("{said}\n\nagain: cargo run --release --example nights -- --seeds 1 --from {seed}{year}");
        return ExitCode::FAILURE;
    }
    if work.done != seeds {
        eprintln!("only {} of {seeds} seeds came to their end", work.done);
        return ExitCode::FAILURE;
    }
    if year {
        println!("{} years: {:?}; 0 violations in {} s", work.done, work.years, began.elapsed().as_secs());
    } else {
        tell(&work, began);
        tell_moves(&work.seen);
    }
    ExitCode::SUCCESS
}

/// What the threads share.
#[derive(Default)]
struct Work {
    next: u64,
    end: u64,
    done: u64,
    seen: engine::Seen,
    years: YearSeen,
    violation: Option<(u64, String)>,
    /// Whether it goes on after a violation, and the seeds of each kind so far.
    all: bool,
    kinds: BTreeMap<String, Vec<u64>>,
    year: bool,
}

fn live(work: &Mutex<Work>, from: u64, began: Instant) {
    let shared = || work.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let (seed, year) = {
            let mut work = shared();
            if work.next >= work.end {
                return;
            }
            work.next += 1;
            (work.next - 1, work.year)
        };
        let lived = lived(seed, year);
        let mut work = shared();
        match lived {
            Ok(Lived::Nights(seen)) => work.seen.add(seen),
            Ok(Lived::Year(seen)) => work.years.add(seen),
            Err(said) => {
                work.end = if work.all { work.end } else { 0 };
                if work.all {
                    eprintln!("seed {seed}: {}", kind(&said));
                }
                work.kinds.entry(kind(&said)).or_default().push(seed);
                work.violation.get_or_insert((seed, said));
            }
        }
        work.done += 1;
        if work.done.is_multiple_of(5000) {
            let violations: usize = work.kinds.values().map(Vec::len).sum();
            eprintln!("{} seeds from {from} in {} s, {violations} violations", work.done, began.elapsed().as_secs());
        }
    }
}

/// What a seed went through.
enum Lived {
    Nights(engine::Seen),
    Year(YearSeen),
}

fn lived(seed: u64, year: bool) -> Result<Lived, String> {
    match year {
        true => live_a_year(seed, Breach::None).map(Lived::Year),
        false => engine::live(seed, engine::Disk::Sound).map(Lived::Nights),
    }
}

/// The words of a violation up to its details.
fn kind(said: &str) -> String {
    let said = said.split_once("night ").map_or(said, |(_, said)| said);
    said.splitn(4, ':').skip(1).take(2).map(|words| words.chars().take(60).collect::<String>()).collect()
}

fn tell(work: &Work, began: Instant) {
    let Work { done, seen, .. } = work;
    println!(
        "{done} seeds, {} bad nights, {} requests gone wrong, {} processes dead, {} disks torn, {} hand edits, {} plans held",
        seen.nights, seen.faults, seen.crashes, seen.torn, seen.hand_edits, seen.held_plans,
    );
    println!(
        "{} updates, {} creations, {} settled by another try, {} in the known gap between look and write; 0 violations in {} s",
        seen.updates,
        seen.creations,
        seen.adopted,
        seen.races,
        began.elapsed().as_secs(),
    );
}

fn tell_moves(seen: &engine::Seen) {
    println!(
        "{} mapping edits, {} agreements moved, {} answers and {} late ones, {} plans with lines left behind, \
         {} right exports after a wrong one, {} nights at another ConnectWise, {} lines begun elsewhere, {} questions moved, {} lists of bundles wrong, {} histories put back, {} lines moved ({} to another company), {} lists without an end",
        seen.mapping_edits,
        seen.agreement_moves,
        seen.answers,
        seen.late_answers,
        seen.left_behind,
        seen.right_again,
        seen.other_connectwises,
        seen.elsewhere,
        seen.moved_questions,
        seen.lies,
        seen.restored,
        seen.moved_lines,
        seen.moved_away,
        seen.endless,
    );
}
