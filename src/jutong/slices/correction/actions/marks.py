"""The marks on the data: in the bundle in the same transaction as the move that sets or takes them (R-COR-014)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from jutong.kernel import jurisdiction
from jutong.kernel.clock import beijing_day
from jutong.slices.correction.models import Concern, CorrectedVersion, MarkedRecord, Objection, Receiver, Verification
from jutong.slices.correction.queries.sealing import opened
from jutong.slices.correction.rules import marks as rules
from jutong.slices.correction.rules.terms import MarkKind
from jutong.slices.grants import actions as grants
from jutong.wire.bundle import Mark

VERIFYING = ("in_verification", "extended", "confirmed", "unfounded")
OBJECTED = ("marked", "own_decision", "transferred", "department_decided")


def follow(case: Concern, *, at: datetime, shows: MarkKind | None) -> None:
    """Let the marks of a case's record be what they are after the move that is being made.

    shows: the mark the case itself carries afterwards, None for none. The record's row is locked first, so that two cases
    that end at once see each other.
    """
    if case.resource_id is None:
        return
    wanted = _others(case)
    if shows:
        wanted[shows].append(case.number)
    _set(case, wanted, at)


def _others(case: Concern) -> dict[MarkKind, list[str]]:
    row, _made = MarkedRecord.objects.get_or_create(
        resource_id=case.resource_id,
        digest=case.record_digest,
        defaults={"shown": case.record_shown, "since": case.received_at},
    )
    MarkedRecord.objects.select_for_update().get(pk=row.pk)
    there = {"resource_id": case.resource_id, "record_digest": case.record_digest}
    found: dict[MarkKind, list[str]] = defaultdict(list)
    for kind, model, states in (
        (MarkKind.VERIFICATION, Verification, VERIFYING),
        (MarkKind.OBJECTION, Objection, OBJECTED),
    ):
        rows = model.objects.filter(**there, state__in=states)
        rows = rows.exclude(pk=case.pk) if isinstance(case, model) else rows
        found[kind] += rows.order_by("pk").values_list("number", flat=True)
    waiting = Receiver.objects.filter(fetched_at=None, version__in=CorrectedVersion.objects.filter(**there))
    numbers = waiting.order_by("version__number").values_list("version__number", flat=True)
    found[MarkKind.CORRECTED] += [
        f"第 {number} 次" for number in dict.fromkeys(numbers)
    ]  # the data plane's own language
    return found


def _set(case: Concern, wanted: dict[MarkKind, list[str]], at: datetime) -> None:
    policy = jurisdiction.policy_for(case.region, beijing_day(at))
    as_usual = policy.flag("business_as_usual")
    kinds = {str(kind): rules.words(kind, numbers, as_usual=as_usual) for kind, numbers in wanted.items() if numbers}
    row = MarkedRecord.objects.get(resource_id=case.resource_id, digest=case.record_digest)
    record, resource = opened(case.record), str(case.resource_id)
    told = {kind: text for kind, text in kinds.items() if row.kinds.get(kind) != text}
    if told:
        grants.put("marks", [(f"{resource}/{k}/{record}", Mark(resource, k, text, record)) for k, text in told.items()])
    if gone := row.kinds.keys() - kinds.keys():
        grants.remove("marks", [f"{resource}/{kind}/{record}" for kind in sorted(gone)])
    if kinds and not row.kinds:
        row.since = at
    row.kinds = kinds
    row.save(update_fields=["kinds", "since"])
