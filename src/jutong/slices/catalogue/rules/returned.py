"""Data that an upper department returned: registered with its source, graded no lower, used for the registered duty. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from jutong.kernel.errors import NotAllowed
from jutong.kernel.levels import label_of, rank
from jutong.kernel.terms import N_
from jutong.slices.catalogue.rules.findings import Finding


def graded(level: str, source_level: str, source: str) -> Iterator[Finding]:
    """Yield the refusal of a security level below that of the entry the data were returned from (R-CAS-017)."""
    if rank(level) < rank(source_level):
        message = N_("数据由“%(source)s”回流取得，分级不得低于来源目录的“%(label)s”")
        yield Finding("security_level", message, {"source": source, "label": label_of(source_level)})


def check_use(asked: Collection[str], purposes: Collection[str], duty: str, named: Callable[[str], str]) -> None:
    """Refuse the use of returned data for something else than the registered duty (national-2025#24); named: how purposes are called."""
    if beyond := [named(code) for code in asked if code not in purposes]:
        raise NotAllowed(
            N_("该数据经回流取得，只能用于登记的职责“%(duty)s”，不得用于“%(beyond)s”；请改选使用用途。"),
            duty=duty[:100],
            beyond="、".join(beyond),
        )
