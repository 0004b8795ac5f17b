//! `recount profiles`: how known vendors' files are read; and which of them fits a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::config::profiles;
use crate::config::profiles::Profile;
use crate::export::read::bytes_to_counts::{LayoutMismatch, fit};
use crate::reconcile::model::display_text::shown;
use crate::report::exit_codes::Exit;

pub(crate) fn run(global: &Global, console: &Console) -> Exit {
    let profiles = match all(global) {
        Ok(profiles) => profiles,
        Err(error) => return error.tell(console),
    };
    let document = Document { profiles: profiles.values().map(Row::of).collect() };
    console.show(Exit::Done, &document, || table(&profiles))
}

/// Every profile there is for the configuration that the arguments name, or for this folder.
pub(crate) fn all(global: &Global) -> Result<BTreeMap<String, Profile>, CommandError> {
    let config = crate::config::load::find(global.config.as_deref()).unwrap_or_else(|_| PathBuf::from("recount.toml"));
    profiles::all(config.parent().unwrap_or(Path::new("")))
        .map_err(|errors| CommandError::new(Exit::Config, errors.to_string(), "correct the profile, or remove it"))
}

/// The one profile that this file is for.
pub(crate) fn fitting<'a>(
    profiles: &'a BTreeMap<String, Profile>,
    path: &Path,
    bytes: &[u8],
) -> Result<&'a Profile, CommandError> {
    let tried = profiles.values().map(|one| (one, fit(bytes, &one.layout, &one.recognised_by)));
    let (mut fits, mut misfits) = (Vec::new(), Vec::new());
    for (profile, tried) in tried {
        match tried {
            Ok(()) => fits.push(profile),
            Err(misfit) => misfits.push((profile, misfit)),
        }
    }
    let file = shown(&path.display().to_string());
    match fits.as_slice() {
        [one] => Ok(one),
        [] => Err(none_fits(&file, &misfits)),
        several => {
            let names: Vec<&str> = several.iter().map(|profile| profile.name.as_str()).collect();
            let message = format!("{file} fits several profiles: {}", names.join(", "));
            Err(CommandError::new(Exit::Usage, message, format!("recount read {file} --profile {}", names[0])))
        }
    }
}

fn none_fits(file: &str, misfits: &[(&Profile, LayoutMismatch)]) -> CommandError {
    let mut nearest: Option<(usize, usize, &Profile, &[String])> = None;
    for (profile, misfit) in misfits {
        let LayoutMismatch::Lacks { columns, of } = misfit else { continue };
        let has = of - columns.len();
        // Compared as shares, of which the first largest counts.
        if has > 0 && nearest.is_none_or(|(most, out_of, ..)| has * out_of > most * of) {
            nearest = Some((has, *of, profile, columns));
        }
    }
    if let Some((_, _, profile, columns)) = nearest {
        let names: Vec<String> = columns.iter().map(|name| format!("\"{}\"", shown(name))).collect();
        let s = if names.len() == 1 { "" } else { "s" };
        let message =
            format!("no profile fits {file}: the nearest is {}: it lacks column{s} {}", profile.name, names.join(", "));
        return CommandError::new(Exit::Usage, message, "write a profile of its own: docs/exports.md says how");
    }
    // Where nobody can read it, the file itself is at fault.
    let damage = misfits.iter().find_map(|(_, misfit)| match misfit {
        LayoutMismatch::Other(why) => Some(why.as_str()),
        LayoutMismatch::Lacks { .. } => None,
    });
    let unreadable = damage.filter(|_| misfits.iter().all(|(_, misfit)| matches!(misfit, LayoutMismatch::Other(_))));
    match unreadable {
        Some(why) => {
            let fix = "if it is as the vendor wrote it, write a profile of its own: docs/exports.md says how";
            CommandError::new(Exit::Refused, format!("the export {file}: {why}"), fix)
        }
        None => {
            let message = format!("no profile fits {file}, and none has a column in common with it");
            CommandError::new(Exit::Usage, message, "write a profile of its own: docs/exports.md says how")
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    profiles: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    title: &'a str,
    vendor: &'a str,
    path: Option<&'a Path>,
}

impl<'a> Row<'a> {
    fn of(profile: &'a Profile) -> Self {
        let Profile { name, title, vendor, path, .. } = profile;
        Self { name, title, vendor, path: path.as_deref() }
    }
}

fn table(profiles: &BTreeMap<String, Profile>) -> String {
    let width = profiles.keys().map(String::len).max().unwrap_or(0);
    let line = |profile: &Profile| {
        let own = if profile.path.is_some() { " (your own)" } else { "" };
        format!("{:width$}  {}{own}\n", profile.name, shown(&profile.title))
    };
    profiles.values().map(line).collect()
}
