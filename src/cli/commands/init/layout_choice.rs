//! How the export is read: by the profile that fits it, else by the names of three columns.

use std::path::{Path, PathBuf};

use crate::cli::clock;
use crate::cli::commands::init::init_options::VendorOptions;
use crate::cli::commands::init::prompt::{Asker, Question};
use crate::cli::error::CommandError;
use crate::config::profiles;
use crate::error_chain::error_chain;
use crate::export::error::ExportError;
use crate::export::read::bytes_to_counts::fit;
use crate::export::read::normalized_names::{alike, normalized};
use crate::export::settings::MAX_BYTES;
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
    let header = bytes.map(|(_, bytes)| header(&bytes)).unwrap_or_default();
    columns(given, &header, asker)
}

/// The newest file of the pattern; none where there is none yet.
fn bytes(pattern: &Path) -> Result<Option<(PathBuf, Vec<u8>)>, CommandError> {
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

/// The names of the columns of a plain CSV file; none where it is something else.
fn header(bytes: &[u8]) -> Vec<String> {
    let text = crate::export::format::encoding::text(bytes).unwrap_or_default();
    let line = text.trim_start_matches('\u{feff}').lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let cells = crate::export::format::csv_rows::cells_of_lines(&[line], b',').into_iter().flatten().flatten();
    let names: Vec<String> = cells.map(|(_, cell)| normalized(&cell).into_owned()).collect();
    if names.len() < COLUMNS.len() { Vec::new() } else { names }
}

fn columns(
    given: [&Option<String>; 3],
    header: &[String],
    asker: &mut Asker<'_>,
) -> Result<Option<ChosenLayout>, CommandError> {
    let mut columns = Vec::new();
    for ((flag, text, words), given) in COLUMNS.iter().zip(given) {
        let guess = guess(header, words);
        let question = Question { proposal: guess, ..Question::new(flag, text, given.as_ref()) };
        columns.extend(asker.ask(question, |answer| column(answer, header))?);
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

fn column(answer: &str, header: &[String]) -> Result<String, String> {
    let name = normalized(answer).into_owned();
    if !name.is_empty() && (header.is_empty() || header.contains(&name)) {
        return Ok(name);
    }
    let names: Vec<String> = header.iter().map(|name| shown(name)).collect();
    Err(format!("is not a column of the file; it has {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wrong guess that nobody looks at bills by the wrong column: two that fit are no guess.
    #[test]
    fn a_column_is_proposed_only_where_one_alone_fits() {
        let header = |text: &str| header(text.as_bytes());
        let proposed = |text: &str| COLUMNS.map(|(_, _, words)| guess(&header(text), words).map(str::to_owned));
        let some = |names: [&str; 3]| names.map(|name| Some(name.to_owned()));
        assert_eq!(proposed("Account,Product,Quantity\n"), some(["Account", "Product", "Quantity"]));
        assert_eq!(
            proposed("\u{feff}Customer Name,Customer Id,Product,Seats\n")[1..],
            some(["", "Product", "Seats"])[1..]
        );
        assert_eq!(proposed("Customer Name,Customer Id,Product,Seats\n")[0], None);
        assert_eq!(proposed("{\"a\": 1}\n"), [None, None, None]);
    }
}
