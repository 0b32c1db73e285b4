"""Which requirements the tests show: collected by pytest into build/, printed per area by `make coverage-of-requirements`."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

FILE = Path("build/coverage-of-requirements.json")
REQUIREMENTS = Path("docs/requirements.csv")


def note(item: pytest.Item) -> None:
    """Keep a test's marks in its report, which pytest-xdist carries to the controller."""
    marks = list(item.iter_markers("covers"))
    wholly = sorted({name for mark in marks for name in mark.args})
    partly = sorted({name for mark in marks for name in mark.kwargs.get("partly", ())})
    if wholly or partly:
        item.user_properties.append(("covers", {"wholly": wholly, "partly": partly}))


def write(root: Path, stats: Mapping[str, Iterable[Any]]) -> None:
    """Merge the passed tests of this run into the record; tests of the files that ran are replaced."""
    reports = [report for kind in ("passed", "failed", "error") for report in stats.get(kind, ())]
    ran = {report.nodeid.split("::")[0] for report in reports}
    failed = {report.nodeid for report in reports if report.failed}
    path = root / FILE
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    record = {test: what for test, what in record.items() if _file(test) not in ran and (root / _file(test)).exists()}
    for report in reports:
        for name, what in getattr(report, "user_properties", ()):
            if name == "covers" and report.when == "call" and report.nodeid not in failed:
                record[report.nodeid] = what
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False), encoding="utf-8")


def _file(test: str) -> str:
    return test.split("::", maxsplit=1)[0]


def standing(root: Path) -> dict[str, str]:
    """Return for each requirement id: covered, partial or open."""
    with (root / REQUIREMENTS).open(encoding="utf-8", newline="") as file:
        found = {row["id"]: "open" for row in csv.DictReader(file)}
    path = root / FILE
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for state, kind in (("partial", "partly"), ("covered", "wholly")):
        for what in record.values():
            for name in what[kind]:
                if name not in found:
                    sys.exit(f"{name} is covered by a test but is no requirement in {REQUIREMENTS}")
                found[name] = state
    return found


def main() -> None:
    """Print covered, partial and open per area."""
    root = Path(__file__).parent.parent
    with (root / REQUIREMENTS).open(encoding="utf-8", newline="") as file:
        areas = {row["id"]: row["area"] for row in csv.DictReader(file)}
    per_area: dict[str, Counter[str]] = defaultdict(Counter)
    for name, state in standing(root).items():
        per_area[areas[name]][state] += 1
        per_area["all"][state] += 1
    sys.stdout.write(f"{'area':16}{'covered':>9}{'partial':>9}{'open':>9}\n")
    for area, counts in sorted(per_area.items(), key=lambda pair: (pair[0] == "all", pair[0])):
        sys.stdout.write(f"{area:16}{counts['covered']:9}{counts['partial']:9}{counts['open']:9}\n")


if __name__ == "__main__":
    main()
