//! The columns of a vendor's file, and which of them name the customer, the service and the count: as far as that is seen
//! without being told how the file is read.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::export::format::csv_rows::cells_of_lines;
use crate::export::format::encoding;
use crate::export::format::zip_archive::is_zip;
use crate::export::read::bytes_to_counts::{column_names, read_files};
use crate::export::settings::{ExportSettings, Layout};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::export::normalized_names::normalized;

/// Words that the name of such a column often holds; what says it more plainly comes first.
const CUSTOMER: &[&str] =
    &["customer", "account", "company", "client", "tenant", "organization", "organisation", "site"];
const SERVICE: &[&str] = &["product", "service", "sku", "plan", "subscription", "item", "license", "licence"];
const COUNT: &[&str] = &["quantity", "qty", "count", "units", "seats", "usage", "number"];
/// Words of a column that counts, however its cells are written: `10 GB`, `1.250`, `Yes`.
const PLAINLY_COUNT: &[&str] = &[
    "quantity",
    "qty",
    "count",
    "units",
    "seats",
    "usage",
    "menge",
    "anzahl",
    "aantal",
    "quantité",
    "quantite",
    "cantidad",
    "quantità",
    "quantidade",
    "antal",
    "ilość",
];
/// Words of one that may count: it does where its cells have digits.
const MAY_COUNT: &[&str] = &[
    "licenses",
    "licences",
    "users",
    "mailboxes",
    "devices",
    "storage",
    "used",
    "consumed",
    "consumption",
    "amount",
    "total",
    "size",
    "volume",
];
/// Words of a number beside the one that counts.
const NOT_THE_COUNT: &[&str] = &[
    "min",
    "minimum",
    "max",
    "maximum",
    "previous",
    "prior",
    "last",
    "old",
    "available",
    "free",
    "unused",
    "remaining",
    "unit",
    "price",
    "cost",
    "rate",
];
/// Words of a customer that are no place of one.
const WHOSE: &[&str] = &["customer", "account", "company", "client", "tenant", "organization", "organisation"];
/// Words of a column that numbers its records: nobody looks for a company by it, and it counts nothing.
const KEY: &[&str] =
    &["id", "ids", "guid", "uuid", "key", "code", "nr", "no", "domain", "email", "serial", "phone", "type"];
/// What is answered where each row is one.
const ROWS: &str = "rows";
/// A terminal shows these without scrolling.
const LISTED: usize = 24;
/// What may stand between two cells, beside a comma.
const DELIMITERS: [char; 3] = [';', '\t', '|'];
/// Files above this are not read once for each column.
const TRIED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What the columns of a file are called.
pub(super) struct FileColumns {
    names: Vec<String>,
    /// Whether these are all of its columns.
    are_all: bool,
    /// What stands between two cells, where it is no comma.
    pub(super) delimiter: Option<char>,
    bytes: Vec<u8>,
}

/// Which columns are read, and what stands between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::commands) struct ChosenColumns {
    pub(in crate::cli::commands) customer: String,
    pub(in crate::cli::commands) service: String,
    /// `None`: each row is one.
    pub(in crate::cli::commands) count: Option<String>,
    /// Where it is no comma.
    pub(in crate::cli::commands) delimiter: Option<char>,
}

/// What is proposed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct GuessedColumns {
    pub(super) customer: Option<String>,
    pub(super) service: Option<String>,
    pub(super) count: Option<GuessedCount>,
}

/// What counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GuessedCount {
    Column(String),
    /// Each row is one: a device, a mailbox, a user.
    Rows,
}

impl FileColumns {
    pub(super) fn unknown() -> Self {
        Self { names: Vec::new(), are_all: false, delimiter: None, bytes: Vec::new() }
    }

    /// The heading of a plain CSV file; the keys of the records of a JSON document, on however many lines, where a column may
    /// be another path all the same; that of a workbook likewise; nothing of anything else.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let text = encoding::text(bytes).unwrap_or_default();
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let known = Self { bytes: bytes.to_vec(), ..Self::unknown() };
        if is_zip(bytes) || text.starts_with(['[', '{', '<']) {
            return Self { names: column_names(bytes, &plain("", "", "")), ..known };
        }
        let line = text.lines().next().unwrap_or_default();
        let cells = |delimiter: char| {
            let cells = cells_of_lines(&[line], delimiter as u8).into_iter().flatten().flatten();
            cells.map(|(_, cell)| normalized(&cell).into_owned()).collect::<Vec<_>>()
        };
        let names = cells(',');
        let other = DELIMITERS.map(|delimiter| (delimiter, cells(delimiter)));
        match other.into_iter().max_by_key(|(_, cells)| cells.len()) {
            Some((delimiter, other)) if other.len() > names.len() => {
                Self { names: other, are_all: true, delimiter: Some(delimiter), ..known }
            }
            _ if names.len() < 2 => Self::unknown(),
            _ => Self { names, are_all: true, ..known },
        }
    }

    /// The columns with their numbers, for a person to choose from.
    pub(super) fn listed(&self) -> String {
        let mut text = String::new();
        for (number, name) in (1..).zip(self.names.iter().take(LISTED)) {
            let _ = writeln!(text, "  {number:>2}  {}", shown(name));
        }
        if self.names.len() > LISTED {
            let _ = writeln!(text, "      and {} more, by name", self.names.len() - LISTED);
        }
        text
    }

    /// A column that was named.
    pub(super) fn column(&self, answer: &str) -> Result<String, String> {
        let name = normalized(answer).into_owned();
        if name.is_empty() {
            return Err("is empty".to_owned());
        }
        if !self.are_all || self.names.contains(&name) {
            return Ok(name);
        }
        let names: Vec<String> = self.names.iter().map(|name| shown(name)).collect();
        Err(format!("is not a column of the file; it has {}", names.join(", ")))
    }

    /// The three that were named in one answer; a name that holds a comma stands in quotes, or has its number.
    pub(super) fn chosen(&self, answer: &str) -> Result<ChosenColumns, String> {
        let parts = between_commas(answer);
        let [customer, service, count] = parts.as_slice() else {
            return Err("is three columns with commas between them: customer, service, count".to_owned());
        };
        let named = |part: &str| {
            let number = part.parse::<usize>().ok().filter(|_| !self.names.iter().any(|name| name == part));
            let name = number.and_then(|number| self.names.get(number.checked_sub(1)?));
            let column = name.map_or_else(|| self.column(part), |name| Ok(name.clone()));
            column.map_err(|why| format!("\"{}\" {why}", shown(part)))
        };
        let is_rows = count.eq_ignore_ascii_case(ROWS) && !(self.are_all && self.names.contains(count));
        let count = if is_rows { None } else { Some(named(count)?) };
        Ok(ChosenColumns { customer: named(customer)?, service: named(service)?, count, delimiter: self.delimiter })
    }

    /// What was given, and of the rest what one column alone fits. A column counts only if numbers are read from it.
    pub(super) fn guess(&self, given: [Option<&str>; 3], by_rows: bool) -> GuessedColumns {
        let [customer, service, count] = given.map(|name| name.map(str::to_owned));
        let customer = customer.or_else(|| self.guessed_customer());
        let service = service.or_else(|| self.named_by(SERVICE));
        let count = match count {
            _ if by_rows => Some(GuessedCount::Rows),
            Some(count) => Some(GuessedCount::Column(count)),
            None => self.guessed_count(customer.as_deref(), service.as_deref()),
        };
        GuessedColumns { customer, service, count }
    }

    /// The column that a person calls so; not one that says the same in every row, as the reseller's own name, where another
    /// one says more.
    fn guessed_customer(&self) -> Option<String> {
        let named = self.named_by(CUSTOMER)?;
        if self.different(&named) != Some(1) {
            return Some(named);
        }
        let is_other = |name: &&String| {
            let parts = parts(name);
            **name != named && parts.iter().any(|part| WHOSE.contains(&part.as_str())) && !is_key(&parts)
        };
        let mut others = self.names.iter().filter(is_other).filter(|name| self.different(name) > Some(1));
        match (others.next(), others.next()) {
            (None, _) => Some(named),
            (Some(other), None) => Some(other.clone()),
            (Some(_), Some(_)) => None,
        }
    }

    /// How many different names a column of customers has; `None` where that cannot be tried, or it is one row.
    fn different(&self, customer: &str) -> Option<usize> {
        let service = self.names.iter().find(|name| *name != customer)?;
        let read = self.read(customer, service, service)?;
        let rejected = read.rejected.iter().filter_map(|row| row.customer.as_ref());
        let names: BTreeSet<_> = read.customers.keys().chain(rejected).collect();
        (read.rows > 1).then_some(names.len())
    }

    fn guessed_count(&self, customer: Option<&str>, service: Option<&str>) -> Option<GuessedCount> {
        let numbers = |name: &str| self.holds_numbers(customer?, service?, name);
        if let Some(name) = self.named_by(COUNT).filter(|name| numbers(name) != Some(false)) {
            return Some(GuessedCount::Column(name));
        }
        let is_other = |name: &&String| ![customer, service].contains(&Some(name.as_str()));
        let has_word = |name: &&String, words: &[&str]| {
            let parts = parts(name);
            let is_beside = parts.iter().any(|part| NOT_THE_COUNT.contains(&part.as_str()));
            !is_beside && parts.iter().any(|part| words.contains(&part.as_str()))
        };
        // However its cells are written: what reads them is told, and rows are not counted in its place.
        let of = |words: &'static [&'static str]| {
            self.names.iter().filter(is_other).filter(move |name| has_word(name, words))
        };
        let plainly: Vec<&String> = of(PLAINLY_COUNT).collect();
        let perhaps: Vec<&String> = of(MAY_COUNT).filter(|name| self.has_digits(customer, service, name)).collect();
        match (plainly.as_slice(), perhaps.as_slice()) {
            ([one], _) | ([], [one]) => Some(GuessedCount::Column((*one).clone())),
            ([], []) => {
                let others = self.names.iter().filter(is_other);
                let none = others.map(|name| numbers(name)).all(|numbers| numbers == Some(false));
                (none && self.names.len() >= 2).then_some(GuessedCount::Rows)
            }
            _ => None,
        }
    }

    /// Whether most cells of a column have a digit in them.
    fn has_digits(&self, customer: Option<&str>, service: Option<&str>, count: &str) -> bool {
        let read = || self.read(customer?, service?, count);
        read().is_some_and(|read| {
            let with = read.rejected.iter().filter(|row| row.value.contains(|c: char| c.is_ascii_digit())).count();
            let numbers = read.rows.saturating_sub(read.rejected.len());
            read.rows > 0 && (numbers + with) * 2 > read.rows
        })
    }

    /// The one column whose name holds one of the words, and no word of a key where another one does not: two that fit are no
    /// guess.
    fn named_by(&self, words: &[&str]) -> Option<String> {
        let is_key = |name: &&String| {
            let parts = parts(name);
            let is_beside = words == COUNT && parts.iter().any(|part| NOT_THE_COUNT.contains(&part.as_str()));
            is_key(&parts) || is_beside
        };
        let (keys, names): (Vec<&String>, Vec<&String>) = self.names.iter().partition(is_key);
        let of = |names: &[&String]| {
            words.iter().find_map(|word| {
                let holds = names.iter().filter(|name| parts(name).iter().any(|part| part == word));
                let found: Vec<String> = holds.map(|name| (*name).clone()).collect();
                let is_plain = |name: &&String| {
                    matches!(parts(name).as_slice(), [one] if one == word)
                        || matches!(parts(name).as_slice(), [one, name] if one == word && name == "name")
                };
                let mut plain = found.iter().filter(is_plain);
                match (found.as_slice(), plain.next(), plain.next()) {
                    ([], ..) => None,
                    ([one], ..) => Some(Some(one.clone())),
                    (_, Some(one), None) => Some(Some(one.clone())),
                    _ => Some(None),
                }
            })
        };
        // A count is never a key; a customer or a service may be known by nothing else.
        let fallback = || of(&keys).filter(|_| words != COUNT);
        of(&names).or_else(fallback).flatten()
    }

    /// Whether a number is read from each cell of a column, read with these two; `None` where that cannot be tried.
    fn holds_numbers(&self, customer: &str, service: &str, count: &str) -> Option<bool> {
        let read = self.read(customer, service, count)?;
        let rejected = read.rejected.len();
        Some(read.rows > rejected && rejected * 2 <= read.rows)
    }

    /// The file, read by these columns, where that can be tried.
    fn read(&self, customer: &str, service: &str, count: &str) -> Option<Counts> {
        if self.bytes.is_empty() || self.bytes.len() > TRIED_BYTES_MAX {
            return None;
        }
        let mut layout = plain(customer, service, count);
        layout.delimiter = self.delimiter.map(|delimiter| delimiter as u8);
        read_files(vec![(PathBuf::new(), self.bytes.as_slice())], &layout).ok()
    }
}

impl GuessedColumns {
    /// As a person answers it, if all is guessed.
    pub(super) fn sentence(&self) -> Option<String> {
        let quoted = |name: &String| {
            if name.contains([',', '"']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.clone() }
        };
        let count = match self.count.as_ref()? {
            GuessedCount::Column(name) => quoted(name),
            GuessedCount::Rows => ROWS.to_owned(),
        };
        Some(format!("{}, {}, {count}", quoted(self.customer.as_ref()?), quoted(self.service.as_ref()?)))
    }
}

/// The parts of an answer. A comma within quotes is of its part, and a quote there is doubled.
fn between_commas(answer: &str) -> Vec<String> {
    let (mut parts, mut is_quoted) = (vec![String::new()], false);
    let mut letters = answer.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_doubled = is_quoted && letter == '"' && letters.next_if_eq(&'"').is_some();
        match (letter, parts.last_mut()) {
            (',', _) if !is_quoted => parts.push(String::new()),
            ('"', _) if !is_doubled => is_quoted = !is_quoted,
            (_, Some(part)) => part.push(letter),
            (_, None) => {}
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

fn is_key(parts: &[String]) -> bool {
    parts.iter().any(|part| KEY.contains(&part.as_str()))
}

/// Of a name its words, also where it is written `customerTenantId`.
fn parts(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || letter.is_uppercase() && was_lower {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn plain(customer: &str, service: &str, count: &str) -> Layout {
    ExportSettings::new(PathBuf::new(), customer, service, count).layout
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(text: &str) -> [Option<String>; 3] {
        let GuessedColumns { customer, service, count } = FileColumns::of(text.as_bytes()).guess([None; 3], false);
        let count = count.map(|count| match count {
            GuessedCount::Column(name) => name,
            GuessedCount::Rows => "(rows)".to_owned(),
        });
        [customer, service, count]
    }

    fn some(names: [&str; 3]) -> [Option<String>; 3] {
        names.map(|name| Some(name.to_owned()).filter(|name| !name.is_empty()))
    }

    /// A wrong guess that nobody looks at bills by the wrong column: two that fit are no guess.
    #[test]
    fn a_column_is_proposed_only_where_one_alone_fits() {
        assert_eq!(guessed("Account,Product,Quantity\nAcme,Filter,3\n"), some(["Account", "Product", "Quantity"]));
        assert_eq!(guessed("\u{feff}Customer,Client,Product,Seats\nA,B,F,3\n"), some(["Customer", "Product", "Seats"]));
        assert_eq!(guessed("Customer A,Customer B,Product,Seats\nA,B,F,3\n")[0], None);
        assert_eq!(guessed("{\"a\": 1}\n"), [None, None, None]);
    }

    /// `map suggest` found no company for `8d1c…`, and each customer had to be mapped by hand.
    #[test]
    fn a_name_is_proposed_before_an_id_that_stands_beside_it() {
        let row = "8d1c,Acme,Filter,3\n";
        for (heading, customer) in [
            ("Customer Tenant Id,Customer Name,Product,Seats", "Customer Name"),
            ("customerTenantId,organizationName,Product,Seats", "organizationName"),
            ("Tenant ID,Region,Product,Seats", "Tenant ID"),
        ] {
            assert_eq!(guessed(&format!("{heading}\n{row}"))[0].as_deref(), Some(customer), "{heading}");
        }
        assert_eq!(guessed("Customer,Product Id,Product,Seats\nAcme,77,Filter,3\n")[1].as_deref(), Some("Product"));
    }

    /// `init` asked for a column of the count without end, where each row is a device and there is none.
    #[test]
    fn a_file_of_devices_is_counted_by_its_rows() {
        assert_eq!(
            guessed("Customer,Device,Plan,Serial Number\nAcme,pc1,Basic,X-1\nAcme,pc2,Basic,X-2\n"),
            some(["Customer", "Plan", "(rows)"])
        );
        assert_eq!(guessed("Customer,Plan,Age\nAcme,Basic,12\n")[2], None, "a number that may count is asked about");
        let file = FileColumns::of(b"Customer,Device,Plan\nAcme,pc1,Basic\n");
        assert_eq!(file.chosen("1, Plan, rows").map(|chosen| chosen.count), Ok(None));
    }

    /// `init --yes` made one of 4,000 licences that stood there as `4,000`, and said nothing of the column.
    #[test]
    fn a_column_that_is_called_a_count_is_never_passed_over_in_silence() {
        for cells in [["10 GB", "4 GB"], ["10 seats", "4 seats"], ["\"1,250\"", "\"4,000\""], ["Yes", "No"], ["", ""]] {
            for heading in ["Quantity", "Qty", "Seats", "Antal"] {
                let text = format!("Customer,Product,{heading}\nA,E3,{}\nB,E3,{}\n", cells[0], cells[1]);
                assert_eq!(guessed(&text)[2].as_deref(), Some(heading), "{text}");
            }
        }
        for (heading, count) in [("Used", Some("Used")), ("Storage", Some("Storage")), ("Users", Some("Users"))] {
            let text = format!("Customer,Product,{heading}\nA,E3,10 GB\nB,E3,4 GB\n");
            assert_eq!(guessed(&text)[2].as_deref(), count, "{text}");
        }
        assert_eq!(guessed("Customer,Product,Users\nA,E3,Ann\nB,E3,Bo\n")[2].as_deref(), Some("(rows)"));
    }

    /// 25 were billed for 10, because the least that is billed stood before what is used.
    #[test]
    fn a_number_beside_the_count_is_not_taken_for_it() {
        for (heading, count) in [
            ("Minimum Quantity,Usage", Some("Usage")),
            ("Previous Quantity,Current Quantity", Some("Current Quantity")),
            ("Available Seats,Assigned Seats", Some("Assigned Seats")),
            ("Minimum Quantity,Age", None),
        ] {
            let text = format!("Customer,Product,{heading}\nA,E3,25,10\nB,E3,25,4\n");
            assert_eq!(guessed(&text)[2].as_deref(), count, "{text}");
        }
    }

    /// Everything was counted for the reseller itself.
    #[test]
    fn a_column_that_says_one_name_in_all_rows_is_no_customer_where_another_one_says_more() {
        for (heading, customer) in [
            ("Company,Client", Some("Client")),
            ("Customer,End Customer", Some("End Customer")),
            ("Account,Company", Some("Company")),
            ("Customer,Site", Some("Customer")),
        ] {
            let text = format!("{heading},Product,Seats\nMy MSP,A,E3,10\nMy MSP,B,E3,4\n");
            assert_eq!(guessed(&text)[0].as_deref(), customer, "{text}");
        }
        assert_eq!(guessed("Company,Client,Product,Seats\nA,B,E3,10\nC,D,E3,10\n")[0].as_deref(), Some("Company"));
    }

    /// Any name was taken as a column of a `;` file, and a wrong one was told "it has " and nothing.
    #[test]
    fn the_columns_of_a_file_with_semicolons_are_seen() {
        let text = "Kunde;Produkt;Menge, Stück\nAcme;Filter;3\n";
        let file = FileColumns::of(text.as_bytes());
        assert_eq!((file.delimiter, file.names.len()), (Some(';'), 3));
        let chosen = file.chosen("Kunde, 2, \"Menge, Stück\"").expect("three columns");
        assert_eq!((chosen.service.as_str(), chosen.count.as_deref()), ("Produkt", Some("Menge, Stück")));
        assert_eq!(chosen.delimiter, Some(';'));
        let wrong = file.chosen("Kunde, Produkt, Anzahl").expect_err("no such column");
        assert!(wrong.contains("\"Anzahl\"") && wrong.contains("Kunde, Produkt, Menge, Stück"), "{wrong}");
        assert!(file.chosen("Kunde").is_err());
    }

    /// JSON on one line was taken for a heading of cells, and every column of it was refused.
    #[test]
    fn the_keys_of_json_are_proposed_on_however_many_lines_it_stands() {
        let record = r#"{"account": "Acme", "plan": "E3", "seats": 5}"#;
        let lines = format!("{record}\n{record}\n");
        let list = format!("[{record},{record}]");
        let spread = list.replace([',', '{'], ",\n").replace(",\n\"account", "{\n\"account");
        for text in [&lines, &list, &format!("\u{feff}{list}"), &spread.replace("}{", "},{")] {
            let file = FileColumns::of(text.as_bytes());
            assert_eq!(
                (file.names.as_slice(), file.are_all),
                (&["account", "plan", "seats"].map(String::from)[..], false),
                "{text}"
            );
            assert_eq!(file.column("plan.name").as_deref(), Ok("plan.name"));
        }
        for text in [format!(r#"{{"items": {list}, "a": 1}}"#), "<R a=\"1,2,3\"><C/></R>".to_owned()] {
            let file = FileColumns::of(text.as_bytes());
            assert_eq!((file.names.len(), file.column("account").is_ok()), (0, true), "{text}");
        }
    }
}
