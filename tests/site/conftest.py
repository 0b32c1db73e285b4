"""English sentences are compiled once for the tests of the site."""

from __future__ import annotations

import pytest

from jutong.site.messages import compile_all


@pytest.fixture(scope="session", autouse=True)
def _english() -> None:
    """Compile the translations that the pages under test use."""
    compile_all()
