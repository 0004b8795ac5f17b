//! One alert as it is configured: whose runs it tells of, after which, and by which channel.

use std::error::Error;

use crate::alerts::Channel;
use crate::reconcile::model::ids::IntegrationName;

/// One alert.
#[derive(Clone, Copy)]
pub struct Alert<'a> {
    /// Its name in the configuration.
    pub name: &'a str,
    /// What it tells of.
    pub rules: &'a AlertRules,
    /// How it tells.
    pub source: &'a dyn ChannelSource,
}

/// What an alert tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRules {
    /// Whose runs; none means everybody's.
    pub integrations: Vec<String>,
    /// After which runs.
    pub each: RunFilter,
    /// Whether Monday's digest is sent.
    pub weekly: bool,
    /// Where the report of a run can be seen, with `{run}` in it.
    pub link: Option<String>,
}

/// After which runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunFilter {
    /// All.
    Always,
    /// Those that need somebody, and the first good one after such.
    Attention,
    /// Those that are not like the night before: something is new, settled, written, or otherwise ended.
    Changes,
    /// Those of either.
    AttentionOrChanges,
    /// None.
    Never,
}

/// A channel whose secrets were not read yet: that happens when there is something to tell.
pub trait ChannelSource {
    /// Whether it is a dead man's switch, which is told of beginnings as well.
    fn is_ping(&self) -> bool;

    /// The channel, with its secrets read now.
    ///
    /// # Errors
    /// When one cannot be read, or is not what it has to be. No error shows a secret.
    fn channel(&self) -> Result<Channel, Box<dyn Error>>;
}

impl AlertRules {
    /// Whether it tells of this integration's runs.
    pub fn is_about(&self, integration: &IntegrationName) -> bool {
        self.integrations.is_empty() || self.integrations.iter().any(|name| name == integration.as_str())
    }
}
