"""Entries ticked in a list, and what is told of a set once it was decided."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.faces import done
from jutong.kernel.faces.ids import ids_in
from jutong.kernel.workflow import Moved

MOST_AT_ONCE: Final = 500


def chosen_ids(request: HttpRequest) -> list[int]:
    """Return the ids that were ticked in a list. RuleBroken for none."""
    chosen = request.POST.getlist("ids")[:MOST_AT_ONCE]
    ids = ids_in(chosen)
    if not ids:
        raise RuleBroken(_("请先勾选要办理的目录。"), field="ids")
    return ids


def told_of_set(request: HttpRequest, moved: Moved, to: str) -> HttpResponse:
    """Tell what became of a set and go to a page. Refused as one entry would be where nothing of it moved."""
    moved.some()
    sentence = _("已办理 %(done)d 条。") % {"done": len(moved.done)}
    if moved.refused:
        reasons = "；".join(dict.fromkeys(moved.refused.values()))[:500]
        sentence += _("未办理 %(refused)d 条：%(reasons)s") % {"refused": len(moved.refused), "reasons": reasons}
    return done(request, sentence, to=reverse(to))
