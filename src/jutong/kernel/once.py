"""Questions asked once for a whole set: like cases ask the same of the same resource, and get the same answer or refusal."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from jutong.kernel.errors import Refusal

T = TypeVar("T")


class Once:
    """Remembers answers while one set is worked on, within one transaction; made anew for every set."""

    def __init__(self) -> None:
        self._answers: dict[tuple[Callable[..., object], Hashable, Hashable], object] = {}

    def __call__(self, question: Callable[..., T], *given: Hashable, **named: Hashable) -> T:
        """Return what the question answers to these arguments; its refusal is raised to everyone who asks."""
        key = (question, given, tuple(named.items()))
        if key not in self._answers:
            try:
                self._answers[key] = question(*given, **named)
            except Refusal as refusal:
                self._answers[key] = refusal
        answer: Any = self._answers[key]
        if isinstance(answer, Refusal):
            raise answer
        return answer  # type: ignore[no-any-return]
