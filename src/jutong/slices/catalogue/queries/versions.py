"""Versions of an entry and what changed between two of them, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.terms import SHARE_MODE_LABELS
from jutong.slices.catalogue.models import Entry, EntryVersion
from jutong.slices.catalogue.queries.contents import contents_of
from jutong.slices.catalogue.queries.entries import sees_drafts
from jutong.slices.catalogue.rules.differences import differences
from jutong.slices.catalogue.rules.obligations import LABELS, NAMES
from jutong.slices.catalogue.rules.shape import CODES, ITEM_LABELS
from jutong.slices.catalogue.workflow import ENTRY
from jutong.slices.standards import queries as standards


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version: its number, who left it and when, and whether it is the one in force or the newest."""

    id: int
    number: int
    editor: str
    edited_at: datetime
    note: str
    published: bool
    newest: bool


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """A changed element in words; an added item has no old text, a removed one no new text."""

    element: str
    label: str
    old: str
    new: str


def versions(entry_id: int, *, actor: Actor) -> list[VersionRow]:
    """Return the versions an actor may see, newest first. NotThere for an unknown entry."""
    case = _seen(entry_id, actor)
    rows = EntryVersion.objects.filter(entry=case).order_by("-number")
    if not sees_drafts(actor, case):
        rows = rows.filter(pk=case.published_id or 0)
    return [
        VersionRow(
            row.pk,
            row.number,
            row.editor_name,
            row.edited_at,
            row.note,
            row.pk == case.published_id,
            row.pk == case.working_id,
        )
        for row in rows.defer("content")
    ]


def _seen(entry_id: int, actor: Actor) -> Entry:
    case = Entry.objects.filter(pk=entry_id).first()
    if case is None or (ENTRY.visible and not ENTRY.visible(actor, case)):
        raise NotThere(_("没有找到该目录条目，或您无权知悉。"))
    return case


def difference(entry_id: int, old: int, new: int, *, actor: Actor) -> list[DifferenceRow]:
    """Return what changed from version number `old` to `new`. NotThere when the actor may not see one of them."""
    rows = {row.number: row.id for row in versions(entry_id, actor=actor)}
    if old not in rows or new not in rows:
        raise NotThere(_("没有找到要比较的版本，请从版本列表中选择。"))
    found = contents_of([rows[old], rows[new]])
    return [
        DifferenceRow(d.element, label_of(d.element), in_words(d.element, d.old), in_words(d.element, d.new))
        for d in differences(found[rows[old]], found[rows[new]])
    ]


def label_of(element: str) -> str:
    """Return what an element is called; an item's element as 信息项“名称”的长度."""
    if not element.startswith("items."):
        return _(LABELS.get(element, element))
    _items, name, *part = element.split(".", 2)
    if not part or part[0] not in ITEM_LABELS:
        return _("信息项“%s”") % element.removeprefix("items.")
    return _("信息项“%(item)s”的%(label)s") % {"item": name, "label": _(ITEM_LABELS[part[0]])}


def in_words(element: str, value: object) -> str:
    """Return a value as a person reads it: labels for codes, yes and no, lists joined."""
    name = element.rsplit(".", 1)[-1]
    if value in (None, "", ()):
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return standards.purposes_in_words(value) if name == "use_purposes" else "、".join(str(part) for part in value)
    if isinstance(value, dict):
        return "；".join(f"{_(ITEM_LABELS.get(str(k), str(k)))}：{in_words(str(k), v)}" for k, v in value.items())
    modes = SHARE_MODE_LABELS if name == "share_mode" else {}
    return _({**CODES.get(name, {}), **NAMES.get(name, {}), **modes}.get(str(value), str(value)))
