//! How the export is read: by the profile that fits it, else by the names of three columns.

use std::path::{Path, PathBuf};

use crate::cli::clock;
use crate::cli::commands::init::init_options::VendorOptions;
use crate::cli::commands::init::prompt::{Asker, Question};
use crate::cli::error::CommandError;
use crate::config::profiles;
use crate::error_chain::error_chain;
use crate::export::error::ExportError;
use crate::export::locate::file_bytes::FileBytes;
use crate::export::read::bytes_to_counts::{column_names, fit};
use crate::export::read::normalized_names::{alike, normalized};
use crate::export::settings::{ExportSettings, MAX_BYTES};
use crate::reconcile::model::display_text::shown;
use crate::report::exit_codes::Exit;

/// Where the export comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::commands) enum ChosenExport {
    /// A file, or a pattern of files: absolute.
    Path(PathBuf),
    /// A report link.
    Url(String),
}

/// What `[integration.NAME.export]` says beside where the file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::commands) enum ChosenLayout {
    /// A known vendor's file.
    Profile(String),
    /// The columns of customer, service and count.
    Columns([String; 3]),
}

/// What is asked for each of the three, how it is given, and words that its name often holds.
const COLUMNS: [(&str, &str, &[&str]); 3] = [
    (
        "--customer-column",
        "Column that names the customer",
        &["customer", "account", "company", "client", "tenant", "organization", "organisation"],
    ),
    (
        "--service-column",
        "Column that names the service",
        &["product", "service", "sku", "plan", "subscription", "item", "license", "licence"],
    ),
    (
        "--count-column",
        "Column that holds the count",
        &["quantity", "qty", "count", "units", "seats", "usage", "number"],
    ),
];

/// Looks at the file, if it is there; asks for what it does not tell.
///
/// # Errors
/// A profile that does not exist, a file that fits several, or a column that the file does not have.
pub(super) fn layout(
    export: &ChosenExport,
    (folder, options): (&Path, &VendorOptions),
    asker: &mut Asker<'_>,
) -> Result<Option<ChosenLayout>, CommandError> {
    let profiles = profiles::all(folder)
        .map_err(|errors| CommandError::new(Exit::Config, errors.to_string(), "correct the profile, or remove it"))?;
    if let Some(name) = &options.profile {
        if profiles.contains_key(name) {
            return Ok(Some(ChosenLayout::Profile(name.clone())));
        }
        let meant = alike(name, profiles.keys().map(String::as_str)).map(|meant| format!("did you mean {meant}? "));
        let fix = format!("{}recount profiles lists them", meant.unwrap_or_default());
        return Err(CommandError::new(Exit::Usage, format!("there is no profile {}", shown(name)), fix));
    }
    let given = [&options.customer_column, &options.service_column, &options.count_column];
    let bytes = match export {
        ChosenExport::Path(pattern) => bytes(pattern)?,
        ChosenExport::Url(_) => None,
    };
    if let (Some((path, bytes)), true) = (&bytes, given.iter().all(|column| column.is_none())) {
        let fits = profiles.values().filter(|one| fit(bytes, &one.layout, &one.recognised_by).is_ok());
        let fits: Vec<&str> = fits.map(|profile| profile.name.as_str()).collect();
        match fits.as_slice() {
            [] => {}
            [one] => return Ok(Some(ChosenLayout::Profile((*one).to_owned()))),
            several => {
                let message =
                    format!("{} fits several profiles: {}", shown(&path.display().to_string()), several.join(", "));
                return Err(CommandError::new(Exit::Usage, message, format!("choose one: --profile {}", several[0])));
            }
        }
    }
    let names = bytes.map_or_else(FileColumns::unknown, |(_, bytes)| FileColumns::of(&bytes));
    columns(given, &names, asker)
}

/// The newest file of the pattern; none where there is none yet.
fn bytes(pattern: &Path) -> Result<Option<(PathBuf, FileBytes)>, CommandError> {
    match crate::export::locate::one_file::raw(pattern, MAX_BYTES, clock::now()) {
        Ok((path, _, bytes)) => Ok(Some((path, bytes))),
        Err(ExportError::NoMatch { .. }) => Ok(None),
        Err(error) => {
            let message = error_chain(&error);
            Err(CommandError::new(
                Exit::Refused,
                message,
                "name the vendor's export with --export, as the vendor wrote it",
            ))
        }
    }
}

/// What the columns of a file are called, as far as that is seen without being told how it is read.
struct FileColumns {
    names: Vec<String>,
    /// No column has another name.
    are_all: bool,
}

impl FileColumns {
    fn unknown() -> Self {
        Self { names: Vec::new(), are_all: false }
    }

    /// The heading of a plain CSV file; the keys of the records of a JSON document, on however many lines, where a column may
    /// be another path all the same; nothing of anything else.
    fn of(bytes: &[u8]) -> Self {
        let text = crate::export::format::encoding::text(bytes).unwrap_or_default();
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if text.starts_with(['[', '{', '<']) {
            let plain = ExportSettings::new(PathBuf::new(), "", "", "").layout;
            return Self { names: column_names(bytes, &plain), are_all: false };
        }
        let line = text.lines().next().unwrap_or_default();
        let cells = crate::export::format::csv_rows::cells_of_lines(&[line], b',').into_iter().flatten().flatten();
        let names: Vec<String> = cells.map(|(_, cell)| normalized(&cell).into_owned()).collect();
        if names.len() < COLUMNS.len() { Self::unknown() } else { Self { names, are_all: true } }
    }
}

fn columns(
    given: [&Option<String>; 3],
    file: &FileColumns,
    asker: &mut Asker<'_>,
) -> Result<Option<ChosenLayout>, CommandError> {
    let mut columns = Vec::new();
    for ((flag, text, words), given) in COLUMNS.iter().zip(given) {
        let guess = guess(&file.names, words);
        let question = Question { proposal: guess, ..Question::new(flag, text, given.as_ref()) };
        columns.extend(asker.ask(question, |answer| column(answer, file))?);
    }
    Ok(columns.try_into().ok().map(ChosenLayout::Columns))
}

/// The one column whose name holds one of the words; words that say it more plainly come first.
fn guess<'a>(header: &'a [String], words: &[&str]) -> Option<&'a str> {
    words.iter().find_map(|word| {
        let holds = |name: &&String| name.to_lowercase().split(|c: char| !c.is_alphabetic()).any(|part| part == *word);
        let mut found = header.iter().filter(holds);
        found.next().filter(|_| found.next().is_none()).map(String::as_str)
    })
}

fn column(answer: &str, file: &FileColumns) -> Result<String, String> {
    let name = normalized(answer).into_owned();
    if !name.is_empty() && (!file.are_all || file.names.contains(&name)) {
        return Ok(name);
    }
    let names: Vec<String> = file.names.iter().map(|name| shown(name)).collect();
    Err(format!("is not a column of the file; it has {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wrong guess that nobody looks at bills by the wrong column: two that fit are no guess.
    #[test]
    fn a_column_is_proposed_only_where_one_alone_fits() {
        let names = |text: &str| FileColumns::of(text.as_bytes()).names;
        let proposed = |text: &str| COLUMNS.map(|(_, _, words)| guess(&names(text), words).map(str::to_owned));
        let some = |names: [&str; 3]| names.map(|name| Some(name.to_owned()));
        assert_eq!(proposed("Account,Product,Quantity\n"), some(["Account", "Product", "Quantity"]));
        assert_eq!(
            proposed("\u{feff}Customer Name,Customer Id,Product,Seats\n")[1..],
            some(["", "Product", "Seats"])[1..]
        );
        assert_eq!(proposed("Customer Name,Customer Id,Product,Seats\n")[0], None);
        assert_eq!(proposed("{\"a\": 1}\n"), [None, None, None]);
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
            assert_eq!(column("plan.name", &file).as_deref(), Ok("plan.name"));
        }
        for text in [format!(r#"{{"items": {list}, "a": 1}}"#), "<R a=\"1,2,3\"><C/></R>".to_owned()] {
            let file = FileColumns::of(text.as_bytes());
            assert_eq!((file.names.len(), column("account", &file).is_ok()), (0, true), "{text}");
        }
    }
}
