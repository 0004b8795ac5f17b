//! The alerts of a configuration, as the engine takes them.

use crate::alerts::alert::Alert;
use crate::alerts::engine::Alerts;
use crate::cli::clock;
use crate::config::settings::Config;
use crate::config::tables::alerts::AlertConfig;
use crate::reconcile::model::plan::outcome::Mode;

/// All of them, for one run after another.
pub(crate) fn of(config: &Config) -> Alerts<'_> {
    let on = config.integrations.values().filter(|integration| integration.mode != Mode::Off);
    Alerts {
        alerts: config.alerts.iter().map(|(name, alert)| one(name, alert)).collect(),
        integrations: on.map(|integration| &integration.name).collect(),
        within: config.alerts_within,
        records: config.record_links(),
        clock: &clock::now,
        zone: &config.zone,
    }
}

/// One alert.
pub(crate) fn one<'a>(name: &'a str, alert: &'a AlertConfig) -> Alert<'a> {
    Alert { name, rules: &alert.rules, source: alert }
}
