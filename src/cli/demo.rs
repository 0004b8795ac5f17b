//! demo
use clap::Args;
use crate::cli::console::Console;
use crate::reconcile::exit::Exit;
/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct Options {}
pub(super) fn run(_: &Options, _: &Console) -> Exit { Exit::Done }
