-- Lines that recount owns: a run in mode `apply` wrote or compared them. They stay in every plan until they are at 0,
-- have ended, are wanted by another integration, or somebody answered.

CREATE TABLE owned_lines (
    integration TEXT NOT NULL,
    agreement   INTEGER NOT NULL,
    product     TEXT NOT NULL,
    item        TEXT NOT NULL, -- '' for none
    addition    INTEGER,       -- NULL while a creation has no known end
    company     INTEGER,
    billed      TEXT,          -- what ConnectWise held when it was last seen or written
    sources     TEXT NOT NULL, -- JSON: [[customer, service], ...]
    PRIMARY KEY (integration, agreement, product, item)
) STRICT, WITHOUT ROWID;

-- What the last accepted plan of each integration in mode `apply` held; undos and dry runs are none.
CREATE TEMP TABLE last_accepted AS
SELECT max(run) AS run, integration FROM runs
WHERE mode = 'apply' AND accepted = 1 AND command <> 'plan' AND undoes IS NULL GROUP BY integration;

INSERT OR IGNORE INTO owned_lines
SELECT a.integration, l.agreement, l.product, coalesce(l.item, ''), l.addition, l.company, l.now,
       (SELECT coalesce(json_group_array(json_array(json_extract(s.value, '$[0]'), json_extract(s.value, '$[1]'))), '[]')
        FROM json_each(l.sources) AS s)
FROM last_accepted AS a JOIN lines AS l ON l.run = a.run
WHERE l.agreement IS NOT NULL AND l.product IS NOT NULL AND l.addition IS NOT NULL;

-- Where its unchanged lines were thinned out since.
INSERT OR IGNORE INTO owned_lines
SELECT a.integration, json_extract(s.value, '$[0]'), json_extract(s.value, '$[1]'), '', json_extract(s.value, '$[2]'),
       NULL, NULL, '[]'
FROM last_accepted AS a JOIN baselines AS b ON b.run = a.run, json_each(b.lines) AS s;

INSERT OR IGNORE INTO owned_lines
SELECT a.integration, json_extract(s.value, '$[0]'), json_extract(s.value, '$[1]'), json_extract(s.value, '$[2]'),
       json_extract(s.value, '$[3]'), NULL, NULL, '[]'
FROM last_accepted AS a JOIN baselines AS b ON b.run = a.run, json_each(b.items) AS s;

-- Lines that an older night wrote, and that the mapping had lost by then.
INSERT OR IGNORE INTO owned_lines
SELECT integration, agreement, product, coalesce(item, ''), applied_addition, NULL, applied_quantity, '[]'
FROM writes AS w
WHERE outcome = 'applied' AND applied_addition IS NOT NULL
    AND EXISTS (SELECT 1 FROM last_accepted AS a WHERE a.integration = w.integration)
ORDER BY write DESC;

DROP TABLE last_accepted;

-- Integrations that ran before `create_lines` left out meant false, and were not told so yet.
CREATE TABLE create_lines_untold (integration TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO create_lines_untold SELECT DISTINCT integration FROM runs;

-- When an integration last looked for mapped products that bill to companies nobody mapped.
CREATE TABLE sweeps (
    integration TEXT PRIMARY KEY,
    day         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What was found there; looked at every night until it is gone.
CREATE TABLE swept_lines (
    integration TEXT NOT NULL,
    agreement   INTEGER NOT NULL,
    product     TEXT NOT NULL,
    item        TEXT NOT NULL, -- '' for none
    addition    INTEGER NOT NULL,
    PRIMARY KEY (integration, addition)
) STRICT, WITHOUT ROWID;
