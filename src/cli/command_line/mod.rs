//! The command line as a whole: clap's types, with examples under the help of every command.

pub(crate) mod examples;
#[cfg(test)]
mod tests;

use clap::{Command, CommandFactory as _, FromArgMatches as _};

use crate::cli::command_line::examples::EXAMPLES;
use crate::cli::{Cli, console};
use crate::reconcile::exit::Exit;
use crate::report::format::json::{Document, Trouble};

/// The arguments of this process. Help, version and mistakes end it here, as clap does it.
pub(super) fn parsed() -> Cli {
    let parsed = whole().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.unwrap_or_else(|error| {
        if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
            tell(&error);
        }
        error.exit()
    })
}

/// A program that asked for a document gets one, also of its own mistake.
fn tell(error: &clap::Error) {
    let told = error.render().to_string();
    let said = told.split("\n\n").next().unwrap_or_default();
    let message = said.strip_prefix("error: ").unwrap_or(said).trim();
    console::document(&Document::new(
        Exit::Usage,
        &[],
        Some(Trouble { message, fix: "recount --help shows what there is" }),
    ));
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
