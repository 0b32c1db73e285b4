"""What this slice does when clocks strike and a provider agrees to a correction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import inbox, outbox
from jutong.kernel.actors import system_actor
from jutong.slices.correction import actions, events
from jutong.slices.correction.models import OpenCorrection
from jutong.slices.correction.rules import findings
from jutong.slices.correction.rules.concerns import ARTICLE
from jutong.slices.correction.workflow import WORKFLOWS

PLATFORM = system_actor("correction")


@outbox.on("open_correction.agreed")
def queue_change(event: outbox.Event, at: datetime) -> None:
    """The provider agreed to a correction: the authority is asked to change the open catalogue (neijiang-2020#31)."""
    case = OpenCorrection.objects.filter(pk=event.payload["id"], state="agreed").first()
    if case is not None:
        actions.request_change(case, by=PLATFORM, at=at)


@outbox.on_many("clock.due_soon", "clock.overdue")
def remind(events: Sequence[outbox.Event], at: datetime) -> None:
    """A limit comes near or has passed: who has to act is told, and when overdue also the authority.

    A verification past its limit is put forward as a possible finding (national-2025#39(6)); nothing is decided by it.
    """
    for event in events:
        if event.payload["case_kind"] in WORKFLOWS:
            _remind(event, at)


def _remind(event: outbox.Event, at: datetime) -> None:
    kind = event.payload["case_kind"]
    case = WORKFLOWS[kind].model._default_manager.get(pk=event.payload["case_id"])
    overdue = event.name == "clock.overdue"
    title = _("%(label)s%(state)s：%(number)s，期限 %(day)s") % {
        "label": event.payload["label"],
        "state": _("已超期") if overdue else _("即将到期"),
        "number": case.number,
        "day": event.payload["due_day"],
    }
    obliged = event.payload["obliged_id"] or case.provider_id
    for department_id in dict.fromkeys([obliged, *([case.authority_id] if overdue else [])]):
        inbox.tell(department_id=department_id, title=title, link=f"/correction/{kind}/{case.pk}/", at=at)
    if overdue and kind == "verification":
        payload = {
            "case_id": case.pk,
            "number": case.number,
            "provider_id": case.provider_id,
            "authority_id": case.authority_id,
            "due_day": event.payload["due_day"],
            "article": ARTICLE,
        }
        outbox.publish(events.NOT_VERIFIED, f"verification:{case.pk}", payload, at=at, by=PLATFORM)


@outbox.on(events.NOT_VERIFIED)
def list_late_verification(event: outbox.Event, at: datetime) -> None:
    """A verification past its limit stands in the authority's list of possible findings."""
    words = _("校核 %(number)s 未在 %(day)s 前核实、更正并反馈") % {
        "number": event.payload["number"],
        "day": event.payload["due_day"],
    }
    proposed = findings.from_late_verification(event.payload, words)
    actions.list_finding(by=PLATFORM, at=at, event_id=event.id, proposed=proposed)


@outbox.on(
    "sharing.finding_proposed", "usage.finding_proposed", "exchange.finding_proposed", "services.finding_proposed"
)
def list_finding(event: outbox.Event, at: datetime) -> None:
    """What the slices below put forward stands in the same list."""
    proposed = findings.from_event(event.subject, event.payload)
    actions.list_finding(by=PLATFORM, at=at, event_id=event.id, proposed=proposed)
