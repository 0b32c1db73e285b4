"""A case that was sent to the wrong procedure goes on in the right one, with its first receipt time (R-COR-019)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.errors import RuleBroken
from jutong.slices.correction.actions import marks, telling
from jutong.slices.correction.actions.objecting import raise_objection
from jutong.slices.correction.actions.opening import apply_for_correction
from jutong.slices.correction.actions.verifying import report
from jutong.slices.correction.models import Complaint, Concern, Objection, OpenCorrection, Verification
from jutong.slices.correction.queries.sealing import opened
from jutong.slices.correction.rules.raising import Asker
from jutong.slices.correction.workflow import COMPLAINT, OBJECTION, OPEN_CORRECTION, VERIFICATION, WORKFLOWS

PLATFORM = system_actor("correction")
LEADS: Final = {
    "verification": ("objection", "open_correction"),
    "objection": ("verification", "open_correction"),
    "open_correction": ("verification", "objection"),
    "complaint": ("verification", "objection"),
}
"""Into what each procedure can be converted."""


def _verification(case: Concern, asker: Asker, detail: str, at: datetime) -> Concern:
    words: dict[str, Any] = {
        "resource_id": case.resource_id,
        "text": case.text,
        "items": case.items,
        "record": opened(case.record),
    }
    return report(by=PLATFORM, at=at, asker=asker, kind=detail or "doubt", found_on=case.received_on, **words)


def _objection(case: Concern, asker: Asker, detail: str, at: datetime) -> Concern:
    words: dict[str, Any] = {
        "resource_id": case.resource_id,
        "text": case.text,
        "items": case.items,
        "record": opened(case.record),
    }
    return raise_objection(by=PLATFORM, at=at, asker=asker, ground=detail, evidence=_evidence(case), **words)


def _open_correction(case: Concern, asker: Asker, detail: str, at: datetime) -> Concern:
    return apply_for_correction(
        by=PLATFORM, at=at, asker=asker, resource_id=case.resource_id or 0, field=detail, text=case.text
    )


def _evidence(case: Concern) -> str:
    return getattr(case, "evidence", "") or _("见原事项 %(number)s 的情况说明。") % {"number": case.number}


_OPENERS: Final[Mapping[str, Callable[[Concern, Asker, str, datetime], Concern]]] = {
    "verification": _verification,
    "objection": _objection,
    "open_correction": _open_correction,
}


def _convert(case: Concern, kind: str, at: datetime, *, to: str, detail: str) -> None:
    """Open the case in the right procedure under its first receipt; both numbers refer to each other."""
    if to not in LEADS[kind]:
        raise RuleBroken(_("该事项不能转入所选程序，请从列表中选择。"), field="to")
    if case.resource_id is None:
        raise RuleBroken(_("该事项没有指明数据资源，不能转入其他程序。"), field="to")
    asker = Asker(
        received_at=case.received_at,
        by_name=case.by_name,
        consumer_id=case.consumer_id,
        applicant_id=case.applicant_id,
        channel=case.channel,
        code_digest=case.code_digest,
        converted_from=f"{kind}:{case.pk}",
        papers=tuple(case.attachments),
    )
    made = _OPENERS[to](case, asker, detail, at)
    case.converted_to, case.ended_at = f"{to}:{made.pk}", at
    title = {"title": _(WORKFLOWS[to].title), "number": made.number}
    telling.tell_applicant(case, _("已转为%(title)s办理，编号 %(number)s，受理时间不变。") % title, at)
    marks.follow(case, at=at, shows=None)


@VERIFICATION.action("convert")
def convert_verification(case: Verification, *, by: Actor, at: datetime, to: str, detail: str) -> None:
    """Go on as an objection (detail: ground) or a correction of the open catalogue (detail: field)."""
    _convert(case, "verification", at, to=to, detail=detail)


@OBJECTION.action("convert")
def convert_objection(case: Objection, *, by: Actor, at: datetime, to: str, detail: str) -> None:
    """Go on as a verification (detail: kind) or a correction of the open catalogue (detail: field)."""
    _convert(case, "objection", at, to=to, detail=detail)


@OPEN_CORRECTION.action("convert")
def convert_open_correction(case: OpenCorrection, *, by: Actor, at: datetime, to: str, detail: str) -> None:
    """Go on as a verification (detail: kind) or an objection (detail: ground)."""
    _convert(case, "open_correction", at, to=to, detail=detail)


@COMPLAINT.action("convert")
def convert_complaint(case: Complaint, *, by: Actor, at: datetime, to: str, detail: str) -> None:
    """A complaint that is really a verification (detail: kind) or an objection (detail: ground) goes on as one."""
    _convert(case, "complaint", at, to=to, detail=detail)
