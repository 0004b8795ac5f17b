//! `recount completions` and `recount man`: the command line, for shells and for `man`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;

use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::report::exit_codes::Exit;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Of which shell
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManOptions {
    /// Write a page for each command into this folder, instead of the first page to stdout
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// `command` is the whole command line.
pub(crate) fn run(options: &Options, mut command: Command, console: &Console) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "recount", &mut script);
    console.print(&String::from_utf8_lossy(&script));
    Exit::Done
}

/// `command` is the whole command line.
pub(crate) fn man(options: &ManOptions, command: Command, console: &Console) -> Exit {
    let told = match &options.out {
        None => first_page(command),
        Some(folder) => pages(command, folder).map(|()| format!("the pages are in {}\n", folder.display())),
    };
    match told {
        Ok(text) => {
            console.print(&text);
            Exit::Done
        }
        Err(error) => {
            let message = format!("cannot write the manual pages: {error}");
            let fix = "name a folder that you may write to with --out";
            let written = "some pages may have been written";
            CommandError { written, ..CommandError::new(Exit::Unexpected, message, fix) }.tell(console)
        }
    }
}

fn first_page(command: Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn pages(command: Command, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)
}
