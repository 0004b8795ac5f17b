-- Under which names counts of services with a peak or an average stood on a line, and from when: where a vendor renames one, the
-- days of the old name are the line's still. `gone` is the day of the first accepted night on which it stood there no more.
CREATE TABLE names_on_lines (
    site        TEXT NOT NULL, -- the ConnectWise: its host, and the login company
    integration TEXT NOT NULL,
    customer    TEXT NOT NULL,
    service     TEXT NOT NULL,
    agreement   INTEGER NOT NULL,
    product     TEXT NOT NULL, -- in small letters
    first       TEXT NOT NULL,
    gone        TEXT, -- NULL while it stands there
    terms       TEXT NOT NULL, -- what was agreed of it: a count on other terms is not the same count
    PRIMARY KEY (site, integration, customer, service, agreement, product, first)
) STRICT, WITHOUT ROWID;

-- The customers of the accepted exports of integrations with such a service: one who was there beside another is not the other
-- under a new name.
CREATE TABLE customers_in_exports (
    integration TEXT NOT NULL,
    customer    TEXT NOT NULL,
    first       TEXT NOT NULL,
    gone        TEXT, -- NULL while it is there
    PRIMARY KEY (integration, customer)
) STRICT, WITHOUT ROWID;
