//! A night that cannot begin: it is recorded where that can be, and alerts tell of it.

use crate::alerts::engine::{Alerts, AnnouncedRun};
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::wiring::{alert_engine, configured_health, keep_report, unbegun_nights};
use crate::cli::{clock, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::history::store::open::History;
use crate::nightly::night_failure::Failure;
use crate::report::brief::Brief;
use crate::report::exit_codes::Exit;

/// Gives `record` what records nights that cannot begin; where it cannot be had, they are told alone.
pub(crate) fn record_or_tell(
    config: &Config,
    integrations: &[&IntegrationConfig],
    error: &CommandError,
    record: impl FnOnce(&mut Session, &Failure) -> Result<(), CommandError>,
) {
    let CommandError { exit, message, fix, .. } = error;
    let failure = Failure::new(*exit, unbegun_nights::code_of(*exit), message.clone(), fix.clone());
    let told = match to_record(config, *exit) {
        Ok(mut session) => record(&mut session, &failure),
        Err(unrecorded) => {
            if unrecorded.exit == Exit::Store {
                unbegun_nights::keep(config, integrations, error);
            }
            // Else the numbers of the last run that was good stand there still.
            if let Ok(Some(history)) = History::open_existing(&config.state) {
                configured_health::keep(config, &history);
            }
            keep_report::keep_overviews(config);
            session::runtime().map(|runtime| runtime.block_on(tell(config, integrations, error)))
        }
    };
    if let Err(error) = told {
        tracing::error!("no alert could be sent about the night that cannot begin: {}", error.message);
    }
}

/// Where the store of copies is at fault it is not asked again. A host that stands by records nothing, and takes no lease over for
/// a night that it cannot begin.
fn to_record(config: &Config, exit: Exit) -> Result<Session, CommandError> {
    match exit {
        Exit::Store => Session::open_to_record(config),
        _ => Session::open_to_look(config).or_else(|error| match error.stands_by {
            true => Err(error),
            false => Session::open_to_record(config),
        }),
    }
}

async fn tell(config: &Config, integrations: &[&IntegrationConfig], error: &CommandError) {
    let alerts = alert_engine::of(config);
    for integration in integrations {
        let announced = alerts.before(&integration.name).await;
        tell_announced(&alerts, integration, &announced, error).await;
    }
}

/// Tells that a night did not begin that was announced.
pub(crate) async fn tell_announced(
    alerts: &Alerts<'_>,
    integration: &IntegrationConfig,
    announced: &AnnouncedRun,
    error: &CommandError,
) {
    let CommandError { exit, message, fix, .. } = error;
    let brief = Brief::of_trouble(&integration.name, *exit, message, fix, clock::now());
    alerts.unrecorded(&integration.name, announced, &brief).await;
}
