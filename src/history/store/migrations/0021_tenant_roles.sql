-- What people may do at which tenant: in the store of a desk of many tenants, and empty in every other one.

CREATE TABLE tenant_roles (
    person TEXT NOT NULL REFERENCES people (name) ON DELETE CASCADE,
    tenant TEXT NOT NULL, -- the folder's name; empty: every tenant that is not named
    role   TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    PRIMARY KEY (person, tenant)
) STRICT, WITHOUT ROWID;
