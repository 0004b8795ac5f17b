//! `recount check --probe AGREEMENT`: what a live ConnectWise does where no public text says it. The result names nobody, so
//! that it can be sent to whoever maintains recount.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::arguments::global::Global;
use crate::cli::arguments::typed_integration;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::cli::session::Session;
use crate::connectwise::probe::ProbeAnswer;
use crate::reconcile::model::ids::AgreementId;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::exit::Exit;

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
    let _session = write.then(|| Session::open(&config)).transpose()?;
    let client = session::connect(session::connectwise_of(&config, integration)?)?;
    session::runtime()?.block_on(async {
        let mut answers = client.open_questions(agreement).await;
        if write {
            answers.extend(client.same_again(agreement).await);
        }
        Ok(answers)
    })
}

fn text(answers: &[ProbeAnswer]) -> String {
    let mut text =
        format!("recount {} · probe of ConnectWise; no name, id or quantity is in it\n", env!("CARGO_PKG_VERSION"));
    for ProbeAnswer { question, seen } in answers {
        let _ = writeln!(text, "  {question}: {seen}");
    }
    text
}
