"""What an address asks for, made harmless: numbers and short texts."""

from __future__ import annotations

from django.http import HttpRequest

LONGEST_ID = 16
LONGEST_PAGE = 7


def number(request: HttpRequest, name: str = "page", default: int = 1) -> int:
    """Return a query parameter as a number, the default for anything else."""
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < LONGEST_ID else default


def text(request: HttpRequest, name: str) -> str:
    """Return a query parameter as a short line."""
    return request.GET.get(name, "")[:100].replace("\x00", "").strip()


def chosen(values: list[str]) -> list[int]:
    """Return the ids that were ticked."""
    return [int(one) for one in values[:500] if one.isascii() and one.isdigit() and len(one) < LONGEST_ID]
