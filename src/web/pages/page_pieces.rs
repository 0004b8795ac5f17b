//! Pieces that several pages share, by the names of the design.

use std::fmt::Write as _;

use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rust_decimal::Decimal;

use crate::history::run_record::{LineRecord, RunEnd, RunRecord, RunSummary};
use crate::reconcile::model::display_text::{escaped, shell_word, shown};
use crate::reconcile::model::ids::{CustomerName, IntegrationName, RunId};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::remedy::{Remedy, RemedyLine};
use crate::reconcile::model::quantity::{Quantity, or_dash};
use crate::report::report_model::{Report, ReportVerdict, Tone};
use crate::report::{display_names, numbers_and_dates, sparkline};
use crate::web::desk::visit::Visit;

pub(crate) fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Ask => "ask",
        Tone::Bad => "bad",
    }
}

/// The verdict of a run, in a word or two.
pub(crate) fn verdict(visit: &Visit, verdict: ReportVerdict) -> Markup {
    let verdict = if visit.desk.outdated.is_some() { verdict.when_outdated() } else { verdict };
    let words = verdict.words.split_once(':').map_or(verdict.words.as_str(), |(word, _)| word);
    html! { span.verdict.(tone(verdict.tone)) { (words) } }
}

/// The same of a run in a list: one without an end is under way, or was cut off.
pub(crate) fn run_verdict(visit: &Visit, run: &RunSummary) -> Markup {
    if run.end.is_none() { without_end(visit, run.run) } else { verdict(visit, ReportVerdict::of_summary(run)) }
}

/// The same of a whole run.
pub(crate) fn record_verdict(visit: &Visit, run: &RunRecord) -> Markup {
    if run.end.is_none() { without_end(visit, run.run) } else { verdict(visit, ReportVerdict::of(run)) }
}

fn without_end(visit: &Visit, run: RunId) -> Markup {
    html! {
        @if visit.desk.under_way == Some(run) { a.verdict.info href="/live" { "RUNNING" } }
        @else { span.verdict.bad { "CUT OFF" } }
    }
}

/// Something that stands above everything else.
pub(crate) fn note(tone: &str, title: &str, body: Markup) -> Markup {
    html! { div.note.(tone) role="status" { div { b { (title) } " " (body) } } }
}

/// Nothing is here, and why.
pub(crate) fn empty(title: &str, body: &str) -> Markup {
    html! { div.panel.empty { b { (title) } (body) } }
}

/// What helps where the desk has a button for a part of it: what is done elsewhere, and the commands for whoever is on the
/// host.
pub(crate) fn beside_buttons(visit: &Visit, remedy: &Remedy) -> Markup {
    let is_command = |line: &RemedyLine<'_>| matches!(line, RemedyLine::Command(_));
    let (commands, words): (Vec<_>, Vec<_>) = remedy.lines().into_iter().partition(is_command);
    html! {
        @if !words.is_empty() { h3 { "What helps beside an answer" } @for way in words { (self::way(visit, way)) } }
        @if !commands.is_empty() { details.fold { summary { "The same on the host" } div.in { @for way in commands { (self::way(visit, way)) } } } }
    }
}

/// The sign of an item beside its words.
pub(crate) fn sign(tone: &str, sign: char) -> Markup {
    // Not every font has this one.
    let sign = if sign == '⧉' { '2' } else { sign };
    html! { span.sign.(tone) aria-hidden="true" { (sign) } }
}

/// `12 → 0`, the new value in bold.
pub(crate) fn step(line: Option<&LineRecord>) -> Markup {
    match line.filter(|line| line.was.is_some() || line.wanted.is_some()) {
        Some(line) => html! { p.step { (or_dash(line.was)) " → " b { (or_dash(line.wanted)) } } },
        None => html! { p.step {} },
    }
}

/// The four numbers.
pub(crate) fn numbers(run: &RunRecord) -> Markup {
    let numbers = Report::of(run).numbers;
    let doubt = numbers.failed + numbers.unknown;
    html! {
        dl.numbers {
            div.(if numbers.to_decide > 0 { "ask" } else { "none" }) { dt { "to decide" } dd { (numbers.to_decide) } }
            div { dt { (numbers.what()) } dd { (numbers.changed) " " (ups_and_downs(numbers.up, numbers.down)) } }
            div.(if doubt > 0 { "bad" } else { "none" }) { dt { "failed or unknown" } dd { (doubt) } }
            div { dt { "explained" } dd { (numbers.explained) small { "/" (numbers.lines) } } }
        }
    }
}

/// What stopped the whole run.
pub(crate) fn stops(visit: &Visit, run: &RunRecord, end: &RunEnd) -> Markup {
    let report = Report::of(run);
    let nothing = end.totals.changed + end.totals.unknown == 0;
    html! { @for finding in &report.stops {
        div.note.bad { div {
            b { (words_of(finding.code.as_str())) "." } " " (escaped(&finding.message))
            @if nothing { ". Nothing was written." }
            (ways(visit, &finding.fix))
        } }
    } }
}

/// `+22 −4`, as far as there is something.
pub(crate) fn ups_and_downs(up: Decimal, down: Decimal) -> Markup {
    let mut text = String::new();
    if !up.is_zero() {
        let _ = write!(text, "+{up}");
    }
    if !down.is_zero() {
        let _ = write!(text, " −{down}");
    }
    html! { @if !text.is_empty() { small { (text.trim()) } } }
}

/// The last nights as a picture with a sentence.
pub(crate) fn nights(nights: &[RunSummary]) -> Markup {
    let height = |tone: Tone| match tone {
        Tone::Good => 9,
        Tone::Ask => 15,
        Tone::Bad => 22,
    };
    let shown = nights.iter().filter(|night| night.undoes.is_none());
    let of = numbers_and_dates::runs(shown.map(|night| night.command));
    let (mut paths, mut counts) = ([String::new(), String::new(), String::new()], [0_usize; 3]);
    let tones = [Tone::Good, Tone::Ask, Tone::Bad];
    for (at, night) in nights.iter().filter(|night| night.undoes.is_none()).enumerate() {
        let verdict = ReportVerdict::of_summary(night);
        let which = tones.iter().position(|tone| *tone == verdict.tone).unwrap_or(2);
        counts[which] += 1;
        let _ = write!(paths[which], "M{} 22v-{h}h4v{h}z", at * 6, h = height(verdict.tone));
    }
    let [good, ask, bad] = counts;
    let said = format!("{of}, oldest first: {good} OK, {ask} to decide, {bad} that did not go well");
    html! {
        svg.nights viewBox="0 0 178 22" role="img" aria-label=(said) {
            @for (tone, path) in ["good", "ask", "bad"].iter().zip(&paths) {
                @if !path.is_empty() { path.(tone) d=(path) {} }
            }
        }
    }
}

/// The same as links, each night a bar; the one that is looked at is marked. A dry run is no night: it has no bar.
pub(crate) fn night_links(visit: &Visit, nights: &[RunSummary], shown: RunId) -> Markup {
    let said = |night: &RunSummary| match &night.end {
        Some(_) => {
            let verdict = ReportVerdict::of_summary(night);
            (tone(verdict.tone), verdict.words)
        }
        None if visit.desk.under_way == Some(night.run) => ("ask", "RUNNING".to_owned()),
        None => ("bad", "CUT OFF".to_owned()),
    };
    html! {
        ol.nights { @for night in nights.iter().filter(|night| night.undoes.is_none()) {
            @let (tone, words) = said(night);
            li.(tone) {
                a href={ "/nights/" (night.run) } aria-current=[(night.run == shown).then_some("page")] {
                    span.sr { (numbers_and_dates::day(night.started_at)) ", run " (night.run) ": " (words) }
                }
            }
        } }
    }
}

/// Billed as a line over what was wanted as an area, with their ends in words.
pub(crate) fn trend(billed: &[Option<Quantity>], wanted: &[Option<Quantity>]) -> Markup {
    let values: Vec<Option<Decimal>> =
        sparkline::decimals(billed).into_iter().chain(sparkline::decimals(wanted)).collect();
    let known = || values.iter().flatten();
    let (Some(low), Some(high)) = (known().min(), known().max()) else { return html! { span.soft { "–" } } };
    let ends = |values: &[Option<Quantity>]| {
        let known = || values.iter().flatten();
        let end = |value: Option<&Quantity>| value.map_or_else(|| "none".to_owned(), ToString::to_string);
        format!("{} at first, {} at last", end(known().next()), end(known().last()))
    };
    let said = format!("Run by run. Wanted: {}. Billed: {}.", ends(wanted), ends(billed));
    html! {
        svg.trend width="132" height="30" viewBox="0 0 132 30" role="img" aria-label=(said) {
            path.counted d={ (steps(wanted, *low, *high)) "V30H0z" } {}
            path.billed d=(steps(billed, *low, *high)) {}
        }
    }
}

/// A stair through these values in a box of 132 by 30.
fn steps(values: &[Option<Quantity>], low: Decimal, high: Decimal) -> String {
    let width = Decimal::from(132) / Decimal::from(values.len().max(1));
    let room = high.checked_sub(low).filter(|room| !room.is_zero());
    let height = |value: Decimal| {
        let share = room.zip(value.checked_sub(low)).and_then(|(room, over)| over.checked_div(room));
        Decimal::from(27) - share.unwrap_or(Decimal::new(5, 1)) * Decimal::from(23)
    };
    let mut path = String::new();
    let mut last = None;
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value else { continue };
        let (x, y) = ((width * Decimal::from(at)).round_dp(1), height(value.as_decimal()).round_dp(1));
        match last {
            None => _ = write!(path, "M0 {y}"),
            Some(known) if known == y => {}
            Some(_) => _ = write!(path, "H{x}V{y}"),
        }
        last = Some(y);
    }
    if path.is_empty() { "M0 30".to_owned() } else { format!("{path}H132") }
}

/// Each way to help on a line of its own. Commands are told, never sent.
pub(crate) fn ways(visit: &Visit, remedy: &Remedy) -> Markup {
    html! { @for line in remedy.lines() { (way(visit, line)) } }
}

fn way(visit: &Visit, line: RemedyLine<'_>) -> Markup {
    match line {
        RemedyLine::Command(typed) => html! { p.small { (typed_there(visit.site.tenant.as_deref(), typed)) } },
        RemedyLine::Words(words) => html! { p.small { (escaped(&words)) } },
    }
}

/// A command as it is typed on the host. Where there are many tenants it would else be about the configuration that is found
/// first, and a handle means something in several.
pub(crate) fn typed_there(tenant: Option<&str>, typed: &str) -> Markup {
    match tenant {
        None => html! { "on the host: " code { (escaped(typed)) } },
        Some(tenant) => {
            let config = shell_word(&format!("{tenant}/recount.toml"));
            html! { "on the host, in the folder of the tenants: " code { (escaped(&format!("{typed} --config {config}"))) } }
        }
    }
}

/// What is encoded in a name that stands in an address.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// The page of a customer.
pub(crate) fn customer_address(customer: &str) -> String {
    format!("/customers/{}", utf8_percent_encode(customer, IN_PATH))
}

/// The customers of a line with links to their pages, and its product.
pub(crate) fn line_name(line: &LineRecord) -> Markup {
    let customers = display_names::customers(line);
    html! {
        span.line {
            @if customers.is_empty() { @if let Some(company) = line.company { "company " (company) } }
            @if !customers.is_empty() { span.owners { @for (at, customer) in customers.iter().enumerate() { @if at > 0 { " + " } (customer_link(customer)) } } }
            " " span.rest { (display_names::product(line)) }
        }
    }
}

fn customer_link(customer: &CustomerName) -> Markup {
    html! { a href=(customer_address(customer.as_str())) { (shown(customer.as_str())) } }
}

/// A quantity, or a dash that a screen reader calls by its name.
pub(crate) fn quantity(quantity: Option<Quantity>) -> Markup {
    match quantity {
        Some(quantity) => html! { (quantity) },
        None => html! { span aria-hidden="true" { "–" } span.sr { "none" } },
    }
}

/// The page of a long list that is asked for, from 1; no list has so many that a product with it could be too large.
pub(crate) fn asked_page(visit: &Visit) -> usize {
    visit.query.get("page").parse::<usize>().unwrap_or(1).clamp(1, 1_000_000)
}

/// Where somebody does not find what was added in ConnectWise a moment ago.
pub(crate) fn read_again(address: &str, asked: &[(&str, &str)]) -> Markup {
    let asked = asked.iter().copied().chain([("again", "1")]);
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
    html! { p.small.soft { "What was read of ConnectWise is kept for ten minutes. " a href={ (address) "?" (query) } { "Read it again" } } }
}

/// A code in words: `count changed`.
pub(crate) fn words_of(code: &str) -> String {
    code.replace('-', " ")
}

/// The ticket of an open item, where it has one: it opens in ConnectWise.
pub(crate) fn ticket(visit: &Visit, integration: &IntegrationName, finding: &Finding) -> Markup {
    let links = visit.desk.records.get(integration);
    let found = links.and_then(|links| links.ticket_of(finding));
    html! { @if let Some((name, address)) = found { " " a href=(address) rel="noreferrer" { (name) } } }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::{Quantity, steps, trend};

    /// Otherwise a line that is billed as counted looks as if it was not, or is drawn over the words beside it.
    #[test]
    fn what_is_billed_and_counted_is_drawn_to_one_scale_and_within_its_box() {
        let quantities =
            |all: &[&str]| -> Vec<Option<Quantity>> { all.iter().map(|one| Quantity::from_str(one).ok()).collect() };
        let (billed, counted) = (quantities(&["5", "-", "9000000", "5"]), quantities(&["5", "0", "0.5", "5"]));
        let drawn = trend(&billed, &counted).into_string();
        let paths: Vec<&str> = drawn.split(" d=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let first = |path: &str| path.trim_start_matches("M0 ").split('H').next().map(str::to_owned);
        assert_eq!(first(paths[0]), first(paths[1]), "five is not five: {drawn}");
        for path in &paths {
            for number in path.split(['M', 'H', 'V', 'z', ' ']).filter(|word| !word.is_empty()) {
                let number: f32 = number.parse().expect("a number");
                assert!((0.0..=132.0).contains(&number), "{path}");
            }
        }
        let alone = quantities(&["7", "7"]);
        let seven = alone[0].expect("seven").as_decimal();
        assert_eq!(steps(&alone, seven, seven), "M0 15.5H132", "one value stands in the middle");
    }
}
