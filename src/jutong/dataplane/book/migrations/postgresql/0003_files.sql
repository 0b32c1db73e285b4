-- Which files were delivered under which task, and how far an unfinished one has come. name: UTF-8, stray bytes as surrogates.
CREATE TABLE book.arrivals (
    stream text NOT NULL,
    name bytea NOT NULL,
    size bigint NOT NULL,
    mark text NOT NULL,
    sm3 text NOT NULL,
    order_id text NOT NULL,
    arrived_at timestamptz NOT NULL,
    PRIMARY KEY (stream, name)
);

CREATE TABLE book.file_parts (
    tag text PRIMARY KEY,
    taken bigint NOT NULL,
    sm3 text NOT NULL,
    noted_at timestamptz NOT NULL
);
