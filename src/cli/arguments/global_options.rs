//! The options that every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Default, Args)]
pub(crate) struct Global {
    /// The configuration; default ./recount.toml, then /etc/recount/recount.toml
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "FILE", env = "RECOUNT_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// One JSON document on stdout
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// Say nothing when there is nothing to say
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub(crate) quiet: bool,
    /// Log what is being done, to stderr; twice for more
    #[arg(short, long, global = true, help_heading = "Everywhere", action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Colour
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
    /// Signs that any terminal can show
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) ascii: bool,
    /// It is one tenant's process of a command for many
    #[arg(long, global = true, hide = true)]
    pub(crate) of_fleet: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Even into a file, unless `NO_COLOR` is set
    Always,
    /// Not at all
    Never,
}
