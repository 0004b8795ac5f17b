//! A scenario: what a person types and what happens meanwhile, line by line, told as it went.
//!
//! ```text
//! recount run             a command; PLAN stands for the newest plan's fingerprint
//! export FILE [40h]       a new export, of this age
//! approved                the very first step: last night's plan, which changed nothing, was approved
//! config KEY = VALUE      recount.toml says this now; a new key is one of the guards
//! config.TABLE KEY = …    a new key of another table of the integration
//! write FILE OTHER        FILE of the installation becomes what OTHER of the scenario is
//! remove FILE
//! edit ADDITION QUANTITY  somebody changes a line in ConnectWise
//! revert ADDITION UNITS   it holds this, and its record names nobody who changed it
//! cancel ADDITION DATE    somebody ends it; TODAY is the day of the night
//! invoice AGREEMENT DATE  its next invoice is of that day; TODAY likewise
//! rename COMPANY NAME     a company is called so from now on
//! delete ADDITION         it is not there any more
//! fault RULE              one rule of a faults file
//! ```

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{NaiveDate, SecondsFormat};
use recount_sim::{Addition, Recorded, World};
use rust_decimal::Decimal;

use crate::support::{Night, Said, now, today};

/// Walks a scenario's folder and tells what happened, for a snapshot; what must be true at last is asked of the caller.
pub(crate) fn walk(folder: &Path, at_last: impl FnOnce(&Night)) -> String {
    walked(folder, |_, _| {}, at_last)
}

/// The same, and something is done after each command that was typed.
pub(crate) fn walked(folder: &Path, mut after: impl FnMut(&Night, &Said), at_last: impl FnOnce(&Night)) -> String {
    let steps = fs::read_to_string(folder.join("steps.txt")).expect("the steps");
    let (night, mut told) = (Night::of_scenario(folder), String::new());
    for step in steps.lines().filter(|step| !step.trim().is_empty()) {
        if let Some(comment) = step.strip_prefix('#') {
            let _ = writeln!(told, "──{comment}");
            continue;
        }
        let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
        if verb == "recount" {
            let said = command(&night, rest, &mut told);
            after(&night, &said);
        } else {
            let _ = writeln!(told, "· {step}\n");
            happens(&night, folder, verb, rest);
        }
    }
    converges(&night);
    at_last(&night);
    told
}

/// Wherever a story ends: what one more run leaves to be written, the next one does not find either.
fn converges(night: &Night) {
    night.no_faults();
    night.recount(&["run", "--json", "-vv"]);
    night.sim().clear_requests();
    night.recount(&["run", "--json", "-vv"]);
    assert!(night.sim().writes().is_empty(), "{:#?}", night.sim().writes());
}

fn command(night: &Night, typed: &str, told: &mut String) -> Said {
    let before = night.sim().world();
    night.sim().clear_requests();
    let filled = if typed.contains("PLAN") { typed.replace("PLAN", &night.plan()) } else { typed.to_owned() };
    let said = night.recount(&filled.split(' ').collect::<Vec<_>>());
    let Said { exit, out, err, .. } = &said;
    let _ = writeln!(told, "$ recount {typed}    [{exit}]");
    for (mark, text) in [("  ", out), ("! ", err)] {
        for line in text.lines() {
            let _ = writeln!(told, "{}", format!("{mark}{line}").trim_end());
        }
    }
    let requests = night.sim().requests();
    if requests.is_empty() {
        let _ = writeln!(told, "→ nothing was asked of ConnectWise");
    }
    let mut writes: Vec<&Recorded> = requests.iter().filter(|request| request.is_write()).collect();
    // Those of different agreements go side by side, in no order.
    writes.sort_by_key(|write| write.path().split("/additions").next().map(str::to_owned));
    for write in writes {
        let _ = writeln!(told, "→ {}", sent(write));
    }
    billed(&before, &night.sim().world(), told);
    told.push('\n');
    said
}

fn sent(write: &Recorded) -> String {
    let path = write.path().split_once("/3.0/").map_or(write.path(), |(_, path)| path);
    let status = write.status.map_or("no answer".to_owned(), |status| status.to_string());
    format!("{} {path} {}   {status}", write.method, write.body)
}

/// What ConnectWise bills now, where it differs.
fn billed(before: &World, after: &World, told: &mut String) {
    for addition in &after.additions {
        let Addition { id, agreement, product, quantity, .. } = addition;
        match before.addition(*id) {
            None => _ = writeln!(told, "= addition {id} on agreement {agreement}, {product}: new, {quantity}"),
            Some(was) if was.quantity != *quantity => {
                let was = was.quantity;
                _ = writeln!(told, "= addition {id} on agreement {agreement}, {product}: {was} → {quantity}");
            }
            Some(_) => {}
        }
        if let Some(was) = before.addition(*id).filter(|_| addition.updated_by == "recount") {
            let rest = |addition: &Addition| {
                let (quantity, by, at) = (Decimal::ZERO, String::new(), String::new());
                Addition { quantity, updated_by: by, last_updated: at, ..addition.clone() }
            };
            assert_eq!(rest(was), rest(addition), "only the quantity of an addition is ever changed");
        }
    }
}

fn happens(night: &Night, folder: &Path, verb: &str, rest: &str) {
    let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
    let file = |name: &str| fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let id = || first.parse::<i64>().expect("an addition's id");
    match verb {
        "export" if second.is_empty() => night.export(file(first)),
        "export" => {
            let hours = second.trim_end_matches('h').parse::<u64>().expect("hours");
            night.export_aged(file(first), Duration::from_secs(hours * 3600 + 61));
        }
        "approved" => {}
        "config" => night.config("guards", rest),
        "config.services" | "config.export" => night.config(verb.trim_start_matches("config."), rest),
        "write" => night.write(first, file(second)),
        "remove" => match fs::remove_file(night.path(first)) {
            Ok(()) => {}
            Err(error) => panic!("{first}: {error}"),
        },
        "edit" => night.sim().edit(|world| {
            let addition = world.addition_mut(id()).expect("an addition");
            addition.quantity = second.parse::<Decimal>().expect("a quantity");
            addition.updated_by = "mmiller".to_owned();
            addition.last_updated = now().to_rfc3339_opts(SecondsFormat::Secs, true);
        }),
        // A rule of ConnectWise's own: the record names nobody for it.
        "revert" => night.sim().edit(|world| {
            world.addition_mut(id()).expect("an addition").quantity = second.parse::<Decimal>().expect("a quantity");
        }),
        "cancel" => night.sim().edit(|world| {
            let day = if second == "TODAY" { today() } else { second.parse::<NaiveDate>().expect("a day") };
            world.addition_mut(id()).expect("an addition").cancelled = Some(day);
        }),
        "invoice" => night.sim().edit(|world| {
            let day = if second == "TODAY" { today() } else { second.parse::<NaiveDate>().expect("a day") };
            let agreement = world.agreements.iter_mut().find(|agreement| agreement.id == id());
            agreement.expect("an agreement").next_invoice = Some(day);
        }),
        "rename" => night.sim().edit(|world| {
            let company = world.companies.iter_mut().find(|company| company.id == id());
            company.expect("a company").name = second.to_owned();
        }),
        "delete" => night.sim().edit(|world| world.additions.retain(|addition| addition.id != id())),
        "fault" => night.fault(&format!("[{rest}]")),
        _ => panic!("no such step: {verb}"),
    }
}
