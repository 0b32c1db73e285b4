"""Findings about catalogues: their kinds with the article they rest on, and what has to be stated of one (W16)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_

KINDS: Final = {
    "untrue": N_("目录不真实"),
    "inaccurate": N_("目录不准确"),
    "incomplete": N_("目录不全面"),
    "catalog_not_provided": N_("未按规定提供本部门目录"),
    "catalog_not_updated": N_("未按期更新目录"),
    "unlisted_condition": N_("擅自增设目录外的条件"),
    "source_not_supported": N_("未配合数源部门更新数据"),
}
"""What can be found of a department's catalogue and of how it provides what is in it."""
INSPECTED: Final = ("untrue", "inaccurate", "incomplete")
"""Kinds that an inspection records; the others are proposed by checks, clocks and reports."""
ARTICLES: Final = {
    "untrue": ("inner-mongolia-2018#36(3)", "neijiang-2020#14", "national-2025#16"),
    "inaccurate": ("inner-mongolia-2018#36(3)", "neijiang-2020#14", "national-2025#16"),
    "incomplete": ("inner-mongolia-2018#36(3)", "neijiang-2020#14", "national-2025#16"),
    "catalog_not_provided": ("inner-mongolia-2018#36(2)",),
    "catalog_not_updated": ("national-2025#39(1)",),
    "unlisted_condition": ("national-2025#39(2)",),
    "source_not_supported": ("national-2025#39(3)",),
}
DECREE: Final = "national-2025"
LONGEST_LIMIT: Final = timedelta(days=366)


def article_of(kind: str, policy: Policy) -> str:
    """Return the article a finding of a kind rests on under a profile, the local one first; "" where none does."""
    own = policy.profile_name.partition(":")[0]
    known = {article.partition("#")[0]: article for article in ARTICLES[kind]}
    return known.get(own) or known.get(DECREE, "")


def check_kind(kind: str, policy: Policy) -> str:
    """Return the article of a kind; NotAllowed where the profile knows no such finding."""
    if kind not in KINDS:
        raise RuleBroken(N_("请从列表中选择问题类型。"), field="kind")
    if not (article := article_of(kind, policy)):
        raise NotAllowed(N_("现行政策规则没有“%(kind)s”这种情形。"), kind=KINDS[kind])
    return article


def check_finding(text: str, evidence: str) -> tuple[str, str]:
    """Return what was found and its evidence as they are kept; RuleBroken where either is empty (R-CAT-047, R-CAT-055)."""
    remarks: dict[str, str] = {}
    if not text.strip():
        remarks["text"] = N_("请写明发现的问题。")
    if not evidence.strip():
        remarks["evidence"] = N_("请写明证据，例如检查记录、函件文号或对照的数据。")
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    return text.strip()[:2000], evidence.strip()[:2000]


def check_unlisted(condition: str, listed: str) -> None:
    """Refuse to report a condition that the published entry lists: RuleBroken."""
    if condition.strip() and condition.strip() in listed:
        raise RuleBroken(N_("目录已列明该条件，提供部门可以适用；如认为不当，请在目录问答中提出。"), field="text")


def check_limit(due_on: date | None, *, today: date) -> date:
    """Return the last day of a rectification: after today, within a year. RuleBroken otherwise."""
    if due_on is None or not today < due_on <= today + LONGEST_LIMIT:
        raise RuleBroken(N_("整改期限应在明天至一年之内，请修改。"), field="due_on")
    return due_on
