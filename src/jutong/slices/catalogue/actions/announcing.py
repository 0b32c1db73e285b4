"""Telling departments of demands: what was handed in, given to them, given back, met or ended, and limits that near."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Demand

_TO_CONSUMER: Final = {
    "accepted": N_("数据需求已受理：%(wanted)s"),
    "rejected": N_("数据需求未采纳：%(wanted)s（%(reason)s）"),
    "met": N_("数据需求已满足：%(wanted)s"),
    "met_by_entry": N_("数据需求已由目录《%(entry)s》满足：%(wanted)s"),
    "met_by_request": N_("数据需求已由共享申请满足：%(wanted)s"),
    "ended": N_("数据需求已终结：%(wanted)s（%(reason)s）"),
}
_GIVEN: Final = frozenset({"make_gap", "assign", "reassign"})


def tell_of_demand(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell those concerned of a demand's move: its department of the outcome, the provider of what it is given."""
    case = Demand.objects.select_related("consumer", "entry").filter(pk=payload["id"]).first()
    if case is None:
        return
    verb, state = payload["verb"], payload["to"]
    words = {
        "wanted": case.wanted,
        "reason": case.reason,
        "department": case.consumer.name,
        "entry": case.entry.title if case.entry else "",
    }
    told: list[tuple[int | None, str]] = []
    if verb in _GIVEN:
        told.append((payload.get("provider_id"), _("%(department)s需要贵部门的数据，请研究答复：%(wanted)s") % words))
    elif verb == "decline":
        told.append((case.authority_id, _("提供部门说明不能提供，请另行分派：%(wanted)s") % words))
    elif verb == "register":
        told.append((case.authority_id, _("%(department)s登记数据需求：%(wanted)s") % words))
    elif state in _TO_CONSUMER and verb not in {"link", "ask"}:
        told.append((case.consumer_id, _(_TO_CONSUMER[state]) % words))
        if state == "ended":
            told += [(pk, _(_TO_CONSUMER[state]) % words) for pk in (case.provider_id,) if pk != case.consumer_id]
    for department_id, title in told:
        if department_id is not None:
            inbox.tell(department_id=department_id, title=title, link=f"/catalogue/demands/{case.pk}/", at=at)


def tell_of_answer(payload: Mapping[str, Any], *, overdue: bool, at: datetime) -> None:
    """Tell a provider that its answer to a demand is due, and the authority as well once it is late."""
    case = Demand.objects.get(pk=payload["case_id"])
    title = _("%(label)s%(state)s：%(occasion)s，期限 %(day)s") % {
        "label": _(payload["label"]),
        "state": _("已超期") if overdue else _("即将到期"),
        "occasion": case.wanted,
        "day": payload["due_day"],
    }
    told = [payload["obliged_id"], *([case.authority_id] if overdue else [])]
    for department_id in dict.fromkeys(pk for pk in told if pk is not None):
        inbox.tell(department_id=department_id, title=title, link=f"/catalogue/demands/{case.pk}/", at=at)
