"""English sentences are compiled once for the tests of the site."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

from jutong.site.messages import compile_all


@pytest.fixture(scope="session", autouse=True)
def _english() -> None:
    """Compile the translations that the pages under test use."""
    compile_all()


@pytest.fixture(autouse=True)
def _chinese() -> Iterator[None]:
    """Begin every test in Chinese, whatever language the last request of another test asked for."""
    with translation.override("zh-hans"):
        yield
