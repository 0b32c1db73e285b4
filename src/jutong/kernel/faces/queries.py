"""The one statement that faces write by hand: counting a request."""

from __future__ import annotations

from django.db import connection


def count_hit(key: str, minute: int) -> int:
    """Add one to the counter of a key in a minute and return the new count, in one round trip."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into kernel_ratecount (key, minute, count) values (%s, %s, 1)"
            " on conflict (key, minute) do update set count = kernel_ratecount.count + 1 returning count",
            [key, minute],
        )
        row = cursor.fetchone()
    return int(row[0])
