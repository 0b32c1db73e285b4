"""W15: ending the service of a published resource, with cause, after hearing its consumers and filing, on a day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue import actions as catalogue_actions
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants.actions.grants import end_service
from jutong.slices.grants.models import ChangeConsumer, Grant, ServiceChange
from jutong.slices.grants.rules import check_cancelled, check_ending, check_filing, check_heard
from jutong.slices.grants.workflow import HEARD_BY, SERVICE_CHANGE, negotiates
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("grants")


def _hear(case: ServiceChange, *, by: Actor, at: datetime) -> None:
    _conclude(case, at)


@SERVICE_CHANGE.opens("justify", then=_hear)
def end_resource(
    *, by: Actor, at: datetime, resource_id: int, cause: str, stop_on: date | None, successor: str = ""
) -> ServiceChange:
    """Say why and from which day a published resource is no longer offered (inner-mongolia-2018#18, national-2025#27).

    Its consumers are those with a grant that runs. RuleBroken without cause or a later day; WrongState for an entry
    that is not published; Conflict while an earlier case of it is open.
    """
    entry = catalogue.require_published(resource_id)
    day = check_ending(cause, stop_on, today=beijing_day(at))
    catalogue_actions.check_successor(resource_id, successor)
    if ServiceChange.objects.filter(
        resource=resource_id, state__in=["justified", "negotiated", "filed", "announced"]
    ).exists():
        raise Conflict(_("该资源已有停止提供事项在办，请在其上办理。"))
    case = ServiceChange.objects.create(
        region=entry.region, resource_id=entry.id, resource_title=entry.title, entry_code=entry.code,
        provider_id=entry.provider_id, authority_id=parties.authority_of(entry.region), cause=cause.strip(),
        stop_on=day, successor=successor.strip(), started_on=beijing_day(at), at=at,
    )  # fmt: skip
    for consumer in _consumers(entry.id):
        ChangeConsumer.objects.create(change=case, consumer_id=consumer, provider_id=entry.provider_id)
        inbox.tell(
            department_id=consumer,
            title=_("提供方拟停止提供，请协商：%s") % entry.title,
            text=cause.strip(),
            link=f"/grants/endings/{case.pk}/",
            at=at,
        )
    return case


def _consumers(resource_id: int) -> list[int]:
    held = Grant.objects.filter(resource_id=resource_id, state__in=["granted", "suspended"])
    return sorted(set(held.values_list("consumer_id", flat=True)))


@action("grants.record_heard", label=N_("登记协商结果"), allow=HEARD_BY, on=ChangeConsumer)
def record_heard(heard: ChangeConsumer, *, by: Actor, at: datetime, result: str, text: str = "") -> None:
    """Record whether a consumer agrees with the end of a service, or why not; it can still change its mind until filing."""
    check_heard(result, text)
    change = heard.change
    if change.state not in {"justified", "negotiated"}:
        raise WrongState(_("该事项已备案或已结束，不再登记协商结果。"))
    heard.result, heard.text, heard.by_name, heard.given_at = result, text.strip(), by.name[:100], at
    heard.save(update_fields=["result", "text", "by_name", "given_at"])
    _conclude(change, at)


def _conclude(case: ServiceChange, at: datetime) -> None:
    """Go on once every consumer was heard; at once where nobody has to be."""
    if case.state == "justified" and negotiates(case.policy) and not case.consumers.filter(result="").exists():
        SERVICE_CHANGE.advance_many("conclude", [case.pk], by=PLATFORM, at=at)


@SERVICE_CHANGE.action("file")
def file_ending(case: ServiceChange, *, by: Actor, at: datetime) -> None:
    """File the end with the same-level authority; a consumer that came since is heard first (national-2025#27)."""
    if fresh := set(_consumers(case.resource_id)) - set(case.consumers.values_list("consumer_id", flat=True)):
        names = "、".join(row.name for row in parties.departments(fresh).values())
        raise WrongState(_("协商之后又有新的使用方：%s，请取消后重新提出，与其协商。") % names)
    _file(case, at)


@SERVICE_CHANGE.action("file_directly")
def file_ending_directly(case: ServiceChange, *, by: Actor, at: datetime) -> None:
    """File the end where the profile asks for no negotiation (before 2025-08-01; inner-mongolia-2018#18)."""
    _file(case, at)


def _file(case: ServiceChange, at: datetime) -> None:
    check_filing(case.stop_on, today=beijing_day(at))
    case.filed_on = beijing_day(at)
    case.number = f"TZ{case.filed_on:%Y%m%d}-{case.pk}"


@SERVICE_CHANGE.action("acknowledge")
def acknowledge_ending(case: ServiceChange, *, by: Actor, at: datetime) -> None:
    """The authority takes note of the filing; it needs no approval (备案)."""
    if case.acknowledged_by:
        raise Conflict(_("备案已由 %s 确认收到。") % case.acknowledged_by)
    case.acknowledged_by = by.name[:100]


@SERVICE_CHANGE.action("cancel")
def cancel_ending(case: ServiceChange, *, by: Actor, at: datetime, reason: str) -> None:
    """The provider goes on with the service after all, before the day of the end (W15); consumers are told."""
    case.cancelled_for = check_cancelled(reason)
    for consumer in case.consumers.values_list("consumer_id", flat=True):
        inbox.tell(
            department_id=consumer,
            title=_("停止提供已取消：%s") % case.resource_title,
            text=case.cancelled_for,
            link=f"/grants/endings/{case.pk}/",
            at=at,
        )


def announce_ending(change_id: int, *, at: datetime) -> None:
    """Tell every consumer the day from which there is no service, and the authority that it was filed with."""
    case = ServiceChange.objects.get(pk=change_id)
    with transaction.atomic():
        if not SERVICE_CHANGE.advance_many("announce", [case.pk], by=PLATFORM, at=at).done:
            return
        words = {"title": case.resource_title, "day": case.stop_on}
        for department in {*_consumers(case.resource_id), *case.consumers.values_list("consumer_id", flat=True)}:
            inbox.tell(
                department_id=department,
                title=_("%(title)s将于 %(day)s 停止提供") % words,
                text=case.cause,
                link=f"/grants/endings/{case.pk}/",
                at=at,
            )
        inbox.tell(
            department_id=case.authority_id,
            title=_("停止提供备案 %(number)s：%(title)s") % {"number": case.number, "title": case.resource_title},
            link=f"/grants/endings/{case.pk}/",
            at=at,
        )


def stop_due(*, at: datetime) -> int:
    """End what has reached its day: the grants, and the entry with them, in one transaction each; returns how many."""
    due = ServiceChange.objects.filter(state="announced", stop_on__lte=beijing_day(at)).order_by("pk")
    cases = list(due[:200])
    for case in cases:
        with transaction.atomic():
            _stop(case, at)
    return len(cases)


def _stop(case: ServiceChange, at: datetime) -> None:
    reason = _("停止提供（备案号 %(number)s）：%(cause)s") % {"number": case.number, "cause": case.cause}
    ended = end_service(case.resource_id, at=at, reason=reason)
    if catalogue.published(case.resource_id):
        catalogue_actions.withdraw(case.resource_id, by=PLATFORM, at=at, reason=reason, successor=case.successor)
    SERVICE_CHANGE.advance_many("stop", [case.pk], by=PLATFORM, at=at, stopped_at=at, grants_ended=ended)
