//! The command line as a whole: clap's types, with examples under the help of every command.

#[cfg(test)]
mod tests;

use clap::Command;
use clap::CommandFactory as _;
use clap::FromArgMatches as _;

use crate::cli::Cli;
use crate::cli::examples::EXAMPLES;

/// The arguments of this process. Help, version and mistakes end it here, as clap does it.
pub(super) fn parsed() -> Cli {
    let matches = whole().get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Every command, its options, and its examples.
pub(super) fn whole() -> Command {
    with_examples(Cli::command(), "")
}

fn with_examples(command: Command, path: &str) -> Command {
    let command = command.mut_subcommands(|child| {
        let path = format!("{path} {}", child.get_name()).trim_start().to_owned();
        with_examples(child, &path)
    });
    match EXAMPLES.iter().find(|(of, _)| *of == path) {
        Some((_, examples)) => command.after_help(format!("Examples:\n{}", lined_up(examples))),
        None => command,
    }
}

/// What is typed, and beside or under it what it is for.
fn lined_up(examples: &[(&str, &str)]) -> String {
    let width = examples.iter().map(|(typed, _)| typed.len()).max().unwrap_or(0);
    let beside = examples.iter().all(|(_, what)| width + what.chars().count() + 5 <= WIDTH);
    let line = |(typed, what): &(&str, &str)| match beside {
        true => format!("  {typed:width$}   {what}"),
        false => format!("  {typed}\n      {what}"),
    };
    examples.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A terminal's width.
const WIDTH: usize = 80;
