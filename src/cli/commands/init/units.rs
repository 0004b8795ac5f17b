//! The systemd service and timer: those that are shipped, with these keys, this export and this time.

use std::path::Path;

use crate::cli::commands::init::answers::{Answers, At};
use crate::cli::commands::init::sample::ChosenExport;
use crate::config::secrets::SecretSource;

const SERVICE: &str = include_str!("../../../../systemd/recount.service");
const TIMER: &str = include_str!("../../../../systemd/recount.timer");
/// Where the shipped service looks for exports.
const EXPORTS: &str = "/srv/recount/exports";

/// One nightly run.
pub(super) fn service(answers: &Answers) -> String {
    let credentials = [&answers.connection.public_key, &answers.connection.private_key].map(|key| match key {
        SecretSource::Credential(name) => format!("LoadCredential={name}:/etc/recount/credentials/{name}"),
        SecretSource::File(path) => format!("# The service's user must be able to read {}", path.display()),
        SecretSource::Env(name) => format!("# A service does not have your variable {name}: use a credential"),
    });
    let mut credentials = credentials.into_iter();
    let bound = bound(&answers.vendor.export);
    let lines = SERVICE.lines().map(|line| match line {
        _ if line.starts_with("LoadCredential=") => credentials.next().unwrap_or_default(),
        _ if line.starts_with("BindReadOnlyPaths=") => bound.clone().unwrap_or_else(|| line.to_owned()),
        _ => line.to_owned(),
    });
    lines.map(|line| line + "\n").collect()
}

/// The folder of the export, where the shipped one is another.
fn bound(export: &ChosenExport) -> Option<String> {
    let ChosenExport::Path(path) = export else { return None };
    let folder = path.ancestors().skip(1).find(|folder| !super::answers::is_pattern(folder))?;
    let elsewhere = folder != Path::new(EXPORTS) && folder != Path::new("/");
    elsewhere.then(|| format!("BindReadOnlyPaths=-{}", folder.display()))
}

/// Every night at this time.
pub(super) fn timer(answers: &Answers) -> String {
    let At { hour, minute } = answers.at;
    let when = format!("{hour:02}:{minute:02} {}", answers.zone);
    let body = TIMER.lines().skip_while(|line| line.starts_with('#')).map(|line| match line {
        _ if line.starts_with("OnCalendar=") => format!("OnCalendar=*-*-* {hour:02}:{minute:02}:00 {}", answers.zone),
        _ => line.to_owned(),
    });
    format!("# Every night at {when}.\n") + &body.map(|line| line + "\n").collect::<String>()
}

/// A time that may not exist on the night when the clocks go forward: systemd then skips that night altogether.
pub(super) fn may_be_skipped(answers: &Answers) -> bool {
    answers.zone != "UTC" && answers.at.hour < 4
}
