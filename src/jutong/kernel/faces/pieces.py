"""What the template pieces draw: frozen rows that pages hand to them, and the colour family of every state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from jutong.kernel.queries import AuditRow
    from jutong.kernel.workflow import Workflow

Tone = Literal["neutral", "info", "wait", "good", "bad"]

CLOCK_TONES: Final[Mapping[str, Tone]] = {"green": "good", "yellow": "wait", "red": "bad", "grey": "neutral"}

_GOOD = """published reviewed agreed granted completed closed done active accepted fulfilled met ok enabled reconciled
delivered in_force met_by_entry met_by_request decided sealed succeeded approved confirmed verified finished passed connected in_operation migrated
answered declared compiled settled government_decided consented released restored rectified cleared"""
_INFO = """submitted received leader_approved head_consented assessed running delivering reply_prepared revising issued
transferring authority_review registered assigned opened consulting testing migrating connecting arranged gap negotiating coordinating before_government applied"""
_WAIT = """returned supplement_requested pending_determination extended suspended paused provisional due_soon waiting
queued update_due update_extended retrying locked held must_change needed asked reported planned listed no_agreement signing amending
alerted overlap_found"""
_BAD = """refused not_accepted revoked terminated failed overdue rejected unreconciled broken disabled conflict missing
not_reconciled error late not_responded insufficient"""
TONES: Final[Mapping[str, Tone]] = {
    **dict.fromkeys(_GOOD.split(), "good"),
    **dict.fromkeys(_INFO.split(), "info"),
    **dict.fromkeys(_WAIT.split(), "wait"),
    **dict.fromkeys(_BAD.split(), "bad"),
}
"""Colour family by state identifier; every other state (draft, withdrawn, expired, lapsed …) is neutral."""


def tone_of(state: str) -> Tone:
    """Return the colour family of a state identifier."""
    return TONES.get(state, "neutral")


@dataclass(frozen=True, slots=True)
class FacetChoice:
    """One value to filter by: what goes into the address, what a person reads, how many rows (or in words), whether chosen."""

    value: str
    label: str
    count: int | str | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter: parameter name, heading, its choices."""

    name: str
    label: str
    choices: Sequence[FacetChoice]

    @property
    def active(self) -> bool:
        """Tell whether any choice is taken."""
        return any(choice.chosen for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Happening:
    """One point of a timeline: when, what, by whom, a note in the person's words, colour family ("next": to come)."""

    at: datetime | None
    what: str
    who: str = ""
    note: str = ""
    tone: Tone | Literal["next"] = "neutral"


def happenings(history: Iterable[AuditRow], workflow: Workflow[Any]) -> list[Happening]:
    """Return a case's history as a timeline: each act by its button's label."""
    labels = {move.verb: _(move.label) for move in workflow.moves}
    return [
        Happening(
            entry.at,
            labels.get(entry.verb.rpartition(".")[2], entry.verb),
            _("系统") if entry.channel == "system" else entry.actor_name,
            entry.reason,
            "good" if entry.outcome == "success" else "bad",
        )
        for entry in history
    ]


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value; `url` makes it a link, `badge` shows the value as a badge in that colour family."""

    label: str
    value: object
    url: str = ""
    badge: Tone | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a difference: what, before, after; equal values are drawn as unchanged."""

    label: str
    old: object = ""
    new: object = ""

    @property
    def changed(self) -> bool:
        """Tell whether the two differ."""
        return self.old != self.new


@dataclass(frozen=True, slots=True)
class Tab:
    """A link that looks like a tab."""

    label: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on a workbench: label, value, unit, colour family, where it leads."""

    label: str
    value: object
    unit: str = ""
    tone: Tone = "neutral"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One row of figures in a chart; None where there is nothing to measure, a gap in a line."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Point:
    """A place on a map: its name, what else is known of it, its state in words and tone, on which side of the middle."""

    name: str
    note: str
    state: str
    tone: str
    left: bool = False


@dataclass(frozen=True, slots=True)
class Map:
    """Places around a middle one, each tied to it; the page also lists them for those who cannot see."""

    title: str
    middle: str
    points: Sequence[Point]

    def data(self) -> dict[str, object]:
        """Return what charts.js reads: every place with its share of its side's half circle, from 0 to 1."""
        sides = {left: [point for point in self.points if point.left is left] for left in (True, False)}
        return {
            "kind": "map",
            "middle": self.middle,
            "points": [
                {
                    "name": point.name, "note": point.note, "state": point.state, "tone": point.tone, "left": left,
                    "share": (at + 0.5) / len(side),
                }
                for left, side in sides.items()
                for at, point in enumerate(side)
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: kind, labels of its axis, series. The page also carries the figures as a table for those who cannot see."""

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    kind: Literal["bar", "hbar", "line", "pie"] = "bar"
    stacked: bool = False
    unit: str = ""

    def data(self) -> dict[str, object]:
        """Return what charts.js reads."""
        return {
            "kind": self.kind,
            "labels": list(self.labels),
            "series": [{"name": row.name, "values": list(row.values)} for row in self.series],
            "stacked": self.stacked,
        }

    def rows(self) -> list[tuple[str, list[float | None]]]:
        """Return the same figures row by row: label, one value per series."""
        return [(label, [row.values[at] for row in self.series]) for at, label in enumerate(self.labels)]


@dataclass(frozen=True, slots=True)
class FlowChart:
    """Flows from somebody to somebody with a size each; the page carries the figures as a table itself."""

    title: str
    flows: Sequence[tuple[str, str, int]]
    unit: str = ""

    def data(self) -> dict[str, object]:
        """Return what charts.js reads: who gives stands left, who receives right, also where it is the same one."""
        sides = (("<", [flow[0] for flow in self.flows]), (">", [flow[1] for flow in self.flows]))
        names = dict.fromkeys((side + name, name) for side, found in sides for name in found)
        links = [{"source": f"<{source}", "target": f">{target}", "value": size} for source, target, size in self.flows]
        return {"kind": "flow", "nodes": [{"name": key, "label": name} for key, name in names], "links": links}
