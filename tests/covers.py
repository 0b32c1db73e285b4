"""Name the requirements a test shows to hold; `make coverage-of-requirements` collects the marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

F = TypeVar("F", bound=Callable[..., object])


def covers(*ids: str, partly: Iterable[str] = ()) -> Callable[[F], F]:
    """Mark a test as showing requirements: `ids` wholly, `partly` up to a published event."""

    def mark(test: F) -> F:
        return pytest.mark.covers(*ids, partly=tuple(partly))(test)  # type: ignore[no-any-return]

    return mark
