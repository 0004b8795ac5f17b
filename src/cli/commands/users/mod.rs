//! `recount users`: who may come to the desk.

mod list;
mod people_store;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::users::list::list;
use crate::cli::commands::users::people_store::{NOWHERE, PeopleStore, TypedScope};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, operator};
use crate::history::desk::events::DeskEvent;
use crate::history::desk::people::Role;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::{shell_word, shown};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;

/// Arguments of `users`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    change: Option<Change>,
    /// The people of the desk that is there for every folder in DIR that has a recount.toml
    #[arg(long, global = true, value_name = "DIR", help_heading = "Many tenants")]
    pub(crate) tenants: Option<PathBuf>,
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
        #[command(flatten)]
        at: TypedScope,
    },
    /// Give somebody another role; they sign in anew
    Role {
        /// Who
        name: String,
        /// What they may do
        #[arg(value_enum)]
        role: TypedRole,
        #[command(flatten)]
        at: TypedScope,
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
    /// Remove somebody; what they did stays in the history. With --tenant their role there alone
    Remove {
        /// Who
        name: String,
        #[command(flatten)]
        at: TypedScope,
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
    let done = PeopleStore::of(global, options.tenants.as_deref()).and_then(|store| match &options.change {
        None | Some(Change::List) => list(&store, console),
        Some(change) => changed(&store, change, console),
    });
    match done {
        Ok(()) => Exit::Done,
        Err(error) => error.tell(console),
    }
}

#[derive(Serialize)]
struct Done<'a> {
    name: &'a str,
    done: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

fn changed(store: &PeopleStore, change: &Change, console: &Console) -> Result<(), CommandError> {
    let mut history = store.writable()?;
    let (name, done, link) = match change {
        Change::List => return Ok(()),
        Change::Add { name, role, at } => added(store, &mut history, (name, role.role()), at)?,
        Change::Reset { name } => {
            let name = known_here_alone((store, &history), name, "there is no password to take away")?;
            let link = store.link(&mut history, &name)?;
            (name, "reset", Some(link))
        }
        Change::Role { name, role, at } => {
            let at = store.scopes(at)?;
            if at.is_empty() {
                known_here_alone((store, &history), name, "the groups there decide what they may do")?;
            }
            applied((store, &mut history), name, "changed", |history, name| match at.as_slice() {
                [] => history.set_role(name, role.role()),
                at => history.set_tenant_roles(name, at, role.role()),
            })?
        }
        Change::Lock { name } => {
            applied((store, &mut history), name, "locked", |history, name| history.lock_person(name, true))?
        }
        Change::Unlock { name } => {
            applied((store, &mut history), name, "unlocked", |history, name| history.lock_person(name, false))?
        }
        Change::Remove { name, at } if at.is_typed() => {
            let at = store.scopes(at)?;
            applied((store, &mut history), name, "changed", |history, name| history.drop_tenant_roles(name, &at))?
        }
        Change::Remove { name, .. } => applied((store, &mut history), name, "removed", History::remove_person)?,
    };
    note(&mut history, done, &name)?;
    tell(&name, done, link, console);
    Ok(())
}

/// Of whom, what, and the link with whether a desk is known to be where it leads.
type Changed = (String, &'static str, Option<(String, bool)>);

fn added(
    store: &PeopleStore,
    history: &mut History,
    (typed, role): (&str, Role),
    at: &TypedScope,
) -> Result<Changed, CommandError> {
    let (name, scopes) = (checked(store, typed)?, store.scopes(at)?);
    if !history.add_person(&name, role, clock::now())? {
        known_here_alone((store, history), typed, "with a password they would be somebody else to it")?;
        let of_role = Remedy::command(store.typed(&format!("recount users role {typed} {role}"), at));
        let fix = Remedy::command(store.typed(&format!("recount users reset {typed}"), NOWHERE)).or(of_role);
        return Err(CommandError::new(Exit::Usage, format!("there is a {name} already"), fix));
    }
    if !scopes.is_empty() {
        history.set_tenant_roles(&name, &scopes, role)?;
    }
    let link = store.link(history, &name)?;
    Ok((name, "added", Some(link)))
}

fn applied(
    (store, history): (&PeopleStore, &mut History),
    typed: &str,
    done: &'static str,
    change: impl FnOnce(&mut History, &str) -> Result<bool, StoreError>,
) -> Result<Changed, CommandError> {
    let name = known((store, history), typed)?;
    change(history, &name)?;
    Ok((name, done, None))
}

/// Characters of a name, at most.
const NAME_MOST: usize = 64;

fn checked(store: &PeopleStore, typed: &str) -> Result<String, CommandError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    if typed.is_empty() || typed.len() > NAME_MOST || !typed.chars().all(fits) {
        let message = "a name has letters, digits, `.`, `_`, `-` and `@`, and 64 of them at most";
        let fix = Remedy::command(store.typed("recount users add dana.reyes --role operator", NOWHERE));
        return Err(CommandError::new(Exit::Usage, message, fix));
    }
    Ok(typed.to_lowercase())
}

fn known((store, history): (&PeopleStore, &History), typed: &str) -> Result<String, CommandError> {
    let name = typed.to_lowercase();
    if let Some(person) = history.people()?.into_iter().find(|person| person.name.to_lowercase() == name) {
        return Ok(person.name);
    }
    let message = format!("nobody is called {}", shown(typed));
    Err(CommandError::new(Exit::Usage, message, Remedy::command(store.typed("recount users", NOWHERE))))
}

/// Whoever comes by a provider has what they are there: by a password they would be somebody else to it and be refused
/// there, and another role would be gone with their next sign-in.
fn known_here_alone(
    (store, history): (&PeopleStore, &History),
    typed: &str,
    why: &str,
) -> Result<String, CommandError> {
    let name = known((store, history), typed)?;
    if !history.people()?.iter().any(|person| person.name == name && person.is_provided) {
        return Ok(name);
    }
    let message = format!("{name} comes in by the company's account: {why}");
    let lock = Remedy::command(store.typed(&format!("recount users lock {}", shell_word(&name)), NOWHERE));
    let remove = Remedy::command(store.typed(&format!("recount users remove {}", shell_word(&name)), NOWHERE));
    Err(CommandError::new(Exit::Usage, message, lock.or(remove)))
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

fn tell(name: &str, done: &'static str, link: Option<(String, bool)>, console: &Console) {
    if console.json {
        return console.document(Exit::Done, &Done { name, done, link: link.map(|(link, _)| link) });
    }
    let link = link.map(|(link, is_known)| {
        let where_else = "  no desk runs now: the link is for `recount serve` without --listen; for another one put its address\n  \
                          before /welcome/, or set `url` in [desk]\n";
        let elsewhere = if is_known { "" } else { where_else };
        format!("  to choose a password, once, within a day:\n  {link}\n{elsewhere}")
    });
    console.print(&format!("{name}: {done}\n{}", link.unwrap_or_default()));
}
