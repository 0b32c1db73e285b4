"""What events put forward as possible findings, in one shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from jutong.kernel.policy import article
from jutong.kernel.terms import N_

NOT_VERIFIED_KIND: Final = "not_verified_in_time"
KINDS: Final[Mapping[str, str]] = {
    NOT_VERIFIED_KIND: N_("未按时核实、更正"),
    "unjustified_non_acceptance": N_("不予受理的理由不成立"),
    "third_party_without_consent": N_("未经同意提供给第三方"),
    "use_beyond_scope_or_purpose": N_("超出使用范围或者共享目的使用"),
    "not_disposed_as_required": N_("未按要求处置数据"),
    "service_stopped": N_("擅自终止或者变更数据共享服务"),
    "not_returned": N_("未按照规定回流数据"),
    "backflow_condition": N_("对数据回流附加限制条件"),
}
"""Circumstances by the name their event gives them, in words; a kind that is not here is shown as "其他情形"."""


class Proposed(msgspec.Struct, frozen=True):
    """A circumstance: its kind, whose it is, which authority watches, the case, the words that show it, the articles."""

    kind: str
    department_id: int
    authority_id: int | None
    subject: str
    words: str
    source: str


def from_event(subject: str, payload: Mapping[str, Any]) -> Proposed:
    """Return what an event `….finding_proposed` says. subject: of the event, the case as "misuse_case:12".

    The basis is the article where the event names one, else its source in words.
    """
    basis = str(payload.get("article", ""))
    return Proposed(
        kind=payload["kind"],
        department_id=payload["department_id"],
        authority_id=payload["authority_id"],
        subject=subject,
        words=payload["words"],
        source="、".join(map(article, basis.split("; "))) if basis else str(payload["source"]),
    )


def from_late_verification(payload: Mapping[str, Any], words: str) -> Proposed:
    """Return what an event `correction.not_verified_in_time` says, in words, as a circumstance of the provider."""
    return Proposed(
        kind=NOT_VERIFIED_KIND,
        department_id=payload["provider_id"],
        authority_id=payload["authority_id"],
        subject=f"verification:{payload['case_id']}",
        words=words,
        source=article(payload["article"]),
    )
