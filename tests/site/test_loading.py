"""What a process of the web site has loaded before its first answer."""

from __future__ import annotations

import gc
import sys
from importlib import import_module

from django.conf import settings

from jutong.site.loading import SOUNDS

LOADED = 100_000


def test_the_site_loads_its_addresses_first_and_collects_no_more_what_stays() -> None:
    gc.unfreeze()  # what the tests' own process keeps, see tests/conftest.py
    sys.modules.pop("jutong.site.wsgi", None)
    import_module("jutong.site.wsgi")
    assert {settings.ROOT_URLCONF, SOUNDS} <= sys.modules.keys()
    assert gc.get_freeze_count() > LOADED
