"""What a process of the web site loads before its first answer, and keeps."""

import gc
from importlib import import_module

from django.urls import get_resolver

SOUNDS = "pypinyin"
"""The dictionary of sounds, by which the search reads slips of the pen: nobody's question should wait for it."""


def settle() -> None:
    """Load every address with its views, and let the collector of cycles take all that is loaded as kept.

    It would look through these hundred thousands of objects again and again, for 0.2 s each time in which nobody is answered.
    """
    gc.disable()
    try:
        get_resolver().url_patterns  # noqa: B018 - read to be loaded
        import_module(SOUNDS)
    finally:
        gc.enable()
    gc.collect()
    gc.freeze()
