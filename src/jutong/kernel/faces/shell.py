"""What the frame around every page shows, given by the slices that know it: search, inbox and region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse

from jutong.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Frame:
    """Url names of the search page and the inbox, how many notices are unread, and what a region is called."""

    search: str = ""
    inbox: str = ""
    unread: Callable[[Actor], int] | None = None
    region_name: Callable[[str], str] | None = None


class _Kept:
    frame = Frame()


def search_at(url_name: str) -> None:
    """Send the search box of the top bar to this page (GET, parameter `q`)."""
    _Kept.frame = replace(_Kept.frame, search=url_name)


def inbox_at(url_name: str, unread: Callable[[Actor], int]) -> None:
    """Link the bell to this page and count unread notices with `unread`."""
    _Kept.frame = replace(_Kept.frame, inbox=url_name, unread=unread)


def regions_by(region_name: Callable[[str], str]) -> None:
    """Name regions by their GB/T 2260 code with this function."""
    _Kept.frame = replace(_Kept.frame, region_name=region_name)


def frame() -> Frame:
    """Return what was given so far."""
    return _Kept.frame


def address_of(url_name: str) -> str:
    """Return the address of a page by name, or nothing where no slice has it."""
    return _address(url_name, get_resolver())


@lru_cache(maxsize=1024)
def _address(url_name: str, _within: URLResolver) -> str:
    try:
        return reverse(url_name) if url_name else ""
    except NoReverseMatch:
        return ""
