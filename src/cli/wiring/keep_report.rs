//! The report of a run, kept for the morning.

use std::io::Write as _;
use std::path::Path;

use crate::cli::clock;
use crate::cli::wiring::{configured_health, invoice_moment};
use crate::config::environment;
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::history::run_record::RunRecord;
use crate::history::store::open::History;
use crate::report::format::markdown;
use crate::report::report_files::Reports;

/// The report in all its forms, kept for the morning. A report that cannot be kept never changes a run: the history
/// holds all of it.
pub(crate) fn keep(config: &Config, history: &History, run: &RunRecord) {
    keep_again(config, history, run);
    if let Some(summary) = environment::step_summary()
        && let Err(error) = append_summary(&summary, run)
    {
        tracing::warn!("the summary of run {} cannot be kept: {error}", run.run);
    }
}

/// The same of a run of which more came to be known; what a build server was told stays.
pub(crate) fn keep_again(config: &Config, history: &History, run: &RunRecord) {
    if let Err(error) = Reports::of(&config.state)
        .with_moment(invoice_moment::now(config))
        .with_records(config.record_links())
        .keep(history, run)
    {
        let why = error_chain(&error);
        tracing::warn!("the report of run {} cannot be kept: {why}", run.run);
    }
}

/// The pages of no run alone, drawn anew where what they follow from has changed: which integrations are on, or whether the
/// history can be believed. Before the first report there are none.
pub(crate) fn keep_overviews(config: &Config) {
    let reports = Reports::of(&config.state).with_moment(invoice_moment::now(config));
    let Ok(Some(history)) = History::open_existing(&config.state) else { return };
    let reports = reports.with_standing_by(configured_health::standing_by(config, Some(&history)));
    if !reports.file("ready.html").exists() {
        return;
    }
    if let Err(error) = reports.keep_overviews(&history, config.zone.local(clock::now())) {
        tracing::warn!("the pages beside the reports cannot be kept: {}", error_chain(&error));
    }
}

/// Beyond its limit the build server would show nothing at all.
fn append_summary(path: &Path, run: &RunRecord) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    let text = format!("{}\n", markdown::render(run));
    let room = markdown::BYTES_MAX.saturating_sub(usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX));
    if text.len() <= room { file.write_all(text.as_bytes()) } else { Ok(()) }
}
