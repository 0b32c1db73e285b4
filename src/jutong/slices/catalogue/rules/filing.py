"""When a compiled catalogue is filed (备案) with the same-level authority, and when a sharing type runs against a duty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding

_OPEN_MANNERS: Final = frozenset({"among_departments", "platform"})
"""Manners of sharing that leave no room for withholding: other texts refer to the law or to agreements."""


def files_catalogue(policy: Policy) -> bool:
    """Tell whether the local text has every compiled catalogue filed (inner-mongolia-2018#12).

    Since 2025-08-01 the submission for review is the filing as well (R-CAT-018), so the local text alone is asked.
    """
    return policy.profile.cell("catalog_filing_required").value == "filing"


def files_type(policy: Policy, share_type: str) -> bool:
    """Tell whether a restrictive sharing type is filed (neijiang-2020#24(1))."""
    return share_type in {"conditional", "withheld"} and "filing" in policy.list("restrictive_type_control")


def against_duty(content: Content, policy: Policy) -> Iterator[Finding]:
    """Yield what of a theme entry or of a base entry's business items is withheld that shall be shared (R-CAT-039).

    A flag for the authority that reviews, no refusal: the law may still forbid what the local text wants shared.
    """
    if content.resource_class == "theme" and policy.text("theme_sharing_manner") in _OPEN_MANNERS:
        if content.share_type == "withheld":
            yield Finding("share_type", N_("主题信息资源应予共享，标为不予共享与共享义务不符，请审核依据"), grave=False)
    elif content.resource_class == "base" and policy.text("base_business_items_manner") in _OPEN_MANNERS:
        held = [i.name for i in content.items if not i.base_item and (i.share_type or content.share_type) == "withheld"]
        if held:
            words = {"items": "、".join(held[:10])}
            yield Finding(
                "items", N_("基础信息资源的业务信息项“%(items)s”应予共享，标为不予共享与共享义务不符，请审核依据"), words,
                grave=False,
            )  # fmt: skip
