//! What `init` says when it is done: what was written, what was understood, and what to do next.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use crate::cli::commands::init::file_columns::ChosenColumns;
use crate::cli::commands::init::init_answers::{Answers, is_pattern};
use crate::cli::commands::init::layout_choice::{ChosenExport, ChosenLayout};
use crate::cli::commands::init::new_folder::{FILES, Folder, HOME};
use crate::cli::commands::init::security_role;
use crate::cli::commands::init::systemd_drop_ins::may_be_skipped;
use crate::config::secrets::SecretSource;
use crate::export::count::misread::undeclared;
use crate::export::count::number_notation::Notation;
use crate::export::propose::proposal::Proposal;
use crate::reconcile::decide::findings::row_remedies::row_remedy;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::counts::{Counts, CustomerCounts};
use crate::reconcile::model::ids::ServiceName;
use crate::report::format::text::wrapped;
use crate::report::numbers_and_dates::plural;

/// What was made.
#[derive(Debug)]
pub(super) struct CreatedFiles {
    pub(super) answers: Answers,
    pub(super) folder: Folder,
    pub(super) counts: Counts,
    /// Why the export was not read.
    pub(super) unread: Option<String>,
    /// Keys that would read it, or more of it.
    pub(super) proposals: Vec<Proposal>,
}

/// The same for programs.
#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    folder: &'a Path,
    files: [&'static str; 4],
    integration: &'a str,
    profile: Option<&'a str>,
    rows: usize,
    next: String,
}

impl CreatedFiles {
    pub(super) fn document(&self) -> Document<'_> {
        let vendor = &self.answers.vendor;
        let profile = match &vendor.layout {
            ChosenLayout::Profile(name) => Some(name.as_str()),
            ChosenLayout::Columns(_) => None,
        };
        let (folder, integration) = (self.folder.path.as_path(), vendor.name.as_str());
        let (rows, next) = (self.counts.rows, self.next());
        Document { folder, files: FILES, integration, profile, rows, next }
    }

    pub(super) fn text(&self) -> String {
        let mut text = self.files();
        for paragraph in [self.export(), self.night()] {
            if !paragraph.is_empty() {
                text.push('\n');
                wrapped(&mut text, &paragraph, "", "");
            }
        }
        format!("{text}\n{}\n{}\n{}\n", self.keys(), Self::role(), self.units())
    }

    /// Whether `check` can be run at once: the service's credentials are not here.
    pub(super) fn can_be_checked(&self) -> bool {
        let connection = &self.answers.connection;
        connection.public_key.is_readable_here() && connection.private_key.is_readable_here()
    }

    fn role() -> String {
        format!(
            "The API member needs a role in ConnectWise, System > Security Roles > New, with\n\
             these levels, each \"All\". Everything else stays at None.\n{}\
             Only with service tickets, in addition: Service Desk > Service Tickets:\n\
             Add, Edit, Inquire. Service Desk > Close Service Tickets: Edit.\n",
            security_role::table()
        )
    }

    fn files(&self) -> String {
        let mode = match self.answers.vendor.mode.as_str() {
            "observe" => "the configuration; mode observe: it never writes",
            "apply" => "the configuration; mode apply: the first writes need your approval",
            _ => "the configuration; mode off: nothing runs",
        };
        let [configuration, customers, service, timer] = FILES;
        format!(
            "Written into {}:\n  {configuration:<25}{mode}\n  {customers:<25}which customer is which company; empty so far\n  \
             {service}\n{:27}a nightly run\n  {timer}\n{:27}when it runs\n",
            self.folder.path.display(),
            "",
            ""
        )
    }

    fn export(&self) -> String {
        let how = match &self.answers.vendor.layout {
            ChosenLayout::Profile(name) => format!("the profile {name}"),
            ChosenLayout::Columns(ChosenColumns { customer, service, count, delimiter: _ }) => {
                let (customer, service) = (shown(customer), shown(service));
                match count {
                    Some(count) => format!("the columns \"{customer}\", \"{service}\" and \"{}\"", shown(count)),
                    None => format!("the columns \"{customer}\" and \"{service}\"; each row is one"),
                }
            }
        };
        let read = match &self.unread {
            Some(why) => format!("It was not read yet: {why}"),
            None => {
                let (rows, customers) = (self.counts.rows, self.counts.customers.len());
                let (rows, customers) = (plural(rows, "row"), plural(customers, "customer"));
                format!("Tonight: {rows}, {customers}, {}.", plural(services_of(&self.counts).len(), "service"))
            }
        };
        let tomorrow = match &self.answers.vendor.export {
            ChosenExport::Path(path) if dated(path) => {
                " Is tomorrow's file another one? Then put a pattern into recount.toml, such as \"usage-*.csv\": the \
                 newest file is read."
            }
            _ => "",
        };
        let proposals: String = self.proposals.iter().map(|one| format!(" {one} in the export's table.")).collect();
        format!("The export is read by {how}. {read}{}{proposals}{tomorrow}", self.unread_rows())
    }

    /// Rows that are no counts: the first one, and what reads them where nothing that is proposed does.
    fn unread_rows(&self) -> String {
        let Some(row) = self.counts.rejected.first() else { return String::new() };
        let (rows, why) = (plural(self.counts.rejected.len(), "row"), &row.why);
        let (column, value) = (shown(&row.column), shown(&row.value));
        let cannot = format!(" {rows} cannot be read, as line {}: \"{value}\" in \"{column}\" {why}.", row.line);
        let declared = undeclared(&self.counts, Notation::default());
        match (self.proposals.is_empty(), declared) {
            (true, Some(declared)) => format!("{cannot} What to do: {declared}."),
            (true, None) => format!("{cannot} What to do: {}.", row_remedy(why, self.counts.filled)),
            (false, _) => cannot,
        }
    }

    fn night(&self) -> String {
        let warning = "That time does not exist on the night when the clocks go forward, and systemd skips that night; \
                       04:00 or later, or UTC, is safe.";
        let Answers { at, zone, .. } = &self.answers;
        let at = format!(
            "Every night at {:02}:{:02} {}; the time stands in recount.toml and in the timer.",
            at.hour,
            at.minute,
            shown(zone)
        );
        if may_be_skipped(&self.answers) { format!("{at} {warning}") } else { at }
    }

    fn keys(&self) -> String {
        let connection = &self.answers.connection;
        let places = [&connection.public_key, &connection.private_key].map(|key| match &key.source {
            SecretSource::Credential(name) if key.is_encrypted => {
                format!("/etc/recount/credentials/{name}, encrypted for this host")
            }
            SecretSource::Credential(name) => format!("/etc/recount/credentials/{name}, root's, mode 0600"),
            SecretSource::File(path) => format!("{}, mode 0600", path.display()),
            SecretSource::Env(name) => format!("the variable {name}"),
        });
        format!("No key is in these files. They are looked for in\n  {}\n  {}\n", places[0], places[1])
    }

    fn units(&self) -> String {
        if self.folder.path == Path::new(HOME) {
            return format!(
                "Hand the keys' places and the time over to systemd:\n  sudo cp -r {HOME}/systemd/. /etc/systemd/system/\n  sudo systemctl daemon-reload\n"
            );
        }
        format!("The units look for {HOME}. When it is to run every night, use\n  sudo recount init --dir {HOME}\n")
    }

    pub(super) fn next(&self) -> String {
        let folder = &self.folder.path;
        if folder == Path::new(HOME) {
            return "sudo recount check".to_owned();
        }
        format!("recount check --config {}", folder.join("recount.toml").display())
    }
}

/// One file, with a day or a number in its name.
fn dated(path: &Path) -> bool {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    !is_pattern(path) && name.contains(|c: char| c.is_ascii_digit())
}

/// Every service that the export names.
pub(in crate::cli::commands) fn services_of(counts: &Counts) -> BTreeSet<&ServiceName> {
    counts.customers.values().flat_map(CustomerCounts::services).collect()
}
