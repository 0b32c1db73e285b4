"""What acts are about, in the words of the pages: the audit writes kinds of objects as codes, each slice names its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.terms import N_
from jutong.kernel.workflow import workflows

_NAMES: Final[dict[str, str]] = {
    "address": N_("访问地址"),
    "audit": N_("审计记录"),
    "keys": N_("平台与节点密钥"),
    "kernel.outboxevent": N_("待处理事件"),
    "kernel.archivepackage": N_("归档包"),
    "operations": N_("平台运行"),
}


def register(names: Mapping[str, str]) -> None:
    """Name the kinds of a slice's objects: its label for acts on none, "label.model" for acts on a row (Chinese, N_)."""
    _NAMES.update(names)


def name(kind: str) -> str:
    """Return the name of a kind of object, translated: a workflow's is its title; one that nobody named stays a code."""
    if workflow := workflows().get(kind):
        return _(workflow.title)
    return _(_NAMES[kind]) if kind in _NAMES else kind


def names() -> dict[str, str]:
    """Return every kind of object with its name, translated, in the order of the names."""
    found = {kind: name(kind) for kind in (*_NAMES, *workflows())}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def alike(kind: str) -> tuple[str, ...]:
    """Return the kinds that bear the same name: a row and its workflow are one thing to the reader."""
    wanted = name(kind)
    return tuple(each for each, said in names().items() if said == wanted) or (kind,)
