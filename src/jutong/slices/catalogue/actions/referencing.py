"""Turning an entry's own claim into a reference to the authoritative source, in one step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere, RuleBroken
from jutong.slices.catalogue.actions.drafting import edit_entry
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries.contents import content_of
from jutong.slices.catalogue.queries.sources import sources_of
from jutong.slices.catalogue.rules.sources import item_names
from jutong.slices.catalogue.workflow import may_know


def refer_items(entry_id: int, *, by: Actor, at: datetime, items: Sequence[str]) -> Entry:
    """Turn claims of the own department into references to the authoritative source (R-CAT-046).

    RuleBroken for items that have no source elsewhere or whose source has published nothing yet.
    """
    case = Entry.objects.filter(pk=entry_id).first()
    if case is None or not may_know(by, case):
        raise NotThere(_("没有找到该目录条目，或您无权知悉。"))
    chosen = item_names(items)
    known = sources_of(case.region, chosen, at=at)
    content = content_of(case.working_id or 0)
    here = {item.name for item in content.items}
    for name in chosen:
        source = known.get(name)
        if name not in here or source is None or source.provider_id == case.provider_id or not source.code:
            raise RuleBroken(_("信息项“%s”没有可以引用的其他部门目录，请刷新后重新选择。") % name, field="items")
    changed = tuple(
        msgspec.structs.replace(item, source="reference", refers=known[item.name].code) if item.name in chosen else item
        for item in content.items
    )
    note = _("改为引用权威来源：%s") % "、".join(chosen)
    return edit_entry(entry_id, by=by, at=at, content=msgspec.structs.replace(content, items=changed), note=note)
