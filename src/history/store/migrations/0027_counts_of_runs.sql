-- What each run counted of its day, where that is not what stood before: what one counted can be taken back, because its night is
-- set back, and given back, because that is. Of the runs of a day the last one that stands counts. Counts of before this version
-- are of the run 0, the day's last.
CREATE TABLE counts_of_runs (
    integration TEXT NOT NULL,
    customer    TEXT NOT NULL,
    service     TEXT NOT NULL,
    day         TEXT NOT NULL,
    run         INTEGER NOT NULL,
    count       TEXT, -- NULL where the export does not say
    taken_back  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (integration, customer, service, day, run)
) STRICT, WITHOUT ROWID;
INSERT INTO counts_of_runs (integration, customer, service, day, run, count)
    SELECT integration, customer, service, day, 0, count FROM day_counts;
DROP TABLE day_counts;
ALTER TABLE counts_of_runs RENAME TO day_counts;
