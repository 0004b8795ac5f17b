//! The demo's commands, and what each of them shows.

use std::path::Path;

use anyhow::Context as _;
use recount_sim::Sim;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::run;
use crate::cli::commands::run::run_request::RunRequest;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::history::run_record::RunRecord;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::fingerprint::short;
use crate::report::exit_codes::Exit;
use crate::report::format::text;
use crate::report::format::text::View;
use crate::report::numbers_and_dates::plural;

/// Commands as a person would type them. What was shown once is only counted later.
pub(super) struct Tour<'a> {
    pub(super) global: Global,
    pub(super) console: &'a Console,
    known: Vec<Finding>,
}

impl<'a> Tour<'a> {
    pub(super) fn new(folder: &Path, console: &'a Console) -> Self {
        let global = Global { config: Some(folder.join("recount.toml")), ..Global::default() };
        Self { global, console, known: Vec::new() }
    }

    /// The first night's plan; gives its fingerprint.
    pub(super) fn plan(&mut self) -> anyhow::Result<String> {
        let why = "What would change tonight, and which items are open? Nothing is written.";
        let plan = self.night(why, "plan", |tour, show| run::nights(&tour.global, &[], RunRequest::PLAN, show))?;
        Ok(short(&plan.planned.context("the run has no plan")?.fingerprint).to_owned())
    }

    pub(super) fn night(
        &mut self,
        why: &str,
        typed: &str,
        command: impl FnOnce(&Self, &mut dyn FnMut(&RunRecord)) -> Result<Vec<RunRecord>, CommandError>,
    ) -> anyhow::Result<RunRecord> {
        let Console { paint, .. } = *self.console;
        self.console.print(&format!("\n{}\n$ recount {typed}\n\n", paint.head(&format!("── {why}"))));
        let view = View { paint, whole: false, known: &self.known, is_older: false };
        let shown = command(self, &mut |run| self.console.print(&text::render(run, view)));
        let mut runs = shown.map_err(|error| anyhow::anyhow!("`recount {typed}`: {}", error.message))?;
        let run = runs.pop().context("there was no run")?;
        let end = run.end.as_ref().context("the run did not end")?;
        anyhow::ensure!(Exit::of_code(end.exit_code).is_good(), "`recount {typed}` ended with {}", end.exit_code);
        self.known.extend(end.findings.iter().cloned());
        Ok(run)
    }

    /// What reached ConnectWise in this step.
    pub(super) fn writes(&self, sim: &Sim) {
        let writes = sim.writes().len();
        sim.clear_requests();
        self.console.print(&format!("→ {} reached ConnectWise\n", plural(writes, "write")));
    }
}
