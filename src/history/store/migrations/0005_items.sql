-- Lines of one item each, and the counts of the days of a billing period.

ALTER TABLE lines ADD COLUMN item TEXT; -- NULL for a line that holds all units of its product
ALTER TABLE journal ADD COLUMN item TEXT; -- intents
ALTER TABLE decisions ADD COLUMN item TEXT; -- line; folded
-- JSON: [[agreement, product, item, live addition], ...]; `lines` holds those without an item.
ALTER TABLE baselines ADD COLUMN items TEXT NOT NULL DEFAULT '[]';

-- The key of these two grows by the item, '' for none.
CREATE TABLE ended_lines_of_items (
    integration TEXT NOT NULL,
    agreement   INTEGER NOT NULL,
    product     TEXT NOT NULL,
    item        TEXT NOT NULL,
    addition    INTEGER NOT NULL,
    PRIMARY KEY (integration, agreement, product, item)
) STRICT, WITHOUT ROWID;
INSERT INTO ended_lines_of_items SELECT integration, agreement, product, '', addition FROM ended_lines;
DROP TABLE ended_lines;
ALTER TABLE ended_lines_of_items RENAME TO ended_lines;

CREATE TABLE zero_since_of_items (
    integration TEXT NOT NULL,
    agreement   INTEGER NOT NULL,
    product     TEXT NOT NULL,
    item        TEXT NOT NULL,
    run         INTEGER NOT NULL REFERENCES runs (run),
    sha256      TEXT NOT NULL,
    modified_at TEXT NOT NULL,
    PRIMARY KEY (integration, agreement, product, item)
) STRICT, WITHOUT ROWID;
INSERT INTO zero_since_of_items
    SELECT integration, agreement, product, '', run, sha256, modified_at FROM zero_since;
DROP TABLE zero_since;
ALTER TABLE zero_since_of_items RENAME TO zero_since;

DROP VIEW writes;
CREATE VIEW writes AS
SELECT i.seq AS write, i.run, r.integration, i.event AS kind, i.at, i.agreement, i.product, i.item, i.addition,
       i.from_quantity, i.quantity, i.catalog_item, i.effective_on, i.before,
       o.event AS outcome, o.addition AS applied_addition, o.quantity AS applied_quantity, o.why
FROM journal AS i
JOIN runs AS r ON r.run = i.run
LEFT JOIN journal AS o ON o.seq = (SELECT max(seq) FROM journal WHERE write = i.seq AND seq > i.seq)
WHERE i.write = i.seq;

-- Days with an accepted export: a day that is not here was not counted, which is not none.
CREATE TABLE counted_days (
    integration TEXT NOT NULL,
    day         TEXT NOT NULL,
    PRIMARY KEY (integration, day)
) STRICT, WITHOUT ROWID;

-- The counts of services that a policy looks back on, by change: each holds until the next row's day.
CREATE TABLE day_counts (
    integration TEXT NOT NULL,
    customer    TEXT NOT NULL,
    service     TEXT NOT NULL,
    day         TEXT NOT NULL,
    count       TEXT, -- NULL where the export of that day does not say
    PRIMARY KEY (integration, customer, service, day)
) STRICT, WITHOUT ROWID;
