"""By what a list is narrowed down that its form does not show: said above it, each to be taken off."""

from __future__ import annotations

from django.utils.translation import gettext as _

from jutong.kernel.faces.pieces import Facet, FacetChoice
from jutong.slices.parties import queries as parties


def of_department(department: int) -> list[Facet]:
    """Return the department to which a figure's link narrowed a list, as a chosen filter; nothing for 0 or an unknown one."""
    known = parties.departments({department} - {0})
    return [Facet("department", _("部门"), [FacetChoice(str(pk), row.name, chosen=True)]) for pk, row in known.items()]
