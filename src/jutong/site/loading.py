"""What a process of the web site loads before its first answer, and keeps."""

import gc
from importlib import import_module

from django.conf import settings


def settle() -> None:
    """Load every address with its views, and let the collector of cycles take all that is loaded as kept.

    It would look through these hundred thousands of objects again and again, for 0.2 s each time in which nobody is answered.
    """
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
