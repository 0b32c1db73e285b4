"""Reading versions back as contents, one or thousands, in two statements; in one where the versions were read already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.errors import NotThere
from jutong.slices.catalogue.models import EntryVersion, Item
from jutong.slices.catalogue.rules.content import Content, ItemContent, from_json


def contents_of(version_ids: Iterable[int | None]) -> dict[int, Content]:
    """Return the content of each version, items included, by version id."""
    return contents_in(EntryVersion.objects.filter(pk__in=[pk for pk in version_ids if pk]).only("content"))


def contents_in(versions: Iterable[EntryVersion | None]) -> dict[int, Content]:
    """Return the content of versions that were read, items included, by version id."""
    stated = {version.pk: version.content for version in versions if version}
    items: dict[int, list[Any]] = defaultdict(list)
    rows = Item.objects.filter(version__in=stated).order_by("version", "position")
    for version, detail in rows.values_list("version", "detail"):
        items[version].append(detail)
    return {
        pk: msgspec.structs.replace(from_json(content), items=tuple(msgspec.convert(items[pk], list[ItemContent])))
        for pk, content in stated.items()
    }


def content_of(version_id: int) -> Content:
    """Return the content of one version. NotThere for an unknown one."""
    found = contents_of([version_id]).get(version_id)
    if found is None:
        raise NotThere(_("没有找到该版本。"))
    return found
