-- The data plane's own book: what must outlive a process and be agreed between processes.
CREATE TABLE book.nonces (
    key_id text NOT NULL,
    nonce text NOT NULL,
    used_at timestamptz NOT NULL,
    PRIMARY KEY (key_id, nonce)
);
CREATE INDEX nonces_used_at ON book.nonces USING brin (used_at);

CREATE TABLE book.tickets (
    nonce text PRIMARY KEY,
    used_at timestamptz NOT NULL
);

-- used: counted so far; before: counted before the last claim, so that one statement can tell how many it was given.
CREATE TABLE book.quotas (
    grant_id text NOT NULL,
    day date NOT NULL,
    kind text NOT NULL,
    quota bigint NOT NULL,
    used bigint NOT NULL,
    before bigint NOT NULL,
    PRIMARY KEY (grant_id, day, kind)
);

CREATE TABLE book.runs (
    order_id text PRIMARY KEY,
    attempt integer NOT NULL,
    runner text NOT NULL,
    leased_until timestamptz NOT NULL,
    state text NOT NULL
);

CREATE TABLE book.attempts (
    order_id text NOT NULL REFERENCES book.runs (order_id) ON DELETE CASCADE,
    attempt integer NOT NULL,
    runner text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    outcome text NOT NULL DEFAULT '',
    PRIMARY KEY (order_id, attempt)
);

CREATE TABLE book.receipts (
    order_id text NOT NULL,
    side text NOT NULL,
    envelope bytea NOT NULL,
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, side)
);

CREATE TABLE book.artefacts (
    id text PRIMARY KEY,
    order_id text NOT NULL,
    grant_id text NOT NULL,
    consumer_id text NOT NULL,
    sealed_key bytea NOT NULL,
    manifest bytea NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX artefacts_expires_at ON book.artefacts (expires_at);
CREATE INDEX artefacts_grant_id ON book.artefacts (grant_id);
CREATE INDEX artefacts_order_id ON book.artefacts (order_id);
