"""What the gateway answers, as typed values."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import httpx
import msgspec

from jutong.wire.envelope import Problem
from jutong.wire.grants import Quota
from jutong.wire.transfers import Manifest

Body = TypeVar("Body")


class Refused(Exception):  # noqa: N818 - the gateway's answer, not an error of ours
    """The gateway said no: `problem` with status, code and the sentence for people; `trace` names it in the audit chain."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.trace = problem.instance


class Mark(msgspec.Struct, frozen=True):
    """A mark on the data: objection, under verification, corrected."""

    kind: str
    text: str
    key: str = ""


class Answer(msgspec.Struct, frozen=True):
    """Rows of a query: granted item to value as text; a missing value is None."""

    rows: list[dict[str, str | None]]
    count: int
    marks: list[Mark]
    trace: str
    grant_version: int


class Page(msgspec.Struct, frozen=True):
    """A page of a listing; `after` names the next one and is empty on the last."""

    rows: list[dict[str, str | None]]
    count: int
    marks: list[Mark]
    trace: str
    grant_version: int
    after: str = ""


class Part(msgspec.Struct, frozen=True):
    """What one grant answered to a unified query: its rows, or the `problem` that kept them back."""

    grant: str
    provider: str = ""
    resource: str = ""
    rows: list[dict[str, str | None]] = []
    count: int = 0
    marks: list[Mark] = []
    grant_version: int = 0
    problem: Problem | None = None


class Parts(msgspec.Struct, frozen=True):
    """The answers to a unified query, one for each grant."""

    answers: list[Part]
    trace: str


class Match(msgspec.Struct, frozen=True):
    """A confirmation: `found`, the record is there; `match`, it carries the facts."""

    match: bool
    found: bool
    trace: str


class ShownItem(msgspec.Struct, frozen=True):
    """A granted item with its kind and how it is masked."""

    item: str
    kind: str
    masking: str


class Granted(msgspec.Struct, frozen=True):
    """A grant of this system. `active` false: `reason` says why. artefacts: batch files ready to be downloaded."""

    grant: str
    version: int
    resource: str
    entry_code: str
    active: bool
    reason: str
    key_items: list[str]
    items: list[ShownItem]
    confirm_items: list[str]
    purposes: list[str]
    modes: list[str]
    valid_from: datetime
    valid_until: datetime
    quota: Quota
    artefacts: list[Manifest]
    listing: bool = False
    portal: bool = False


class Grants(msgspec.Struct, frozen=True):
    """The answer of /v1/grants."""

    grants: list[Granted]
    trace: str


def check(response: httpx.Response) -> None:
    """Raise `Refused` unless the gateway said yes; the body must have been read."""
    if response.is_success:
        return
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except ValueError:
        sentence = f"网关返回 {response.status_code}，没有说明原因，请检查地址与网络。"
        problem = Problem(title="无法处理", status=response.status_code, code="error", detail=sentence)
    raise Refused(problem)


def read(response: httpx.Response, kind: type[Body]) -> Body:
    """Return a good answer as `kind`, else raise `Refused`."""
    check(response)
    return msgspec.json.decode(response.content, type=kind)
