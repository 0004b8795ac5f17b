-- Which ConnectWise a run spoke to: its host and login company. NULL for runs of a history that was bound to none yet; they
-- get the first one that it is bound to.
ALTER TABLE runs ADD COLUMN site TEXT;
UPDATE runs SET site = (SELECT c.site FROM connectwise_of AS c WHERE c.integration = runs.integration);

-- Which ConnectWise a ticket was asked for in.
ALTER TABLE tickets ADD COLUMN site TEXT;

DROP VIEW writes;
CREATE VIEW writes AS
SELECT i.seq AS write, i.run, r.integration, r.site, i.event AS kind, i.at, i.agreement, i.product, i.item, i.addition,
       i.from_quantity, i.quantity, i.catalog_item, i.effective_on, i.before,
       o.event AS outcome, o.addition AS applied_addition, o.quantity AS applied_quantity, o.why
FROM journal AS i
JOIN runs AS r ON r.run = i.run
LEFT JOIN journal AS o ON o.seq = (SELECT max(seq) FROM journal WHERE write = i.seq AND seq > i.seq)
WHERE i.write = i.seq;
