"""What a head reads before consenting from the telephone: who asks, for which items, what for, for how long."""

from __future__ import annotations

from typing import Any, Final

from jutong.crypto import sm3
from jutong.kernel.actors import Actor
from jutong.kernel.agenda import Decision
from jutong.kernel.terms import N_
from jutong.slices.sharing.models import Dispute, SharingRequest, UseChange
from jutong.slices.sharing.pages.wording import purposes_in_words

MOST_ITEMS: Final = 12
"""Items named in the gist; the rest is counted."""


def _list(names: list[str]) -> str:
    shown = "、".join(names[:MOST_ITEMS])
    return f"{shown} … ({len(names)})" if len(names) > MOST_ITEMS else shown


def _drafted(case: SharingRequest) -> bool:
    return case.state == "reply_prepared"


def _request(case: SharingRequest) -> tuple[tuple[str, str], ...]:
    reply = case.reply if _drafted(case) else {}
    granted = [str(one.get("item", "")) for one in reply.get("items", ())] or list(case.items)
    return (
        (N_("申请编号"), case.number or ""),
        (N_("使用方"), case.consumer.short_name or case.consumer.name),
        (N_("提供方"), case.provider.short_name or case.provider.name),
        (N_("信息项"), _list(granted if reply.get("agree", True) else list(case.items))),
        (N_("使用用途"), purposes_in_words(reply.get("purposes") or case.purposes)),
        (N_("使用依据"), case.use_basis),
        (N_("使用期限"), f"{case.use_from:%Y-%m-%d} – {case.use_until:%Y-%m-%d}"),
        (N_("不同意的理由"), str(reply.get("reason", "")) if reply and not reply.get("agree") else ""),
        (N_("拟稿人"), str(reply.get("prepared_by", ""))),
        *_more_time(case),
    )


def _more_time(case: SharingRequest) -> tuple[tuple[str, str], ...]:
    asked = case.extension_asked if "approved" not in case.extension_asked else {}
    return (
        (N_("申请延长（工作日）"), str(asked.get("days", ""))),
        (N_("延长的理由"), str(asked.get("reason", ""))),
    )


def _request_like(case: SharingRequest) -> str:
    """Cases are alike where the same is asked of the same resource, and the drafted reply, if there is one, says the same."""
    reply = {name: value for name, value in case.reply.items() if not name.startswith("prepared_")}
    said = (case.state, case.resource_id, sorted(case.items), sorted(case.purposes), sorted(reply.items(), key=str))
    return sm3.hexdigest(repr(said).encode())


def _request_fits(_actor: Actor, case: SharingRequest, verb: str) -> bool:
    """Offer what the officer drafted: consent to a refusal is the head's refusal. More time: where it was asked for."""
    if verb in {"agree", "refuse"}:
        return (verb == "agree") == bool(case.reply.get("agree"))
    return verb != "extend" or ("days" in case.extension_asked and "approved" not in case.extension_asked)


def _change(case: UseChange) -> tuple[tuple[str, str], ...]:
    return (
        (N_("申请编号"), case.number),
        (N_("使用方"), case.consumer.short_name or case.consumer.name),
        (N_("授权编号"), case.grant_reference),
        (N_("增加的信息项"), _list([str(item) for item in case.items])),
        (N_("增加的用途"), purposes_in_words(case.purposes) if case.purposes else ""),
        (N_("使用范围"), case.scope),
        (N_("对外提供的接收方"), case.recipient),
        (N_("对外提供的内容"), case.content),
        (N_("事由"), case.why),
        (N_("截止日期"), f"{case.until:%Y-%m-%d}" if case.until else ""),
    )


def _change_like(case: UseChange) -> str:
    said: tuple[Any, ...] = (
        case.kind,
        case.resource_id,
        case.items,
        case.purposes,
        case.scope,
        case.recipient,
        case.content,
    )
    return sm3.hexdigest(repr(said).encode())


def _dispute(case: Dispute) -> tuple[tuple[str, str], ...]:
    outcome = case.proposal.get("outcome", {})
    return (
        (N_("争议编号"), case.number),
        (N_("使用方"), case.consumer.short_name or case.consumer.name),
        (N_("提供方"), case.provider.short_name or case.provider.name),
        (N_("争议事项和意见"), case.statement),
        (N_("处理方案"), str(outcome.get("text", ""))),
        (N_("共享条件"), str(outcome.get("conditions", ""))),
        (N_("提出方案的人"), str(case.proposal.get("by", ""))),
    )


def _dispute_fits(actor: Actor, case: Dispute, verb: str) -> bool:
    """Offer the agreement to what the other party proposed; whoever serves both agrees for either."""
    if verb != "settle":
        return True
    other = {"consumer": case.provider_id, "provider": case.consumer_id}.get(case.proposal.get("side", ""))
    return other is not None and other in actor.within("dispute").serves


def _days_asked(case: SharingRequest) -> int:
    return int(case.extension_asked.get("days", 0))


REQUEST: Final = Decision(
    agree=("consent", "agree", "refuse", "extend"),
    gist=_request,
    back={"withhold_consent": "remark"},
    reads={"extend": ("days", _days_asked)},
    like=_request_like,
    fits=_request_fits,
)
CHANGE: Final = Decision(agree=("consent",), gist=_change, back={"refuse": "reason"}, like=_change_like)
DISPUTE: Final = Decision(
    agree=("settle",),
    gist=_dispute,
    back={"fail": "reason"},
    opens=("decide", "government_decide"),
    fits=_dispute_fits,
)
