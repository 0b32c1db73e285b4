-- The data plane's own book: what must outlive a process and be agreed between processes.
CREATE TABLE nonces (
    key_id text NOT NULL,
    nonce text NOT NULL,
    used_at text NOT NULL,
    PRIMARY KEY (key_id, nonce)
);
CREATE INDEX nonces_used_at ON nonces (used_at);

CREATE TABLE tickets (
    nonce text PRIMARY KEY,
    used_at text NOT NULL
);

-- used: counted so far; before: counted before the last claim, so that one statement can tell how many it was given.
CREATE TABLE quotas (
    grant_id text NOT NULL,
    day text NOT NULL,
    kind text NOT NULL,
    quota integer NOT NULL,
    used integer NOT NULL,
    before integer NOT NULL,
    PRIMARY KEY (grant_id, day, kind)
);

CREATE TABLE runs (
    order_id text PRIMARY KEY,
    attempt integer NOT NULL,
    runner text NOT NULL,
    leased_until text NOT NULL,
    state text NOT NULL
);

CREATE TABLE attempts (
    order_id text NOT NULL REFERENCES runs (order_id) ON DELETE CASCADE,
    attempt integer NOT NULL,
    runner text NOT NULL,
    started_at text NOT NULL,
    ended_at text,
    outcome text NOT NULL DEFAULT '',
    PRIMARY KEY (order_id, attempt)
);

CREATE TABLE receipts (
    order_id text NOT NULL,
    side text NOT NULL,
    envelope blob NOT NULL,
    kept_at text NOT NULL,
    PRIMARY KEY (order_id, side)
);

CREATE TABLE artefacts (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    grant_id text NOT NULL,
    consumer_id text NOT NULL,
    sealed_key blob NOT NULL,
    manifest blob NOT NULL,
    made_at text NOT NULL,
    expires_at text NOT NULL
);
CREATE INDEX artefacts_expires_at ON artefacts (expires_at);
CREATE INDEX artefacts_grant_id ON artefacts (grant_id);
CREATE INDEX artefacts_order_id ON artefacts (order_id);
