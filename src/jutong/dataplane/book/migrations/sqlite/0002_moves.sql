-- What runs share: which task and source each works on, the columns of sources that were seen, the change logs held open.
ALTER TABLE runs ADD COLUMN task_id text NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN source_id text NOT NULL DEFAULT '';

CREATE TABLE shapes (
    digest text PRIMARY KEY,
    columns blob NOT NULL
);

CREATE TABLE feeds (
    name text PRIMARY KEY,
    source_id text NOT NULL,
    grant_id text NOT NULL,
    order_id text NOT NULL,
    used_at text NOT NULL
);
