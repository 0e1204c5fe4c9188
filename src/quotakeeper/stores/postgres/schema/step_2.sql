-- Step 2. Each process says which version of the functions it calls, so that an owner of the ledger
-- sees whether an older version is still in use. Programs of schema 1 call version 1.
ALTER TABLE owner ADD COLUMN functions bigint NOT NULL DEFAULT 1 CHECK (functions > 0);
-- The oldest version of the functions that the ledger still has. Older programs are refused.
INSERT INTO meta (key, value) VALUES ('oldest_functions', '1');
