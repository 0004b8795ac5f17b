//! The page of one run: the verdict, what needs a person, then everything else.

use std::collections::BTreeMap;

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::history::run_record::{LineRecord, RunEnd, RunRecord};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::or_dash;
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::format::html::html_pieces::Anchors;
use crate::report::format::html::{Place, RunPageInputs, customer_page, document, html_pieces};
use crate::report::numbers_and_dates::ExportReadability;
use crate::report::report_model::{Report, ReportEntry, ReportSection, SummaryNumbers, sign};
use crate::report::{
    Change, LINES_DROPPED, LinesKept, display_names, lines as lines_of, numbers_and_dates, report_model, sparkline,
};

/// Rows of one table, and cards; what is beyond them stands in the CSV file beside the page. 20,000 lines make less
/// than 2 MiB.
pub const ROWS: usize = 600;

/// Changed lines that get a drawing.
pub const SPARKS: usize = ROWS;

/// The page.
pub fn page(material: &RunPageInputs<'_>) -> String {
    let report = Report::of(material.run);
    let run = material.run;
    let title = format!("{} · {} · run {} · recount", report.verdict.words, shown(run.integration.as_str()), run.run);
    let (parts, anchors) = (parts(run), Anchors::default());
    let of = |part: ReportSection| parts.get(&part).map(Vec::as_slice).unwrap_or_default();
    let stops = report.stops.iter().map(|finding| ReportEntry { finding, line: None });
    let asked: Vec<ReportEntry<'_>> = stops.chain(report.asked.iter().copied()).collect();
    let main = html! {
        (band(&report, material))
        (cards("open-items", report_model::OPEN_ITEMS, &asked, ("ask", material.records), &anchors))
        @if !report.next.is_empty() { p.panel.command { b { "Next: " } @for (at, way) in report.next.iter().enumerate() { @if at > 0 { br; } (escaped(way)) } } }
        @for (kind, lines) in &report.changes { (changes(*kind, lines, material, &anchors)) }
        (cards("worth-a-look", report_model::WORTH_A_LOOK, &report.odd, ("plain", material.records), &anchors))
        (grouped("held", "HELD, REFUSED OR IN DOUBT", of(ReportSection::Held), run))
        (grouped("drift", "CHANGED BY SOMEBODY ELSE", of(ReportSection::Drift), run))
        (left_out(&report, of(ReportSection::LeftOut), &anchors))
        (unchanged(&report, of(ReportSection::Unchanged)))
        (facts(run))
    };
    document(Place::Run, &title, &main)
}

/// Whether the page leaves lines to the CSV file beside it.
pub fn needs_sibling(run: &RunRecord) -> bool {
    parts(run).values().any(|lines| lines.len() > ROWS)
}

/// The name of that file.
pub fn sibling(run: &RunRecord) -> String {
    format!("{}-lines.csv", run.run)
}

fn parts(run: &RunRecord) -> BTreeMap<ReportSection, Vec<&LineRecord>> {
    let mut parts: BTreeMap<ReportSection, Vec<&LineRecord>> = BTreeMap::new();
    for line in lines_of(run) {
        parts.entry(ReportSection::of(line)).or_default().push(line);
    }
    parts
}

fn band(report: &Report<'_>, material: &RunPageInputs<'_>) -> Markup {
    let run = report.run;
    let nights = material.nights.iter().filter(|night| html_pieces::is_night(night, Some(run.run)));
    let nights = numbers_and_dates::runs(nights.map(|night| night.command));
    html! {
        header.head { div {
            div.headline {
                h1 { (shown(run.integration.as_str())) }
                (html_pieces::chip(&report.verdict))
            }
            p.lead { (numbers_and_dates::day(run.started_at)) " · run " (run.run) " · " code { "recount " (run.command) } ", " (run.mode) " mode" }
        } }
        @for stop in &report.stops { div.note.bad { div { b { (escaped(&stop.message)) } } } }
        (numbers(&report.numbers))
        div.panel.nightnav {
            p { (source(run)) }
            div {
                (html_pieces::nights(material.nights, Some(run.run), ""))
                span.key { (nights) " up to this one; taller: more open items" }
            }
        }
    }
}

fn numbers(numbers: &SummaryNumbers) -> Markup {
    let SummaryNumbers { to_decide, changed, would: _, up, down, without_lines, failed, unknown, explained, lines } =
        numbers;
    let ask = (*to_decide > 0).then_some("ask");
    let bad = (failed + unknown > 0).then_some("bad");
    let unexplained = (explained < lines).then_some("bad");
    html! {
        dl.numbers {
            div class=[ask] { dt { "to decide" } dd #n-to-decide { (to_decide) } }
            div { dt { (numbers.what()) } dd { span #n-changed { (changed) } @if !without_lines { " " small { "+" (up) " −" (down) } } } }
            div class=[bad] {
                dt { "failed or unknown" }
                dd { span #n-failed { (failed) } @if *unknown > 0 { " " small { "+ " span #n-unknown { (unknown) } " unknown" } } }
            }
            div class=[unexplained] {
                dt { "explained" }
                dd { span #n-explained { (*explained) } small { " / " span #n-lines { (*lines) } } }
            }
        }
    }
}

fn source(run: &RunRecord) -> Markup {
    let Some(planned) = &run.planned else { return html! { span.tag.bad { "no export was read" } } };
    if let Some(undone) = run.undoes {
        return html! { "Sets back run " a href={ (undone) ".html" } { (undone) } "; no export was read." };
    }
    html! {
        span.tag.plain { "export " (numbers_and_dates::age(run.started_at, &planned.export)) " old" } " "
        span.soft { (numbers_and_dates::file(&planned.export)) ", " (numbers_and_dates::plural(planned.export.rows, "row")) ", "
            (numbers_and_dates::plural(planned.export.customers, "customer")) }
    }
}

fn cards(id: &str, heading: &str, entries: &[ReportEntry<'_>], drawn: CardDrawing<'_>, anchors: &Anchors) -> Markup {
    html! {
        @if !entries.is_empty() {
            section aria-labelledby=(id) {
                h2 #(id) { (heading) span.count { (entries.len()) } }
                div.cards { @for entry in entries.iter().take(ROWS) { (card(entry, drawn, anchors)) } }
                @if entries.len() > ROWS { p { "… " (entries.len() - ROWS) " more: " code { "recount report --format csv" } } }
            }
        }
    }
}

/// The tone of a card, and where records open.
type CardDrawing<'a> = (&'static str, Option<&'a RecordLinks>);

fn card(entry: &ReportEntry<'_>, (tone, records): CardDrawing<'_>, anchors: &Anchors) -> Markup {
    let finding = entry.finding;
    html! {
        article.card.(tone) id=[anchors.first(entry.handle())] {
            header {
                span.sign aria-hidden="true" { (drawn(finding.code)) }
                (title(entry))
                span.step { (entry.step()) }
            }
            p { (escaped(&finding.message)) }
            (html_pieces::ways(&finding.fix))
            p.meta {
                (finding.code.as_str().replace('-', " "))
                @if !entry.handle().is_empty() { " · " code { "recount why " (entry.handle()) } }
                (html_pieces::opened(&numbers_and_dates::item_records(finding, entry.line, records)))
            }
        }
    }
}

/// What comes first in a title stands first, on its own line.
fn title(entry: &ReportEntry<'_>) -> Markup {
    let title = entry.title();
    match title.split_once(" · ") {
        Some((first, rest)) => html! { h3 { (first) " " span.rest { (rest) } } },
        None => html! { h3 { (title) } },
    }
}

/// Few fonts have the sign of several lines.
fn drawn(code: Code) -> String {
    match sign(code) {
        '⧉' => "2+".to_owned(),
        sign => sign.to_string(),
    }
}

fn changes(kind: Change, changed: &[&LineRecord], material: &RunPageInputs<'_>, anchors: &Anchors) -> Markup {
    let (runs, reading) = (material.runs(), ExportReadability::of_run(material.run));
    let wanted = if kind == Change::Done { "now" } else { "wanted" };
    let id = kind.heading().to_lowercase().replace(' ', "-");
    html! {
        section aria-labelledby=(id) {
            h2 #(id) { (kind.heading()) span.count { (changed.len()) } }
            div.sheet tabindex="0" { table {
                thead { tr {
                    th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { (wanted) }
                    th.n scope="col" { "by" } th.wide scope="col" { "billed, 30 nights" }
                    th.wide scope="col" { "state" }
                } }
                tbody { @for (at, line) in changed.iter().enumerate().take(ROWS) {
                    tr id=[anchors.first(&line.handle)] {
                        th scope="row" { (name(line, material)) (html_pieces::why(line, &reading, material.records)) }
                        td.n { (or_dash(line.was)) } td.n { (or_dash(numbers_and_dates::reached(line))) }
                        td.n { (html_pieces::delta(line)) }
                        td.wide { @if at < SPARKS { (html_pieces::spark(&sparkline::billed_since(&runs, material.of_line(&line.handle)))) } }
                        td.wide { (state(line)) }
                    }
                } }
            } }
            (more(changed.len(), material.run))
        }
    }
}

/// The name of a line, as a link to its customer where there is one.
fn name(line: &LineRecord, material: &RunPageInputs<'_>) -> Markup {
    match display_names::customers(line).as_slice() {
        [customer] if material.customers.contains(*customer) => html! {
            a href={ "customers/" (customer_page::file(&material.run.integration, customer)) } { (shown(customer.as_str())) }
            " · " (display_names::product(line))
        },
        _ => html! { (display_names::line(line)) },
    }
}

fn state(line: &LineRecord) -> &'static str {
    match line.outcome {
        Outcome::Updated => "read back",
        Outcome::Created => "created, read back",
        Outcome::WouldUpdate | Outcome::WouldCreate => "not written",
        _ => "held",
    }
}

fn more(rows: usize, run: &RunRecord) -> Markup {
    html! { @if rows > ROWS {
        p.small { "… " (rows - ROWS) " more in " a href=(sibling(run)) { (sibling(run)) } }
    } }
}

/// Lines by their reason.
fn grouped(id: &str, heading: &str, held: &[&LineRecord], run: &RunRecord) -> Markup {
    let mut by_reason: BTreeMap<Code, Vec<&LineRecord>> = BTreeMap::new();
    for line in held.iter().take(ROWS) {
        by_reason.entry(line.reason).or_default().push(line);
    }
    html! { @if !held.is_empty() {
        section aria-labelledby=(id) {
            h2 #(id) { (heading) span.count { (held.len()) } }
            @for (reason, lines) in &by_reason { (reason_table(*reason, lines)) }
            (more(held.len(), run))
        }
    } }
}

fn reason_table(reason: Code, lines: &[&LineRecord]) -> Markup {
    html! {
        div.sheet tabindex="0" { table {
            caption { (reason.as_str().replace('-', " ")) " " small { (numbers_and_dates::plural(lines.len(), "line")) } }
            thead { tr {
                th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" }
                th.wide scope="col" { "what it means" } th scope="col" { "handle" }
            } }
            tbody { @for line in lines {
                tr {
                    th scope="row" { (display_names::line(line)) }
                    td.n { (or_dash(line.now.or(line.was))) } td.n { (or_dash(line.wanted)) }
                    td.wide.soft { (escaped(&line.detail)) } td { code { (line.handle) } }
                }
            } }
        } }
    }
}

/// What has no place in ConnectWise, and what is skipped on purpose: it must not be forgotten in silence.
fn left_out(report: &Report<'_>, lines: &[&LineRecord], anchors: &Anchors) -> Markup {
    html! { @if !lines.is_empty() || !report.told.is_empty() {
        section aria-labelledby="left-out" {
            h2 #left-out { "NOT MAPPED, SKIPPED OR IGNORED" span.count { (lines.len().max(report.told.len())) } }
            @if !report.told.is_empty() { div.sheet tabindex="0" { table {
                thead { tr { th scope="col" { "what" } th scope="col" { "why" } th.wide scope="col" { "to change that" } } }
                tbody { @for entry in report.told.iter().take(ROWS) {
                    tr id=[anchors.first(entry.handle())] {
                        th scope="row" { (entry.title()) }
                        td { (escaped(&entry.finding.message)) } td.wide.soft { (html_pieces::ways(&entry.finding.fix)) }
                    }
                } }
            } } }
            @if !lines.is_empty() { details.fold {
                summary { (numbers_and_dates::plural(lines.len(), "line")) " without effect on a bill" }
                (plain_table(lines))
            } (more(lines.len(), report.run)) }
        }
    } }
}

fn unchanged(report: &Report<'_>, lines: &[&LineRecord]) -> Markup {
    let run = report.run;
    let counted = numbers_and_dates::plural(lines.len(), "line");
    let kept = LinesKept::of(run);
    if kept == LinesKept::Nothing {
        return html! { section aria-labelledby="unchanged" { h2 #unchanged { "LINES" } p { (LINES_DROPPED) "." } } };
    }
    let dropped = kept == LinesKept::WithoutUnchanged;
    html! { @if !lines.is_empty() || dropped {
        section aria-labelledby="unchanged" {
            h2 #unchanged { "UNCHANGED" @if !dropped { span.count { (lines.len()) } } }
            @if dropped {
                p { "The unchanged lines of this older night are only counted: "
                    (report.numbers.lines - lines_of(run).len()) "." }
            } @else if lines.len() > ROWS {
                p { (counted) ", all in " a href=(sibling(run)) { (sibling(run)) } "." }
            } @else {
                details.fold { summary { (counted) " billed as counted" } (plain_table(lines)) }
            }
        }
    } }
}

fn plain_table(lines: &[&LineRecord]) -> Markup {
    html! {
        div.sheet tabindex="0" { table {
            thead { tr {
                th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" }
                th scope="col" { "reason" } th.wide scope="col" { "handle" }
            } }
            tbody { @for line in lines.iter().take(ROWS) {
                tr {
                    th scope="row" { (display_names::line(line)) }
                    td.n { (or_dash(line.now)) } td.n { (or_dash(line.wanted)) }
                    td { (line.reason.as_str().replace('-', " ")) } td.wide { code { (line.handle) } }
                }
            } }
        } }
    }
}

fn facts(run: &RunRecord) -> Markup {
    let fact = |name: &str, value: String| html! { dt { (name) } dd { (value) } };
    html! {
        section aria-labelledby="facts" {
            h2 #facts { "RUN FACTS" }
            dl.facts.panel {
                (fact("started", numbers_and_dates::minute(run.started_at)))
                @if let Some(end) = &run.end { (fact("took", numbers_and_dates::took(run))) (traffic(end)) }
                @if let Some(export) = run.read_export() {
                    dt { "export" } dd { (numbers_and_dates::file(export)) br; code.soft { "sha-256 " (export.sha256) } }
                    @for file in &export.files {
                        dt { "its file" } dd { (shown(&file.name)) ", " (file.bytes) " bytes" br; code.soft { "sha-256 " (file.sha256) } }
                    }
                    (fact("units in it", export.units.normalize().to_string()))
                }
                @if let Some(planned) = &run.planned {
                    @if LinesKept::of(run) == LinesKept::All { (fact("units billed", footing(run))) }
                    dt { "plan" } dd { code { (planned.fingerprint) } }
                }
                @if let Some(head) = run.end.as_ref().and_then(|end| end.head.as_deref()) {
                    dt { "journal's head" } dd { code { (head) } }
                }
                (fact("drawn by", format!("recount {}", env!("CARGO_PKG_VERSION"))))
            }
        }
    }
}

fn traffic(end: &RunEnd) -> Markup {
    let requests = end.requests;
    let repeats = if requests.retried == 0 { String::new() } else { format!(", {} of them again", requests.retried) };
    html! {
        dt { "requests" } dd { (requests.sent) (repeats) }
        dt { "waited" } dd { (numbers_and_dates::waits(&requests)) }
        dt { "exit code" } dd { (end.exit_code) }
    }
}

/// Totals that foot: what was billed, what was added and taken away, what is billed.
fn footing(run: &RunRecord) -> String {
    let sum = |of: fn(&LineRecord) -> Option<Decimal>| -> Decimal {
        lines_of(run).iter().filter_map(of).fold(Decimal::ZERO, |sum, units| sum.saturating_add(units)).normalize()
    };
    let moved = |line: &LineRecord| {
        let now = line.now.map(|now| now.as_decimal())?;
        Some(now.saturating_sub(line.was.map(|was| was.as_decimal()).unwrap_or_default()))
    };
    let before = sum(|line| line.was.filter(|_| line.now.is_some()).map(|was| was.as_decimal()));
    let (up, down) =
        lines_of(run).iter().filter_map(moved).fold((Decimal::ZERO, Decimal::ZERO), |(up, down), moved| {
            if moved.is_sign_positive() { (up.saturating_add(moved), down) } else { (up, down.saturating_sub(moved)) }
        });
    let after = sum(|line| line.now.map(|now| now.as_decimal()));
    format!("{before} before, +{} −{}, {after} after", up.normalize(), down.normalize())
}
