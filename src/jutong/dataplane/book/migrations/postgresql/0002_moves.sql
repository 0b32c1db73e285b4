-- What runs share: which task and source each works on, the columns of sources that were seen, the change logs held open.
ALTER TABLE book.runs ADD COLUMN task_id text NOT NULL DEFAULT '', ADD COLUMN source_id text NOT NULL DEFAULT '';
CREATE INDEX runs_at_work ON book.runs (source_id, task_id) WHERE state = 'sent';

CREATE TABLE book.shapes (
    digest text PRIMARY KEY,
    columns bytea NOT NULL
);

CREATE TABLE book.feeds (
    name text PRIMARY KEY,
    source_id text NOT NULL,
    grant_id text NOT NULL,
    order_id text NOT NULL,
    used_at timestamptz NOT NULL
);
