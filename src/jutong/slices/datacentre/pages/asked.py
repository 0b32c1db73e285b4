"""What an address asks for, made harmless: numbers and short texts."""

from __future__ import annotations

from django.http import HttpRequest

from jutong.kernel.faces.ids import id_in, ids_in

LONGEST_PAGE = 7


def number(request: HttpRequest, name: str = "page", default: int = 1) -> int:
    """Return a query parameter as a number, the default for anything else."""
    given = id_in(request.GET.get(name, ""))
    return default if given is None else given


def text(request: HttpRequest, name: str) -> str:
    """Return a query parameter as a short line."""
    return request.GET.get(name, "")[:100].replace("\x00", "").strip()


def chosen(values: list[str]) -> list[int]:
    """Return the ids that were ticked."""
    return ids_in(values[:500])
