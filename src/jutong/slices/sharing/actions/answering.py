"""The provider's and the authority's side: supplement notice, extension, reply (national-2025#20 to #22)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import inbox, jurisdiction
from jutong.kernel import queries as kernel
from jutong.kernel.actors import Actor, Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.once import Once
from jutong.kernel.policy import article
from jutong.kernel.terms import ShareType
from jutong.kernel.workdays import add_workdays
from jutong.slices.agreements.queries import check_agreed, check_confidential
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import queries as held
from jutong.slices.sharing.actions import opening
from jutong.slices.sharing.actions.proposing import propose_finding
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.rules import Reply
from jutong.slices.sharing.rules import requests as rules
from jutong.slices.sharing.workflow import SHARING_REQUEST

SUPPLEMENT_DAYS: Final = 10
"""Working days a consumer has for missing papers unless the notice says otherwise ([design])."""


def tell_consumer(case: SharingRequest, title: str, at: datetime, text: str = "") -> None:
    """Put a notice about a request into the consumer's inbox."""
    link = f"/sharing/requests/{case.pk}/"
    inbox.tell(department_id=case.consumer_id, title=title, text=text, link=link, at=at)


def tell_consumers(
    cases: Iterable[SharingRequest], title: str, at: datetime, text: Callable[[SharingRequest], str] = lambda _case: ""
) -> None:
    """Put notices about many requests into their consumers' inboxes; title: with %(number)s."""
    letters = (
        inbox.Letter(
            title=title % {"number": case.number},
            department_id=case.consumer_id,
            text=text(case),
            link=f"/sharing/requests/{case.pk}/",
        )
        for case in cases
    )
    inbox.tell_many(letters, at=at)


@SHARING_REQUEST.action("ask_supplement")
def ask_supplement(
    case: SharingRequest, *, by: Actor, at: datetime, papers: Sequence[str], days: int = SUPPLEMENT_DAYS
) -> None:
    """Tell the consumer once, and completely, which papers are missing; the reply clock pauses (national-2025#21)."""
    rules.check_supplement(papers, case.supplement)
    until = add_workdays(beijing_day(at), max(1, days), jurisdiction.calendar()).day
    case.supplement = {"papers": [p.strip() for p in papers if p.strip()], "told_at": at.isoformat(), "by": by.name}
    case.supplement_until = until
    tell_consumer(
        case,
        _("申请 %(number)s 需要补正，请于 %(until)s 前提交") % {"number": case.number, "until": until},
        at,
        "\n".join(case.supplement["papers"]),
    )


@SHARING_REQUEST.action("ask_extension")
def ask_extension(case: SharingRequest, *, by: Actor, at: datetime, days: int, reason: str) -> None:
    """Ask the same-level authority for more time, for special reasons, before the limit passes (national-2025#21).

    RuleBroken after the last day, for more days than there are, and without a reason (R-SHR-041).
    """
    reply = next(row for row in kernel.clocks("sharing_request", [case.pk], at)[case.pk] if row.name == "reply")
    if beijing_day(at) > reply.due_day:
        raise RuleBroken(
            _("延期须在答复期限届满前提出，期限 %(day)s 已过，请尽快答复。") % {"day": reply.due_day}, field="days"
        )
    most = case.policy.days("request_reply_extension_days") or 0
    if not 1 <= days <= most:
        raise RuleBroken(_("延长期限须为 1 至 %d 个工作日，请修改。") % most, field="days")
    if not reason.strip():
        raise RuleBroken(_("请说明需要延长的特殊情况。"), field="reason")
    case.extension_asked = {"days": days, "reason": reason.strip(), "by": by.name, "at": at.isoformat()}
    inbox.tell(
        department_id=case.authority_id,
        title=_("申请 %(number)s 的提供方申请延长答复 %(days)d 个工作日") % {"number": case.number, "days": days},
        text=reason.strip(),
        link=f"/sharing/requests/{case.pk}/",
        at=at,
    )


@SHARING_REQUEST.action("extend")
def extend(case: SharingRequest, *, by: Actor, at: datetime, days: int) -> None:
    """The same-level authority approves an extension that was asked for; the consumer is told in the same step."""
    asked = case.extension_asked.get("days")
    if not asked:
        raise RuleBroken(_("提供方尚未申请延期，不能批准。"), field="days")
    if days > asked:
        raise RuleBroken(_("批准的天数不得超过所申请的 %d 个工作日，请修改。") % asked, field="days")
    case.extension_asked = {**case.extension_asked, "approved": days, "approved_by": by.name}
    tell_consumer(
        case,
        _("申请 %(number)s 的答复经主管部门同意延长 %(days)d 个工作日") % {"number": case.number, "days": days},
        at,
        case.extension_asked["reason"],
    )


@SHARING_REQUEST.action("decline")
def decline(case: SharingRequest, *, by: Actor, at: datetime, reason: str) -> None:
    """Decline to accept, with a reason that is never incomplete papers; visible to the authority (R-SHR-016)."""
    rules.check_refusal_reason(reason, papers=demands_of(case).papers)
    case.reply_reason, case.replied_at = reason.strip(), at
    tell_consumer(case, _("申请 %(number)s 不予受理") % {"number": case.number}, at, case.reply_reason)


@SHARING_REQUEST.action("prepare_reply")
def prepare_reply(case: SharingRequest, *, by: Actor, at: datetime, reply: Reply) -> None:
    """Draft the reply; it goes out only with the consent of the provider's sharing-unit head (national-2025#20)."""
    case.reply = _checked(case, reply, by, at)
    case.remark = ""
    inbox.tell(
        department_id=case.provider_id,
        role=Role.SHARING_UNIT_HEAD,
        title=_("申请 %(number)s 的答复待您同意") % {"number": case.number},
        link=f"/sharing/requests/{case.pk}/approve/",
        at=at,
    )


def _checked(case: SharingRequest, reply: Reply, by: Actor, at: datetime) -> dict[str, Any]:
    """Return a reply as it is stored; refuse one that law, profile or entry do not allow."""
    once = Once()
    if reply.agree:
        check_confidential(case.resource_id, case.provider_id, case.consumer_id, at=at, once=once)
        check_agreed(case.resource_id, case.consumer_id, at=at, once=once)
    offer = once(catalogue.require_published, case.resource_id)
    reply = msgspec.structs.replace(reply, modes=rules.meant_modes(reply.modes, offer.modes))
    rules.check_reply(
        reply,
        share_type=case.share_type,
        asked_items=case.items,
        offered=[str(m) for m in offer.modes],
        demands=demands_of(case, offer),
    )
    if reply.agree:
        rules.check_declared(reply.scope, case.policy.list("conditions_declared_at"))
        if offer.returned:
            offer.returned.check_use(reply.purposes)
        held.check_offer(case.resource_id, reply.modes, at=at)
        opening.terms_of(opening.origin_of(case), reply, offer, at).check(at)
    return {**msgspec.to_builtins(reply), "prepared_by": by.name, "prepared_at": at.isoformat()}


def demands_of(case: SharingRequest, offer: catalogue.PublishedEntry | None = None) -> rules.Demands:
    """Return what the profile that the request started under, and the entry, ask of its reply."""
    policy = case.policy
    bound = offer is not None and policy.text("self_made_conditions") == "forbidden"
    return rules.Demands(
        refusal=policy.list("refusal_needs"),
        papers=policy.text("refusal_for_incomplete_papers") != "forbidden",
        fee=policy.flag("fee_exception"),
        terms=rules.conditions_of(offer.share_conditions) if offer and bound else None,
        withheld=frozenset(item.name for item in offer.items if item.share_type == ShareType.WITHHELD)
        if offer
        else frozenset(),
    )


@SHARING_REQUEST.action("agree_directly")
def agree_directly(case: SharingRequest, *, by: Actor, at: datetime, reply: Reply) -> None:
    """The provider's officer agrees without a head's consent, as the local texts have it before the decree (W06)."""
    if not reply.agree:
        raise Conflict(_("拟定的答复与所选决定不一致，请退回重拟后再决定。"))
    case.reply = _checked(case, reply, by, at)
    opening.open_grant(case, reply, system_actor("sharing"), at)
    case.replied_at = at
    tell_consumer(case, _("申请 %(number)s 已获同意") % {"number": case.number}, at, reply.remarks)


@SHARING_REQUEST.action("refuse_directly")
def refuse_directly(case: SharingRequest, *, by: Actor, at: datetime, reply: Reply) -> None:
    """The provider's officer refuses conditional data without a head's consent, before the decree (W06)."""
    if reply.agree:
        raise Conflict(_("拟定的答复与所选决定不一致，请退回重拟后再决定。"))
    case.reply = _checked(case, reply, by, at)
    case.replied_at, case.reply_reason = at, reply.reason.strip()
    tell_consumer(case, _("申请 %(number)s 未获同意") % {"number": case.number}, at, case.reply_reason)


@SHARING_REQUEST.action("judge")
def judge(case: SharingRequest, *, by: Actor, at: datetime, justified: bool, words: str) -> None:
    """The authority says whether the reason of a non-acceptance holds; one that does not is proposed as a finding (R-SHR-016).

    Conflict when it was judged before; RuleBroken without words.
    """
    if case.verdict:
        raise Conflict(_("该不予受理已由 %s 审查。") % case.verdict["by"])
    if not words.strip():
        raise RuleBroken(_("请写明审查意见。"), field="words")
    case.verdict = {"justified": justified, "words": words.strip(), "by": by.name, "at": at.isoformat()}
    if not justified and case.policy.flag("circumstance_non_acceptance"):
        propose_finding(
            "unjustified_non_acceptance",
            f"sharing_request:{case.pk}",
            department_id=case.provider_id,
            authority_id=case.authority_id,
            words=case.reply_reason,
            source=_sources(case, "circumstance_non_acceptance"),
            at=at,
            by=by,
        )
    for department in (case.provider_id, case.consumer_id):
        inbox.tell(
            department_id=department,
            title=_("主管部门已审查申请 %(number)s 不予受理的理由") % {"number": case.number},
            text=case.verdict["words"],
            link=f"/sharing/requests/{case.pk}/",
            at=at,
        )


def _sources(case: SharingRequest, parameter: str) -> str:
    """Word the articles behind a parameter: the region's own text first, then the decree."""
    policy = case.policy
    own = policy.profile.cell(parameter).articles
    return "、".join(article(one) for one in dict.fromkeys((*own, *policy.effective(parameter).articles)))


@SHARING_REQUEST.action("withhold_consent")
def withhold_consent(case: SharingRequest, *, by: Actor, at: datetime, remark: str) -> None:
    """The provider's head sends the draft back with a remark; the clock runs on."""
    if not remark.strip():
        raise RuleBroken(_("请写明退回意见。"), field="remark")
    case.remark = remark.strip()


def drafted(case: SharingRequest) -> Reply:
    """Return the drafted reply."""
    plain = {name: value for name, value in case.reply.items() if not name.startswith("prepared_")}
    return msgspec.convert(plain, Reply)
