"""What the platform does by itself: answer under a standing consent, deliver, follow the grant, let papers lapse."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actors import Actor, Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import WrongState
from jutong.kernel.workflow.many import Refusals
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.grants import queries as held
from jutong.slices.sharing.actions.answering import tell_consumer, tell_consumers
from jutong.slices.sharing.actions.opening import open_grant, whole_reply
from jutong.slices.sharing.models import SharingRequest, StandingConsent
from jutong.slices.sharing.workflow import SHARING_REQUEST


@SHARING_REQUEST.action("answer_at_once")
def answer_at_once(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """Answer a request for unconditional data under the standing consent of the provider's head (R-SHR-038)."""
    consent = StandingConsent.objects.filter(resource_id=case.resource_id, ended_at=None).first()
    if consent is None:
        raise WrongState(_("提供方没有对该资源作出常设同意。"))
    open_grant(case, whole_reply(case, at=at), by, at)
    case.replied_at = at
    case.remark = _("按 %(name)s 于 %(day)s 作出的常设同意答复") % {
        "name": consent.given_by,
        "day": beijing_day(consent.given_at),
    }
    tell_consumer(case, _("申请 %(number)s 已按常设同意即时答复") % {"number": case.number}, at)


@SHARING_REQUEST.action("begin_delivery")
def begin_delivery(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """The grant is prepared; the data is not obtainable yet (W06)."""


@SHARING_REQUEST.set_action("deliver")
def deliver(cases: list[SharingRequest], *, by: Actor, at: datetime) -> Refusals:
    """The consumers can really obtain the data in the agreed modes; the delivery clocks stop (R-SHR-044)."""
    for case in cases:
        case.delivered_at = at
    return _tell(cases, _("申请 %(number)s 的数据已可获取"), at)


def begin_deliveries(ids: Collection[int], *, by: Actor, at: datetime) -> None:
    """Begin what is agreed to: what is mounted is delivered at once, else a task goes to the provider's engineers.

    Requests that have gone on are left alone (events come at least once), and one whose grant was suspended or ended
    before this came follows it at once: events about the grant may have been delivered first.
    """
    agreed = list(SharingRequest.objects.filter(pk__in=ids, state="agreed").order_by("pk").only(*_TASK))
    SHARING_REQUEST.advance_many("begin_delivery", [case.pk for case in agreed], by=by, at=at)
    now = held.states_of([case.grant_id for case in agreed if case.grant_id])
    working = [case for case in agreed if now.get(case.grant_id or 0) == "granted"]
    mounted = datacentre.mounted_among({case.resource_id for case in working})
    _deliver([case.pk for case in working if case.resource_id in mounted], by, at)
    inbox.tell_many(
        [
            inbox.Letter(
                _("请挂接资源：%(title)s（申请 %(number)s 已同意，须按期提供）")
                % {"title": case.resource_title, "number": case.number},
                department_id=case.provider_id,
                role=Role.SYSTEM_ENGINEER,
                link=f"/datacentre/entries/{case.resource_id}/mount/",
            )
            for case in working
            if case.resource_id not in mounted
        ],
        at=at,
    )
    for state in sorted(set(now.values()) - {"granted"}):
        stopped = [pk for pk, found in now.items() if found == state]
        if state == "terminated":
            follow_grants(stopped, "suspended", at=at)
        follow_grants(stopped, state, at=at)


_TASK: Final = ("number", "provider_id", "resource_id", "resource_title", "grant_id")
"""What is told of a request whose resource has to be mounted."""


def deliver_waiting(resource_id: int, *, by: Actor, at: datetime) -> None:
    """Deliver the requests that waited for a resource, once it is mounted, as far as their grants work."""
    if datacentre.mounted_among([resource_id]):
        waiting = SharingRequest.objects.filter(resource_id=resource_id, state="delivering")
        granted = {pk: grant or 0 for pk, grant in waiting.values_list("pk", "grant_id")}
        now = held.states_of(granted.values())
        _deliver([pk for pk, grant in granted.items() if now.get(grant) == "granted"], by, at)


def _deliver(ids: list[int], by: Actor, at: datetime) -> None:
    if ids:
        SHARING_REQUEST.advance_many("deliver", ids, by=by, at=at)


@SHARING_REQUEST.set_action("suspend")
def _suspend(cases: list[SharingRequest], *, by: Actor, at: datetime) -> Refusals:
    """Follow the suspension of the grants."""
    return _tell(cases, _("申请 %(number)s 的授权已暂停"), at)


@SHARING_REQUEST.set_action("restore")
def _restore(cases: list[SharingRequest], *, by: Actor, at: datetime) -> Refusals:
    """Follow the restoration of the grants."""
    return _tell(cases, _("申请 %(number)s 的授权已恢复"), at)


@SHARING_REQUEST.set_action("take_up")
def _take_up(cases: list[SharingRequest], *, by: Actor, at: datetime) -> Refusals:
    """Go on with the delivery of what was suspended before it could be obtained; its clock has not stopped (national-2025#22)."""
    return _tell(cases, _("申请 %(number)s 的授权已恢复"), at)


@SHARING_REQUEST.set_action("revoke")
def _revoke(cases: list[SharingRequest], *, by: Actor, at: datetime) -> Refusals:
    """Follow the revocation of the grants."""
    return _tell(cases, _("申请 %(number)s 的授权已撤销"), at)


@SHARING_REQUEST.set_action("terminate")
def _terminate(cases: list[SharingRequest], *, by: Actor, at: datetime) -> Refusals:
    """Follow the termination of the grants."""
    return _tell(cases, _("申请 %(number)s 的共享已终止"), at)


@SHARING_REQUEST.set_action("expire")
def _expire(cases: list[SharingRequest], *, by: Actor, at: datetime) -> Refusals:
    """Follow the end of the grants' period or purpose."""
    return _tell(cases, _("申请 %(number)s 的使用时限已届满或用途已实现"), at)


def _tell(cases: Iterable[SharingRequest], title: str, at: datetime) -> Refusals:
    """Tell the consumers of requests what has become of them; nothing is refused."""
    tell_consumers(cases, title, at)
    return {}


_FOLLOW = {
    "suspended": ("suspend", ("granted", "delivering")),
    "granted": ("restore", ("suspended",)),
    "revoked": ("revoke", ("granted", "suspended", "delivering")),
    "terminated": ("terminate", ("suspended",)),
    "expired": ("expire", ("granted", "suspended", "delivering")),
}


def follow_grants(grant_ids: Collection[int], state: str, *, at: datetime) -> None:
    """Move the requests with their grants; a move already made is not made again (events come at least once).

    A grant that works again leads its request back to where it was: what had not been delivered is delivered now.
    """
    verb, sources = _FOLLOW[state]
    moved = SharingRequest.objects.filter(grant_id__in=grant_ids, state__in=sources)
    if state == "granted":
        _go_on(dict(moved.filter(delivered_at=None).values_list("pk", "resource_id")), at)
        moved = moved.exclude(delivered_at=None)
    if ids := list(moved.values_list("pk", flat=True)):
        SHARING_REQUEST.advance_many(verb, ids, by=system_actor("grants"), at=at)


def _go_on(undelivered: dict[int, int], at: datetime) -> None:
    """Take the delivery of requests (id to resource) up again, and deliver what is mounted."""
    if undelivered:
        by = system_actor("grants")
        SHARING_REQUEST.advance_many("take_up", list(undelivered), by=by, at=at)
        mounted = datacentre.mounted_among(set(undelivered.values()))
        _deliver([pk for pk, resource in undelivered.items() if resource in mounted], by, at)


@SHARING_REQUEST.action("lapse")
def _lapse(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """The papers never came: the request lapses, which is no refusal (reading 20)."""
    tell_consumer(case, _("申请 %(number)s 逾期未补正，已失效；可重新提出") % {"number": case.number}, at)


def lapse_due(at: datetime, *, limit: int = 200) -> int:
    """Let requests lapse whose announced period for papers is over; returns how many."""
    waiting = SharingRequest.objects.filter(state="supplement_requested", supplement_until__lt=beijing_day(at))
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:limit])
    for pk in ids:
        _lapse(pk, by=system_actor("clock"), at=at)
    return len(ids)
