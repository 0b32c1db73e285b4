"""Searches that a person keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.slices.catalogue.models import SavedSearch


@dataclass(frozen=True, slots=True)
class SavedRow:
    """A kept search: its words and facets as the address that asks anew, how many entries are new since last looked at."""

    id: int
    name: str
    text: str
    chosen: dict[str, list[str]]
    subscribed: bool
    fresh: int
    at: datetime
    told_at: datetime | None

    @property
    def address(self) -> str:
        """The query string of the search."""
        return urlencode([("q", self.text), *((name, v) for name, values in self.chosen.items() for v in values)])


def saved_searches(actor: Actor) -> list[SavedRow]:
    """Return the actor's kept searches, the newest first."""
    return [_row(row) for row in SavedSearch.objects.filter(account_id=actor.account_id or 0).order_by("-pk")]


def saved_search(saved_id: int, *, actor: Actor) -> SavedRow:
    """Return one kept search of the actor. NotThere for another person's."""
    row = SavedSearch.objects.filter(pk=saved_id, account_id=actor.account_id or 0).first()
    if row is None:
        raise NotThere(_("没有找到该检索，可能已被删除。"))
    return _row(row)


def _row(row: SavedSearch) -> SavedRow:
    return SavedRow(row.pk, row.name, row.text, row.chosen, row.subscribed, row.fresh, row.at, row.told_at)
