//! `recount read`: what an export comes to, without asking ConnectWise.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::profiles;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::profiles::Profile;
use crate::config::settings::Config;
use crate::export::error::ExportError;
use crate::export::excerpt::drawn;
use crate::export::locate::file_bytes::FileBytes;
use crate::export::locate::one_file::raw;
use crate::export::locate::tonights_export::standard_input;
use crate::export::propose::proposal::Proposal;
use crate::export::propose::{bytes_counted, files_of, points_of_thousands, proposals};
use crate::export::read::alike_names::alike;
use crate::export::read::bytes_to_counts::read_bytes;
use crate::export::settings::{ExportLocation, Layout, MAX_BYTES};
use crate::nightly::night_failure::Failure;
use crate::nightly::read_export::{ReadExportError, read_export};
use crate::reconcile::decide::findings::row_findings::of_export;
use crate::reconcile::guard::export_guards::part_unread;
use crate::reconcile::guard::file_twice::repeated_part;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::command_output::read_output::Counted;
use crate::report::exit_codes::Exit;

/// Arguments of `read`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// An integration of recount.toml; or a file, `-` for standard input
    #[arg(value_name = "INTEGRATION|FILE")]
    what: String,
    /// How the file is read; without it the one profile that fits
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let read = match read(global, options) {
        Ok(read) => read,
        Err(NotRead::Refused(refusal)) => return refused(*refusal, console),
        Err(NotRead::Failed(error)) => return error.tell(console),
    };
    let mut findings = of_export(&read.counts, &IntegrationName::new(&options.what));
    findings.extend(part_unread(&read.counts));
    findings.extend(repeated_part(&read.counts));
    findings.extend(read.proposals.iter().map(proposed));
    let profile = read.profile.as_deref();
    let drawn = marked_rows(&read.counts);
    let counted = Counted { path: &read.path, profile, counts: &read.counts, findings: &findings, drawn: &drawn };
    if console.json {
        console.document(counted.exit(), &counted.document());
    } else {
        counted.tell(&mut |piece| console.print(piece));
    }
    counted.exit()
}

/// The rows that could not be read, each under the name of its file or sheet where there are several.
fn marked_rows(counts: &Counts) -> String {
    let (mut text, mut said) = (String::new(), None);
    for (mark, line) in counts.rejected.iter().filter_map(|row| Some((row.mark.as_ref()?, row.line))) {
        let (part, line) = counts.parts.of(line);
        if let Some(part) = part.filter(|_| part != said) {
            text.push_str(&format!("  {}\n", shown(part)));
        }
        said = part;
        text.push_str(&drawn(mark, line));
    }
    text
}

/// An export, read.
struct Read {
    path: String,
    profile: Option<String>,
    counts: Counts,
    proposals: Vec<Proposal>,
}

/// Keys that would read more of the export, as a question.
fn proposed(proposal: &Proposal) -> Finding {
    let fix = Remedy::settings(format!("if so, set {}", proposal.keys));
    Finding { fix, ..finding(Severity::Info, Code::ExportProposal, proposal.question.clone()) }
}

/// Why it was not.
enum NotRead {
    /// The export is at fault.
    Refused(Box<Refusal>),
    /// The command is.
    Failed(CommandError),
}

/// What a night would say of it.
struct Refusal {
    path: String,
    profile: Option<String>,
    failure: Failure,
    /// The places at fault, marked.
    diagnosis: Option<String>,
}

impl From<CommandError> for NotRead {
    fn from(error: CommandError) -> Self {
        Self::Failed(error)
    }
}

/// Says the same as a night that is refused, with the places that are at fault.
fn refused(refusal: Refusal, console: &Console) -> Exit {
    let Refusal { path, profile, failure: Failure { exit, finding }, diagnosis } = refusal;
    if console.json {
        let (findings, counts) = ([finding], Counts::default());
        let counted =
            Counted { path: &path, profile: profile.as_deref(), counts: &counts, findings: &findings, drawn: "" };
        console.document(exit, &counted.document());
    } else {
        CommandError::new(exit, finding.message, finding.fix).tell(console);
        console.complain(&diagnosis.unwrap_or_default());
    }
    exit
}

fn read(global: &Global, options: &Options) -> Result<Read, NotRead> {
    let path = Path::new(&options.what);
    let is_file = options.what == "-" || path.exists();
    if options.profile.is_some() {
        return file(global, path, options.profile.as_deref());
    }
    match session::configuration(global) {
        Ok(config) => match config.integrations.keys().find(|name| name.as_str() == options.what) {
            Some(name) => integration(&config, name),
            None if is_file => file(global, path, None).map_err(|why| instead_of_a_profile(why, &config, path)),
            None => Err(nothing(&config, &options.what).into()),
        },
        Err(_) if is_file => file(global, path, None),
        // Without any configuration the word can only have been a file's name.
        Err(_) if crate::config::load::find(global.config.as_deref()).is_err() => file(global, path, None),
        Err(error) => Err(error.into()),
    }
}

fn nothing(config: &Config, what: &str) -> CommandError {
    let names: Vec<&str> = config.integrations.keys().map(|name| name.as_str()).collect();
    let fix = match alike(what, names.iter().copied()) {
        Some(name) => format!("did you mean {name}? the integrations are: {}", names.join(", ")),
        None => format!("the integrations are: {}", names.join(", ")),
    };
    CommandError::new(Exit::Usage, format!("there is neither an integration nor a file {}", shown(what)), fix)
}

/// Where an integration takes this file, it knows how to read it: nobody has to write a profile.
fn instead_of_a_profile(why: NotRead, config: &Config, path: &Path) -> NotRead {
    let takes = |location: &ExportLocation| {
        let ExportLocation::Path(pattern) = location else { return None };
        let (pattern, file) = (std::path::absolute(pattern).ok()?, std::path::absolute(path).ok()?);
        Some(glob::Pattern::new(pattern.to_str()?).ok()?.matches_path(&file))
    };
    let taken = config.integrations.values().find(|one| takes(&one.export.source) == Some(true));
    match (why, taken) {
        (NotRead::Failed(error), Some(integration)) if error.exit == Exit::Usage => {
            let read = Remedy::command(format!("recount read {}", integration.name));
            let fix = read.noting("the `path` of that integration takes this file");
            NotRead::Failed(CommandError { fix, ..error })
        }
        (why, _) => why,
    }
}

fn integration(config: &Config, name: &IntegrationName) -> Result<Read, NotRead> {
    let settings = &config.integrations[name].export;
    let fetched = session::fetched(&config.state);
    let export = session::runtime()?.block_on(read_export(settings, name, &fetched, &clock::now));
    match export {
        Ok(export) => {
            let files = files_of(&export.path, &export.counts);
            let proposals = all_proposals(&files, &settings.layout, &export.counts);
            Ok(Read { path: export.path.display().to_string(), profile: None, counts: export.counts, proposals })
        }
        Err(ReadExportError::Export(error)) => {
            let files = files_of(error.path(), &Counts::default());
            Err(of_export_error(error, None, &proposals(&files, &settings.layout)))
        }
        Err(error) => {
            let (path, failure) = (name.to_string(), Failure::from(error));
            Err(NotRead::Refused(Box::new(Refusal { path, profile: None, failure, diagnosis: None })))
        }
    }
}

/// What was tried and reads the file takes the place of what can be said in general.
fn of_export_error(error: ExportError, profile: Option<String>, proposals: &[Proposal]) -> NotRead {
    let (path, diagnosis) = (error.path().display().to_string(), error.diagnosis());
    let mut failure = Failure::from(error);
    if !proposals.is_empty() {
        failure.finding.fix = asked(proposals);
    }
    NotRead::Refused(Box::new(Refusal { path, profile, failure, diagnosis }))
}

/// The proposals as one thing to do: each only helps with those before it.
pub(super) fn asked(proposals: &[Proposal]) -> Remedy {
    let keys: Vec<String> = proposals.iter().map(ToString::to_string).collect();
    Remedy::settings(format!("{} in the export's table", keys.join("; ")))
}

/// What would read more, and what the counts themselves look like.
pub(super) fn all_proposals(files: &[(PathBuf, Vec<u8>)], layout: &Layout, counts: &Counts) -> Vec<Proposal> {
    let of_counts = bytes_counted(counts).into_iter().chain(points_of_thousands(files, layout, counts));
    proposals(files, layout).into_iter().chain(of_counts).collect()
}

fn file(global: &Global, path: &Path, profile: Option<&str>) -> Result<Read, NotRead> {
    let profiles = profiles::all(global)?;
    let named = match profile {
        Some(name) => Some(profiles.get(name).ok_or_else(|| unknown(profiles.keys(), name))?),
        None => None,
    };
    let max_bytes = named.map_or(MAX_BYTES, |profile| profile.layout.max_bytes);
    let (path, bytes) =
        bytes(path, max_bytes).map_err(|error| of_export_error(error, profile.map(str::to_owned), &[]))?;
    let profile: &Profile = match named {
        Some(profile) => profile,
        None => profiles::fitting(&profiles, &path, &bytes)?,
    };
    let counts = read_bytes(&path, bytes, &profile.layout);
    let counts = counts.map_err(|error| of_export_error(error, Some(profile.name.clone()), &[]))?;
    Ok(Read { path: path.display().to_string(), profile: Some(profile.name.clone()), counts, proposals: Vec::new() })
}

fn unknown<'a>(known: impl Iterator<Item = &'a String>, name: &str) -> CommandError {
    let meant = alike(name, known.map(String::as_str)).map(|meant| format!("did you mean {meant}?"));
    let fix = meant.unwrap_or_else(|| "recount profiles".to_owned());
    CommandError::new(Exit::Usage, format!("there is no profile {}", shown(name)), fix)
}

fn bytes(path: &Path, max_bytes: u64) -> Result<(PathBuf, FileBytes), ExportError> {
    if path == Path::new("-") {
        return Ok((path.to_owned(), FileBytes::Stream(standard_input(max_bytes)?)));
    }
    let (path, _, bytes) = raw(path, max_bytes, clock::now())?;
    Ok((path, bytes))
}
