//! What ConnectWise has that an answer may name: asked as soon as the keys work, recommended first. Nothing waits for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use crate::cli::{clock, session};
use crate::connectwise::client::Client;
use crate::connectwise::client::settings::{ApiKeys, ConnectWiseSettings};
use crate::connectwise::{ReadError, Reader as _};
use crate::error_chain::error_chain;
use crate::reconcile::model::connectwise_records::Company;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::ServiceName;
use crate::report::numbers_and_dates::plural;
use crate::suggest::name_matcher::{Matcher, Record, are_ambiguous};

/// What there is, and how often.
#[derive(Debug, Default)]
pub(in crate::cli::commands) struct Offers {
    /// Types of the agreements that bill today; once they were listed, in that order.
    agreement_types: Vec<(String, usize)>,
    /// Types and statuses of companies; what most of those have that are billed today stands first.
    pub(super) company_types: Vec<(String, usize)>,
    pub(super) company_statuses: Vec<(String, usize)>,
    companies: usize,
    products: Vec<Record>,
    /// Why nothing is known of it.
    unread: Option<Unread>,
}

/// Why nothing is known of a ConnectWise.
#[derive(Debug)]
enum Unread {
    /// Something that it is asked with is not here.
    NotAsked(String),
    /// It did not answer, or refused the keys.
    Asked(String),
}

/// A person waits for the next question.
const PATIENCE: Duration = Duration::from_secs(60);
/// A terminal shows these without scrolling.
const LISTED: usize = 12;
/// Names that stand in one line.
const NAMED: usize = 6;

impl Offers {
    /// Of this ConnectWise, as far as it answers.
    pub(in crate::cli::commands) fn of(settings: Result<(ConnectWiseSettings, ApiKeys), String>) -> Self {
        let client = settings.and_then(|(settings, keys)| {
            let hasty = ConnectWiseSettings { retry_pause_max: Duration::from_secs(1), ..settings };
            Client::new(hasty, &keys).map_err(|error| error_chain(&error))
        });
        let read = client.map_err(Unread::NotAsked).and_then(|client| Self::asked(&client).map_err(Unread::Asked));
        read.unwrap_or_else(|why| Self { unread: Some(why), ..Self::default() })
    }

    /// The same by a client that is there.
    pub(in crate::cli::commands) fn asked(client: &Client) -> Result<Self, String> {
        let runtime = session::runtime().map_err(|error| error.message)?;
        let read = runtime.block_on(async { tokio::time::timeout(PATIENCE, Self::read(client)).await });
        read.map_err(|_| "it took too long".to_owned())?.map_err(|error| error.to_string())
    }

    async fn read(client: &Client) -> Result<Self, ReadError> {
        let companies = client.all_companies().await?.records;
        let companies: Vec<_> = companies.into_iter().filter(|company| !company.deleted).collect();
        let ids = companies.iter().map(|company| company.id).collect();
        let today = clock::now().date_naive();
        let agreements = client.agreements_of(&ids).await?.records;
        let billing: Vec<_> = agreements.into_iter().filter(|agreement| agreement.billing(today).is_ok()).collect();
        let billed: BTreeSet<_> = billing.iter().map(|agreement| agreement.company).collect();
        let (billed, others): (Vec<_>, Vec<_>) = companies.iter().partition(|company| billed.contains(&company.id));
        let types = |of: &[&Company]| counted(of.iter().flat_map(|company| company.kinds.iter().cloned()));
        let statuses = |of: &[&Company]| counted(of.iter().map(|company| company.status.clone()));
        // None of the others can stand on an agreement.
        let products = client.catalog().await?.records.into_iter().filter(|one| !one.inactive && !one.bundle_class);
        Ok(Self {
            company_types: together(types(&billed), types(&others)),
            company_statuses: together(statuses(&billed), statuses(&others)),
            agreement_types: counted(billing.into_iter().map(|agreement| agreement.kind)),
            companies: companies.len(),
            products: products
                .map(|one| Record { id: one.id.0, code: one.identifier, name: one.description })
                .collect(),
            unread: None,
        })
    }

    /// What a person is told before the next question.
    pub(super) fn description(&self) -> String {
        match &self.unread {
            Some(Unread::NotAsked(why)) => format!("  ConnectWise was not asked yet: {}\n", shown(why)),
            Some(Unread::Asked(why)) => format!("  ✗ ConnectWise was asked: {}\n", shown(why)),
            None => {
                let (companies, products) = (plural(self.companies, "company"), plural(self.products.len(), "product"));
                let mut text = format!("  ✓ the keys work: {companies}, {products}\n");
                let often = |(name, count): &(String, usize)| format!("{} {count}", shown(name));
                let types = self.company_types.iter().map(often).collect();
                let statuses = self.company_statuses.iter().map(often).collect();
                let products = self.products.iter().map(|one| shown(&one.code)).collect();
                for (what, names) in [("types of companies", types), ("statuses", statuses), ("products", products)] {
                    text.push_str(&first_of(what, names));
                }
                text
            }
        }
    }

    /// The types of agreements as a list, those that sound like the vendor first.
    pub(super) fn agreement_types(&mut self, vendor: &str) -> String {
        let records = self.agreement_types.iter().zip(0..);
        let matcher =
            Matcher::new(records.map(|((name, _), id)| Record { id, code: String::new(), name: name.clone() }));
        let alike: BTreeSet<String> =
            matcher.candidates(vendor).into_iter().map(|candidate| candidate.record.name).collect();
        self.agreement_types.sort_by_key(|(name, _)| !alike.contains(name));
        let mut text = String::new();
        for (number, (name, count)) in (1..).zip(self.agreement_types.iter().take(LISTED)) {
            let agreements = if *count == 1 { "agreement bills" } else { "agreements bill" };
            let _ = writeln!(text, "  {number:>2}  {} ({count} {agreements} today)", shown(name));
        }
        if self.agreement_types.len() > LISTED {
            let _ = writeln!(text, "      and {} more, by name", self.agreement_types.len() - LISTED);
        }
        text
    }

    /// Whether this is surely no type of an agreement, so that something else may stand behind it.
    pub(super) fn is_no_type(&self, text: &str) -> bool {
        self.agreement_types.is_empty() || self.agreement_type(text).is_err()
    }

    /// A type by its name or its number in the list. A name that ConnectWise does not have is refused where it was asked.
    pub(super) fn agreement_type(&self, text: &str) -> Result<Option<String>, String> {
        if matches!(text, "" | "none") {
            return Ok(None);
        }
        let number = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        if let Some((name, _)) = number.and_then(|at| self.agreement_types.get(at)) {
            return Ok(Some(name.clone()));
        }
        let same = |(name, _): &&(String, usize)| name.trim().to_lowercase() == text.trim().to_lowercase();
        match self.agreement_types.iter().find(same) {
            Some((name, _)) => Ok(Some(name.clone())),
            None if self.agreement_types.is_empty() => Ok(Some(text.to_owned())),
            None => {
                let names: Vec<String> =
                    self.agreement_types.iter().take(LISTED).map(|(name, _)| shown(name)).collect();
                Err(format!("is no type of an agreement that bills today; there are {}", names.join(", ")))
            }
        }
    }

    /// The product that a service may be, and whether nothing else is as good a guess. It is proposed, and not taken.
    pub(in crate::cli::commands) fn products(
        &self,
        services: &BTreeSet<&ServiceName>,
    ) -> BTreeMap<String, (String, String)> {
        let matcher = Matcher::new(self.products.iter().cloned());
        let guess = |service: &&ServiceName| {
            let candidates = matcher.candidates(service.as_str());
            let best = candidates.first().filter(|_| !are_ambiguous(&candidates))?;
            Some((service.as_str().to_owned(), (best.record.code.clone(), best.record.name.clone())))
        };
        services.iter().filter_map(guess).collect()
    }
}

/// The names that come first, and how many there are beside them; nothing where there is none.
fn first_of(what: &str, names: Vec<String>) -> String {
    if names.is_empty() {
        return String::new();
    }
    let more = if names.len() > NAMED { format!(", and {} more", names.len() - NAMED) } else { String::new() };
    let named: Vec<String> = names.into_iter().take(NAMED).collect();
    format!("    {what}: {}{more}\n", named.join(", "))
}

/// Two lists as one; the names of the first come first.
fn together(mut first: Vec<(String, usize)>, second: Vec<(String, usize)>) -> Vec<(String, usize)> {
    for (name, count) in second {
        match first.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => *all += count,
            None => first.push((name, count)),
        }
    }
    first
}

/// Each name with how often it is there, the most frequent first.
fn counted(names: impl Iterator<Item = String>) -> Vec<(String, usize)> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for name in names.filter(|name| !name.is_empty()) {
        *found.entry(name).or_default() += 1;
    }
    let mut found: Vec<(String, usize)> = found.into_iter().collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found
}
