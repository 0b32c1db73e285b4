-- Which files were delivered under which task, and how far an unfinished one has come. name: UTF-8, stray bytes as surrogates.
CREATE TABLE arrivals (
    stream text NOT NULL,
    name blob NOT NULL,
    size integer NOT NULL,
    mark text NOT NULL,
    sm3 text NOT NULL,
    order_id text NOT NULL,
    arrived_at text NOT NULL,
    PRIMARY KEY (stream, name)
);

CREATE TABLE file_parts (
    tag text PRIMARY KEY,
    taken integer NOT NULL,
    sm3 text NOT NULL,
    noted_at text NOT NULL
);
