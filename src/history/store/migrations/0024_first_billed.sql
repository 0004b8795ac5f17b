-- Where a planned change is billed first: the date of the invoice, and the first day of the month whose peak or average it is.
-- NULL of a line that does not change, where nothing is known, and in plans of a version that did not note it.
ALTER TABLE lines ADD COLUMN invoice TEXT;
ALTER TABLE lines ADD COLUMN month TEXT;
