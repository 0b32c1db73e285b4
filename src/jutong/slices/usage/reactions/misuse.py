"""Suspected misuse becomes a case, disputes about a suspension are followed, and limits of a rectification are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.slices.services import events as services
from jutong.slices.services import queries as use
from jutong.slices.usage import actions
from jutong.slices.usage.models import MisuseCase


@outbox.on(services.MISUSE_SUSPECTED)
def gather(event: outbox.Event, at: datetime) -> None:
    """Refused calls look like misuse: they are gathered into a case that a person decides; nothing is suspended."""
    alert = use.alerts_by_id([int(event.payload["id"])]).get(int(event.payload["id"]))
    if alert is None:
        return
    words = _("%(day)s %(department)s“%(system)s”%(kind)s，网关已拒绝。") % {
        "day": alert.day,
        "department": alert.department,
        "system": alert.system,
        "kind": alert.kind_label,
    }
    actions.gather_alert(alert.id, grant_id=alert.grant_id, kind=alert.kind, words=words, at=at)


@outbox.on_many("grant.granted")
def follow(events: Sequence[outbox.Event], at: datetime) -> None:
    """Suspended grants work again."""
    for event in events:
        if event.payload["from"] == "suspended":
            actions.follow_grant(int(event.payload["id"]), at=at)


@outbox.on_many("clock.due_soon", "clock.overdue")
def remind(events: Sequence[outbox.Event], at: datetime) -> None:
    """The limit of a rectification comes near or has passed: both sides are told; nothing is decided by it (R-SHR-049)."""
    for event in events:
        if event.payload["case_kind"] == "misuse_case":
            _remind(event, at)


def _remind(event: outbox.Event, at: datetime) -> None:
    case = MisuseCase.objects.get(pk=event.payload["case_id"])
    words = {"number": case.number, "day": event.payload["due_day"]}
    if event.name == "clock.overdue":
        title = _("整改期限已过：案件 %(number)s，期限 %(day)s，请核实并作出决定") % words
        told = [case.suspended_by_id, case.authority_id, case.consumer_id]
    else:
        title = _("整改期限将至：案件 %(number)s，期限 %(day)s，请报告整改情况") % words
        told = [case.consumer_id]
    for department in dict.fromkeys(told):
        inbox.tell(department_id=department, title=title, link=f"/usage/misuse/{case.pk}/", at=at)
