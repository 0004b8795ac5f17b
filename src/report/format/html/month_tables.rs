//! The tables of a month's invoices: what changed line by line, and what was left on purpose.

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::history::run_record::LineRecord;
use crate::reconcile::model::decision::Decision;
use crate::reconcile::model::display_text::{day, escaped, shown};
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::{Quantity, or_dash};
use crate::report::format::html::{Links, html_pieces};
use crate::report::invoices::asked_at_end::{AskedAtEnd, SinceEnd};
use crate::report::invoices::left_on_purpose::{CountedUnits, IgnoredUnits, LeftOnPurpose, ServiceLeft, billed};
use crate::report::invoices::month_lines::{LISTED, LineOfMonth, MonthLines};
use crate::report::report_model::ReportEntry;
use crate::report::{display_names, numbers_and_dates};

/// How few of the changed lines of an integration are listed until all of them are asked for.
#[derive(Debug)]
pub struct FewLines {
    /// As many.
    pub most: usize,
    /// The integration whose lines were asked for.
    pub whole: String,
    /// The page of the month, for whoever asks for another one's.
    pub month: String,
}

impl FewLines {
    fn most_of(&self, integration: &IntegrationName) -> usize {
        if self.whole == integration.as_str() { LISTED } else { self.most }
    }

    fn whole_of(&self, integration: &IntegrationName) -> String {
        let asked = [("month", self.month.as_str()), ("all", integration.as_str())];
        format!("/invoices?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish())
    }
}

/// The lines that recount changed, each once.
pub(super) fn changed(
    (id, month): (&str, &str),
    integration: &IntegrationName,
    changes: &MonthLines,
    (links, few): (Links, Option<&FewLines>),
) -> Markup {
    let MonthLines { lines, all, by, before } = changes;
    let listed = few.map_or(LISTED, |few| few.most_of(integration)).min(lines.len());
    html! {
        section aria-labelledby=(id) {
            div.sec {
                h2 id=(id) { "Changed in " (month) span.count { (all) } }
                @if *all > 0 { p { "Each line once: billed before its first change, now after its last" } }
            }
            @if *all == 0 { p { "Nothing was changed by recount in this month." } }
            @else { div.sheet tabindex="0" {
                table {
                    thead { tr {
                        th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "now" }
                        th.n scope="col" { "by" } th scope="col" { "last change" }
                    } }
                    tbody { @for line in lines.iter().take(listed) { (row(line, links)) } }
                    tfoot { tr {
                        th scope="row" { (numbers_and_dates::plural(*all, "line")) } td.n {} td.n {}
                        td.n { @match by { Some(by) => (moved(*by)), None => "–" } } td {}
                    } }
                }
                @if listed < *all { p.pager { span { (listed) " of " (all) ", the largest first" } @if let Some(few) = few.filter(|few| listed < LISTED && few.whole != integration.as_str()) { a href=(few.whole_of(integration)) { "All " (all) span.sr { " lines of " (shown(integration.as_str())) } } } } }
            } }
            @if few.is_none() && listed < *all { p.small { "… and more: " code { "recount history --customer NAME" } } }
            @if *before > 0 { p.small { "Before the run with which the sum begins " (numbers_and_dates::plural(*before, "change")) " of this month " (if *before == 1 { "was" } else { "were" }) " made: they are in its start." } }
        }
    }
}

fn row(line: &LineOfMonth, links: Links) -> Markup {
    let LineOfMonth { key, from, to, by, changes, last } = line;
    let (whose, product) = match &last.line {
        Some(known) => (display_names::whose(known), display_names::product(known)),
        None => (format!("agreement {}", key.agreement), shown(key.product.as_str())),
    };
    let address = match &last.line {
        Some(known) => html_pieces::line_address(links, last.run, &known.handle),
        None => format!("{}{}{}", links.before, last.run, links.after),
    };
    let otherwise = line.otherwise();
    html! { tr {
        th.name scope="row" { span.line { (whose) " " span.rest { (product) } } }
        td.n { (or_dash(*from)) } td.n { b { (to) } }
        td.n { (moved(*by)) }
        td.fit {
            a href=(address) { @match last.at { Some(at) => (numbers_and_dates::day(at)), None => { "run " (last.run) } } }
            @if from.is_none() && *changes == 1 { ", created" }
            @if let Some(who) = &last.accepted_by { ", accepted by " (shown(who)) }
            @if *changes > 1 { span.rest.wide { "the last of " (changes) " changes" @if from.is_none() { ", created by the first" } @if !otherwise.is_zero() { "; " (moved(otherwise)) " otherwise between them" } } }
        }
    } }
}

/// `+3`, `−3`, `0`.
fn moved(by: Decimal) -> String {
    if by.is_zero() { "0".to_owned() } else { numbers_and_dates::signed(by.normalize()) }
}

/// Nobody asks about these any more, so they are named where the bills are about to go out.
pub(super) fn left(id: &str, left: &[LeftOnPurpose]) -> Markup {
    html! {
        section aria-labelledby=(id) {
            div.sec { h2 id=(id) { "Left as it is, on purpose" span.count { (left.len()) } } p { "Nobody is asked about these any more" } }
            @for said in ignored_units(&IgnoredUnits::of(left)) { p { (said) } }
            div.sheet tabindex="0" { table {
                thead { tr {
                    th scope="col" { "line" } th scope="col" { "answer" } th.n.wide scope="col" { "billed" }
                    th.n scope="col" { "counted" } th scope="col" { "by" } th.wide scope="col" { "handle" }
                } }
                tbody { @for one in left.iter().take(LISTED) { @match one {
                    LeftOnPurpose::Line(line, decision) => {
                        (left_row((&display_names::whose(line), &display_names::product(line)), (billed(line, decision.as_deref()), numbers_and_dates::counted(line)), &line.handle, answer(line, decision.as_deref())))
                    },
                    LeftOnPurpose::Skipped(finding, units) => { (skipped(finding, *units)) },
                    LeftOnPurpose::Service(service) => { (service_left(service)) },
                } } }
            } }
            @if left.len() > LISTED { p.small { "… and more: " code { "recount report --format csv" } } }
        }
    }
}

/// Lines that nobody is asked about, and that the invoice does not have as counted.
pub(super) fn as_counted(id: &str, title: &str, lines: &[&LineRecord]) -> Markup {
    html! {
        section aria-labelledby=(id) {
            div.sec { h2 id=(id) { (title) span.count { (lines.len()) } } }
            div.sheet tabindex="0" { table {
                thead { tr {
                    th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "counted" }
                    th scope="col" { "why" }
                } }
                tbody { @for line in lines.iter().take(LISTED) { tr {
                    th.long scope="row" { (display_names::line(line)) }
                    td.n { (or_dash(line.now.or(line.was))) } td.n { (or_dash(line.wanted)) }
                    td { @if line.detail.is_empty() { (words_of(line.reason)) } @else { (escaped(&line.detail)) } }
                } } }
            } }
            @if lines.len() > LISTED { p.small { "… and more: " code { "recount report --format csv" } } }
        }
    }
}

/// The items that a month ended with, and what became of each.
pub(super) fn asked_at_end((id, month): (&str, &str), asked: &[AskedAtEnd], links: Links) -> Markup {
    html! {
        section aria-labelledby=(id) {
            div.sec { h2 id=(id) { "Open when " (month) " ended" span.count { (asked.len()) } } }
            div.sheet tabindex="0" { table {
                thead { tr {
                    th scope="col" { "line" } th scope="col" { "why" } th.n scope="col" { "billed" }
                    th.n scope="col" { "wanted" } th scope="col" { "since" }
                } }
                tbody { @for one in asked.iter().take(LISTED) { (asked_row(one, links)) } }
            } }
            @if asked.len() > LISTED { p.small { "… and more: " code { "recount report --format csv" } } }
        }
    }
}

fn asked_row(one: &AskedAtEnd, links: Links) -> Markup {
    let AskedAtEnd { finding, line, since } = one;
    let title = ReportEntry { finding, line: line.as_ref() }.title();
    let (billed, wanted) = line.as_ref().map(|line| (line.was, line.wanted)).unwrap_or_default();
    html! { tr {
        th.long scope="row" { (title) } td.fit { (words_of(finding.code)) }
        td.n { (or_dash(billed)) } td.n { (or_dash(wanted)) }
        td { @match since {
            SinceEnd::Open => b { "still open" },
            SinceEnd::Settled { run, at, billed } => {
                "settled: " a.nb href={ (links.before) (run) (links.after) } { "run " (run) } " of " (numbers_and_dates::day(*at)) " does not ask it any more"
                @if let Some(billed) = billed { ", and left " (billed) " billed" }
            },
        } }
    } }
}

/// `successor waits`.
fn words_of(code: Code) -> String {
    code.as_str().replace('-', " ")
}

/// What was answered, and by whom; the words of the run where that answer is not the last one any more.
fn answer(line: &LineRecord, decision: Option<&Decision>) -> (Markup, Markup) {
    let wanted = line.wanted.filter(|_| line.wanted != numbers_and_dates::counted(line));
    let wanted = html! { @if let Some(wanted) = wanted { span.rest { (wanted) " wanted" } } };
    let Some(decision) = decision else { return (html! { (escaped(&line.detail)) (wanted) }, html! { "–" }) };
    let done = if decision.verb == AnswerVerb::Keep { "kept" } else { "ignored" };
    let what = html! {
        (done) @match decision.until { Some(until) => { " until " (day(until)) }, None => { ", no last day" } }
        (wanted)
        @if !decision.note.is_empty() { span.rest { q { (escaped(&decision.note)) } } }
    };
    (what, html! { (shown(&decision.who)) span.rest { (numbers_and_dates::day(decision.at)) } })
}

/// What ignored lines come to: none of them is asked about any more, and each is on the invoice in another way.
fn ignored_units(ignored: &IgnoredUnits) -> Vec<String> {
    let IgnoredUnits { unbilled, otherwise, uncounted, unknown } = *ignored;
    let units = numbers_and_dates::units;
    let all = [
        (unbilled.0, format!("{}: counted, but not billed.", units(unbilled.1))),
        (otherwise.0, format!("{} billed where {} are counted.", units(otherwise.1), otherwise.2.normalize())),
        (uncounted.0, format!("{} billed, and counted by nobody.", units(uncounted.1))),
        (unknown.0, format!("{} billed, of a count that is not known.", units(unknown.1))),
    ];
    let said = all.into_iter().filter(|(lines, _)| *lines > 0);
    said.map(|(lines, said)| format!("{lines} ignored, {said}")).collect()
}

fn service_left(left: &ServiceLeft) -> Markup {
    let ServiceLeft { service, reason, customers, units } = left;
    let what = if *reason == Code::ServiceDeprecated { "deprecated" } else { "not assigned" };
    let of = numbers_and_dates::plural(*customers, "customer");
    html! { tr {
        th scope="row" { span.line { (shown(service.as_str())) } }
        td.fit { (what) ", billed nowhere" span.rest { "of " (of) } }
        td.n.wide { "–" } (counted_cell(*units)) td.fit { "services" } td.wide {}
    } }
}

/// What is counted, and what of it is not known: that is no 0.
fn counted_cell(units: CountedUnits) -> Markup {
    let CountedUnits { known, unknown } = units;
    html! { td.n {
        @match known { Some(known) => (known.normalize()), None => { "–" @if unknown == 0 { span.rest { "no count" } } } }
        @if unknown > 0 { span.rest { @if known.is_some() { "+ " } (numbers_and_dates::plural(unknown, "count")) " not known" } }
    } }
}

fn skipped(finding: &Finding, units: CountedUnits) -> Markup {
    let title = ReportEntry { finding, line: None }.title();
    html! { tr {
        th.name scope="row" { span.line { (title) } }
        td.fit { (escaped(&finding.message)) span.rest { "what is billed is not looked at" } }
        td.n.wide { "–" } (counted_cell(units)) td.fit { "the mapping" }
        td.wide { code { (finding.handle.as_deref().unwrap_or_default()) } }
    } }
}

fn left_row(
    (whose, product): (&str, &str),
    (billed, counted): (Option<Quantity>, Option<Quantity>),
    handle: &str,
    (what, by): (Markup, Markup),
) -> Markup {
    html! { tr {
        th.name scope="row" { span.line { (whose) " " span.rest { (product) } } } td.fit { (what) }
        td.n.wide { (or_dash(billed)) } td.n { (or_dash(counted)) } td.fit { (by) } td.wide { code { (handle) } }
    } }
}
