//! Drop-ins for the installed service and timer: these keys, this export and this time. An upgrade leaves them alone.

use std::path::Path;

use crate::cli::commands::init::init_answers::{Answers, TimeOfDay};
use crate::cli::commands::init::layout_choice::ChosenExport;
use crate::config::secrets::SecretSource;

/// Where the shipped service looks for exports.
const EXPORTS: &str = "/srv/recount/exports";

/// One nightly run, and the daemon.
pub(super) fn service(answers: &Answers) -> String {
    let credentials = [&answers.connection.public_key, &answers.connection.private_key].map(|key| match &key.source {
        SecretSource::Credential(name) => {
            let encrypted = if key.is_encrypted { "Encrypted" } else { "" };
            format!("LoadCredential{encrypted}={name}:/etc/recount/credentials/{name}")
        }
        SecretSource::File(path) => format!("# The service's user must be able to read {}", path.display()),
        SecretSource::Env(name) => format!("# A service does not have your variable {name}: use a credential"),
    });
    // The empty one takes back those that are shipped.
    let lines = ["[Service]".to_owned(), "LoadCredential=".to_owned()].into_iter().chain(credentials);
    lines.chain(bound(&answers.vendor.export)).map(|line| line + "\n").collect()
}

/// The folder of the export, where the shipped one is another.
fn bound(export: &ChosenExport) -> Option<String> {
    let ChosenExport::Path(path) = export else { return None };
    let folder = path.ancestors().skip(1).find(|folder| !super::init_answers::is_pattern(folder))?;
    let elsewhere = folder != Path::new(EXPORTS) && folder != Path::new("/");
    elsewhere.then(|| format!("BindReadOnlyPaths=-{}", folder.display()))
}

/// Every night at this time.
pub(super) fn timer(answers: &Answers) -> String {
    let TimeOfDay { hour, minute } = answers.at;
    format!("[Timer]\nOnCalendar=\nOnCalendar=*-*-* {hour:02}:{minute:02}:00 {}\n", answers.zone)
}

/// A time that may not exist on the night when the clocks go forward: systemd then skips that night altogether.
pub(super) fn may_be_skipped(answers: &Answers) -> bool {
    answers.zone != "UTC" && answers.at.hour < 4
}
