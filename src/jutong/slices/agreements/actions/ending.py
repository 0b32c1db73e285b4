"""Suspending, resuming, terminating and expiring agreements, and the warning before the end (R-SHR-030)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed
from jutong.kernel.settings import settings
from jutong.slices.agreements import rules
from jutong.slices.agreements.actions import granting
from jutong.slices.agreements.actions.amending import drop_pending
from jutong.slices.agreements.actions.telling import tell
from jutong.slices.agreements.models import Agreement
from jutong.slices.agreements.workflow import AGREEMENT, HEADS

PLATFORM: Final = system_actor("agreements")
RUNNING: Final = ("active", "amending", "suspended")


@AGREEMENT.action("suspend")
def suspend(case: Agreement, *, by: Actor, at: datetime, reason: str) -> None:
    """A party or the authority suspends the agreement for breach or misuse; what it grants stops with the next call."""
    case.reason = rules.check_reason(reason)
    case.stopped_by = next((d for d in case.party_ids if by.holds(*HEADS, department_id=d)), case.authority_id)
    drop_pending(case, at)
    case.held_grants = granting.stop(case, at, _why(_("共享协议 %(number)s 已暂停：%(reason)s"), case))
    tell(case, _("协议 %(number)s 已暂停：%(name)s"), at, text=case.reason)


@AGREEMENT.action("resume")
def resume(case: Agreement, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Who suspended it, or the authority, lets the agreement go on. NotAllowed for a party that did not."""
    if not by.serves & {case.stopped_by, case.authority_id}:
        raise NotAllowed(_("协议由暂停它的一方或主管部门恢复，请与其联系。"))
    granting.start_again(case, at)
    case.stopped_by, case.held_grants, case.reason = None, [], reason.strip()
    tell(case, _("协议 %(number)s 已恢复：%(name)s"), at, text=case.reason)


@AGREEMENT.action("terminate")
def terminate(case: Agreement, *, by: Actor, at: datetime, reason: str) -> None:
    """A party or the authority ends the agreement for breach or misuse; what it grants ends at once."""
    case.reason, case.ended_at = rules.check_reason(reason), at
    drop_pending(case, at)
    granting.end(case, at, _why(_("共享协议 %(number)s 已终止：%(reason)s"), case))
    tell(case, _("协议 %(number)s 已终止：%(name)s"), at, text=case.reason)


def _why(sentence: str, case: Agreement) -> str:
    return sentence % {"number": case.number, "reason": case.reason}


@AGREEMENT.action("expire")
def expire(case: Agreement, *, by: Actor, at: datetime) -> None:
    """The agreed term is over and was not renewed: access ends with it."""
    case.ended_at = at
    drop_pending(case, at)
    granting.end(case, at, _("共享协议 %s 期限届满。") % case.number)
    tell(case, _("协议 %(number)s 已到期：%(name)s"), at)


def expire_due(at: datetime, *, limit: int = 200) -> int:
    """Let agreements expire whose last day is over; returns how many."""
    over = Agreement.objects.filter(state__in=RUNNING, until__lt=beijing_day(at)).order_by("pk")
    ids = list(over.values_list("pk", flat=True)[:limit])
    for pk in ids:
        expire(pk, by=PLATFORM, at=at)
    return len(ids)


def warn_due(at: datetime, *, limit: int = 200) -> int:
    """Warn the parties of agreements that end within the days of the setting agreement_warning_days, once for each end."""
    today = beijing_day(at)
    near = today + timedelta(days=settings().agreement_warning_days)
    soon = Agreement.objects.select_for_update(skip_locked=True).filter(
        state__in=RUNNING, until__gte=today, until__lte=near, warned_for=None
    )
    cases = list(soon.order_by("pk")[:limit])
    for case in cases:
        words = {"day": case.until, "left": (case.until - today).days if case.until else 0}
        text = _("%(day)s 期满，还有 %(left)d 天；继续共享的，请在期满前续签并由各方签署，否则次日起停止访问。") % words
        tell(case, _("协议 %(number)s 即将到期：%(name)s"), at, text=text)
    Agreement.objects.filter(pk__in=[case.pk for case in cases]).update(warned_for=F("until"))
    return len(cases)
