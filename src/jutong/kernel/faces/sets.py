"""What pages and the API say of a move on a set."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from ninja import Schema

from jutong.kernel.workflow import Moved


class MovedOut(Schema):
    """What became of a set: which moved, and the sentence of each that did not, by id.

    Answered with 200 where part of the set moved. Where nothing did, the answer is a refusal as of one case, whose
    `refused` holds the sentences: 403 where the caller may move none of them, 409 where their state forbids it.
    """

    done: list[int]
    refused: dict[int, str]


def told(moved: Moved, numbers: Mapping[int, str] | None = None) -> str:
    """Say how many of a set were dealt with, and of each other case why not; the refusal of a whole set is raised.

    numbers: how people know the cases, by id.
    """
    known, done = numbers or {}, moved.some().done
    said = [_("已办理 %d 件。") % len(done)]
    for pk, why in moved.refused.items():
        said.append(_("%(number)s：%(why)s") % {"number": known.get(pk) or _("第 %d 号") % pk, "why": why})
    return " ".join(said)
