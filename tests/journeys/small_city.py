"""Builds a city of three departments in the home that the environment names; run as a program by the browser's journey."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from jutong.cli import instance, roles
from jutong.cli.demo import city, databases, loading
from jutong.cli.serve import prepare

PEOPLE = 5_000
SIGN_INS = (
    "police.officer", "police.secrecy", "police.leader", "police.head", "police.engineer", "data.reviewer", "hr.clerk",
    "hr.head", "hr.engineer",
)  # fmt: skip
PUBLISHED = 2
"""Entries of the labour bureau that are published from the start."""


def build() -> None:
    """Make databases, people and two published entries; print what the journey must know of the databases."""
    city.DEPARTMENTS = {key: city.DEPARTMENTS[key] for key in ("data", "police", "hr")}
    city.STORY = ("police", "hr")
    city.AUTHORITY = {"data.reviewer": "authority_reviewer"}
    city.SIGN_INS = SIGN_INS
    databases.PERSONS, databases.ENTERPRISES = PEOPLE, 100
    with instance.opened(durable=False) as ours:
        assert ours.server
        prepare(ours)
        instance.load_django(ours, roles.WORKER)
        del os.environ[instance.DATABASE_SETTING]
        databases.build(ours.server)
        now = datetime.now(UTC)
        place = city.found(now, lambda _line: None)
        contents = loading.contents("hr")[:PUBLISHED]
        ids = loading.submitted(place, "hr", contents, now)
        from jutong.slices.catalogue import actions

        reviewer = place.actor("data.reviewer", now)
        actions.review_entries(ids, by=reviewer, at=now)
        actions.publish_entries(ids, by=reviewer, at=now)
        for each in (databases.POLICE, databases.HR):
            print("database", each.database, each.role, databases.password(ours.server, each), ours.server.port)


if __name__ == "__main__":
    build()
