//! What a plan has to say beside its lines: every matter once, what needs a person first.
//!
//! Every held line belongs to a finding of severity `decide` about its customer, its service, its product or itself;
//! the number of those is the first of the four numbers of every report. The one exception is a line in doubt: a later
//! run looks again, and there is nothing yet that a person could decide.

mod billing_terms;
mod former_line;
pub mod line_remedies;
pub(crate) mod other_rows;
pub mod row_findings;
pub mod row_remedies;
mod service_missing;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::reconcile::decide::findings::line_remedies::{
    NOT_ASSIGNED, left_behind_fix, missing_customer_fix, name_service, skipped_from_now_on,
};
use crate::reconcile::decide::plan_inputs::PlanInputs;
use crate::reconcile::matching::line_claims::one_owner;
use crate::reconcile::matching::placement::{Place, Problem};
use crate::reconcile::matching::spellings::in_two_spellings;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::counts::{Cell, CustomerCounts};
use crate::reconcile::model::export::row_lines::RowLines;
use crate::reconcile::model::ids::{AgreementId, CustomerName, ProductCode, ProductId, ServiceName, ids};
use crate::reconcile::model::mapping::{CustomerTarget, ServiceRule};
use crate::reconcile::model::plan::finding::{Finding, finding, plural, sort};
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::line::{Line, Source, Verdict};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// Collects findings, and sorts them.
pub struct Findings<'a> {
    gathered: PlanInputs<'a>,
    found: Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// All findings of a plan.
    pub fn of(gathered: PlanInputs<'a>, lines: &[Line]) -> Vec<Finding> {
        let mut findings = Self { gathered, found: Vec::new() };
        findings.customers(lines);
        findings.rows();
        findings.services(lines);
        findings.found.extend(service_missing::of(gathered, lines));
        findings.products(lines);
        findings.pins();
        findings.found.extend(other_rows::of(gathered));
        findings.lines(lines);
        sort(&mut findings.found);
        findings.found
    }

    fn customers(&mut self, lines: &[Line]) {
        let missing_billed = customers_held(lines, Code::CustomerMissing);
        let held = lines.iter().filter(|line| line.key().is_some() && line.verdict.is_held());
        let stopped: BTreeSet<&CustomerName> = held.flat_map(|line| &line.sources).map(|s| &s.customer).collect();
        let twice = in_two_spellings(self.gathered.counts, self.gathered.mapping);
        for (customer, place) in self.gathered.places {
            let counted = self.gathered.counts.of(customer);
            match (place, counted) {
                (Place::Skipped, Some(_)) => {
                    let fix = Remedy::customers("to bill it, fill in its company_id");
                    self.customer(Severity::Info, Code::CustomerSkipped, customer, "skipped on purpose".into(), fix);
                }
                (Place::Skipped, None) => {}
                (Place::On { .. }, None) => {
                    let billed = missing_billed.contains(customer);
                    let severity = if billed { Severity::Decide } else { Severity::Info };
                    self.missing(severity, customer);
                }
                (Place::Blocked { problem, .. } | Place::Nowhere(problem), _)
                    if problem.code.is_unreadable_record() =>
                {
                    self.problem(customer, problem);
                }
                // Once known by its name alone, and gone from both: nothing is billed by recount any more.
                (Place::Nowhere(problem), None) if problem.code == Code::CustomerUnmapped => {}
                // Titles and totals that a filter leaves out are nobody, and what is left out of somebody asks for no place.
                (Place::Nowhere(problem), Some(_))
                    if problem.code == Code::CustomerUnmapped
                        && !self.gathered.counts.customers.contains_key(customer) => {}
                (Place::Blocked { problem, .. } | Place::Nowhere(problem), None) => {
                    self.gone(customer, problem, stopped.contains(customer));
                }
                (Place::Blocked { problem, .. } | Place::Nowhere(problem), Some(_)) => self.problem(customer, problem),
                (Place::On { .. }, Some(counted)) if !counted.is_whole() => self.incomplete(customer, counted),
                (Place::On { .. }, Some(_)) if twice.contains(customer) => self.spelled_twice(customer),
                (Place::On { .. }, Some(_)) => {}
            }
        }
    }

    fn incomplete(&mut self, customer: &CustomerName, counted: &CustomerCounts) {
        let parts = &self.gathered.counts.parts;
        let rejected = parts.lines("line", &RowLines::from(counted.rejected_lines()));
        let message = match counted.nameless_lines() {
            none if none.number() == 0 => {
                format!("its counts are incomplete: {rejected} of the export could not be read")
            }
            lines => {
                let lines = parts.lines("line", lines);
                format!("its counts may be incomplete: {lines} of the export has no customer, and may belong to it")
            }
        };
        let rows = Remedy::command(format!("recount read {}", self.gathered.integration));
        let fix = rows.noting("it marks those rows; until they can be read none of the customer's lines is written");
        self.customer(Severity::Decide, Code::CustomerIncomplete, customer, message, fix);
    }

    fn spelled_twice(&mut self, customer: &CustomerName) {
        let message = "the export has it in another spelling too, and one of them has no row of its own".to_owned();
        let fix = Remedy::customers("give each spelling a row").noting("until then none of its lines is written");
        self.customer(Severity::Decide, Code::CustomerSpelledTwice, customer, message, fix);
    }

    fn missing(&mut self, severity: Severity, customer: &CustomerName) {
        if !self.gathered.counts.unread.is_empty() {
            let message = "is mapped, and not in the part of the export that was read".to_owned();
            return self.customer(severity, Code::CustomerMissing, customer, message, "fetch the export whole".into());
        }
        let message = "is mapped, but not in the export".to_owned();
        let fix = missing_customer_fix(self.gathered.integration, self.gathered.places, customer);
        self.customer(severity, Code::CustomerMissing, customer, message, fix);
    }

    /// A customer who is not in the export, and whose place is at fault as well: most likely it has left.
    fn gone(&mut self, customer: &CustomerName, problem: &Problem, stops_lines: bool) {
        let severity = if stops_lines { Severity::Decide } else { Severity::Warning };
        let message = format!("{}, and it is not in the export", problem.message);
        if !self.gathered.counts.unread.is_empty() {
            let fix = problem.remedy(self.gathered.integration, customer);
            return self.customer(severity, problem.code, customer, message, fix);
        }
        let left = skipped_from_now_on(self.gathered.integration, customer);
        let fix = left.noting(format!("if it has left; else {}", problem.fix));
        self.customer(severity, problem.code, customer, message, fix);
    }

    fn problem(&mut self, customer: &CustomerName, problem: &Problem) {
        let used = self.gathered.counts.customers.get(customer).map(|counted| {
            let units = counted.cells().filter_map(|(_, cell)| match cell {
                Cell::Counted { count, .. } => Some(count.as_decimal()),
                Cell::Duplicate { .. } | Cell::OutOfRange { .. } => None,
            });
            let units: Decimal = units.sum();
            format!(": {} of {}", plural(&units.normalize(), "unit"), plural(&counted.services().count(), "service"))
        });
        let message = format!("{}{}{}", problem.message, self.not_shown(customer, problem), used.unwrap_or_default());
        let fix = problem.remedy(self.gathered.integration, customer);
        self.customer(Severity::Decide, problem.code, customer, message, fix);
    }

    /// The agreements that a customer was billed on and that ConnectWise does not show, where it has none now.
    fn not_shown(&self, customer: &CustomerName, problem: &Problem) -> String {
        let PlanInputs { past, directory, mapping, .. } = self.gathered;
        // One that its row names is named already.
        let named = |id: &AgreementId| match mapping.customers.get(customer).map(|row| &row.target) {
            Some(CustomerTarget::Company { agreement, .. }) => *agreement == Some(*id),
            _ => false,
        };
        let of_customer = past.owned.iter().filter(|(_, owned)| owned.sources.iter().any(|(name, _)| name == customer));
        let gone = of_customer.map(|(key, _)| key.agreement).filter(|id| !directory.agreements.contains_key(id));
        let gone: BTreeSet<i64> = gone.filter(|id| !named(id)).map(|id| id.0).collect();
        if gone.is_empty() || problem.code != Code::AgreementMissing {
            return String::new();
        }
        let gone = ids(gone.into_iter());
        format!("; it was billed on agreement {gone}, which was deleted, or which this key may not see")
    }

    fn rows(&mut self) {
        let PlanInputs { integration, counts, places, mapping, .. } = self.gathered;
        self.found.extend(row_findings::of_rows(counts, integration));
        for (customer, counted) in counts.customers.iter() {
            let billed = matches!(places.get(customer), Some(Place::On { .. }));
            let is_billed = |service| billed && matches!(mapping.services.get(service), Some(ServiceRule::Billed(_)));
            let cells = counted.cells().filter(|(service, _)| is_billed(*service));
            let of = |(service, cell)| row_findings::of_cell(integration, customer, service, (cell, counts));
            self.found.extend(cells.filter_map(of));
        }
    }

    fn services(&mut self, lines: &[Line]) {
        let of = |code: Code| lines.iter().filter(move |line| line.verdict.code() == code);
        for (severity, code, what, fix) in [
            (Severity::Decide, Code::ServiceUnmapped, "is not mapped", name_service(self.gathered.mapping)),
            (
                Severity::Warning,
                Code::ServiceDeprecated,
                "is deprecated but still used",
                Remedy::from("move the customers to its successor").noting(NOT_ASSIGNED),
            ),
        ] {
            let mut uses: BTreeMap<&ServiceName, (usize, Decimal, bool)> = BTreeMap::new();
            for source in of(code).flat_map(|line| line.sources.iter().map(move |source| (source, &line.verdict))) {
                let (source, verdict) = source;
                let (customers, units, held) = uses.entry(&source.service).or_default();
                *customers += 1;
                *units += source.count.unwrap_or_default().as_decimal();
                *held |= matches!(verdict, Verdict::Held(_));
            }
            for (service, (customers, units, held)) in uses {
                let severity = if held { Severity::Decide } else { severity };
                let used = format!("{} of {}", plural(&units.normalize(), "unit"), plural(&customers, "customer"));
                let meant = self.meant(service, code);
                let handle = handle::of_matter(self.gathered.integration, "service", service.as_str());
                self.found.push(Finding {
                    service: Some(service.clone()),
                    handle: Some(handle),
                    fix: fix.clone(),
                    ..finding(severity, code, format!("{what}: {used}{meant}"))
                });
            }
        }
    }

    /// A service that is configured, in no row, and written nearly like one that is in the rows and not configured: its
    /// customers' lines would all go to zero.
    fn meant(&self, service: &ServiceName, code: Code) -> String {
        let PlanInputs { mapping, counts, .. } = self.gathered;
        let unused = |name: &&ServiceName| counts.customers.values().all(|counted| counted.get(*name).is_none());
        let mut alike = mapping.services.keys().filter(|name| misspelt(name.as_str(), service.as_str()));
        match alike.find(unused).filter(|_| code == Code::ServiceUnmapped) {
            Some(name) => {
                let (file, name) = (shown(mapping.services_in()), shown(name.as_str()));
                format!("; {file} has \"{name}\", which is in no row")
            }
            None => String::new(),
        }
    }

    /// A pin that is on none of our lines settles nothing, and whoever wrote it believes that it does.
    fn pins(&mut self) {
        let PlanInputs { mapping, directory, additions, .. } = self.gathered;
        let codes = mapping.billed().flat_map(|(_, billed)| &billed.products);
        let products: BTreeSet<ProductId> =
            codes.filter_map(|code| directory.products.get(&code.folded())).flatten().map(|found| found.id).collect();
        for pin in &mapping.pins {
            let there = additions.values().flatten().find(|addition| addition.id == *pin);
            let message = match there.map(|addition| addition.product) {
                Some(Some(product)) if products.contains(&product) => continue,
                Some(_) => format!("addition_id {pin} is an addition of another product"),
                None => format!("addition_id {pin} is on none of the agreements that were looked at"),
            };
            let fix = format!("correct it in {} or customers.csv, or remove it", shown(mapping.services_in())).into();
            self.found.push(Finding { fix, ..finding(Severity::Warning, Code::PinUnused, message) });
        }
    }

    /// A product that cannot be billed is one matter, however many lines it stops.
    fn products(&mut self, lines: &[Line]) {
        let mut stopped: BTreeMap<(Code, String), (usize, &ProductCode, &str)> = BTreeMap::new();
        for line in lines {
            if let (true, Some(key)) = (line.verdict.code().is_about_a_product(), line.key()) {
                let one = (line.verdict.code(), key.product.folded());
                let (count, ..) = stopped.entry(one).or_insert((0, &key.product, &line.detail));
                *count += 1;
            }
        }
        for ((code, _), (count, product, detail)) in stopped {
            let handle = handle::of_product(self.gathered.integration, product);
            let fix = match code {
                Code::LineOwnedTwice => one_owner(self.gathered.mapping),
                Code::ProductUnreadable => {
                    Remedy::in_connectwise("look at the product in the catalog, and save it again")
                }
                _ => self
                    .gathered
                    .mapping
                    .edit_services("name an active product")
                    .or("fix it in the product catalog".into()),
            };
            let message = format!("{detail}: {} held", plural(&count, "line"));
            self.found.push(Finding { handle: Some(handle), fix, ..finding(Severity::Decide, code, message) });
        }
    }

    fn lines(&mut self, lines: &[Line]) {
        for line in lines {
            let code = line.verdict.code();
            match (&line.verdict, former_line::fix_of(line, self.gathered)) {
                // Said once, of the service.
                (Verdict::Held(Code::ServiceMissing), _) => {}
                // Said once, of the addition that is not marked.
                (Verdict::Held(Code::LineUnmarked), _) if line.key().is_some_and(|key| key.item.is_some()) => {}
                (Verdict::Held(Code::LineLeftBehind), _) => {
                    let fix = left_behind_fix(line, self.gathered.past);
                    self.line(Severity::Decide, code, line, with_steps(line), fix);
                }
                (Verdict::Held(_) | Verdict::Large(_), Some(fix)) => {
                    let severity = if code == Code::InDoubt { Severity::Warning } else { Severity::Decide };
                    self.line(severity, code, line, with_steps(line), fix);
                }
                // Its own agreement is read: another one of the company is not, and the line is not created beside it.
                (Verdict::Held(Code::AgreementUnreadable), _) if self.is_placed(line) => {
                    let fix =
                        Remedy::in_connectwise("look at that agreement, and whether the key may read its additions");
                    self.line(Severity::Decide, code, line, with_steps(line), fix);
                }
                (Verdict::Create(creation), _) if !line.detail.is_empty() => {
                    let message = format!("a new line of {} is created where {}", creation.quantity, line.detail);
                    let fix = Remedy::command(format!("recount keep {}", line.handle));
                    self.line(Severity::Warning, Code::LineEndedBefore, line, message, fix);
                }
                (Verdict::Skipped(Code::Kept), _) => {
                    if let Some(message) = kept(line) {
                        let fix = Remedy::command(format!("recount held --reopen {}", line.handle));
                        self.line(Severity::Info, code, line, message, fix);
                    }
                }
                (Verdict::Skipped(Code::ReportOnly), _) => {
                    let billed = line.live.map(|live| live.quantity).unwrap_or_default();
                    let more = line.wanted.is_some_and(|used| used > billed);
                    let severity = if more { Severity::Warning } else { Severity::Info };
                    self.line(severity, code, line, with_steps(line), Remedy::Unsaid);
                }
                _ => {}
            }
        }
        self.found.extend(billing_terms::of(self.gathered, lines));
    }

    /// Whether a customer behind the line is billed on its agreement, for all that is known.
    fn is_placed(&self, line: &Line) -> bool {
        let on = |source: &Source| matches!(self.gathered.places.get(&source.customer), Some(Place::On { .. }));
        line.sources.iter().any(on)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one finding")]
    fn line(&mut self, severity: Severity, code: Code, line: &Line, message: String, fix: Remedy) {
        let told = finding(severity, code, message).about_line(&line.handle, &line.sources);
        self.found.push(Finding { fix, ..told });
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one finding")]
    fn customer(&mut self, severity: Severity, code: Code, customer: &CustomerName, message: String, fix: Remedy) {
        let handle = handle::of_customer(self.gathered.integration, customer);
        self.found.push(Finding {
            customer: Some(customer.clone()),
            handle: Some(handle),
            fix,
            ..finding(severity, code, message)
        });
    }
}

/// Whether two names differ by no more than what a hand or a vendor's new spelling does: in whole slips, for the core
/// knows no fractions of a likeness.
fn misspelt(one: &str, other: &str) -> bool {
    const SLIPS: usize = 2;
    let plain =
        |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let (one, other) = (plain(one), plain(other));
    one == other || one.len().min(other.len()) > 2 * SLIPS && strsim::osa_distance(&one, &other) <= SLIPS
}

/// What a kept line bills more or less than is wanted; `None` where that is the same.
fn kept(line: &Line) -> Option<String> {
    let (wanted, billed) = (line.wanted?, line.live.map(|live| live.quantity).unwrap_or_default());
    (wanted != billed).then(|| format!("{wanted} wanted, {billed} billed; {}", line.detail))
}

/// What happened to a line, and how its counts became units, if a policy had to do with it.
fn with_steps(line: &Line) -> String {
    let steps = line.sources.iter().filter_map(|source| source.how.as_deref());
    std::iter::once(line.detail.as_str()).chain(steps).collect::<Vec<_>>().join("; ")
}

fn customers_held(lines: &[Line], code: Code) -> BTreeSet<&CustomerName> {
    let held = lines.iter().filter(|line| line.verdict == Verdict::Held(code));
    held.flat_map(|line| &line.sources).filter(|source| source.count.is_none()).map(|source| &source.customer).collect()
}
