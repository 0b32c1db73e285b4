"""What a head reads before consenting from the telephone: who asks, for which items, what for, for how long."""

from __future__ import annotations

from typing import Any, Final

from jutong.crypto import sm3
from jutong.kernel.agenda import Decision
from jutong.kernel.terms import N_
from jutong.slices.sharing.models import SharingRequest, UseChange
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
    )


def _request_like(case: SharingRequest) -> str:
    """Cases are alike where the same is asked of the same resource, and the drafted reply, if there is one, says the same."""
    reply = {name: value for name, value in case.reply.items() if not name.startswith("prepared_")}
    said = (case.state, case.resource_id, sorted(case.items), sorted(case.purposes), sorted(reply.items(), key=str))
    return sm3.hexdigest(repr(said).encode())


def _request_fits(case: SharingRequest, verb: str) -> bool:
    """Offer what the officer drafted: consent to a refusal is the head's refusal."""
    return verb == "consent" or (verb == "agree") == bool(case.reply.get("agree"))


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


REQUEST: Final = Decision(
    agree=("consent", "agree", "refuse"),
    gist=_request,
    back={"withhold_consent": "remark"},
    like=_request_like,
    fits=_request_fits,
)
CHANGE: Final = Decision(agree=("consent",), gist=_change, back={"refuse": "reason"}, like=_change_like)
