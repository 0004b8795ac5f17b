//! `recount users`: who may come to the desk.

use std::fmt::Write as _;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::cli::arguments::global::Global;
use crate::cli::commands::serve;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::{clock, operator, session};
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::history::desk::events::DeskEvent;
use crate::history::desk::people::{Person, Role};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::{day, shown};
use crate::report::exit::Exit;
use crate::report::format::json::time;
use crate::web::access::invitation;

/// Arguments of `users`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    change: Option<Change>,
}

#[derive(Debug, Subcommand)]
enum Change {
    /// Everybody, with role
    List,
    /// Let somebody in: prints a link, good once and for a day, to choose a password
    Add {
        /// The name that signs in: letters, digits, `.`, `_`, `-`, `@`
        name: String,
        /// What they may do
        #[arg(long, value_enum)]
        role: TypedRole,
    },
    /// Give somebody another role; they sign in anew
    Role {
        /// Who
        name: String,
        /// What they may do
        #[arg(value_enum)]
        role: TypedRole,
    },
    /// Take somebody's password and authenticator away, and print a new link
    Reset {
        /// Who
        name: String,
    },
    /// Keep somebody out; their password stays
    Lock {
        /// Who
        name: String,
    },
    /// Let somebody in again
    Unlock {
        /// Who
        name: String,
    },
    /// Remove somebody; what they did stays in the history
    Remove {
        /// Who
        name: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TypedRole {
    /// Reads
    Viewer,
    /// Answers, approves, runs
    Operator,
    /// Switches integrations as well
    Admin,
}

impl TypedRole {
    fn role(self) -> Role {
        match self {
            TypedRole::Viewer => Role::Viewer,
            TypedRole::Operator => Role::Operator,
            TypedRole::Admin => Role::Admin,
        }
    }
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let done = match &options.change {
        None | Some(Change::List) => list(global, console),
        Some(change) => changed(global, change, console),
    };
    match done {
        Ok(()) => Exit::Done,
        Err(error) => error.tell(console),
    }
}

#[derive(Serialize)]
struct People<'a> {
    people: Vec<PersonJson<'a>>,
}

#[derive(Serialize)]
struct PersonJson<'a> {
    name: &'a str,
    role: &'static str,
    locked: bool,
    password: bool,
    /// Whether an OpenID provider lets them in.
    provided: bool,
    authenticator: bool,
    added_at: String,
}

impl<'a> PersonJson<'a> {
    fn of(person: &'a Person) -> Self {
        let Person { name, role, is_locked, has_password, is_provided, has_authenticator, added_at } = person;
        let (locked, password, added_at) = (*is_locked, *has_password, time(*added_at));
        let (provided, authenticator) = (*is_provided, *has_authenticator);
        Self { name, role: role.as_str(), locked, password, provided, authenticator, added_at }
    }
}

fn list(global: &Global, console: &Console) -> Result<(), CommandError> {
    let config = session::configuration(global)?;
    let people = History::open_existing(&config.state)?.map(|history| history.people()).transpose()?;
    let people = people.unwrap_or_default();
    if console.json {
        console.document(Exit::Done, &People { people: people.iter().map(PersonJson::of).collect() });
        return Ok(());
    }
    let mut text = String::new();
    for Person { name, role, is_locked, has_password, is_provided, has_authenticator, added_at } in &people {
        let state = match (is_locked, *has_password || *is_provided) {
            (true, _) => ", locked",
            (false, false) => ", has not chosen a password yet",
            (false, true) => "",
        };
        let how = match (is_provided, has_authenticator) {
            (true, _) => ", by the company's account",
            (false, true) => ", with an authenticator",
            (false, false) => "",
        };
        let _ = writeln!(text, "{name}  {role}{how}{state}, since {}", day(added_at.date_naive()));
    }
    if people.is_empty() {
        text.push_str("Nobody yet.\n\nNext: recount users add NAME --role operator\n");
    }
    console.print(&text);
    Ok(())
}

#[derive(Serialize)]
struct Done<'a> {
    name: &'a str,
    done: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

fn changed(global: &Global, change: &Change, console: &Console) -> Result<(), CommandError> {
    let config = session::configuration(global)?;
    let mut history = writable(&config)?;
    let (name, done, link) = match change {
        Change::List => return Ok(()),
        Change::Add { name, role } => {
            let name = checked(name)?;
            if !history.add_person(&name, role.role(), clock::now())? {
                let fix = format!("recount users reset {name}, or recount users role {name} {}", role.role());
                return Err(CommandError::new(Exit::Usage, format!("there is a {name} already"), fix));
            }
            let link = link(&config, &mut history, &name)?;
            (name, "added", Some(link))
        }
        Change::Reset { name } => {
            let name = known(&history, name)?;
            let link = link(&config, &mut history, &name)?;
            (name, "reset", Some(link))
        }
        Change::Role { name, role } => {
            applied(&mut history, name, "changed", |history, name| history.set_role(name, role.role()))?
        }
        Change::Lock { name } => {
            applied(&mut history, name, "locked", |history, name| history.lock_person(name, true))?
        }
        Change::Unlock { name } => {
            applied(&mut history, name, "unlocked", |history, name| history.lock_person(name, false))?
        }
        Change::Remove { name } => applied(&mut history, name, "removed", History::remove_person)?,
    };
    note(&mut history, done, &name)?;
    tell(&name, done, link, console);
    Ok(())
}

fn applied(
    history: &mut History,
    typed: &str,
    done: &'static str,
    change: impl FnOnce(&mut History, &str) -> Result<bool, StoreError>,
) -> Result<(String, &'static str, Option<String>), CommandError> {
    let name = known(history, typed)?;
    change(history, &name)?;
    Ok((name, done, None))
}

/// Beside a run that is under way, where the history is of this version; else under the lock, which brings it there.
fn writable(config: &Config) -> Result<History, CommandError> {
    match History::open_beside(&config.state) {
        Ok(Some(history)) => Ok(history),
        Ok(None) | Err(StoreError::Older { .. }) => {
            let Session { lock: _lock, history, .. } = Session::open(config)?;
            Ok(history)
        }
        Err(error) => Err(error.into()),
    }
}

/// Characters of a name, at most.
const NAME_MOST: usize = 64;

fn checked(typed: &str) -> Result<String, CommandError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    if typed.is_empty() || typed.len() > NAME_MOST || !typed.chars().all(fits) {
        let message = "a name has letters, digits, `.`, `_`, `-` and `@`, and 64 of them at most";
        return Err(CommandError::new(Exit::Usage, message, "recount users add dana.reyes --role operator"));
    }
    Ok(typed.to_lowercase())
}

fn known(history: &History, typed: &str) -> Result<String, CommandError> {
    let name = typed.to_lowercase();
    if history.people()?.iter().any(|person| person.name == name) {
        return Ok(name);
    }
    let message = format!("nobody is called {}", shown(typed));
    Err(CommandError::new(Exit::Usage, message, "recount users"))
}

fn link(config: &Config, history: &mut History, name: &str) -> Result<String, CommandError> {
    let made = invitation::invite(history, name, clock::now());
    let made = made.map_err(|error| CommandError::new(Exit::Store, error_chain(&error), "recount verify"))?;
    let path = made.unwrap_or_default();
    let url = config.desk.as_ref().and_then(|desk| desk.url.as_ref());
    let base = url.map_or_else(|| format!("http://{}", serve::address(config)), ToString::to_string);
    Ok(format!("{}{path}", base.trim_end_matches('/')))
}

fn note(history: &mut History, done: &str, name: &str) -> Result<(), CommandError> {
    let event = DeskEvent {
        at: clock::now(),
        person: operator::who(),
        address: "this host".to_owned(),
        deed: format!("{done} a person"),
        about: name.to_owned(),
        refused: false,
        said: String::new(),
    };
    Ok(history.note_desk_event(&event)?)
}

fn tell(name: &str, done: &'static str, link: Option<String>, console: &Console) {
    if console.json {
        return console.document(Exit::Done, &Done { name, done, link });
    }
    let link = link.map(|link| format!("  to choose a password, once, within a day:\n  {link}\n")).unwrap_or_default();
    console.print(&format!("{name}: {done}\n{link}"));
}
