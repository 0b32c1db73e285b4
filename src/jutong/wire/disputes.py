"""A dispute on its way to the common superior authority of another instance, and the answer on its way back (W07)."""

from __future__ import annotations

from datetime import date, datetime

import msgspec


class Side(msgspec.Struct, frozen=True):
    """A party of a dispute: its name and the division code of its region."""

    name: str
    region: str


class Said(msgspec.Struct, frozen=True):
    """Something a party stated or that was recorded. sort: statement, absence, minutes, expert, department."""

    sort: str
    side: str
    source: str
    text: str
    by: str
    at: datetime


class DisputeFile(msgspec.Struct, frozen=True):
    """A dispute as it is handed to the common superior authority; envelope kind "dispute".

    sender: key id of the instance where the case stays open. to_region, to_name: the authority that is to coordinate.
    """

    number: str
    sender: str
    to_region: str
    to_name: str
    kind: str
    consumer: Side
    provider: Side
    resource_title: str
    duty: str
    statement: str
    failure: str
    said: tuple[Said, ...]
    raised_at: datetime
    sent_at: datetime


class DisputeAnswer(msgspec.Struct, frozen=True):
    """What the authority decided; envelope kind "dispute_answer", signed by its instance.

    digest: SM3 (hex) of the payload of the dispute's file that is answered. result: as disputes come to (share,
    share_with_conditions, not_share, change_type, restore, end, other). decision_number, decided_on: of the people's
    government, where it decided; else empty and None.
    """

    number: str
    digest: str
    result: str
    text: str
    conditions: str
    by: str
    answered_at: datetime
    decision_number: str = ""
    decided_on: date | None = None
