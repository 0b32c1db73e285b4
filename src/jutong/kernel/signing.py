"""Signatures under acts of legal effect: what is signed, when one is demanded, and who keeps them (R-SEC-002)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

import orjson

from jutong.crypto import sm3
from jutong.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Signing:
    """What a person is asked to sign before an act: the exact statement, its SM3 (hex), the certificate registered.

    statement: empty as long as the words that go with the act are not given. certificate: empty where none is registered.
    """

    statement: str
    digest: str
    certificate: str


class Desk(Protocol):
    """The slice that knows people's certificates: says where signatures are demanded, checks and keeps them."""

    def demanded(self, department_id: int) -> bool:
        """Tell whether acts in the name of a department need the person's signature."""

    def certificate(self, account_id: int) -> str:
        """Return the name in a person's registered signing certificate, or nothing."""

    def verify(self, statement: bytes, *, department_id: int, subject: str, by: Actor, at: datetime) -> None:
        """Keep `by.signature` over the statement; RuleBroken where it is missing or wrong."""


_desks: Final[list[Desk]] = []


def use(desk: Desk) -> None:
    """Let `desk` keep signatures; the last one given wins (slice parties calls this when it is ready)."""
    _desks[:] = [desk]


def statement(verb: str, subject: str, digest: str) -> bytes:
    """Return the bytes a person signs for an act: the verb, the case, the digest of what it says."""
    return f"jutong-act|{verb}|{subject}|{digest}".encode()


def digest_with(content: str, words: Mapping[str, Any]) -> str:
    """Return the digest of a case's content together with the words given with the act.

    Without words it is that of the content alone. Otherwise SM3 (hex) over the content's digest, a line feed and the
    given values as JSON with sorted keys; values that say nothing (empty text, null, empty lists) are left out.
    """
    said = {name: value for name, value in words.items() if value is False or value}
    if not said:
        return content
    return sm3.hexdigest(content.encode() + b"\n" + orjson.dumps(said, default=str, option=orjson.OPT_SORT_KEYS))


def demanded(department_id: int | None) -> bool:
    """Tell whether acts in the name of a department need a signature; never for the platform's own."""
    return department_id is not None and any(desk.demanded(department_id) for desk in _desks)


def asked(said: bytes, by: Actor) -> Signing:
    """Return what to show a person who has to sign `said` (empty: not known yet)."""
    names = [desk.certificate(by.account_id or 0) for desk in _desks]
    return Signing(said.decode(), sm3.hexdigest(said) if said else "", "".join(names))


def check(said: bytes, *, department_id: int | None, subject: str, by: Actor, at: datetime) -> None:
    """Keep the actor's signature over `said`; RuleBroken where one is demanded and missing, or where it is wrong."""
    if department_id is None or not (by.signature or demanded(department_id)):
        return
    for desk in _desks:
        desk.verify(said, department_id=department_id, subject=subject, by=by, at=at)
