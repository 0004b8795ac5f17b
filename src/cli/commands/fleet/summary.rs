//! What came of all tenants, the worst first.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::cli::commands::fleet::tenant_process::TenantEnd;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::reconcile::model::display_text::{escaped, shell_word, shown};
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;

#[derive(Serialize)]
struct Document<'a> {
    tenants: Vec<TenantJson<'a>>,
    /// What is wrong with the desk of all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    desk: Option<DeskJson<'a>>,
}

#[derive(Serialize)]
struct DeskJson<'a> {
    exit_code: u8,
    error: &'a str,
}

#[derive(Serialize)]
struct TenantJson<'a> {
    tenant: &'a str,
    exit_code: u8,
    took_ms: u128,
    /// What its command printed, one document.
    document: Option<&'a RawValue>,
    /// Why there is none, or why it was stopped.
    error: Option<String>,
}

/// Tells it; the exit is the worst of all.
pub(super) fn tell(mut ends: Vec<TenantEnd>, desk: Option<&CommandError>, console: &Console) -> Exit {
    let exits = ends.iter().map(|end| end.exit).chain(desk.map(|wrong| wrong.exit));
    let exit = exits.fold(Exit::Done, Exit::worst);
    // The worst of two is the one that stays when both are taken together.
    ends.sort_by(|a, b| b.exit.badness().cmp(&a.exit.badness()).then_with(|| a.tenant.cmp(&b.tenant)));
    if console.json {
        let tenants = ends.iter().map(TenantJson::of).collect();
        let desk = desk.map(|wrong| DeskJson { exit_code: wrong.exit.code(), error: &wrong.message });
        console.document(exit, &Document { tenants, desk });
    } else if !(console.quiet && exit == Exit::Done) {
        console.print(&(desk.map(desk_text).unwrap_or_default() + &text(&ends)));
    }
    exit
}

impl<'a> TenantJson<'a> {
    fn of(end: &'a TenantEnd) -> Self {
        let TenantEnd { tenant, exit, out, err, why, took } = end;
        let document = serde_json::from_str(out).ok();
        let error = why.clone().or_else(|| document.is_none().then(|| first(err)));
        TenantJson { tenant: &tenant.name, exit_code: exit.code(), took_ms: took.as_millis(), document, error }
    }
}

/// What a tenant complained of, in a line.
pub(super) fn first(err: &str) -> String {
    err.lines().map(str::trim).find(|line| !line.is_empty()).map(shown).unwrap_or_default()
}

fn desk_text(wrong: &CommandError) -> String {
    format!("== desk.toml ==\n{}\n  {}\n\n", escaped(&wrong.message), escaped(&wrong.fix.to_string()))
}

fn text(ends: &[TenantEnd]) -> String {
    let mut text = String::new();
    let spoke = |end: &&TenantEnd| !(end.out.is_empty() && end.err.is_empty());
    for end in ends.iter().filter(|end| end.exit != Exit::Done).filter(spoke) {
        let _ = writeln!(text, "== {} ==", shown(&end.tenant.name));
        // A handle may be of several tenants: a command given in another one's folder would change that one.
        let configuration = end.tenant.configuration();
        let _ = writeln!(text, "Its commands are given with --config {}", shell_word(&configuration.to_string_lossy()));
        text.push_str(&end.out);
        text.push_str(&end.err);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push('\n');
    }
    for end in ends.iter().filter(|end| end.exit != Exit::Done) {
        let why = end.why.as_ref().map(|why| format!(", {why}")).unwrap_or_default();
        let _ = writeln!(text, "{:>3}  {}: {}{why}", end.exit.code(), shown(&end.tenant.name), end.exit.sentence());
    }
    let done = ends.iter().filter(|end| end.exit == Exit::Done).count();
    let _ = writeln!(text, "{}, {done} done with nothing to decide", plural(ends.len(), "tenant"));
    text
}
