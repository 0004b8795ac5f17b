//! `recount users list`: everybody, with what they may do.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::commands::users::people_store::{NOWHERE, PeopleStore};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::history::desk::people::{Person, Role};
use crate::history::desk::tenant_roles::{TenantRoles, TenantScope};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::{day, shown};
use crate::report::exit_codes::Exit;
use crate::report::format::json::time;

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
    /// On the desk of many tenants, by tenant; `*` is every one for which nothing else is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenants: Option<BTreeMap<&'a str, &'static str>>,
}

impl<'a> PersonJson<'a> {
    fn of((person, roles): &'a (Person, Option<TenantRoles>)) -> Self {
        let Person { name, role, is_locked, has_password, is_provided, has_authenticator, added_at } = person;
        let (locked, password, added_at) = (*is_locked, *has_password, time(*added_at));
        let (provided, authenticator) = (*is_provided, *has_authenticator);
        let tenants = roles.as_ref().map(|roles| named(roles).map(|(tenant, role)| (tenant, role.as_str())).collect());
        Self { name, role: role.as_str(), locked, password, provided, authenticator, added_at, tenants }
    }
}

fn named(roles: &TenantRoles) -> impl Iterator<Item = (&str, Role)> {
    roles.roles.iter().map(|(scope, role)| match scope {
        TenantScope::Every => ("*", *role),
        TenantScope::Named(tenant) => (tenant.as_str(), *role),
    })
}

pub(super) fn list(store: &PeopleStore, console: &Console) -> Result<(), CommandError> {
    let people = match History::open_existing(store.state())? {
        Some(history) => everybody(store, &history)?,
        None => Vec::new(),
    };
    if console.json {
        console.document(Exit::Done, &People { people: people.iter().map(PersonJson::of).collect() });
        return Ok(());
    }
    let mut text: String = people.iter().map(line).collect();
    if people.is_empty() {
        let add = store.typed("recount users add NAME --role operator", NOWHERE);
        let at = if store.is_fleet() { " --tenant TENANT" } else { "" };
        let _ = write!(text, "Nobody yet.\n\nNext: {add}{at}\n");
    }
    console.print(&text);
    Ok(())
}

fn everybody(store: &PeopleStore, history: &History) -> Result<Vec<(Person, Option<TenantRoles>)>, StoreError> {
    let of = |person: Person| {
        let roles = store.is_fleet().then(|| history.roles_given(&person.name)).transpose()?;
        Ok((person, roles))
    };
    history.people()?.into_iter().map(of).collect()
}

fn line((person, roles): &(Person, Option<TenantRoles>)) -> String {
    let Person { name, role, is_locked, has_password, is_provided, has_authenticator, added_at } = person;
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
    let what = roles.as_ref().map_or_else(|| role.to_string(), at);
    format!("{name}  {what}{how}{state}, since {}\n", day(added_at.date_naive()))
}

fn at(roles: &TenantRoles) -> String {
    let each: Vec<String> = named(roles)
        .map(|(tenant, role)| match tenant {
            "*" => format!("{role} at every other tenant"),
            tenant => format!("{role} at {}", shown(tenant)),
        })
        .collect();
    if each.is_empty() { "no tenant".to_owned() } else { each.join(", ") }
}
