"""What sharing does when clocks strike, grants move and resources are mounted below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import inbox, jobs, outbox
from jutong.kernel.actors import system_actor
from jutong.slices.sharing import actions
from jutong.slices.sharing.models import Dispute, SharingRequest, StandingConsent

PLATFORM = system_actor("sharing")


@outbox.on("sharing_request.received")
def answer_under_standing_consent(event: outbox.Event, at: datetime) -> None:
    """Unconditional data with a standing consent is answered at once (reading 17)."""
    case = SharingRequest.objects.filter(pk=event.payload["id"], state="received").first()
    if (
        case
        and case.share_type == "unconditional"
        and StandingConsent.objects.filter(resource_id=case.resource_id, ended_at=None).exists()
    ):
        actions.answer_at_once(case, by=PLATFORM, at=at)


@outbox.on_many("sharing_request.agreed")
def prepare_deliveries(events: Sequence[outbox.Event], at: datetime) -> None:
    """Agreed requests are delivered: at once where the resource is mounted, else a task goes to the provider."""
    actions.begin_deliveries([event.payload["id"] for event in events], by=PLATFORM, at=at)


@outbox.on("datacentre.mount_changed")
def deliver_what_waits(event: outbox.Event, at: datetime) -> None:
    """A resource was mounted: requests that wait for it can be served."""
    actions.deliver_waiting(event.payload["resource_id"], by=PLATFORM, at=at)


@outbox.on_many("grant.granted", "grant.suspended", "grant.revoked", "grant.terminated", "grant.expired")
def follow_grants(events: Sequence[outbox.Event], at: datetime) -> None:
    """The requests move with their grants, and changes of use end with them.

    Not with the opening: a request goes on by its own agreement, and the grant may be suspended again by then.
    """
    ids, state = [event.payload["id"] for event in events if event.payload["from"]], events[0].payload["to"]
    actions.follow_grants(ids, state, at=at)
    if state in {"revoked", "terminated", "expired"}:
        actions.follow_ended_grants(ids, at=at)


@outbox.on_many("clock.due_soon", "clock.overdue")
def remind(events: Sequence[outbox.Event], at: datetime) -> None:
    """A limit comes near or has passed: the obliged department is told, and when overdue also the authority."""
    struck = [event for event in events if event.payload["case_kind"] == "sharing_request"]
    named = SharingRequest.objects.only("number", "provider_id", "authority_id")
    cases = named.in_bulk([event.payload["case_id"] for event in struck])
    letters = []
    for event in struck:
        case, overdue = cases[event.payload["case_id"]], event.name == "clock.overdue"
        title = _("%(label)s%(state)s：申请 %(number)s，期限 %(day)s") % {
            "label": event.payload["label"],
            "state": _("已超期") if overdue else _("即将到期"),
            "number": case.number,
            "day": event.payload["due_day"],
        }
        told = dict.fromkeys([case.provider_id, *([case.authority_id] if overdue else [])])
        letters += [inbox.Letter(title, pk, link=f"/sharing/requests/{case.pk}/") for pk in told]
    inbox.tell_many(letters, at=at)


@jobs.every(60)
def lapse(at: datetime) -> int:
    """Let requests lapse whose papers never came."""
    return actions.lapse_due(at)


@outbox.on_many("clock.due_soon", "clock.overdue")
def watch_disputes(events: Sequence[outbox.Event], at: datetime) -> None:
    """A dispute's limit comes near or is over: a negotiation then has failed, a late coordination is told upwards (W07)."""
    for event in events:
        if event.payload["case_kind"] == "dispute":
            _watch_dispute(event, at)


def _watch_dispute(event: outbox.Event, at: datetime) -> None:
    case = Dispute.objects.get(pk=event.payload["case_id"])
    overdue = event.name == "clock.overdue"
    if overdue and event.payload["clock"] == "negotiation" and case.state == "negotiating":
        actions.run_out(case, by=PLATFORM, at=at)
        return
    title = _("争议%(label)s%(state)s：%(number)s，期限 %(day)s") % {
        "label": event.payload["label"],
        "state": _("已超期") if overdue else _("即将到期"),
        "number": case.number,
        "day": event.payload["due_day"],
    }
    above = [case.superior_id] if overdue else []
    for department_id in dict.fromkeys([case.authority_id or case.provider_id, *above]):
        inbox.tell(department_id=department_id, title=title, link=f"/sharing/disputes/{case.pk}/", at=at)


@outbox.on("use_change.consented")
def put_in_force(event: outbox.Event, at: datetime) -> None:
    """What the provider consented to is in force with the new version of the grant."""
    actions.put_in_force(event.payload["id"], at=at)


@jobs.every(3600)
def look_after(at: datetime) -> int:
    """Close permits that are over, and show disputes that nobody acts on to the superior authority."""
    return actions.close_due(at) + actions.flag_idle(at)
