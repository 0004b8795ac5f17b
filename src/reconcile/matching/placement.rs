//! Which agreement each customer is billed on, or why on none.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::reconcile::model::connectwise_records::{Agreement, AgreementSign, Company, Directory, Unreadable};
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::export::normalized_names::normalized;
use crate::reconcile::model::export::spreadsheet_damage::damaged_name;
use crate::reconcile::model::ids::{AgreementId, CompanyId, CustomerName, IntegrationName, ids};
use crate::reconcile::model::mapping::{CustomerTarget, Mapping, MatchCustomers};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::remedy::Remedy;

/// Account numbers are shorter.
const DIGITS_MAX: usize = 20;

/// Where a customer is billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On this agreement.
    On {
        /// Whose agreement it is.
        company: CompanyId,
        /// The agreement.
        agreement: AgreementId,
    },
    /// On this agreement, which does not bill today: its lines are held.
    Blocked {
        /// Whose agreement it is.
        company: CompanyId,
        /// The agreement.
        agreement: AgreementId,
        /// What is wrong with it.
        problem: Problem,
    },
    /// Nowhere, on purpose.
    Skipped,
    /// Nowhere, until somebody has mended something.
    Nowhere(Problem),
}

/// Why a customer cannot be billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// In a word.
    pub code: Code,
    /// The company, where one was found.
    pub company: Option<CompanyId>,
    /// The agreement at fault, where it is this customer's own.
    pub agreement: Option<AgreementId>,
    /// A sentence.
    pub message: String,
    /// What to do; nothing where that is a command with the customer's handle.
    pub fix: Remedy,
}

impl Problem {
    /// What to do about it.
    pub fn remedy(&self, integration: &IntegrationName, customer: &CustomerName) -> Remedy {
        let handle = handle::of_customer(integration, customer);
        match (self.code, self.company) {
            (Code::CustomerUnmapped, _) if self.fix.is_empty() => {
                Remedy::command("recount map suggest").or(Remedy::command(format!("recount map ignore {handle}")))
            }
            (Code::AgreementNotActive | Code::AgreementOneTime | Code::AgreementAmbiguous, Some(company)) => {
                let named = format!("recount map add {handle} {company} --agreement AGREEMENT_ID --replace");
                let commands = [format!("recount map agreements {company}"), named].map(Remedy::command);
                let renewed = Remedy::in_connectwise("renew this one");
                let other = if self.code == Code::AgreementNotActive { renewed } else { Remedy::Unsaid };
                Remedy::in_turn(commands).or(other)
            }
            _ => self.fix.clone(),
        }
    }
}

/// Every customer that a plan has to speak of, with its place: those of the export, those of `customers.csv`, and
/// where customers match by name, those that the last accepted run knew.
pub fn place_all(
    counts: &Counts,
    mapping: &Mapping,
    past: &Past,
    directory: &Directory,
    today: NaiveDate,
) -> BTreeMap<CustomerName, Place> {
    let finder = Finder::new(mapping, directory, past, today);
    let names = expected_customers(counts, mapping, past);
    names.into_iter().map(|name| (name.clone(), finder.place(name))).collect()
}

fn expected_customers<'a>(counts: &'a Counts, mapping: &'a Mapping, past: &'a Past) -> BTreeSet<&'a CustomerName> {
    let mut names: BTreeSet<&CustomerName> = counts.customers.keys().chain(mapping.customers.keys()).collect();
    if mapping.match_customers == MatchCustomers::ExactName {
        names.extend(counts.left_out.keys());
        names.extend(past.accepted.iter().flat_map(|accepted| accepted.customers.iter().chain(&accepted.missing)));
    }
    names
}

struct Finder<'a> {
    mapping: &'a Mapping,
    directory: &'a Directory,
    today: NaiveDate,
    /// By the form in which an export's names stand: what nobody sees tells no companies apart.
    by_name: BTreeMap<Cow<'a, str>, Vec<&'a Company>>,
    by_company: BTreeMap<CompanyId, Vec<&'a Agreement>>,
    /// The companies that customers were billed to by the last accepted run.
    billed_to: BTreeMap<&'a CustomerName, BTreeSet<CompanyId>>,
}

impl<'a> Finder<'a> {
    fn new(mapping: &'a Mapping, directory: &'a Directory, past: &'a Past, today: NaiveDate) -> Self {
        let mut billed_to: BTreeMap<&CustomerName, BTreeSet<CompanyId>> = BTreeMap::new();
        let by_name_too = mapping.match_customers == MatchCustomers::ExactName;
        for owned in past.owned.values().filter(|_| by_name_too) {
            for ((customer, _), company) in owned.sources.iter().zip(owned.company.into_iter().cycle()) {
                billed_to.entry(customer).or_default().insert(company);
            }
        }
        let mut by_name: BTreeMap<Cow<'_, str>, Vec<&Company>> = BTreeMap::new();
        for company in directory.companies.values().filter(|company| mapping.companies_of.admits(company)) {
            by_name.entry(normalized(&company.name)).or_default().push(company);
        }
        let mut by_company: BTreeMap<CompanyId, Vec<&Agreement>> = BTreeMap::new();
        for agreement in directory.agreements.values() {
            by_company.entry(agreement.company).or_default().push(agreement);
        }
        Self { mapping, directory, today, by_name, by_company, billed_to }
    }

    fn place(&self, customer: &CustomerName) -> Place {
        let found = match self.mapping.customers.get(customer).map(|row| &row.target) {
            Some(CustomerTarget::Skip) => return Place::Skipped,
            Some(CustomerTarget::Company { company, agreement }) => {
                self.company(*company).and_then(|company| self.agreement(company, *agreement))
            }
            None => self.company_of_name(customer).and_then(|company| self.agreement(company, None)),
        };
        match found {
            Ok(agreement) => Place::On { company: agreement.company, agreement: agreement.id },
            Err(problem) => match (problem.company, problem.agreement) {
                (Some(company), Some(agreement)) => Place::Blocked { company, agreement, problem },
                _ => Place::Nowhere(problem),
            },
        }
    }

    fn company(&self, id: CompanyId) -> Result<CompanyId, Problem> {
        let missing = |message: String| Problem {
            company: Some(id),
            fix: Remedy::customers("correct company_id").or("give the API member access to the company".into()),
            ..Problem::new(Code::CompanyMissing, message)
        };
        if let Some(record) = self.directory.unread.companies.get(&id) {
            return Err(unreadable_company(record));
        }
        match self.directory.companies.get(&id) {
            None => Err(missing(format!("company {id} does not exist in ConnectWise, or this key may not see it"))),
            Some(company) if company.deleted => Err(missing(format!("company {id} is deleted in ConnectWise"))),
            Some(_) => Ok(id),
        }
    }

    fn company_of_name(&self, customer: &CustomerName) -> Result<CompanyId, Problem> {
        let unmapped = || self.unmapped(customer);
        if self.mapping.match_customers == MatchCustomers::Mapped {
            return Err(unmapped());
        }
        let of_name = |record: &&Unreadable<Option<String>>| {
            record.known.as_deref().is_some_and(|name| normalized(name) == normalized(customer.as_str()))
        };
        if let Some(record) = self.directory.unread.companies.values().find(of_name) {
            return Err(unreadable_company(record));
        }
        match self.by_name.get(normalized(customer.as_str()).as_ref()).map(Vec::as_slice) {
            None | Some([]) => Err(self.left_out(customer).unwrap_or_else(unmapped)),
            Some([company]) => self.as_before(customer, company.id),
            Some(several @ [first, ..]) => {
                let is_spelled_alike = several.iter().all(|company| company.name.trim() == first.name.trim());
                let but = if is_spelled_alike { "" } else { ", but for blanks and marks that nobody sees" };
                let ids = ids(several.iter().map(|company| company.id.0));
                let message = format!("several companies bear that name{but}: {ids}");
                let fix = Remedy::customers("add a row for it with the right company_id");
                Err(Problem { fix, ..Problem::new(Code::CompanyAmbiguous, message) })
            }
        }
    }

    /// A name that wanders to another company, because one was renamed, is no reason to bill that one.
    fn as_before(&self, customer: &CustomerName, company: CompanyId) -> Result<CompanyId, Problem> {
        match self.billed_to.get(customer) {
            Some(before) if !before.contains(&company) => Err(Problem {
                fix: Remedy::customers(format!("add a row for it with company_id {company}, or with the right one")),
                company: Some(company),
                ..Problem::new(
                    Code::CompanyChanged,
                    format!(
                        "by its name it is company {company} now, and it was billed to {}",
                        ids(before.iter().map(|id| id.0))
                    ),
                )
            }),
            _ => Ok(company),
        }
    }

    /// Not mapped, and what a spreadsheet may have had to do with it.
    fn unmapped(&self, customer: &CustomerName) -> Problem {
        let message = match (self.other_zeros(customer), damaged_name(customer.as_str())) {
            (Some(other), _) => {
                let fix = Remedy::customers("write it as the export does")
                    .noting("if the export lost its zeros, fetch it again, and open no export in a spreadsheet");
                let message =
                    format!("not mapped; customers.csv has \"{other}\" (perhaps a spreadsheet took its zeros)");
                return Problem { fix, ..Problem::new(Code::CustomerUnmapped, message) };
            }
            (None, Some(what)) => format!("not mapped; it looks like what a spreadsheet makes of {what}"),
            (None, None) => "not mapped".to_owned(),
        };
        Problem::new(Code::CustomerUnmapped, message)
    }

    /// The customer of `customers.csv` that is the same number with more zeros before it, or with fewer.
    fn other_zeros(&self, customer: &CustomerName) -> Option<&CustomerName> {
        let name = customer.as_str();
        if name.is_empty() || name.len() > DIGITS_MAX || !name.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = name.trim_start_matches('0');
        let mut others =
            (digits.len().max(1)..=DIGITS_MAX).map(|width| CustomerName::new(&format!("{digits:0>width$}")));
        let row = others.find_map(|other| self.mapping.customers.get_key_value(&other));
        row.map(|(other, _)| other)
    }

    /// A company of that name is there, and `company_types` or `company_statuses` leave it out.
    fn left_out(&self, customer: &CustomerName) -> Option<Problem> {
        let of_name =
            |company: &&Company| !company.deleted && normalized(&company.name) == normalized(customer.as_str());
        let company = self.directory.companies.values().find(of_name)?;
        let kinds = company.kinds.join(", ");
        let message = format!(
            "not mapped; company {} of that name is left out by company_types or company_statuses \
             (its types: {kinds}; its status: {})",
            company.id, company.status
        );
        let fix = Remedy::customers("add a row for it").or(Remedy::settings("allow its type and status"));
        Some(Problem { fix, ..Problem::new(Code::CustomerUnmapped, message) })
    }

    fn agreement(&self, company: CompanyId, named: Option<AgreementId>) -> Result<&'a Agreement, Problem> {
        let found = match named {
            Some(id) => self.agreement_of_id(company, id),
            None => self.default_agreement(company),
        };
        found.map_err(|problem| Problem { company: Some(company), ..problem })
    }

    fn agreement_of_id(&self, company: CompanyId, id: AgreementId) -> Result<&'a Agreement, Problem> {
        let fix = Remedy::customers("correct agreement_id");
        if let Some(record) = self.directory.unread.agreements.get(&id) {
            return Err(unreadable_agreement(id, record));
        }
        let Some(agreement) = self.directory.agreements.get(&id) else {
            let message = format!("agreement {id} does not exist in ConnectWise, or this key may not see it");
            return Err(Problem { fix, ..Problem::new(Code::AgreementMissing, message) });
        };
        if agreement.company != company {
            let message = format!("agreement {id} belongs to company {}, not {company}", agreement.company);
            return Err(Problem { fix, ..Problem::new(Code::AgreementOtherCompany, message) });
        }
        self.billing(agreement)
    }

    fn billing(&self, agreement: &'a Agreement) -> Result<&'a Agreement, Problem> {
        let Agreement { id, name, .. } = agreement;
        let Err(trouble) = agreement.billing(self.today) else { return Ok(agreement) };
        let message = format!("agreement {id} ({name}) {trouble}");
        let fix = another_agreement();
        Err(Problem { agreement: Some(*id), fix, ..Problem::new(trouble.code(), message) })
    }

    /// The rule must match exactly one agreement that bills; ended ones of the same type do not make it ambiguous.
    fn default_agreement(&self, company: CompanyId) -> Result<&'a Agreement, Problem> {
        let Some(rule) = &self.mapping.default_agreement else {
            let message = "its row names no agreement, and there is no default_agreement".to_owned();
            let fix = Remedy::customers("name one").or(Remedy::settings("set default_agreement"));
            return Err(Problem { fix, ..Problem::new(Code::AgreementMissing, message) });
        };
        let of_company = self.by_company.get(&company).map(Vec::as_slice).unwrap_or_default();
        let matching: Vec<&Agreement> =
            of_company.iter().copied().filter(|agreement| rule.matches(agreement)).collect();
        let billing: Vec<&Agreement> =
            matching.iter().copied().filter(|agreement| agreement.billing(self.today).is_ok()).collect();
        let may_match = |record: &&Unreadable<AgreementSign>| rule.may_match(&record.known);
        let mut unread = self.directory.unread.agreements.values().filter(may_match);
        let is_of = |whom: Option<CompanyId>| move |record: &&Unreadable<AgreementSign>| record.known.company == whom;
        if let Some(record) = unread.clone().find(is_of(Some(company))) {
            let meant = billing.first().map_or(AgreementId(record.id), |agreement| agreement.id);
            return Err(unreadable_agreement(meant, record));
        }
        match (billing.as_slice(), matching.first()) {
            ([agreement], _) => Ok(agreement),
            // One that does not say whose it is may be the one.
            ([], None) => Err(match unread.find(is_of(None)) {
                Some(record) => Problem { agreement: None, ..unreadable_agreement(AgreementId(record.id), record) },
                None => Problem {
                    fix: Remedy::customers("name its agreement").or(Remedy::in_connectwise("add one")),
                    ..Problem::new(Code::AgreementMissing, format!("company {company} has no agreement {rule}"))
                },
            }),
            ([], Some(ended)) => self.billing(ended),
            (several, _) => Err(Problem {
                fix: Remedy::customers("name the right one (agreement_id)"),
                ..Problem::new(
                    Code::AgreementAmbiguous,
                    format!("{} agreements {rule} are active: {}", several.len(), ids(several.iter().map(|a| a.id.0))),
                )
            }),
        }
    }
}

/// What to do about an agreement that does not bill.
pub fn another_agreement() -> Remedy {
    Remedy::customers("name another agreement").or(Remedy::in_connectwise("renew this one"))
}

impl Problem {
    fn new(code: Code, message: String) -> Self {
        Self { code, company: None, agreement: None, message, fix: Remedy::Unsaid }
    }
}

const LOOK_AT_IT: &str = "look at the record in ConnectWise, and save it again";

fn unreadable_company(record: &Unreadable<Option<String>>) -> Problem {
    let message = format!("company {} cannot be read: {}", record.id, record.why);
    let fix = LOOK_AT_IT.to_owned();
    Problem { company: Some(CompanyId(record.id)), fix: fix.into(), ..Problem::new(Code::CompanyUnreadable, message) }
}

/// Who is billed on agreement `meant` waits, as long as this record may be the one, or another.
fn unreadable_agreement(meant: AgreementId, record: &Unreadable<AgreementSign>) -> Problem {
    let message = format!("agreement {} cannot be read: {}", record.id, record.why);
    let fix = LOOK_AT_IT.to_owned();
    Problem { agreement: Some(meant), fix: fix.into(), ..Problem::new(Code::AgreementUnreadable, message) }
}

impl Place {
    /// The same place, with what is wrong with its agreement.
    pub fn blocked(self, code: Code, message: String, fix: String) -> Place {
        match self {
            Place::On { company, agreement } => {
                let (company_of, agreement_of) = (Some(company), Some(agreement));
                let problem = Problem { code, company: company_of, agreement: agreement_of, message, fix: fix.into() };
                Place::Blocked { company, agreement, problem }
            }
            other => other,
        }
    }

    /// The company and the agreement whose lines are this customer's, billing today or not.
    pub fn agreement(&self) -> Option<(CompanyId, AgreementId)> {
        match self {
            Place::On { company, agreement } | Place::Blocked { company, agreement, .. } => {
                Some((*company, *agreement))
            }
            Place::Skipped | Place::Nowhere(_) => None,
        }
    }

    /// What is wrong with it, if anything is.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Place::Blocked { problem, .. } | Place::Nowhere(problem) => Some(problem),
            Place::On { .. } | Place::Skipped => None,
        }
    }
}
