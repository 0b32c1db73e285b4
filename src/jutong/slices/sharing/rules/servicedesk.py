"""What need not be handed in again: the list of a service item, and asking for it anyway (R-SHR-023)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_, Term

MOST_PAPERS: Final = 60
LONGEST_NAME: Final = 200
SHORTEST_REASON: Final = 4
LONGEST_REASON: Final = 1000
FORBIDDEN: Final = "forbidden"
"""The value of `no_resubmission` under which asking again needs a word on why sharing does not meet the duty (national-2025#19)."""


class Verdict(Term):
    """What a paper of the list comes to."""

    FETCH = "fetch", N_("不要求提交，共享获取")
    MAY = "may", N_("可以要求提交")
    ANYWAY = "anyway", N_("已登记理由，仍要求提交")


class Listed(msgspec.Struct, frozen=True):
    """A paper or item as it stands in a list. code: of the catalogue's entry it is, where somebody knows it."""

    name: str
    code: str = ""


def check_name(name: str) -> str:
    """Return the name of a service item."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise RuleBroken(N_("请填写事项名称（不超过 200 个字）。"), field="name")
    return name


def check_list(papers: Sequence[Listed]) -> list[Listed]:
    """Return the papers, each once and in their order; RuleBroken for none, for too many and for a name that is too long."""
    kept = {
        paper.name.strip(): Listed(paper.name.strip(), paper.code.strip()) for paper in papers if paper.name.strip()
    }
    if not kept:
        raise RuleBroken(N_("请至少填写一项申请材料或信息项。"), field="papers")
    if len(kept) > MOST_PAPERS:
        raise RuleBroken(N_("一个事项最多 %(most)d 项材料，请拆分事项。"), field="papers", most=MOST_PAPERS)
    if long := next((name for name in kept if len(name) > LONGEST_NAME), ""):
        raise RuleBroken(N_("材料名称“%(name)s…”超过 200 个字，请精简。"), field="papers", name=long[:20])
    return list(kept.values())


def verdict(*, shared: bool, asked: bool) -> Verdict:
    """Return what a paper comes to: what is shared is fetched, unless a reason was recorded for asking anyway."""
    if not shared:
        return Verdict.MAY
    return Verdict.ANYWAY if asked else Verdict.FETCH


def check_asking_anyway(reason: str, unmet: str, *, ban: str) -> tuple[str, str]:
    """Return reason and why sharing does not meet the duty; RuleBroken without what the profile's ban asks for.

    ban: the value of `no_resubmission`; under `forbidden` (the decree) the reason alone is not enough (national-2025#19).
    """
    reason, unmet = reason.strip(), unmet.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise RuleBroken(N_("请填写仍要求提交的理由（4 至 1000 个字）。"), field="reason")
    if len(unmet) > LONGEST_REASON:
        raise RuleBroken(N_("“共享为何不能满足履职需要”不得超过 1000 个字，请精简。"), field="unmet")
    if ban == FORBIDDEN and len(unmet) < SHORTEST_REASON:
        raise RuleBroken(
            N_("通过共享获取能够满足履行职责需要的，不得要求重复提交；请写明共享为何不能满足（不少于 4 个字）。"),
            field="unmet",
        )
    return reason, unmet
