"""W15: ending or changing the service of a published resource, with cause, after hearing its consumers and filing, on a day."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue import actions as catalogue_actions
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre import actions as datacentre_actions
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.grants.actions.grants import fit_grant, revoke_grant
from jutong.slices.grants.models import ChangeConsumer, Grant, ServiceChange
from jutong.slices.grants.rules import (
    check_cancelled,
    check_ending,
    check_filing,
    check_heard,
    check_prepared,
    check_what,
)
from jutong.slices.grants.workflow import HEARD_BY, SERVICE_CHANGE, negotiates
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("grants")
OPEN: Final = ("justified", "negotiated", "filed", "announced")
"""States in which an end or change is under way."""


def _hear(case: ServiceChange, *, by: Actor, at: datetime) -> None:
    _conclude(case, at)


@SERVICE_CHANGE.opens("justify", then=_hear)
def end_resource(
    *,
    by: Actor,
    at: datetime,
    resource_id: int,
    cause: str,
    stop_on: date | None,
    successor: str = "",
    case_ref: str = "",
) -> ServiceChange:
    """Say why and from which day a published resource is no longer offered (inner-mongolia-2018#18, national-2025#27).

    Its consumers are those with a grant that runs; case_ref: only the arrangement that this grant came from. RuleBroken
    without cause or a later day; WrongState for an entry that is not published; Conflict while an earlier case of it is open.
    """
    catalogue_actions.check_successor(resource_id, successor)
    case = _case(at, resource_id, cause, stop_on, case_ref)
    case.successor = successor.strip()
    return _told(case, N_("提供方拟停止提供，请协商：%s"), at)


@SERVICE_CHANGE.opens("justify_change", then=_hear)
def change_resource(
    *, by: Actor, at: datetime, resource_id: int, cause: str, stop_on: date | None, what: str, case_ref: str = ""
) -> ServiceChange:
    """Say why, from which day and how a published resource will be served in another form (national-2025#27).

    stop_on: the first day in the new form. Consumers are heard and the authority is filed with as for an end; until the
    day the old form is served. Refusals as for an end; RuleBroken also without saying what changes.
    """
    check_what(what)
    case = _case(at, resource_id, cause, stop_on, case_ref)
    case.kind, case.what = "change", what.strip()
    return _told(case, N_("提供方拟变更服务，请协商：%s"), at)


def _case(at: datetime, resource_id: int, cause: str, stop_on: date | None, case_ref: str) -> ServiceChange:
    entry = catalogue.require_published(resource_id)
    day = check_ending(cause, stop_on, today=beijing_day(at))
    if ServiceChange.objects.filter(resource=resource_id, case_ref__in=("", case_ref), state__in=OPEN).exists():
        raise Conflict(_("该资源已有停止或者变更事项在办，请在其上办理。"))
    return ServiceChange(
        region=entry.region, resource_id=entry.id, resource_title=entry.title, entry_code=entry.code,
        provider_id=entry.provider_id, authority_id=parties.authority_of(entry.region), cause=cause.strip(),
        stop_on=day, case_ref=case_ref, started_on=beijing_day(at), at=at,
    )  # fmt: skip


def _told(case: ServiceChange, title: str, at: datetime) -> ServiceChange:
    case.save()
    for consumer in consumers_of(case):
        ChangeConsumer.objects.create(change=case, consumer_id=consumer, provider_id=case.provider_id)
        inbox.tell(
            department_id=consumer, title=_(title) % case.resource_title, text=f"{case.cause}\n{case.what}".strip(),
            link=f"/grants/endings/{case.pk}/", at=at,
        )  # fmt: skip
    return case


def consumers_of(case: ServiceChange) -> list[int]:
    """Return who holds a running grant that a case concerns."""
    return sorted(set(grants_of(case).values_list("consumer_id", flat=True)))


def grants_of(case: ServiceChange) -> QuerySet[Grant]:
    """Return the running grants that a case concerns."""
    held = Grant.objects.filter(resource_id=case.resource_id, state__in=["granted", "suspended"]).order_by("pk")
    return held.filter(case_ref=case.case_ref) if case.case_ref else held


@action("grants.record_heard", label=N_("登记协商结果"), allow=HEARD_BY, on=ChangeConsumer)
def record_heard(heard: ChangeConsumer, *, by: Actor, at: datetime, result: str, text: str = "") -> None:
    """Record whether a consumer agrees with the end or change of a service, or why not; it can still change its mind until filing."""
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
    if fresh := set(consumers_of(case)) - set(case.consumers.values_list("consumer_id", flat=True)):
        names = "、".join(row.name for row in parties.departments(fresh).values())
        raise WrongState(_("协商之后又有新的使用方：%s，请取消后重新提出，与其协商。") % names)
    _file(case, at)


@SERVICE_CHANGE.action("file_directly")
def file_ending_directly(case: ServiceChange, *, by: Actor, at: datetime) -> None:
    """File the end where the profile asks for no negotiation (before 2025-08-01; inner-mongolia-2018#18)."""
    _file(case, at)


def _file(case: ServiceChange, at: datetime) -> None:
    check_filing(case.stop_on, today=beijing_day(at))
    if case.kind == "change" and not case.case_ref:
        mount = datacentre.mount_of(case.resource_id)
        check_prepared(mount.prepared if mount else "")
    case.filed_on = beijing_day(at)
    case.number = f"{'BG' if case.kind == 'change' else 'TZ'}{case.filed_on:%Y%m%d}-{case.pk}"


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
            title=_("停止或者变更已取消：%s") % case.resource_title,
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
        words = {"title": case.resource_title, "day": case.stop_on, "number": case.number}
        changes = case.kind == "change"
        for department in {*consumers_of(case), *case.consumers.values_list("consumer_id", flat=True)}:
            inbox.tell(
                department_id=department,
                title=_("%(title)s将于 %(day)s 变更服务") % words
                if changes
                else _("%(title)s将于 %(day)s 停止提供") % words,
                text=f"{case.cause}\n{case.what}".strip(),
                link=f"/grants/endings/{case.pk}/",
                at=at,
            )
        inbox.tell(
            department_id=case.authority_id,
            title=_("变更服务备案 %(number)s：%(title)s") % words
            if changes
            else _("停止提供备案 %(number)s：%(title)s") % words,
            link=f"/grants/endings/{case.pk}/",
            at=at,
        )


def stop_due(*, at: datetime) -> int:
    """End or change what has reached its day, in one transaction each; returns how many."""
    due = ServiceChange.objects.filter(state="announced", stop_on__lte=beijing_day(at)).order_by("pk")
    cases = list(due[:200])
    for case in cases:
        with transaction.atomic():
            (switch if case.kind == "change" else _stop)(case, at)
    return len(cases)


def _stop(case: ServiceChange, at: datetime) -> None:
    """End the grants, and with all of a resource's the entry."""
    reason = _("停止提供（备案号 %(number)s）：%(cause)s") % {"number": case.number, "cause": case.cause}
    ended = list(grants_of(case).values_list("pk", flat=True))
    for pk in ended:
        revoke_grant(pk, by=PLATFORM, at=at, reason=reason)
    if not case.case_ref and catalogue.published(case.resource_id):
        catalogue_actions.withdraw(case.resource_id, by=PLATFORM, at=at, reason=reason, successor=case.successor)
    SERVICE_CHANGE.advance_many("stop", [case.pk], by=PLATFORM, at=at, stopped_at=at, grants_ended=len(ended))


def switch(case: ServiceChange, at: datetime) -> None:
    """Serve in the new form: the prepared mount comes into force, grants follow what it provides, consumers are told.

    Of a single arrangement its owner above carries the change out, on the event service_change.changed.
    """
    ended = 0
    if not case.case_ref:
        with suppress(WrongState):  # unmounted meanwhile, when nobody was served any more
            datacentre_actions.switch_mount(by=PLATFORM, at=at, resource_id=case.resource_id)
        ended = fit_grants(case, at)
    SERVICE_CHANGE.advance_many("switch", [case.pk], by=PLATFORM, at=at, stopped_at=at, grants_ended=ended)
    for consumer in case.consumers.values_list("consumer_id", flat=True):
        inbox.tell(
            department_id=consumer, title=_("%s已按备案变更服务") % case.resource_title, text=case.what,
            link=f"/grants/endings/{case.pk}/", at=at,
        )  # fmt: skip


def fit_grants(case: ServiceChange, at: datetime) -> int:
    """Take from each grant what the new form no longer provides; returns how many had to end, as nothing safe was left.

    A grant whose row conditions or keys need an item that is gone ends: without them it would give more than was agreed.
    """
    mount, ended = datacentre.mount_of(case.resource_id), 0
    provided = {column.item for column in mount.columns} if mount else set()
    for grant in grants_of(case):
        if {item["item"] for item in grant.items} <= provided:
            continue
        needed = {*grant.key_items, *grant.confirm_items, *(test["item"] for test in grant.conditions)}
        if needed <= provided and any(item["item"] in provided for item in grant.items):
            fit_grant(grant.pk, by=PLATFORM, at=at, provided=frozenset(provided))
            continue
        reason = _("服务变更（备案号 %s）后不再提供所需的信息项，请重新申请。") % case.number
        revoke_grant(grant.pk, by=PLATFORM, at=at, reason=reason)
        ended += 1
    return ended
