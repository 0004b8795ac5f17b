//! `recount check --probe AGREEMENT`: what a live ConnectWise does where no public text says it. The result names nobody, so
//! that it can be sent to whoever maintains recount.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::arguments::typed_integration;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::{clock, session};
use crate::config::settings::IntegrationConfig;
use crate::connectwise::client::Client;
use crate::connectwise::probe::{ProbeAnswer, ProbeLine, SetAgain, SetAgainEnd};
use crate::history::journal::{Intent, IntentKind, WriteOutcome};
use crate::history::run_record::{RunEnd, Totals};
use crate::history::run_writing::NewRun;
use crate::reconcile::model::ids::{AgreementId, RunId};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand, Traffic};
use crate::report::exit_codes::Exit;

#[derive(Serialize)]
struct Document {
    probe: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    question: &'static str,
    seen: String,
}

pub(super) fn run(global: &Global, what: (AgreementId, bool, Option<&str>), console: &Console) -> Exit {
    match probed(global, what) {
        Err(error) => return error.tell(console),
        Ok(answers) if console.json => {
            let row = |ProbeAnswer { question, seen }| Row { question, seen };
            console.document(Exit::Done, &Document { probe: answers.into_iter().map(row).collect() });
        }
        Ok(answers) => console.print(&text(&answers)),
    }
    Exit::Done
}

fn probed(
    global: &Global,
    (agreement, write, whose): (AgreementId, bool, Option<&str>),
) -> Result<Vec<ProbeAnswer>, CommandError> {
    let config = session::configuration(global)?;
    let integration = match whose {
        Some(name) => typed_integration::named(&config, name)?,
        None => config.integrations.values().find(|one| one.mode != Mode::Off).ok_or_else(|| {
            CommandError::new(Exit::Config, "no integration is on", "name one with --integration NAME")
        })?,
    };
    // Beside a run two writers would not know of each other.
    let mut session = write.then(|| Session::open_to_look(&config)).transpose()?;
    let connectwise = session::connectwise_of(&config, integration)?;
    let client = session::connect(connectwise)?;
    session::runtime()?.block_on(async {
        let mut answers = client.open_questions(agreement).await;
        if let Some(session) = &mut session {
            let what = ProbeWrite { integration, site: connectwise.site(), client: &client };
            answers.extend(what.carry_out(agreement, session).await?);
            // What the probe wrote is in the journal; that its copy failed is told by a warning and by `status`.
            let _ = session.copy(&config);
        }
        Ok(answers)
    })
}

/// One line is set to what it holds: like every write, with its intent on the disk before it leaves.
struct ProbeWrite<'a> {
    integration: &'a IntegrationConfig,
    site: String,
    client: &'a Client,
}

impl ProbeWrite<'_> {
    async fn carry_out(&self, agreement: AgreementId, session: &mut Session) -> Result<Vec<ProbeAnswer>, CommandError> {
        let run = self.begin(session)?;
        let done = self.set_twice(run, agreement, session).await;
        let exit = if done.is_ok() { Exit::Done } else { Exit::Unexpected };
        let end = RunEnd {
            finished_at: clock::now(),
            verdict: exit.verdict(),
            exit_code: exit.code(),
            findings: Vec::new(),
            totals: Totals::default(),
            requests: Traffic::default(),
            head: Some(session.history.head()?),
        };
        session.history.end_run(run, &[], &end)?;
        done
    }

    fn begin(&self, session: &mut Session) -> Result<RunId, CommandError> {
        let IntegrationConfig { name, mode, zone, .. } = self.integration;
        let start = NewRun {
            integration: name.clone(),
            command: RunCommand::Probe,
            mode: *mode,
            started_at: zone.local(clock::now()),
            undoes: None,
            site: self.site.clone(),
        };
        Ok(session.history.begin_run(&session.lock, start)?)
    }

    async fn set_twice(
        &self,
        run: RunId,
        agreement: AgreementId,
        session: &mut Session,
    ) -> Result<Vec<ProbeAnswer>, CommandError> {
        let before = self.client.updated(agreement).await;
        let mut answers = Vec::new();
        for how in [SetAgain::Plain, SetAgain::WithFields] {
            let line = match self.client.line_to_try(agreement).await {
                Ok(line) => line,
                Err(nothing) => return Ok(vec![nothing]),
            };
            if session.has_lost_the_lease() {
                let said = "another host writes by now";
                return Err(CommandError::new(Exit::Unexpected, said, "try again there"));
            }
            let write = session.history.intent(&session.lock, run, &intent(&line), clock::now())?;
            let (answer, end) = self.client.set_again(&line, how).await;
            session.history.outcome(write, &outcome(&line, end), clock::now())?;
            answers.push(answer);
        }
        let moved = before.is_some() && self.client.updated(agreement).await != before;
        answers.push(ProbeAnswer { question: "the agreement's lastUpdated moved", seen: moved.to_string() });
        Ok(answers)
    }
}

fn intent(line: &ProbeLine) -> Intent {
    let key = LineKey { agreement: line.agreement, product: line.product.clone(), item: None };
    Intent { key, kind: IntentKind::Set { addition: line.addition, from: line.quantity, to: line.quantity } }
}

fn outcome(line: &ProbeLine, end: SetAgainEnd) -> WriteOutcome {
    match end {
        SetAgainEnd::Same => WriteOutcome::Applied { addition: line.addition, quantity: line.quantity },
        SetAgainEnd::Refused(why) => WriteOutcome::Refused { why },
        SetAgainEnd::Unclear(why) => WriteOutcome::Unknown { why },
    }
}

fn text(answers: &[ProbeAnswer]) -> String {
    let mut text =
        format!("recount {} · probe of ConnectWise; no name, id or quantity is in it\n", env!("CARGO_PKG_VERSION"));
    for ProbeAnswer { question, seen } in answers {
        let _ = writeln!(text, "  {question}: {seen}");
    }
    text
}
