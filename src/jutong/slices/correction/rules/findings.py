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


def from_event(payload: Mapping[str, Any]) -> Proposed:
    """Return what an event `….finding_proposed` says; all slices publish it in the same words."""
    return msgspec.convert({name: payload[name] for name in Proposed.__struct_fields__}, Proposed)


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
