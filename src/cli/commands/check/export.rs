//! Whether tonight's export can be read, and what to write where it cannot.

use crate::cli::commands::check::check_output::CheckList;
use crate::cli::commands::read::{all_proposals, asked};
use crate::cli::{clock, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::error_chain::error_chain;
use crate::export::count::misread::undeclared;
use crate::export::excerpt::drawn;
use crate::export::propose::{files_of, proposals};
use crate::nightly::night_failure::Failure;
use crate::nightly::read_export::{ReadExportError, read_export};
use crate::reconcile::decide::findings::row_remedies::row_remedy;
use crate::reconcile::guard::export_guards::{malformed, part_unread, stale};
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::export::counts::{Counts, RejectedRow};
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;

/// Rows of an export that are told one by one.
const ROWS_TOLD: usize = 20;

impl CheckList {
    /// Reads it, and tells what is wrong with it. Nothing is counted then.
    pub(super) async fn export(&mut self, name: &str, config: &Config, integration: &IntegrationConfig) -> Counts {
        let fetched = session::fetched(&config.state);
        match read_export(&integration.export, &integration.name, &fetched, &clock::now).await {
            Ok(export) => {
                let (path, counts) = (&export.path, &export.counts);
                let (rows, customers) = (plural(counts.rows, "row"), plural(counts.customers.len(), "customer"));
                let read = format!("{}: {rows}, {customers}", path.display());
                if counts.rows > 0 && counts.customers.is_empty() {
                    let message = format!("{read}: no row counts for anybody");
                    self.wrong(name, Exit::Decide, message, Remedy::command(format!("recount read {name}")));
                } else {
                    self.good(name, read);
                }
                if let Some(finding) = stale(&integration.guards, &export.stamp(), clock::now()) {
                    self.wrong(name, Exit::Refused, finding.message, finding.fix);
                }
                if let Some(finding) = part_unread(counts) {
                    self.wrong(name, Exit::Refused, finding.message, finding.fix);
                }
                let files = files_of(&export.path, counts);
                let proposed = all_proposals(&files, &integration.export.layout, counts);
                let remedy = undeclared(counts, integration.export.layout.notation);
                self.rejected(name, &integration.name, counts, remedy.as_deref());
                if let Some(finding) = malformed(counts, &integration.guards) {
                    self.wrong(name, Exit::Refused, finding.message, remedy.map_or(finding.fix, Remedy::from));
                }
                for proposal in proposed {
                    self.note(name, format!("{proposal} in the export's table"));
                }
                export.counts
            }
            Err(ReadExportError::Export(error)) => {
                let files = files_of(error.path(), &Counts::default());
                let proposed = proposals(&files, &integration.export.layout);
                let fix = if proposed.is_empty() { Remedy::from(error.remedy()) } else { asked(&proposed) };
                self.wrong(name, Exit::Refused, error_chain(&error), fix);
                error.diagnosis().into_iter().for_each(|drawn| self.draw(drawn));
                Counts::default()
            }
            Err(error) => {
                self.failure(name, &Failure::from(error));
                Counts::default()
            }
        }
    }

    /// Rows that are no counts, each with the cell marked; of many the first.
    fn rejected(&mut self, name: &str, integration: &IntegrationName, counts: &Counts, remedy: Option<&str>) {
        let fix = |row: &RejectedRow| remedy.map_or_else(|| row_remedy(&row.why, counts.filled), Remedy::from);
        for row in counts.rejected.iter().take(ROWS_TOLD) {
            let (column, value) = (escaped(&row.column), escaped(&row.value));
            let place = counts.parts.line(row.line);
            let message = format!("{place}, column \"{column}\": \"{value}\" {}", row.why);
            let marked =
                row.mark.as_ref().map(|mark| format!("{message}\n{}", drawn(mark, counts.parts.of(row.line).1)));
            self.wrong(name, Exit::Decide, message, fix(row));
            marked.into_iter().for_each(|drawn| self.draw(drawn));
        }
        let more = counts.rejected.len().saturating_sub(ROWS_TOLD);
        if more > 0 {
            self.wrong(
                name,
                Exit::Decide,
                format!("{more} more rows could not be read"),
                Remedy::command(format!("recount read {integration}")),
            );
        }
    }
}
