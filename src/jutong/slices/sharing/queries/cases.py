"""One request with everything its page shows: names, files, items as the catalogue describes them, the trail in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import files, jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.jurisdiction import Governed, governed
from jutong.kernel.models import StoredFile
from jutong.kernel.queries import AuditRow
from jutong.kernel.terms import ShareType
from jutong.slices.agreements.queries import frames_for
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.parties import queries as parties
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.queries.requests import RequestRow, request
from jutong.slices.sharing.rules import Reply
from jutong.slices.sharing.workflow import SHARING_REQUEST
from jutong.wire.grants import Masking

INSIDE: Final = frozenset({"prepare_reply", "withhold_consent"})
"""Steps inside the provider's house, which the consumer does not see before the reply."""


MOST_LINES: Final = 10_000
"""Cases of a list that one sheet holds."""


@dataclass(frozen=True, slots=True)
class FileLine:
    """An attachment as a page names it."""

    id: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Step:
    """One successful move in the trail: who did what when, for which department, with the words that go with it."""

    at: datetime
    verb: str
    label: str
    actor_name: str
    department_name: str
    acting: bool
    note: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A request as its page shows it; `reply` is the drafted or given reply, None where there is none to see.

    items: those asked for, as the published entry describes them now (None for one that is gone from it).
    side: consumer, provider, authority or nothing (auditors). maskings: what a reply starts with, for the provider
    while there is none.
    """

    row: RequestRow
    side: str
    items: tuple[tuple[str, catalogue.PublishedItem | None], ...]
    entry: catalogue.PublishedEntry | None
    files: tuple[FileLine, ...]
    steps: tuple[Step, ...]
    reply: Reply | None
    authority_name: str
    maskings: Mapping[str, Masking]
    governed: tuple[Governed, ...] = ()


def case(request_id: int, actor: Actor, at: datetime) -> CaseView:
    """Return a request for its page. NotThere where the actor may not know of it."""
    row = request(request_id, actor, at)
    entry = catalogue.published(row.resource_id)
    known = {item.name: item for item in entry.items} if entry else {}
    given = reply_of(row.reply)
    names = {pk: d.name for pk, d in parties.departments([row.consumer_id, row.provider_id, row.authority_id]).items()}
    side = _side(row, actor)
    return CaseView(
        row=row,
        side=side,
        items=tuple((name, known.get(name)) for name in row.items),
        entry=entry,
        files=file_lines(row.attachments),
        steps=tuple(
            _step(entry_row, names, row)
            for entry_row in row.history
            if entry_row.outcome == "success" and not (side == "consumer" and _verb(entry_row) in INSIDE)
        ),
        reply=given,
        authority_name=names.get(row.authority_id, ""),
        governed=tuple(_governed(request_id)),
        maskings=_maskings(row, at) if side == "provider" and given is None else {},
    )


def _maskings(row: RequestRow, at: datetime) -> Mapping[str, Masking]:
    """Return how a reply masks to begin with: as the items' grades have it, and as the agreement it keeps to."""
    agreed = {}
    if row.agreement:
        frames = frames_for(row.resource_id, row.consumer_id, at=at)
        agreed = next((one.maskings for one in frames if one.number == row.agreement), {})
    return {**datacentre.default_masking(row.resource_id, at=at), **agreed}


def _governed(request_id: int) -> Iterator[Governed]:
    """Yield the steps with their rules: the answer by the provider's region, use by the consumer's (R-CAS-013)."""
    case = SharingRequest.objects.select_related("consumer", "provider").get(pk=request_id)
    free = case.share_type == ShareType.UNCONDITIONAL
    answer = "unconditional_reply_days" if free else "request_reply_days"
    own = jurisdiction.policy_for(case.consumer.region_id, case.started_on)
    yield governed(_("答复申请"), case.provider.name, case.policy, answer)
    yield governed(_("提供数据"), case.provider.name, case.policy, "delivery_days")
    yield governed(_("使用数据、保存使用记录"), case.consumer.name, own, "use_record_retention_years")


def reply_of(stored: Mapping[str, Any]) -> Reply | None:
    """Return a stored reply, or None."""
    plain = {name: value for name, value in stored.items() if not name.startswith("prepared_")}
    return msgspec.convert(plain, Reply) if plain else None


def file_lines(ids: tuple[int, ...]) -> tuple[FileLine, ...]:
    """Return attachments in the order they were handed in."""
    found = StoredFile.objects.in_bulk(list(ids))
    return tuple(FileLine(pk, found[pk].name, found[pk].size) for pk in ids if pk in found)


def attachment(request_id: int, file_id: int, actor: Actor, at: datetime) -> files.FileRow:
    """Return an attachment of a request. NotThere unless the actor may know of the request and it has this file."""
    if file_id not in request(request_id, actor, at).attachments:
        raise NotThere(_("没有找到该附件，或您无权知悉。"))
    return files.row(file_id)


def _side(row: RequestRow, actor: Actor) -> str:
    for side, department in (
        ("consumer", row.consumer_id),
        ("provider", row.provider_id),
        ("authority", row.authority_id),
    ):
        if department in actor.serves:
            return side
    return ""


def _verb(entry: AuditRow) -> str:
    return entry.verb.rpartition(".")[2]


def _step(entry: AuditRow, names: Mapping[int, str], row: RequestRow) -> Step:
    verb = _verb(entry)
    label = next((_(move.label) for move in SHARING_REQUEST.moves if move.verb == verb), verb)
    system = entry.channel == "system"
    return Step(
        at=entry.at,
        verb=verb,
        label=label,
        actor_name=_("系统") if system else entry.actor_name,
        department_name="" if system else names.get(entry.department_id or 0, ""),
        acting=entry.acting_for is not None,
        note=_note(verb, row),
    )


def _note(verb: str, row: RequestRow) -> str:
    notes = {
        "ask_supplement": "\n".join(row.supplement.get("papers", [])),
        "supplement": row.supplied,
        "ask_extension": row.extension_asked.get("reason", ""),
        "decline": row.reply_reason,
        "refuse": row.reply_reason,
        "answer_at_once": row.remark,
        "refuse_directly": row.reply_reason,
        "judge": row.verdict.get("words", ""),
        "agree": row.reply.get("remarks", ""),
        "agree_directly": row.reply.get("remarks", ""),
    }
    return str(notes.get(verb, ""))
