"""By what a list is narrowed down that its form does not show: said above it, each to be taken off."""

from __future__ import annotations

from django.utils.translation import gettext as _

from jutong.kernel.faces.pieces import Facet, FacetChoice
from jutong.slices.catalogue.queries import Counted
from jutong.slices.parties import queries as parties


def of_department(department: int, *, name: str = "department", label: str = "") -> list[Facet]:
    """Return the department to which a figure's link narrowed a list, as a chosen filter; nothing for 0 or an unknown one."""
    known = parties.departments({department} - {0})
    return [_only(name, label or _("部门"), str(pk), row.name) for pk, row in known.items()]


def of_demands(counted: Counted) -> list[Facet]:
    """Return to what a figure of demands narrowed their list."""
    found = [
        *of_department(counted.consumer, name="consumer", label=_("需求部门")),
        *of_department(counted.provider, name="provider", label=_("受分派部门")),
    ]
    if counted.region:
        found.append(_only("region", _("地区"), counted.region, parties.region_name(counted.region)))
    if counted.late:
        found.append(_only("late", _("期限"), "1", _("答复超期")))
    return found


def _only(name: str, label: str, value: str, said: str) -> Facet:
    return Facet(name, label, [FacetChoice(value, said, chosen=True)])
