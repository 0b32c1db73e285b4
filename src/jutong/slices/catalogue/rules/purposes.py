"""Purposes of use that an entry names: from the one list that requests and grants know too (R-SHR-010). Pure."""

from __future__ import annotations

from collections.abc import Collection

from jutong.kernel.terms import N_
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding
from jutong.wire.specification import Specification

UNLISTED = N_("“%(code)s”不在使用用途清单中，请从清单中选择：%(listed)s")


def unlisted(
    content: Content, specification: Specification | None, *, held: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Return a finding where an entry names a purpose that is not on the list; held: named before, which may stay."""
    element = specification.element("use_purposes") if specification else None
    if element is None:
        return ()
    known = {value.code: value.label for value in element.values}
    beyond = [code for code in content.use_purposes if code not in known and code not in held]
    params = {"code": "、".join(beyond)[:60], "listed": "、".join(known.values())}
    return (Finding("use_purposes", UNLISTED, params),) if beyond else ()
