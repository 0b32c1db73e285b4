"""Peers' codes: which peers have a table, what it holds, and the table as an import or export uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from jutong.kernel.errors import NotThere
from jutong.slices.standards.formats.peers import DIRECTIONS
from jutong.slices.standards.models import PeerCode
from jutong.slices.standards.rules.national import shipped

PeerCodes = Mapping[str, Mapping[str, str]]
"""{element: {value: what it becomes}} of one peer in one direction."""


@dataclass(frozen=True, slots=True)
class PeerRow:
    """One line of a peer's table, worded; ours_label is our code's name."""

    direction: str
    direction_label: str
    element: str
    element_label: str
    given: str
    becomes: str
    ours_label: str


def peers() -> list[tuple[str, int]]:
    """Return every peer with a table and how many codes it has."""
    counted = PeerCode.objects.values_list("peer").annotate(n=Count("pk")).order_by("peer")
    return [(peer, n) for peer, n in counted]


def peer_codes(peer: str, direction: str) -> PeerCodes:
    """Return a peer's table in one direction ("in", "out"). NotThere for a peer without any."""
    found: dict[str, dict[str, str]] = {}
    for element, given, becomes in PeerCode.objects.filter(peer=peer, direction=direction).values_list(
        "element", "given", "becomes"
    ):
        found.setdefault(element, {})[given] = becomes
    if not found:
        raise NotThere(_("没有“%s”的代码对照表，请先由平台管理员或主管部门维护。") % peer[:40])
    return found


def peer_lines(peer: str) -> Iterator[PeerRow]:
    """Yield the lines of a peer's table in its order."""
    elements = {one.name: one for one in shipped()[-1].elements if one.of == "entry"}
    for row in PeerCode.objects.filter(peer=peer).order_by("direction", "element", "given"):
        known = elements[row.element]
        ours = row.becomes if row.direction == "in" else row.given
        label = next((value.label for value in known.values if value.code == ours), ours)
        yield PeerRow(
            row.direction, _(DIRECTIONS[row.direction]), row.element, _(known.label), row.given, row.becomes, _(label)
        )
