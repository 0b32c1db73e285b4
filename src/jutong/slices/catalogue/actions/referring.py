"""W03: referring an unclear sharing type or grade, consulting departments, and the decision that fixes both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotThere, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Consulted, Entry, Referral
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.referrals import check_decision, check_referral
from jutong.slices.catalogue.rules.sources import check_opinion, check_reason
from jutong.slices.catalogue.workflow import REFERRAL
from jutong.slices.catalogue.workflow.referrals import CONSULTEE
from jutong.slices.parties import queries as parties

OPEN: Final = ("referred", "consulting")
_UNFINISHED: Final = ("draft", "assessed", "leader_approved", "returned", "revising")


@REFERRAL.opens("refer")
def refer_attribute(*, by: Actor, at: datetime, entry_id: int, asked: Sequence[str], reason: str) -> Referral:
    """Refer what the department cannot decide of a draft to the city authority (neijiang-2020#25).

    RuleBroken without a question or a reason; Conflict while an earlier referral is open; WrongState once submitted.
    """
    entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None or entry.provider_id not in by.serves:
        raise NotThere(_("没有找到该目录条目，或您无权知悉。"))
    check_referral(asked, reason)
    if entry.state not in _UNFINISHED:
        raise WrongState(_("目录已提交或已发布；请先修订，再提请确定属性或定级。"))
    if Referral.objects.filter(entry=entry, state__in=OPEN).exists():
        raise Conflict(_("该目录已有提请在办，请等待主管部门确定。"))
    return Referral(
        region=entry.region,
        entry=entry,
        provider_id=entry.provider_id,
        authority_id=_city_authority(entry.region),
        asked=list(dict.fromkeys(asked)),
        reason=reason.strip(),
        at=at,
    )


def _city_authority(region: str) -> int:
    """Return the authority of the city a region lies in: a county's departments refer to the city (neijiang-2020#25)."""
    return parties.authority_of(f"{region[:4]}00" if region[:6].isdigit() and region[4:6] != "00" else region)


@REFERRAL.action("consult")
def consult(case: Referral, *, by: Actor, at: datetime, departments: Sequence[int]) -> None:
    """Ask departments for their opinions on a referral; those asked before are not asked again."""
    known = parties.departments(departments)
    fresh = set(known) - {case.provider_id} - set(case.consulted.values_list("department", flat=True))
    if not fresh:
        raise RuleBroken(_("请选择提请部门以外、尚未征求过意见的部门。"), field="departments")
    Consulted.objects.bulk_create(Consulted(referral=case, department_id=pk, asked_at=at) for pk in sorted(fresh))
    for pk in sorted(fresh):
        inbox.tell(
            department_id=pk,
            title=_("请对目录属性定级提出意见：%s") % case.entry.title,
            link=f"/catalogue/revisions/referrals/{case.pk}/",
            at=at,
        )


@action("catalogue.give_referral_opinion", label=N_("回复属性定级意见"), allow=CONSULTEE, on=Consulted)
def give_referral_opinion(consulted: Consulted, *, by: Actor, at: datetime, opinion: str) -> None:
    """A consulted department gives its opinion, until the authority decides."""
    if consulted.referral.state not in OPEN:
        raise WrongState(_("主管部门已作出决定或提请已撤回，不再接收意见。"))
    consulted.opinion, consulted.given_by, consulted.given_at = check_opinion(opinion), by.name[:100], at
    consulted.save(update_fields=["opinion", "given_by", "given_at"])


@REFERRAL.action("decide")
def decide_referral(
    case: Referral,
    *,
    by: Actor,
    at: datetime,
    document: str,
    share_type: str = "",
    security_level: str = "",
    grounds: str = "",
) -> None:
    """Fix type and grade with the number of the decision, after the opinions of those consulted were recorded (R-CAT-040).

    From now on a version of the entry that states another type or grade is not accepted.
    """
    opinions = case.consulted.filter(given_at__isnull=False).count()
    check_decision(case.asked, share_type, security_level, document, opinions=opinions)
    case.share_type = share_type if "share_type" in case.asked else ""
    case.security_level = security_level if "security_level" in case.asked else ""
    case.document, case.grounds, case.decided_on = document.strip(), grounds.strip(), beijing_day(at)
    entry = case.entry
    entry.opinions.create(
        version_id=entry.working_id or 0, kind="referral", passed=True, number=case.document, text=case.grounds,
        detail={"share_type": case.share_type, "security_level": case.security_level}, account_id=by.account_id,
        account_name=by.name[:100], department_id=by.department_id, at=at,
    )  # fmt: skip


@REFERRAL.action("take_back")
def take_back_referral(case: Referral, *, by: Actor, at: datetime, reason: str) -> None:
    """The department withdraws its referral and says why."""
    case.grounds = check_reason(reason)


def refuse_fixed(case: Entry, content: Content) -> None:
    """Refuse a content that states another type or grade than a decided referral fixed; RuleBroken with its number."""
    if found := fixed_otherwise([(case, content)]):
        raise RuleBroken(found[case.pk], field="share_type")


def fixed_otherwise(pairs: Sequence[tuple[Entry, Content]]) -> dict[int, str]:
    """Say of each entry what a decided referral fixed and its content states differently, or that one is still open."""
    found: dict[int, str] = {}
    newest: dict[int, Referral] = {}
    for case in Referral.objects.filter(entry__in=[entry.pk for entry, _content in pairs]).order_by("pk"):
        if case.state in OPEN:
            found[case.entry_id] = _("属性定级提请尚未确定，请等待主管部门决定或先撤回提请。")
        elif case.state == "decided":
            newest[case.entry_id] = case
    for entry, content in pairs:
        case_of = newest.get(entry.pk)
        if case_of and entry.pk not in found:
            differs = [
                name
                for name in ("share_type", "security_level")
                if getattr(case_of, name) and getattr(case_of, name) != getattr(content, name)
            ]
            if differs:
                found[entry.pk] = _("共享类型或数据分级与主管部门的确定（%s）不一致，请按决定修改。") % case_of.document
    return found
