"""A few rounds of trouble; `make chaos` plays two hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.rounds import run
from covers import covers


@pytest.mark.slow
@covers(partly=["R-EXC-004", "R-EXC-019"])
def test_nothing_is_lost_doubled_or_wrongly_green(tmp_path: Path) -> None:
    score = run(tmp_path, 10, seed=20261129)
    assert score.line() == "chaos: 10 rounds, 0 lost, 0 doubled, 0 wrongly green"
