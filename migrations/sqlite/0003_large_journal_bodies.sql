-- A body that is too large for a row lies in a blob: these are its sha256 and its size in bytes, and `body` is empty.
ALTER TABLE journal ADD COLUMN blob TEXT;
ALTER TABLE journal ADD COLUMN size INTEGER;

-- Which blobs are named is asked at every start.
CREATE INDEX journal_by_blob ON journal (blob) WHERE blob IS NOT NULL;
