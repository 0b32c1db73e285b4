"""Which entries are documents, licences or contracts as they are in force (neijiang-2020#28)."""

from __future__ import annotations

from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.rules.documents import kind_stated


def document_kind_of(entry_id: int) -> str:
    """Return which kind of document a published entry is; "" for all other data and for entries not in force."""
    names = (
        "published__content__extra__document_kind",
        "published__content__resource_class",
        "published__content__category",
    )
    found = Entry.objects.filter(pk=entry_id, published__isnull=False).values_list(*names).first()
    return kind_stated(*(str(one or "") for one in found)) if found else ""
