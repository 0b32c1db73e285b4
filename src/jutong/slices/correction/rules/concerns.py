"""Checks of what is raised and of what is answered, one sentence each (workflows W10, W11, W12, W29)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.correction.rules.terms import Decision, Doubt, Field, Finding, Ground, Link, Outcome

LONGEST_TEXT: Final = 2000
SHORTEST_TEXT: Final = 4
LONGEST_RECORD: Final = 50
"""Signs of the value that names a record: it is part of the mark's name in the bundle."""
FEEDBACK: Final = "feedback"
"""The code of `verification_limit_covers` under which the limit ends with the feedback (national-2025#26)."""
ARTICLE: Final = "national-2025#39(6)"
"""Under which a verification past its limit may be found."""

T = TypeVar("T", bound=StrEnum)


class Corrected(msgspec.Struct, frozen=True):
    """One value as it was and as it is: the content of a correction."""

    item: str
    old: str
    new: str


def check_text(text: str, *, field: str, what: str) -> str:
    """Return a text of 4 to 2,000 signs. what: its name, translated."""
    text = text.strip()
    if len(text) < SHORTEST_TEXT:
        raise RuleBroken(N_("请填写“%(what)s”，不少于 4 个字。"), field=field, what=what)
    if len(text) > LONGEST_TEXT:
        raise RuleBroken(N_("“%(what)s”不得超过 2000 个字，请精简。"), field=field, what=what)
    return text


def check_record(record: str) -> str:
    """Return the value that names the record in doubt, or nothing for the whole resource."""
    record = record.strip()
    if len(record) > LONGEST_RECORD:
        raise RuleBroken(N_("记录标识不得超过 50 个字符，请填写主键项的值。"), field="record")
    return record


def check_items(items: Collection[str], known: Collection[str]) -> list[str]:
    """Return the items in doubt, each once; RuleBroken for one that the entry does not have."""
    if lost := [item for item in items if item not in set(known)]:
        raise RuleBroken(N_("目录中没有信息项“%(item)s”，请从所列信息项中选择。"), field="items", item=lost[0][:50])
    return list(dict.fromkeys(items))


def check_doubt(kind: str) -> Doubt:
    """Return the kind of a verification; RuleBroken without one."""
    return _one_of(Doubt, kind, "kind", N_("请选择校核类型：疑义或明显错误。"))


def check_ground(ground: str) -> Ground:
    """Return the ground of an objection (neijiang-2020#41)."""
    return _one_of(Ground, ground, "ground", N_("请选择异议理由：错误、遗漏，或侵犯商业秘密、个人隐私、其他合法权益。"))


def check_decision(decision: str) -> Decision:
    """Return a decision: correct or not correct."""
    return _one_of(Decision, decision, "decision", N_("请作出决定：予以更正或不予更正。"))


def check_finding(finding: str) -> Finding:
    """Return what a complaint came to."""
    return _one_of(Finding, finding, "finding", N_("请选择处理结论：属实、部分属实或不属实。"))


def check_field(field: str) -> Field:
    """Return the field of the open catalogue that is in doubt."""
    return _one_of(Field, field, "field", N_("请选择有疑义的目录字段。"))


def check_outcome(outcome: str) -> Outcome:
    """Return what a service desk did."""
    return _one_of(Outcome, outcome, "outcome", N_("请选择办理情况。"))


def _one_of(kinds: type[T], given: str, field: str, sentence: str) -> T:
    if given not in set(kinds):
        raise RuleBroken(sentence, field=field)
    return kinds(given)


def check_found(found_on: date | None, today: date, *, needed: bool) -> date | None:
    """Return the day on which the problem was found; asked for where the feedback has a limit (inner-mongolia-2018#21)."""
    if found_on is None and needed:
        raise RuleBroken(N_("现行规则规定了反馈期限，请填写发现问题的日期。"), field="found_on")
    if found_on is not None and found_on > today:
        raise RuleBroken(N_("发现问题的日期不能晚于今天，请修改。"), field="found_on")
    return found_on


def check_extension(longest: int | None, days: int, extended: int, *, pending: bool) -> None:
    """Refuse an extension that no text gives (WrongState), and one beyond the longest in total (RuleBroken)."""
    if not longest or not pending:
        raise WrongState(N_("现行规则没有规定该期限可以延长，请在期限内办结。"))
    if days < 1 or extended + days > longest:
        raise RuleBroken(
            N_("延长天数累计不得超过 %(most)d 个工作日，还可延长 %(left)d 个工作日，请修改天数。"),
            field="days",
            most=longest,
            left=longest - extended,
        )


def check_corrected(rows: Collection[Corrected], known: Collection[str]) -> tuple[Corrected, ...]:
    """Return the corrected values; RuleBroken without any, for unknown items, and where nothing differs."""
    kept = tuple(row for row in rows if row.item.strip())
    if not kept:
        raise RuleBroken(N_("请至少填写一个信息项更正后的值。"), field="rows")
    check_items([row.item for row in kept], known)
    if same := [row.item for row in kept if row.old == row.new]:
        raise RuleBroken(N_("信息项“%(item)s”更正前后相同，请核对。"), field="rows", item=same[0])
    if long := [row.item for row in kept if len(row.new) > LONGEST_TEXT or len(row.old) > LONGEST_TEXT]:
        raise RuleBroken(N_("信息项“%(item)s”的值超过 2000 个字，请在说明中写明更正方式。"), field="rows", item=long[0])
    return kept


def check_links(links: Collection[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return what a complaint is handed over to: kind and reference; RuleBroken for an unknown kind or no reference."""
    kept = []
    for link in links:
        kind = _one_of(Link, str(link.get("kind", "")), "link", N_("请选择移交去向：校核、整改或安全事件。"))
        reference = str(link.get("reference", "")).strip()
        if not 1 <= len(reference) <= 100:  # noqa: PLR2004
            raise RuleBroken(N_("请填写移交事项的编号（不超过 100 个字）。"), field="reference")
        kept.append({"kind": str(kind), "reference": reference})
    return kept
