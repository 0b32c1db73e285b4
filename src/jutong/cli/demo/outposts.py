"""Front-end nodes of the demo city: applied for, allocated, and one that really works beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jutong.cli.demo.town import Town, engineer, person


def enrol(town: Town, home: Path) -> str:
    """Bring nodes onto the map: one applied for, one allocated, one that signs for itself here; returns its name."""
    from datetime import UTC, datetime

    from jutong.dataplane.node import enrolment
    from jutong.slices.sources import actions
    from jutong.slices.sources.actions import NodeWish

    operator, made = person(town, "data.operator"), {}
    for department, title in (("hr", "人社局前置机"), ("civil", "民政局前置机"), ("market", "市场监管局前置机")):
        by = person(town, engineer(department))
        wish = NodeWish(title, address_note="市政务云 A 区 3 号机柜", purpose="库表与文件交换")
        node = actions.apply_for(by=by, at=town.at, department_id=town.city.departments[department], wish=wish)
        made[department] = node.pk
    for department in ("civil", "market"):
        actions.allocate(made[department], by=operator, at=town.at)
    code = actions.issue_code(made["market"], by=person(town, "market.engineer"), at=town.at)
    return enrolment.enrol(town.web, code, home, at=datetime.now(UTC)).name


@contextmanager
def at_work(node: str, log: Path) -> Iterator[None]:
    """Let the enrolled node work beside the city, as it would in its department."""
    if not node:
        yield
        return
    with log.open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "jutong", "node", "run"], env=os.environ | {"JUTONG_NODE": node}, stdout=written,
            stderr=written,
        )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
