//! Nights that failed where nothing could be stored: noted then, and recorded with their reports by the next process that can.

use crate::cli::clock;
use crate::cli::error::CommandError;
use crate::cli::wiring::keep_report;
use crate::config::settings::{Config, ConnectWiseConfig, IntegrationConfig};
use crate::history::run_record::RunRecord;
use crate::history::run_writing::NewRun;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::history::store::unbegun_nights::{UnbegunNight, keep_only, note, noted, reserve};
use crate::nightly::earlier_runs::close_noted;
use crate::nightly::night_failure::Failure;
use crate::nightly::unbegun_night;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::plan::outcome::{Mode, RunCommand};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;

/// Notes that nights ended with this, of which no history knows.
pub(crate) fn keep(config: &Config, integrations: &[&IntegrationConfig], error: &CommandError) {
    let at = clock::now();
    let night = |integration: &&IntegrationConfig| UnbegunNight {
        at,
        integration: integration.name.to_string(),
        mode: integration.mode.as_str().to_owned(),
        exit_code: error.exit.code(),
        message: error.message.clone(),
        run: None,
    };
    noted_now(config, &integrations.iter().map(night).collect::<Vec<_>>());
}

/// Notes how a run ended whose end could not be stored: the history takes it for one that was cut off.
pub(crate) fn keep_end(config: &Config, run: &RunRecord) {
    let Some(end) = run.end.as_ref().filter(|end| end.head.is_none()) else { return };
    let said = end.findings.iter().rev().find(|finding| finding.code == Code::StoreFailed);
    let night = UnbegunNight {
        at: end.finished_at,
        integration: run.integration.to_string(),
        mode: run.mode.as_str().to_owned(),
        exit_code: end.exit_code,
        message: said.map(|finding| finding.message.clone()).unwrap_or_default(),
        run: Some(run.run.0),
    };
    noted_now(config, &[night]);
}

fn noted_now(config: &Config, nights: &[UnbegunNight]) {
    if let Err(why) = note(&config.state, nights) {
        tracing::error!("this night can be recorded nowhere: {why}");
    }
}

/// Takes the room for such notes, and records what was noted.
///
/// # Errors
/// When a night cannot be stored: then all that are left stay noted.
pub(crate) fn settle(config: &Config, lock: &RunLock, history: &mut History) -> Result<(), StoreError> {
    if let Err(why) = reserve(&config.state) {
        tracing::warn!("no room could be taken for notes of nights with a full disk: {why}");
    }
    let nights = match noted(&config.state) {
        Ok(nights) => nights,
        // Tonight's lines do not wait for what is known of an earlier night.
        Err(why) => {
            tracing::error!("nights that are noted cannot be read, and are recorded nowhere: {why}");
            return Ok(());
        }
    };
    for (at, night) in nights.iter().enumerate() {
        // A process that died, or could not forget it, left the note of one that is stored.
        let missing = if history.is_recorded(night)? { None } else { known(config, night) };
        if let Some((begun, failure)) = missing {
            let run = match night.run {
                None => Some(unbegun_night::record(begun, failure, lock, history)?),
                Some(run) => close_noted((&begun.integration, RunId(run)), failure, &|| night.at, history)?,
            };
            run.iter().for_each(|run| keep_report::keep(config, history, run));
        }
        // One by one: none that was stored is stored again where the next one fails.
        if let Err(why) = keep_only(&config.state, &nights[at + 1..]) {
            tracing::error!("a night that is recorded is noted still, and tonight goes on: {why}");
        }
    }
    Ok(())
}

/// A note of an integration that has gone from the configuration is still a night of its.
fn known(config: &Config, night: &UnbegunNight) -> Option<(NewRun, Failure)> {
    let UnbegunNight { at, integration, mode, exit_code, message, run } = night;
    let integration = IntegrationName::new(integration);
    let settings = config.integrations.get(&integration);
    let zone = settings.map_or(&config.zone, |settings| &settings.zone);
    let connectwise = settings.and_then(|settings| config.connectwise.get(&settings.connectwise));
    let site = connectwise.map(ConnectWiseConfig::site).unwrap_or_default();
    // A clock that was ahead then must not doubt the right one of tonight.
    let started_at = zone.local((*at).min(clock::now()));
    let (command, mode) = (RunCommand::Run, Mode::from_word(mode)?);
    let begun = NewRun { integration, command, mode, started_at, undoes: None, site };
    let lost = if run.is_some() { "Its end could not be recorded" } else { "Nothing could be recorded" };
    let message = format!("{message}. {lost} then; it is recorded now");
    let exit = Exit::of_code(*exit_code);
    let fix = Remedy::nothing("the history can be written again, and the nights go on");
    Some((begun, Failure::new(exit, code_of(exit), message, fix)))
}

/// The code of what ended a night before it began.
pub(crate) fn code_of(exit: Exit) -> Code {
    match exit {
        Exit::Config => Code::ConfigInvalid,
        Exit::Store => Code::StoreFailed,
        _ => Code::Unexpected,
    }
}
