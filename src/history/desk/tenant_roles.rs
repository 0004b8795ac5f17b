//! What people may do at which tenant, where one desk is there for many.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use crate::history::desk::people::{Role, end_sessions};
use crate::history::store::column_values::word;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::{first, rows};

/// A tenant, or all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TenantScope {
    /// Every tenant for which nothing else is said, also those to come.
    Every,
    /// The tenant of this name.
    Named(String),
}

impl TenantScope {
    /// As it is stored: no folder has an empty name.
    fn as_str(&self) -> &str {
        match self {
            TenantScope::Every => "",
            TenantScope::Named(name) => name,
        }
    }

    fn of(stored: String) -> Self {
        if stored.is_empty() { TenantScope::Every } else { TenantScope::Named(stored) }
    }
}

/// What one person may do, tenant by tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantRoles {
    /// By tenant.
    pub roles: BTreeMap<TenantScope, Role>,
    /// For somebody whom a provider lets in, what their groups allow at the most.
    pub most: Option<Role>,
}

impl TenantRoles {
    /// What they may do at a tenant; `None` where they have no business.
    pub fn at(&self, tenant: &str) -> Option<Role> {
        let named = self.roles.get(&TenantScope::Named(tenant.to_owned()));
        let role = named.or_else(|| self.roles.get(&TenantScope::Every)).copied()?;
        Some(self.most.map_or(role, |most| role.min(most)))
    }
}

impl History {
    /// What a person may do; nothing for somebody who is not there or is locked.
    pub fn tenant_roles(&self, name: &str) -> Result<TenantRoles, StoreError> {
        self.read(|connection| {
            let sql = "SELECT role, subject IS NOT NULL AS provided FROM people WHERE name = ?1 AND locked = 0";
            let most = first(connection, sql, [name], |row| match row.get("provided")? {
                true => word(row, "role", Role::from_word).map(Some),
                false => Ok(None),
            });
            let Some(most) = most? else { return Ok(TenantRoles::default()) };
            Ok(TenantRoles { most, ..given(connection, name)? })
        })
    }

    /// What a person was given, whether they may come in or not.
    pub fn roles_given(&self, name: &str) -> Result<TenantRoles, StoreError> {
        self.read(|connection| given(connection, name))
    }

    /// Gives a person a role at these tenants, and ends what they have open; `false` if nobody is called so.
    ///
    /// # Errors
    /// When it cannot be stored; then none is.
    pub fn set_tenant_roles(&mut self, name: &str, at: &[TenantScope], role: Role) -> Result<bool, StoreError> {
        self.write(|transaction| {
            end_sessions(transaction, name)?;
            for scope in at {
                let sql =
                    "INSERT INTO tenant_roles (person, tenant, role) SELECT name, ?2, ?3 FROM people WHERE name = ?1
                           ON CONFLICT (person, tenant) DO UPDATE SET role = excluded.role";
                if transaction.execute(sql, params![name, scope.as_str(), role.as_str()])? == 0 {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// Takes a person's roles at these tenants away, and ends what they have open. `false` if they had none of them.
    ///
    /// # Errors
    /// When it cannot be stored; then none is taken.
    pub fn drop_tenant_roles(&mut self, name: &str, at: &[TenantScope]) -> Result<bool, StoreError> {
        self.write(|transaction| {
            end_sessions(transaction, name)?;
            let mut dropped = 0;
            for scope in at {
                let sql = "DELETE FROM tenant_roles WHERE person = ?1 AND tenant = ?2";
                dropped += transaction.execute(sql, params![name, scope.as_str()])?;
            }
            Ok(dropped > 0)
        })
    }
}

fn given(connection: &Connection, name: &str) -> Result<TenantRoles, StoreError> {
    let sql = "SELECT tenant, role FROM tenant_roles WHERE person = ?1";
    let role = |row: &Row<'_>| Ok((TenantScope::of(row.get("tenant")?), word(row, "role", Role::from_word)?));
    Ok(TenantRoles { roles: rows(connection, sql, [name], role)?, most: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise somebody of one MSP could read, or change, what another is billed for.
    #[test]
    fn what_is_said_of_a_tenant_goes_before_what_is_said_of_all() {
        let named = |name: &str| TenantScope::Named(name.to_owned());
        let roles = |roles: &[(TenantScope, Role)], most| TenantRoles { roles: roles.iter().cloned().collect(), most };
        let acme = roles(&[(named("acme"), Role::Operator)], None);
        assert_eq!((acme.at("acme"), acme.at("globex"), acme.at("")), (Some(Role::Operator), None, None));
        let all = roles(&[(TenantScope::Every, Role::Admin), (named("acme"), Role::Viewer)], None);
        assert_eq!((all.at("acme"), all.at("globex")), (Some(Role::Viewer), Some(Role::Admin)));
        let provided = TenantRoles { most: Some(Role::Viewer), ..all };
        assert_eq!(provided.at("globex"), Some(Role::Viewer), "no more than the groups allow");
        assert_eq!(TenantRoles::default().at("acme"), None);
    }
}
