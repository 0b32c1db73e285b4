"""What the platform does by itself: answer under a standing consent, deliver, follow the grant, let papers lapse."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import WrongState
from jutong.slices.sharing.actions.answering import tell_consumer
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


@SHARING_REQUEST.action("deliver")
def deliver(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """The consumer can really obtain the data in the agreed mode; the delivery clock stops (R-SHR-044)."""
    case.delivered_at = at
    tell_consumer(case, _("申请 %(number)s 的数据已可获取") % {"number": case.number}, at)


@SHARING_REQUEST.action("suspend")
def _suspend(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """Follow the suspension of the grant."""
    tell_consumer(case, _("申请 %(number)s 的授权已暂停") % {"number": case.number}, at)


@SHARING_REQUEST.action("restore")
def _restore(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """Follow the restoration of the grant."""
    tell_consumer(case, _("申请 %(number)s 的授权已恢复") % {"number": case.number}, at)


@SHARING_REQUEST.action("revoke")
def _revoke(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """Follow the revocation of the grant."""
    tell_consumer(case, _("申请 %(number)s 的授权已撤销") % {"number": case.number}, at)


@SHARING_REQUEST.action("terminate")
def _terminate(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """Follow the termination of the grant."""
    tell_consumer(case, _("申请 %(number)s 的共享已终止") % {"number": case.number}, at)


@SHARING_REQUEST.action("expire")
def _expire(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """Follow the end of the grant's period or purpose."""
    tell_consumer(case, _("申请 %(number)s 的使用时限已届满或用途已实现") % {"number": case.number}, at)


_FOLLOW = {
    "suspended": ("suspend", ("granted", "delivering")),
    "granted": ("restore", ("suspended",)),
    "revoked": ("revoke", ("granted", "suspended", "delivering")),
    "terminated": ("terminate", ("suspended",)),
    "expired": ("expire", ("granted", "suspended", "delivering")),
}


def follow_grant(grant_id: int, state: str, *, at: datetime) -> None:
    """Move the request with its grant; a move already made is not made again (events come at least once)."""
    verb, sources = _FOLLOW[state]
    case = SharingRequest.objects.filter(grant_id=grant_id, state__in=sources).first()
    if case is not None:
        SHARING_REQUEST.do(verb, case, by=system_actor("grants"), at=at)


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
