"""What a process loads before its first deed or answer, and keeps."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from django.urls import get_resolver

SOUNDS = "pypinyin"
"""The dictionary of sounds, by which the search reads slips of the pen: nobody's question should wait for it."""


@contextmanager
def for_good() -> Iterator[None]:
    """Let the collector of cycles rest while something is loaded, and take it as kept from then on.

    It would look through these hundred thousands of objects again and again: for a fifth of the time while they are loaded,
    and later for 0.2 s each time, in which nobody is answered.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def settle() -> None:
    """Load every address with its views, and the dictionary of sounds."""
    with for_good():
        get_resolver().url_patterns  # noqa: B018 - read to be loaded
        import_module(SOUNDS)
        gc.collect()
