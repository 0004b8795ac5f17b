//! One night in values: what the vendor says, what ConnectWise holds, what the operator configured.
//!
//! [`Night::new`] is an ordinary, small MSP; each test changes the one thing that it is about.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use recount::export::count::count_parser::Units;
use recount::export::count::duplicate_rows::Duplicates;
use recount::export::count::number_notation::Notation;
use recount::export::count::tally::Tally;
use recount::reconcile::decide::plan_inputs::PlanInputs;
use recount::reconcile::decide::planner::draw;
use recount::reconcile::guard::guard_inputs::ReadCoverage;
use recount::reconcile::guard::guard_policy::GuardPolicy;
use recount::reconcile::matching::line_claims::Claims;
use recount::reconcile::matching::placement::{Place, place_all};
use recount::reconcile::model::bill_customer::Bill;
use recount::reconcile::model::connectwise_records::{
    Addition, Additions, Agreement, Company, Directory, Product, Recurrence,
};
use recount::reconcile::model::export::count_error::CountError;
use recount::reconcile::model::export::counts::{Counts, RejectedRow};
use recount::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, IntegrationName, ItemName, ProductCode, ProductId, ServiceName,
};
use recount::reconcile::model::mapping::{AgreementRule, Billed, CustomerRow, CustomerTarget, Mapping, ServiceRule};
use recount::reconcile::model::past::{CountsByDay, ExportStamp, Past};
use recount::reconcile::model::plan::Plan;
use recount::reconcile::model::plan::finding::Finding;
use recount::reconcile::model::plan::line::{Line, LineKey, Subject, Verdict};
use recount::reconcile::model::plan::reason_code::{Code, Severity};
use recount::reconcile::model::quantity::Quantity;

/// The product of the service `CloudFilter`.
pub(super) const FILTER: &str = "MP-CLOUDFILTER";
/// The products of the bundle `Bracket`.
pub(super) const BRACKET: [&str; 2] = ["MP-BR-SAFESEND", "MP-BRACKET"];

#[derive(Debug, Clone)]
pub(super) struct Night {
    pub(super) integration: IntegrationName,
    /// Line, customer, service, count.
    pub(super) rows: Vec<(u64, String, String, String)>,
    pub(super) duplicates: Duplicates,
    /// The items behind the count of a customer and a service.
    pub(super) items: BTreeMap<(String, String), Vec<String>>,
    pub(super) mapping: Mapping,
    pub(super) directory: Directory,
    pub(super) additions: Additions,
    pub(super) claims: Claims,
    pub(super) policy: GuardPolicy,
    pub(super) past: Past,
    pub(super) export: ExportStamp,
    pub(super) today: NaiveDate,
}

impl Night {
    /// Acme (company 1, agreement 10) and Borealis (company 2, agreement 20); no rows, and no additions.
    pub(super) fn new() -> Self {
        let mut night = Self::empty();
        night.company(1, "Acme").agreement(10, 1).customer("Acme", 1, None);
        night.company(2, "Borealis").agreement(20, 2).customer("Borealis", 2, Some(20));
        night.service("CloudFilter", &[FILTER]).service("Bracket", &BRACKET);
        night.product(1, FILTER).product(2, BRACKET[0]).product(3, BRACKET[1]);
        let deprecated = |product: Option<&str>| ServiceRule::Deprecated { product: product.map(ProductCode::new) };
        night.mapping.services.insert(ServiceName::new("Exchange"), deprecated(None));
        night.mapping.services.insert(ServiceName::new("Exchange+"), deprecated(Some("MP-EXCHANGE")));
        night.mapping.services.insert(ServiceName::new("Trial"), ServiceRule::NotAssigned);
        night.mapping.default_agreement = Some(AgreementRule::Type("Email".to_owned()));
        night
    }

    /// Nothing at all.
    pub(super) fn empty() -> Self {
        let mapping = Mapping { create_lines: true, ..Mapping::default() };
        Self {
            integration: IntegrationName::new("mailprotector"),
            rows: Vec::new(),
            duplicates: Duplicates::Error,
            items: BTreeMap::new(),
            mapping,
            directory: Directory::default(),
            additions: Additions::new(),
            claims: Claims::default(),
            policy: GuardPolicy::default(),
            past: Past::default(),
            export: stamp("aa", "2026-03-10T01:00:00Z"),
            today: day("2026-03-10"),
        }
    }

    pub(super) fn company(&mut self, id: i64, name: &str) -> &mut Self {
        let id = CompanyId(id);
        self.directory.companies.insert(id, Company { name: name.to_owned(), ..Company::unnamed(id) });
        self
    }

    /// An agreement of type `Email` that bills, with no additions.
    pub(super) fn agreement(&mut self, id: i64, company: i64) -> &mut Self {
        let agreement = Agreement {
            id: AgreementId(id),
            company: CompanyId(company),
            name: format!("Mail {id}"),
            kind: "Email".to_owned(),
            status: Some("Active".to_owned()),
            cancelled: false,
            cancelled_on: None,
            starts_on: Some(day("2025-01-01")),
            ends_on: None,
            bills_from: Some(day("2025-01-01")),
            recurrence: Recurrence::Recurs,
            prorates: true,
            next_invoice_on: None,
        };
        self.directory.agreements.insert(agreement.id, agreement);
        self.additions.insert(AgreementId(id), Vec::new());
        self
    }

    /// Changes one agreement.
    pub(super) fn amend(&mut self, id: i64, change: impl FnOnce(&mut Agreement)) -> &mut Self {
        change(self.directory.agreements.get_mut(&AgreementId(id)).expect("the agreement"));
        self
    }

    pub(super) fn customer(&mut self, name: &str, company: i64, agreement: Option<i64>) -> &mut Self {
        let target = CustomerTarget::Company { company: CompanyId(company), agreement: agreement.map(AgreementId) };
        self.mapping.customers.insert(CustomerName::new(name), CustomerRow { target, line: 2, note: String::new() });
        self
    }

    pub(super) fn skipped(&mut self, name: &str) -> &mut Self {
        let row = CustomerRow { target: CustomerTarget::Skip, line: 2, note: String::new() };
        self.mapping.customers.insert(CustomerName::new(name), row);
        self
    }

    pub(super) fn service(&mut self, name: &str, products: &[&str]) -> &mut Self {
        let products = products.iter().map(|product| ProductCode::new(product)).collect();
        let rule = ServiceRule::Billed(Billed { products, ..Billed::default() });
        self.mapping.services.insert(ServiceName::new(name), rule);
        self
    }

    /// Lets no fractions of a service through.
    pub(super) fn whole(&mut self, service: &str) -> &mut Self {
        self.billed(service, |billed| billed.whole = true)
    }

    /// Changes how a service is billed.
    pub(super) fn billed(&mut self, service: &str, change: impl FnOnce(&mut Billed)) -> &mut Self {
        if let Some(ServiceRule::Billed(billed)) = self.mapping.services.get_mut(service) {
            change(billed);
        }
        self
    }

    pub(super) fn product(&mut self, id: i64, identifier: &str) -> &mut Self {
        let product = Product {
            id: ProductId(id),
            identifier: identifier.to_owned(),
            description: String::new(),
            inactive: false,
            bundle_class: false,
        };
        self.directory.products.entry(identifier.to_lowercase()).or_default().push(product);
        self
    }

    /// Changes the products of one identifier.
    pub(super) fn amend_product(&mut self, identifier: &str, change: impl FnMut(&mut Product)) -> &mut Self {
        let products = self.directory.products.get_mut(&identifier.to_lowercase()).expect("the product");
        products.iter_mut().for_each(change);
        self
    }

    pub(super) fn row(&mut self, customer: &str, service: &str, count: &str) -> &mut Self {
        let line = u64::try_from(self.rows.len()).expect("few rows") + 2;
        self.rows.push((line, customer.to_owned(), service.to_owned(), count.to_owned()));
        self
    }

    /// A row whose count is that of its items.
    pub(super) fn items(&mut self, customer: &str, service: &str, items: &[&str]) -> &mut Self {
        let names = items.iter().map(|&item| item.to_owned()).collect();
        self.items.insert((customer.to_owned(), service.to_owned()), names);
        self.row(customer, service, &items.len().to_string())
    }

    /// A live addition that is marked with an item.
    #[expect(clippy::too_many_arguments, reason = "the members of one record")]
    pub(super) fn marked(&mut self, agreement: i64, id: i64, product: &str, quantity: &str, item: &str) -> &mut Self {
        self.addition(agreement, id, product, quantity);
        self.amend_addition(id, |addition| addition.mark = Some(ItemName::new(item)))
    }

    /// A live addition of a product.
    pub(super) fn addition(&mut self, agreement: i64, id: i64, product: &str, quantity: &str) -> &mut Self {
        let product = self.directory.products[&product.to_lowercase()][0].id;
        let addition = Addition {
            id: AdditionId(id),
            product: Some(product),
            quantity: Ok(quantity.parse().expect("a quantity")),
            credit: false,
            effective_on: Some(day("2025-01-01")),
            cancelled_on: None,
            less_included: Ok(Quantity::ZERO),
            bill: Some(Ok(Bill::Billable)),
            mark: None,
            changed: None,
        };
        self.additions.entry(AgreementId(agreement)).or_default().push(addition);
        self
    }

    /// Changes one addition.
    pub(super) fn amend_addition(&mut self, id: i64, change: impl FnOnce(&mut Addition)) -> &mut Self {
        let mut all = self.additions.values_mut().flatten();
        change(all.find(|addition| addition.id == AdditionId(id)).expect("the addition"));
        self
    }

    pub(super) fn counts(&self) -> Counts {
        let mut tally = Tally::new(self.duplicates, Vec::new());
        for (line, customer, service, count) in &self.rows {
            let (customer, service) = (customer.trim(), service.trim());
            tally.row();
            if customer.is_empty() {
                tally.nameless(*line);
                continue;
            }
            let units = Units::parse(count, Notation::default(), false);
            match units {
                Ok(units) if !service.is_empty() => {
                    let items = self.items.get(&(customer.to_owned(), service.to_owned()));
                    let (customer, service) = (tally.customer(customer), tally.service(service));
                    tally.add(*line, customer, service, units, items.into_iter().flatten().map(String::as_str));
                }
                other => tally.reject(RejectedRow {
                    line: *line,
                    column: "Quantity".to_owned(),
                    value: count.to_string(),
                    customer: Some(CustomerName::new(customer)),
                    service: None,
                    why: other.err().unwrap_or(CountError::NoService),
                    mark: None,
                }),
            }
        }
        tally.finish()
    }

    pub(super) fn places(&self) -> BTreeMap<CustomerName, Place> {
        place_all(&self.counts(), &self.mapping, &self.past, &self.directory, self.today)
    }

    pub(super) fn plan(&self) -> Plan {
        let (counts, places) = (self.counts(), self.places());
        draw(PlanInputs {
            integration: &self.integration,
            counts: &counts,
            export: &self.export,
            mapping: &self.mapping,
            places: &places,
            directory: &self.directory,
            additions: &self.additions,
            claims: &self.claims,
            policy: &self.policy,
            past: &self.past,
            today: self.today,
        })
    }

    /// ConnectWise after every write of the plan.
    pub(super) fn carry_out(&mut self, plan: &Plan) {
        let mut next = 900_000;
        for line in &plan.lines {
            let Some(LineKey { agreement, item, .. }) = line.key() else { continue };
            let additions = self.additions.entry(*agreement).or_default();
            match &line.verdict {
                Verdict::Update(change) => {
                    let addition = additions.iter_mut().find(|addition| addition.id == change.addition);
                    let addition = addition.expect("an update is of an addition of the line's own agreement");
                    assert_eq!(addition.quantity, Ok(change.from), "a plan says what is there");
                    addition.quantity = Ok(change.to);
                }
                Verdict::Create(creation) => {
                    next += 1;
                    additions.push(Addition {
                        id: AdditionId(next),
                        product: Some(creation.product),
                        quantity: Ok(creation.quantity),
                        credit: false,
                        effective_on: Some(creation.effective_on),
                        cancelled_on: None,
                        less_included: Ok(Quantity::ZERO),
                        bill: Some(Ok(creation.bill)),
                        mark: item.clone(),
                        changed: None,
                    });
                }
                Verdict::Unchanged(_) | Verdict::Held(_) | Verdict::Large(_) | Verdict::Skipped(_) => {}
            }
        }
    }

    /// What ConnectWise returned.
    pub(super) fn seen(&self) -> ReadCoverage {
        ReadCoverage {
            additions: self.additions.values().flatten().map(|addition| addition.id).collect(),
            agreements: self.additions.keys().copied().collect(),
            lost_sight: false,
        }
    }

    /// The line of `MP-CLOUDFILTER` on Acme's agreement.
    pub(super) fn filter_line(&self) -> Line {
        line(&self.plan(), 10, FILTER)
    }
}

pub(super) fn key(agreement: i64, product: &str) -> LineKey {
    LineKey::total(AgreementId(agreement), ProductCode::new(product))
}

pub(super) fn line(plan: &Plan, agreement: i64, product: &str) -> Line {
    let key = key(agreement, product);
    let found = plan.lines.iter().find(|line| line.key() == Some(&key));
    found.unwrap_or_else(|| panic!("no line {key:?} in {:#?}", plan.lines)).clone()
}

/// The line of a count that comes to no agreement.
pub(super) fn unplaced(plan: &Plan, customer: &str, service: &str) -> Line {
    let subject = Subject::Unplaced { customer: CustomerName::new(customer), service: ServiceName::new(service) };
    let found = plan.lines.iter().find(|line| line.subject == subject);
    found.unwrap_or_else(|| panic!("no line {subject:?} in {:#?}", plan.lines)).clone()
}

/// The findings of one code.
pub(super) fn said(plan: &Plan, code: Code) -> Vec<&Finding> {
    plan.findings.iter().filter(|finding| finding.code == code).collect()
}

/// Severities and codes of all findings, in their order.
pub(super) fn codes(plan: &Plan) -> Vec<(Severity, Code)> {
    plan.findings.iter().map(|finding| (finding.severity, finding.code)).collect()
}

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

pub(super) fn stamp(sha256: &str, modified_at: &str) -> ExportStamp {
    ExportStamp { path: "export.csv".to_owned(), sha256: sha256.to_owned(), modified_at: time(modified_at) }
}

pub(super) fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

pub(super) fn q(text: &str) -> Quantity {
    text.parse().expect("a quantity")
}

/// `Update`, in short.
pub(super) fn set(addition: i64, from: &str, to: &str) -> Verdict {
    let (addition, from, to) = (AdditionId(addition), q(from), q(to));
    Verdict::Update(recount::reconcile::model::plan::line::QuantityChange { addition, from, to })
}

/// `Create`, in short, on the night's own day.
pub(super) fn create(product: i64, quantity: &str) -> Verdict {
    let (product, quantity) = (ProductId(product), q(quantity));
    Verdict::Create(recount::reconcile::model::plan::line::Creation {
        product,
        quantity,
        effective_on: day("2026-03-10"),
        bill: Bill::Billable,
        names_item: false,
    })
}

/// Counts of the first days of March.
pub(crate) fn by_day(counts: &[&str]) -> CountsByDay {
    let day = |at| NaiveDate::from_ymd_opt(2026, 3, at).expect("a day");
    (1..).map(day).zip(counts.iter().map(|count| q(count))).collect()
}
