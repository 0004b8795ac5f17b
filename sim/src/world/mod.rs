//! What the simulated ConnectWise holds, in a form that is short to write by hand.
//!
//! ```json
//! {
//!   "company": "examplemsp",
//!   "companies": [{"id": 1, "name": "Acme"}],
//!   "agreements": [{"id": 10, "company": 1, "type": "Email Security", "name": "Acme mail"}],
//!   "catalog": [{"id": 500, "identifier": "MP-CLOUDFILTER", "price": 2.5}],
//!   "additions": [{"id": 100, "agreement": 10, "product": "MP-CLOUDFILTER", "quantity": 3}]
//! }
//! ```
//!
//! Everything left out has a default; an unknown key is an error. `more` holds further fields of a record by
//! their ConnectWise names, as they go over the wire.

mod check;
mod records;

use std::collections::BTreeMap;
use std::io;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::records::{Addition, Agreement, BillingCycle, Board, BoardStatus, Company, Member, Product};

/// A record as it goes over the wire.
pub type Wire = Map<String, Value>;

/// Everything one simulated ConnectWise holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct World {
    /// The login company id; default `examplemsp`.
    pub company: String,
    /// The tenant's codebase, without slashes; `v4_6_release` is served as well.
    pub codebase: String,
    /// The only accepted `clientId`; default: any that is not empty.
    pub client_id: Option<String>,
    /// The day it is in ConnectWise; decides agreement states and `_info.lastUpdated`.
    pub today: NaiveDate,
    /// API keys; default one key `pub` / `priv` of member `recount` with every right.
    pub keys: Vec<Key>,
    /// What this ConnectWise does where the real one is undocumented or configurable.
    pub options: Options,
    /// Customers.
    pub companies: Vec<Company>,
    /// Agreements.
    pub agreements: Vec<Agreement>,
    /// Agreement additions.
    pub additions: Vec<Addition>,
    /// The product catalog.
    pub catalog: Vec<Product>,
    /// How often agreements are invoiced; default: the usual cycles, one of them named "None".
    pub billing_cycles: Vec<BillingCycle>,
    /// Service boards; default one board with the statuses New, In Progress and >Closed.
    pub boards: Vec<Board>,
    /// Names of ticket priorities; ids count from 1.
    pub priorities: Vec<String>,
    /// Names of ticket sources; ids count from 1.
    pub sources: Vec<String>,
    /// Members besides those of the keys.
    pub members: Vec<Member>,
    /// Tickets, as they go over the wire.
    pub tickets: Vec<Wire>,
    /// Ticket notes, as they go over the wire; `ticketId` names the ticket.
    pub notes: Vec<Wire>,
}

/// One API key and the role of its member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The public half.
    pub public: String,
    /// The private half.
    pub private: String,
    /// The API member; it is `_info.updatedBy` of what it writes.
    pub member: String,
    /// Rights per module, such as `{"agreements": "inquire edit"}`; default: every right everywhere.
    #[serde(default = "Key::every_right")]
    pub rights: BTreeMap<Module, Rights>,
}

/// The modules of a security role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Module {
    /// Companies, Company Maintenance.
    Companies,
    /// Finance, Agreements (and their additions).
    Agreements,
    /// Procurement, Product Catalog.
    Catalog,
    /// Service Desk, Service Tickets; `close` is "Close Service Tickets".
    Tickets,
    /// System, Table Setup: boards, priorities, sources.
    Setup,
    /// System, Member Maintenance.
    Members,
}

/// One right of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Read.
    Inquire,
    /// Create.
    Add,
    /// Change.
    Edit,
    /// Delete.
    Delete,
    /// Close a ticket.
    Close,
}

/// A set of rights; written as words in one string.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rights(Vec<Right>);

/// How this ConnectWise behaves where the real one is undocumented, unverified or configurable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// A PATCH path that is no field: `ignore` answers 200 and changes nothing (the documented "false 200").
    pub unknown_patch_path: UnknownPatchPath,
    /// A PATCH checks the whole stored record again, so it can fail for what it did not touch (seen in the field).
    pub revalidate_on_patch: bool,
    /// Requests allowed in any 60 seconds; beyond them 429 with `Retry-After`. Default: no limit.
    pub requests_per_minute: Option<u32>,
    /// Decimal places that every quantity shows at least, as `7.00`; default none.
    pub quantity_places: u32,
    /// Decimal places that are kept of a quantity; the rest is cut off without a word. Default: all.
    pub quantity_scale: Option<u32>,
    /// What wrong keys get: 401, or 404 as on some clouds (ConnectWise developer guide).
    pub bad_key_status: u16,
    /// Rows on a page at most, whatever is asked for.
    pub page_rows_max: Option<usize>,
    /// Whether pages carry a `Link`.
    pub page_links: bool,
    /// A larger `pageSize` gets 400 (seen in the field: "1–100").
    pub page_size_max: Option<usize>,
    /// A bundle of more requests gets 400.
    pub bundle_max: Option<usize>,
    /// What `fields` does on a write: no text of the vendor's declares it there.
    pub fields_on_writes: FieldsOnWrites,
    /// Names that get 400 when they stand in `fields`.
    pub refused_fields: Vec<String>,
    /// How a member shows that is not set.
    pub unset: Unset,
    /// Quantities are texts.
    pub text_numbers: bool,
    /// Additions tell `additionStatus` as well; the last day is the cancelled one (seen in the field).
    pub addition_status: bool,
    /// An error without details has no `errors` at all, instead of null (both are seen in the field).
    pub errors_absent: bool,
    /// Errors name their record in lower case (seen in the field).
    pub lower_case_resources: bool,
}

/// What `fields` does on a write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldsOnWrites {
    /// 400.
    #[default]
    Refuse,
    /// The answer is the whole record all the same.
    Ignore,
    /// The answer has only these.
    Filter,
}

/// How a member shows that is not set: each is seen in the field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unset {
    /// Not at all.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// `""`.
    Empty,
}

/// What a PATCH with an unknown path gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownPatchPath {
    /// 200, and nothing is changed.
    #[default]
    Ignore,
    /// 400.
    Refuse,
}

impl World {
    /// The world of `recount demo`, and of `recount sim` without `--world`: a mail security MSP of 12 customers.
    #[must_use]
    pub fn demo() -> Self {
        serde_json::from_str(include_str!("../worlds/demo.json"))
            .expect("the demo world is part of the program, and tested")
    }

    /// Reads a world file's text.
    ///
    /// # Errors
    /// When it is not JSON, or has an unknown key or a wrong value; the message names line and column.
    pub fn parse(text: &str) -> io::Result<Self> {
        serde_json::from_str(text).map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause))
    }

    /// Whether every reference leads somewhere and no id is used twice.
    ///
    /// # Errors
    /// When not; the message names the record.
    pub fn check(&self) -> io::Result<()> {
        check::check(self).map_err(|what| io::Error::new(io::ErrorKind::InvalidInput, what))
    }

    /// The addition of this id.
    #[must_use]
    pub fn addition(&self, id: i64) -> Option<&Addition> {
        self.additions.iter().find(|addition| addition.id == id)
    }

    /// The addition of this id, to edit it as a person would.
    pub fn addition_mut(&mut self, id: i64) -> Option<&mut Addition> {
        self.additions.iter_mut().find(|addition| addition.id == id)
    }
}

impl Default for World {
    fn default() -> Self {
        Self {
            company: "examplemsp".to_owned(),
            codebase: "v2025_1".to_owned(),
            client_id: None,
            today: NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day of the calendar"),
            keys: vec![Key::default()],
            options: Options::default(),
            companies: Vec::new(),
            agreements: Vec::new(),
            additions: Vec::new(),
            catalog: Vec::new(),
            billing_cycles: BillingCycle::usual(),
            boards: vec![Board::default()],
            priorities: ["Priority 1 - Critical", "Priority 2 - High", "Priority 3 - Medium", "Priority 4 - Low"]
                .map(str::to_owned)
                .to_vec(),
            sources: ["Call", "Email Connector", "API"].map(str::to_owned).to_vec(),
            members: Vec::new(),
            tickets: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            unknown_patch_path: UnknownPatchPath::Ignore,
            revalidate_on_patch: true,
            requests_per_minute: None,
            quantity_places: 0,
            quantity_scale: None,
            bad_key_status: 401,
            page_rows_max: None,
            page_links: true,
            page_size_max: None,
            bundle_max: None,
            fields_on_writes: FieldsOnWrites::Refuse,
            refused_fields: Vec::new(),
            unset: Unset::Absent,
            text_numbers: false,
            addition_status: false,
            errors_absent: false,
            lower_case_resources: false,
        }
    }
}

impl Default for Key {
    fn default() -> Self {
        Self {
            public: "pub".to_owned(),
            private: "priv".to_owned(),
            member: "recount".to_owned(),
            rights: Self::every_right(),
        }
    }
}

impl Key {
    fn every_right() -> BTreeMap<Module, Rights> {
        use Module::{Agreements, Catalog, Companies, Members, Setup, Tickets};
        let all = Rights(vec![Right::Inquire, Right::Add, Right::Edit, Right::Delete, Right::Close]);
        [Companies, Agreements, Catalog, Tickets, Setup, Members].map(|module| (module, all.clone())).into()
    }

    /// Whether the member's role has this right.
    #[must_use]
    pub fn may(&self, module: Module, right: Right) -> bool {
        self.rights.get(&module).is_some_and(|rights| rights.0.contains(&right))
    }
}

impl Right {
    const WORDS: [(&'static str, Right); 5] = [
        ("inquire", Right::Inquire),
        ("add", Right::Add),
        ("edit", Right::Edit),
        ("delete", Right::Delete),
        ("close", Right::Close),
    ];

    /// The word for this right in a world file.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, right)| *right == self).map_or("", |(word, _)| word)
    }
}

impl TryFrom<String> for Rights {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let right = |word: &str| {
            let found = Right::WORDS.iter().find(|(known, _)| *known == word).map(|(_, right)| *right);
            found.ok_or_else(|| format!("`{word}` is no right; known are inquire, add, edit, delete, close"))
        };
        text.split_whitespace().map(right).collect::<Result<_, _>>().map(Rights)
    }
}

impl From<Rights> for String {
    fn from(rights: Rights) -> Self {
        rights.0.iter().map(|right| right.word()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_in_a_world_file_is_named() {
        let error = World::parse(r#"{"compnay": "x"}"#).expect_err("an unknown key");
        assert!(error.to_string().contains("compnay"), "{error}");
        let error = World::parse(
            r#"{"keys": [{"public": "a", "private": "b", "member": "c", "rights": {"agreements": "inqire"}}]}"#,
        );
        assert!(error.expect_err("no such right").to_string().contains("inqire"));
    }

    #[test]
    fn a_reference_to_nothing_is_named() {
        let error = |text: &str| World::parse(text).and_then(|world| world.check()).expect_err(text).to_string();
        let agreement = r#"{"agreements": [{"id": 10, "company": 7}]}"#;
        assert_eq!(error(agreement), "agreement 10 names company 7, which is not there");
        let twice = r#"{"companies": [{"id": 1, "name": "Acme"}, {"id": 1, "name": "Zeta"}]}"#;
        assert_eq!(error(twice), "company 1 is there twice");
    }

    #[test]
    fn the_demo_world_holds_every_case_that_the_demo_shows() {
        let world = World::demo();
        world.check().expect("a world that makes sense");
        assert_eq!(world.companies.iter().filter(|company| !company.deleted).count(), 13, "12 customers and the MSP");
        assert!(world.agreements.iter().any(|agreement| agreement.end.is_some_and(|end| end < world.today)));
        assert!(world.agreements.iter().any(|agreement| agreement.one_time));
        assert!(world.catalog.iter().any(|product| product.class == "Bundle"));
        assert!(world.catalog.iter().any(|product| product.inactive));
        let live = |agreement: i64, product: &str| {
            let here = world.additions.iter().filter(|line| line.agreement == agreement && line.product == product);
            here.filter(|line| {
                line.effective.is_none_or(|day| day <= world.today)
                    && line.cancelled.is_none_or(|day| day > world.today)
            })
            .count()
        };
        assert_eq!(live(808, "MP-CLOUDFILTER"), 2, "Harbor Realty has two live lines of one product");
        assert_eq!(live(812, "MP-CLOUDFILTER"), 0, "Larkspur Schools has none yet");
    }

    #[test]
    fn a_world_survives_being_written_and_read_back() {
        let world = World::demo();
        let text = serde_json::to_string(&world).expect("a world is JSON");
        assert_eq!(World::parse(&text).expect("what we wrote"), world);
    }
}
