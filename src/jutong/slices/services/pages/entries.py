"""The use of an entry through the gateway, as its page shows it: calls day by day, naming nobody."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.faces.pieces import Chart, Series
from jutong.kernel.panels import Said
from jutong.slices.catalogue.queries import EntryDetail
from jutong.slices.services import queries


def use_panel(_actor: Actor, at: datetime, *, entry: EntryDetail) -> Said | None:
    """Return the chart of an entry's calls over thirty days; None where there were none."""
    days = queries.use_of_entry(entry.row.id, at)
    if not any(day.calls for day in days):
        return None
    chart = Chart(
        _("近三十天接口调用"),
        [f"{day.day:%m-%d}" for day in days],
        [
            Series(_("成功"), [day.calls - day.refused for day in days]),
            Series(_("被拒绝"), [day.refused for day in days]),
        ],
        stacked=True,
        unit=_("次"),
    )
    return Said(chart)
