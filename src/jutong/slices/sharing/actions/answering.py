"""The provider's and the authority's side: supplement notice, extension, reply (national-2025#20 to #22)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import inbox, jurisdiction
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day, end_of_day
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.workdays import add_workdays
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import actions as grants
from jutong.slices.grants import queries as held
from jutong.slices.parties import queries as parties
from jutong.slices.sharing import rules
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.rules import Reply
from jutong.slices.sharing.workflow import SHARING_REQUEST
from jutong.wire.grants import Column, Condition, Masking

SUPPLEMENT_DAYS: Final = 10
"""Working days a consumer has for missing papers unless the notice says otherwise ([design])."""


def tell_consumer(case: SharingRequest, title: str, at: datetime, text: str = "") -> None:
    """Put a notice about a request into the consumer's inbox."""
    link = f"/sharing/requests/{case.pk}/"
    inbox.tell(department_id=case.consumer_id, title=title, text=text, link=link, at=at)


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
    """Ask the same-level authority for more time, for special reasons, before the limit passes (national-2025#21)."""
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
    rules.check_refusal_reason(reason)
    case.reply_reason, case.replied_at = reason.strip(), at
    tell_consumer(case, _("申请 %(number)s 不予受理") % {"number": case.number}, at, case.reply_reason)


@SHARING_REQUEST.action("prepare_reply")
def prepare_reply(case: SharingRequest, *, by: Actor, at: datetime, reply: Reply) -> None:
    """Draft the reply; it goes out only with the consent of the provider's sharing-unit head (national-2025#20)."""
    offer = catalogue.require_published(case.resource_id)
    reply = msgspec.structs.replace(reply, modes=rules.meant_modes(reply.modes, offer.modes))
    rules.check_reply(reply, share_type=case.share_type, asked_items=case.items, offered=[str(m) for m in offer.modes])
    if reply.agree:
        if offer.returned:
            offer.returned.check_use(reply.purposes)
        held.check_reach(case.resource_id, reply.modes)
        terms_of(case, reply, offer, at).check(at)
    case.reply = {**msgspec.to_builtins(reply), "prepared_by": by.name, "prepared_at": at.isoformat()}
    case.remark = ""
    inbox.tell(
        department_id=case.provider_id,
        role=Role.SHARING_UNIT_HEAD,
        title=_("申请 %(number)s 的答复待您同意") % {"number": case.number},
        link=f"/sharing/requests/{case.pk}/approve/",
        at=at,
    )


@SHARING_REQUEST.action("withhold_consent")
def withhold_consent(case: SharingRequest, *, by: Actor, at: datetime, remark: str) -> None:
    """The provider's head sends the draft back with a remark; the clock runs on."""
    if not remark.strip():
        raise RuleBroken(_("请写明退回意见。"), field="remark")
    case.remark = remark.strip()


@SHARING_REQUEST.action("agree")
def agree(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """The provider agrees: the grant opens in the same transaction, and the delivery clock starts (national-2025#22).

    Conflict when the drafted reply is a refusal; RuleBroken when the department has no registered sharing unit.
    """
    reply = _drafted(case, agree=True)
    parties.sharing_unit_head(case.provider_id, at)
    open_grant(case, reply, by, at)
    case.replied_at = at
    tell_consumer(case, _("申请 %(number)s 已获同意") % {"number": case.number}, at, reply.remarks)


@SHARING_REQUEST.action("refuse")
def refuse(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """The provider refuses conditional data with a reason on the substance (national-2025#21)."""
    reply = _drafted(case, agree=False)
    parties.sharing_unit_head(case.provider_id, at)
    if "basis" in case.policy.list("refusal_needs") and not reply.basis.strip():
        raise RuleBroken(_("现行规则要求说明拒绝的依据，请退回补充。"), field="basis")
    case.replied_at, case.reply_reason = at, reply.reason.strip()
    tell_consumer(case, _("申请 %(number)s 未获同意") % {"number": case.number}, at, case.reply_reason)


def _drafted(case: SharingRequest, *, agree: bool) -> Reply:
    reply = drafted(case)
    if reply.agree != agree:
        raise Conflict(_("拟定的答复与所选决定不一致，请退回重拟后再决定。"))
    return reply


def drafted(case: SharingRequest) -> Reply:
    """Return the drafted reply."""
    plain = {name: value for name, value in case.reply.items() if not name.startswith("prepared_")}
    return msgspec.convert(plain, Reply)


def terms_of(case: SharingRequest, reply: Reply, offer: catalogue.PublishedEntry, at: datetime) -> grants.Terms:
    """Return the terms of the grant that a reply gives."""
    items = {item.name: item for item in offer.items}
    columns = tuple(
        Column(given.item, items[given.item].column or given.item, items[given.item].kind, given.masking)
        for given in reply.items
        if given.item in items
    )
    return grants.Terms(
        columns=columns,
        conditions=reply.conditions,
        key_items=reply.key_items,
        confirm_items=reply.confirm_items,
        modes=reply.modes,
        purposes=reply.purposes,
        valid_from=max(at, end_of_day(case.use_from - timedelta(days=1))),
        valid_until=end_of_day(reply.use_until or case.use_until),
        basis=case.use_basis,
        scope=reply.scope or case.use_scope,
        remarks=reply.remarks,
        quota=reply.quota,
        known={name: item.kind for name, item in items.items()},
        offered=tuple(str(mode) for mode in offer.modes),
    )


def open_grant(case: SharingRequest, reply: Reply, by: Actor, at: datetime) -> None:
    """Let the agreement become a grant (R-SHR-014, R-SHR-032)."""
    offer = catalogue.require_published(case.resource_id)
    grant = grants.open_grant(
        by=by,
        at=at,
        region=case.region,
        resource_id=case.resource_id,
        resource_title=case.resource_title,
        entry_code=offer.code,
        entry_version=offer.version,
        provider_id=case.provider_id,
        consumer_id=case.consumer_id,
        authority_id=case.authority_id,
        case_ref=f"sharing_request:{case.pk}",
        request_digest=case.digest,
        terms=terms_of(case, reply, offer, at),
    )
    case.grant_id = grant.pk


def whole_reply(case: SharingRequest) -> Reply:
    """Return the reply that grants all that was asked, as a standing consent does; sensitive items are not masked."""
    return Reply(
        agree=True,
        items=tuple(rules.GrantedItem(name, Masking.NONE) for name in case.items),
        conditions=msgspec.convert(case.conditions, tuple[Condition, ...]),
        key_items=tuple(case.key_items),
        modes=tuple(case.modes),
        purposes=tuple(case.purposes),
    )
