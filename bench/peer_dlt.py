"""dlt moving the rows of a query or of a CSV file into PostgreSQL: `SOURCE SELECT TABLE ROWS`; run in its own environment."""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import sqlalchemy

FETCHED = 10_000


def _rows(source: str, select: str, count: int) -> Iterator[list[dict[str, Any]]]:
    """Return the first rows, many at a time, as dlt's own sources do."""
    if source.startswith("/"):
        with Path(source).open(encoding="utf-8", newline="") as file:
            reader = itertools.islice(csv.DictReader(file), count)
            while batch := list(itertools.islice(reader, FETCHED)):
                yield batch
        return
    url = source.replace("postgresql://", "postgresql+psycopg2://").replace("mysql://", "mysql+pymysql://")
    with sqlalchemy.create_engine(url).connect().execution_options(yield_per=FETCHED) as connection:
        statement = sqlalchemy.text(f"select * from ({select}) t limit {count}")
        for part in connection.execute(statement).mappings().partitions():
            yield [dict(row) for row in part]


def main() -> None:
    """Move them."""
    source, select, table, count = sys.argv[1:]
    pipeline = dlt.pipeline("bench", destination="postgres", dataset_name="public")
    resource = dlt.resource(_rows(source, select, int(count)), name=table, write_disposition="replace")
    pipeline.run(resource, loader_file_format="csv")


if __name__ == "__main__":
    main()
