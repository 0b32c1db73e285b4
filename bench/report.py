"""One line for each figure, `bench NAME VALUE UNIT ratio=R against=LIMIT`, and the error that ends a run that lies."""

from __future__ import annotations

from collections.abc import Sequence


class Unreconciled(Exception):  # noqa: N818 - a finding, not a fault of the program
    """What was counted at two ends differs; the figures of such a run are worth nothing."""


def line(name: str, value: float, unit: str, *, ratio: float, against: str) -> None:
    """Print a figure. ratio: the share of the limit's speed that was reached in the same run (1.0: as fast as it)."""
    shown = f"{value:,.0f}".replace(",", "") if value >= 100 else f"{value:.3g}"
    print(f"bench {name} {shown} {unit} ratio={ratio:.3g} against={against}", flush=True)


def note(text: str) -> None:
    """Print what a figure rests on, where a machine that reads the lines passes it over."""
    print(f"# {text}", flush=True)


def same(what: str, *counts: object) -> None:
    """Raise `Unreconciled` unless all counts are equal."""
    if any(count != counts[0] for count in counts):
        raise Unreconciled(f"{what}: {' != '.join(map(str, counts))}")


def middle(values: Sequence[float], share: float = 0.5) -> float:
    """Return the value below which that share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
