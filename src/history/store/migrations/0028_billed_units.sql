-- What all lines of a plan billed together when it was drawn; NULL in plans of versions before, and without a plan. Kept apart
-- from the lines, whose unchanged ones are thinned out.
ALTER TABLE runs ADD COLUMN billed_units TEXT;
