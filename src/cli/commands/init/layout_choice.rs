//! How the export is read: by the profile that fits it, else by the names of its columns.

use std::path::{Path, PathBuf};

use crate::cli::clock;
use crate::cli::commands::init::file_columns::{ChosenColumns, FileColumns, GuessedColumns, GuessedCount};
use crate::cli::commands::init::init_options::VendorOptions;
use crate::cli::commands::init::prompt::{Asker, Question};
use crate::cli::error::CommandError;
use crate::config::profiles;
use crate::error_chain::error_chain;
use crate::export::error::ExportError;
use crate::export::locate::file_bytes::FileBytes;
use crate::export::read::alike_names::alike;
use crate::export::read::bytes_to_counts::{fit, read_files};
use crate::export::settings::{Layout, MAX_BYTES};
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
    Columns(ChosenColumns),
}

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
    let by_rows = options.count_by.is_some();
    let bytes = match export {
        ChosenExport::Path(pattern) => bytes(pattern)?,
        ChosenExport::Url(_) => None,
    };
    if let (Some((path, bytes)), true) = (&bytes, !by_rows && given.iter().all(|column| column.is_none())) {
        let fits = profiles.values().filter(|one| fit(bytes, &one.layout, &one.recognised_by).is_ok());
        let fits = fits.filter(|one| !leaves_nobody(path, bytes, &one.layout));
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
    let file = bytes.map_or_else(FileColumns::unknown, |(_, bytes)| FileColumns::of(&bytes));
    let guessed = file.guess(given.map(|column| column.as_deref()), by_rows);
    let columns = match asker.is_heard() {
        true => asked(given, by_rows, (&file, &guessed), asker)?,
        false => settled(given, (&file, &guessed), asker)?,
    };
    Ok(columns.map(ChosenLayout::Columns))
}

/// Whether a file has rows, and nobody is left of them: it has the columns of another vendor's, and not its words.
fn leaves_nobody(path: &Path, bytes: &FileBytes, layout: &Layout) -> bool {
    let read = read_files(vec![(path.to_owned(), bytes)], layout);
    read.is_ok_and(|read| read.rows > 0 && read.customers.is_empty() && read.rejected.is_empty())
}

type Known<'a> = (&'a FileColumns, &'a GuessedColumns);

/// One question for all three, with the columns that there are before it.
fn asked(
    given: [&Option<String>; 3],
    by_rows: bool,
    (file, guessed): Known<'_>,
    asker: &mut Asker<'_>,
) -> Result<Option<ChosenColumns>, CommandError> {
    if given[0].is_some() && given[1].is_some() && (given[2].is_some() || by_rows) {
        return settled(given, (file, guessed), asker);
    }
    asker.say(&file.listed());
    let text =
        "Its columns of customer, service and count, by name or number (rows instead of a count: each row is one)";
    let flags = "--customer-column, --service-column and --count-column (or --count-by rows)";
    let proposal = guessed.sentence();
    let question = Question { proposal: proposal.as_deref(), ..Question::new(flags, text, None) };
    asker.ask(question, |answer| file.chosen(answer))
}

/// Each as it was given, or as it is guessed.
fn settled(
    given: [&Option<String>; 3],
    (file, guessed): Known<'_>,
    asker: &mut Asker<'_>,
) -> Result<Option<ChosenColumns>, CommandError> {
    let mut column = |flag: &'static str, given: &Option<String>, guess: &Option<String>| {
        let question = Question { proposal: guess.as_deref(), ..Question::new(flag, "", given.as_ref()) };
        asker.ask(question, |answer| file.column(answer))
    };
    let customer = column("--customer-column", given[0], &guessed.customer)?;
    let service = column("--service-column", given[1], &guessed.service)?;
    let count = match &guessed.count {
        Some(GuessedCount::Rows) => Some(None),
        Some(GuessedCount::Column(name)) => column("--count-column", given[2], &Some(name.clone()))?.map(Some),
        None => column("--count-column", given[2], &None)?.map(Some),
    };
    let delimiter = file.delimiter;
    let all = || Some(ChosenColumns { customer: customer?, service: service?, count: count?, delimiter });
    Ok(all())
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
