//! What the name of an integration that was typed means.

use crate::cli::error::CommandError;
use crate::config::settings::{Config, IntegrationConfig};
use crate::export::read::alike_names::alike;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::Mode;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;

/// The integration of this name, whatever its mode.
pub(crate) fn named<'a>(config: &'a Config, name: &str) -> Result<&'a IntegrationConfig, CommandError> {
    config.integrations.get(name).ok_or_else(|| {
        let names: Vec<&str> = config.integrations.keys().map(IntegrationName::as_str).collect();
        let meant = alike(name, names.iter().copied()).map(|meant| format!("did you mean {meant}? "));
        let fix = format!("{}the integrations are: {}", meant.unwrap_or_default(), names.join(", "));
        CommandError::new(Exit::Usage, format!("there is no integration {}", shown(name)), fix)
    })
}

/// The integration of this name, which has to be on.
pub(crate) fn on<'a>(config: &'a Config, name: &str) -> Result<&'a IntegrationConfig, CommandError> {
    let found = named(config, name)?;
    match found.mode {
        Mode::Off => {
            let message = format!("integration {name} is off");
            let fix = Remedy::command(format!("recount integrations enable {name} --mode observe"));
            Err(CommandError::new(Exit::Config, message, fix))
        }
        Mode::Observe | Mode::Apply => Ok(found),
    }
}
