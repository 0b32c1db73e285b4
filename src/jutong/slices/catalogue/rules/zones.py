"""The classified catalogue and the other one, each on the platform of its own network; pure (inner-mongolia-2018#6, R-CAT-015)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from jutong.kernel.terms import N_, Zone
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding

SECRETS: Final = {"state_secret": N_("国家秘密"), "work_secret": N_("工作秘密")}
"""What an entry can be marked as; empty: neither."""
SEALED: Final = "sealed"
"""The zone of an entry that was taken out: no page or interface shows it any more."""
OUTSIDE: Final = N_("国家秘密、工作秘密不得在政务外网平台编目，请按保密规定处理")
OPEN: Final = N_("非涉密目录只能在政务外网平台编目；确属涉密的，请填写涉密属性")


def misplaced(content: Content, *, here: str, platforms: Collection[str]) -> Iterator[Finding]:
    """Yield what keeps an entry off this platform: secrets off the outer network, all else off the inner one.

    here: the platform's own network. platforms: the networks in which the profile has one; where it has none in the
    inner network, secrets are outside its regime and catalogued nowhere (national-2025#3, R-SEC-037).
    """
    if here == Zone.INNER:
        if not content.secret:
            yield Finding("secret", OPEN)
        elif Zone.INNER not in platforms:
            yield Finding("secret", N_("现行政策规则没有政务内网平台，国家秘密、工作秘密不得编目，请按保密规定处理"))
        return
    if content.secret:
        yield Finding("secret", OUTSIDE)
    for item in content.items:
        if item.classified:
            yield Finding("items", N_("信息项“%(item)s”标为涉密，涉密数据不得在本平台编目"), {"item": item.name})
