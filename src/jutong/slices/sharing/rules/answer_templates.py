"""What a named template of answers holds, and what it puts into a draft; a draft is all it ever makes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_, Term
from jutong.slices.sharing.rules.requests import LONGEST_TEXT, Reply, check_refusal_reason, check_supplement

LONGEST_NAME: Final = 100


class TemplateKind(Term):
    """For which answer a template is."""

    AGREE = "agree", N_("同意共享")
    REFUSE = "refuse", N_("不同意共享")
    SUPPLEMENT = "supplement", N_("一次性告知补正")


TEXTS: Final[Mapping[TemplateKind, tuple[str, ...]]] = {
    TemplateKind.AGREE: ("scope", "remarks"),
    TemplateKind.REFUSE: ("reason", "basis"),
}
"""The texts of each kind; a supplement has its list of papers."""


def check_name(name: str) -> str:
    """Return a template's name."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise RuleBroken(N_("请填写范本名称（不超过 100 个字）。"), field="name")
    return name


def check_kind(kind: str) -> TemplateKind:
    """Return the kind of a template."""
    if kind not in set(TemplateKind):
        raise RuleBroken(N_("请选择范本用于哪种答复。"), field="kind")
    return TemplateKind(kind)


def words_of(kind: TemplateKind, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words that a template of a kind keeps; RuleBroken for none, too long ones, and for a reason that is none.

    What no answer may say no template keeps: missing papers are no reason to refuse (national-2025#21).
    """
    if kind is TemplateKind.SUPPLEMENT:
        papers = [paper.strip() for paper in given.get("papers", ()) if paper.strip()]
        check_supplement(papers, {})
        return {"papers": papers}
    words = {name: str(given.get(name, "")).strip() for name in TEXTS[kind]}
    if long := next((name for name, text in words.items() if len(text) > LONGEST_TEXT), ""):
        raise RuleBroken(N_("范本内容不得超过 2000 个字，请精简。"), field=long)
    if kind is TemplateKind.REFUSE:
        check_refusal_reason(words["reason"], papers=False)
    elif not any(words.values()):
        raise RuleBroken(N_("请填写准许的使用范围或给申请方的说明。"), field="scope")
    return words


def put_into(reply: Reply, kind: TemplateKind, words: Mapping[str, Any]) -> Reply:
    """Return a drafted reply with a template's words: scope and remarks of an agreement, reason and basis of a refusal."""
    if kind is TemplateKind.REFUSE:
        return Reply(agree=False, reason=words["reason"], basis=words["basis"])
    kept: Collection[str] = [name for name in TEXTS[TemplateKind.AGREE] if words.get(name)]
    return msgspec.structs.replace(reply, **{name: words[name] for name in kept})
