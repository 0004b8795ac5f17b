//! `recount verify`: the database, the hash chain of the journal, and an earlier head of it.

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::history::store::verify_chain::Chain;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;
use crate::report::short_head;

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The head that an earlier report showed, whole or its first characters
    #[arg(long, value_name = "HEAD")]
    against: Option<String>,
}

/// Fewer characters fit too many rows by chance.
const HEAD_MIN: usize = 8;

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match verify(global, options.against.as_deref()) {
        Err(error) => error.tell(console),
        Ok(Chain { rows, head }) => {
            if console.json {
                let against = options.against.as_deref();
                console.document(Exit::Done, &Document { rows, head: &head, against });
            } else if !console.quiet {
                let held = options
                    .against
                    .as_ref()
                    .map(|head| format!("\nits head was {head} once: everything up to it is unchanged"));
                console.print(&format!(
                    "the database is intact, and the journal is unbroken: {}{}\nhead {head}\n",
                    plural(usize::try_from(rows).unwrap_or(usize::MAX), "row"),
                    held.unwrap_or_default()
                ));
            }
            Exit::Done
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    rows: u64,
    head: &'a str,
    against: Option<&'a str>,
}

fn verify(global: &Global, against: Option<&str>) -> Result<Chain, CommandError> {
    let config = session::configuration(global)?;
    let against = against.map(well_formed).transpose()?;
    let history = session::existing_history(&config.state)?;
    history.check()?;
    let chain = history.verify_journal()?;
    let Some(against) = against else {
        history.is_newest()?;
        return Ok(chain);
    };
    if history.had_head(&against)? {
        return Ok(chain);
    }
    let message = format!(
        "the journal never had the head {}: rows were removed or rewritten since (its head is {})",
        short_head(&against),
        short_head(&chain.head)
    );
    let fix = "keep history.db, compare it with a backup and with the heads in earlier reports";
    Err(CommandError::new(Exit::Store, message, fix))
}

/// As typed from a report: `9c41e7a0…`.
fn well_formed(head: &str) -> Result<String, CommandError> {
    let typed = head.trim().trim_end_matches('…').trim_end_matches("...").to_ascii_lowercase();
    let fits = (HEAD_MIN..=64).contains(&typed.len()) && typed.bytes().all(|byte| byte.is_ascii_hexdigit());
    let wrong = || {
        let message = format!("{head:?} is not a head: it has 8 to 64 digits and letters a to f");
        CommandError::new(Exit::Usage, message, "give it as the last line of a report shows it")
    };
    if fits { Ok(typed) } else { Err(wrong()) }
}
