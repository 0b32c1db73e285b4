"""Documents, licences and contracts: what of the catalogue is obtained as proof of something (neijiang-2020#28)."""

from __future__ import annotations

from typing import Final

from jutong.slices.catalogue.rules.content import Content

ELEMENT: Final = "document_kind"
KINDS: Final = ("document", "licence", "contract")
"""The categories of data that count like paper originals; their names are in the compilation specification."""
LICENCES: Final = "electronic_licence"
"""The base category 电子证照信息 of the guide: what stands there is a licence without further words."""


def document_kind(content: Content) -> str:
    """Return which kind of document a resource is as its provider states it; "" for all other data (R-SHR-033)."""
    return kind_stated(content.extra.get(ELEMENT, ""), content.resource_class, content.category)


def kind_stated(stated: str, resource_class: str, category: str) -> str:
    """Return the kind that these three elements of an entry come to."""
    if stated in KINDS:
        return stated
    return "licence" if resource_class == "base" and category == LICENCES else ""
