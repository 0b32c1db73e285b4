"""What an upper slice hangs on a deed of a lower one: the lower slice asks, whoever knows more refuses or acts at once (call downwards)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

Check = Callable[..., None]

_CHECKS: Final[dict[str, dict[str, Check]]] = defaultdict(dict)


def register(deed: str, name: str, check: Check) -> None:
    """Have `check(**about)` asked at a deed (in the slice's AppConfig.ready): it raises a refusal, or returns.

    It is asked in the transaction of the deed, and does there what must not wait for the event.
    """
    _CHECKS[deed][name] = check


def ask(deed: str, **about: Any) -> None:
    """Ask every check of a deed, by name; the first refusal is raised."""
    for name in sorted(_CHECKS[deed]):
        _CHECKS[deed][name](**about)
