"""Raising something without an account: the identity is checked and the case opened in one step, or nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.terms import N_
from jutong.slices.correction.actions import papers
from jutong.slices.correction.actions.applicants import Person, public_asks
from jutong.slices.correction.actions.complaining import complain
from jutong.slices.correction.actions.objecting import raise_objection
from jutong.slices.correction.actions.opening import apply_for_correction
from jutong.slices.correction.actions.verifying import report

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

_OPENERS: Final[Mapping[str, Callable[..., Any]]] = {
    "verification": report,
    "objection": raise_objection,
    "open_correction": apply_for_correction,
    "complaint": complain,
}


@dataclass(frozen=True, slots=True)
class Raised:
    """What somebody of the public takes home: the number, the code to follow it (told once), and who handles it."""

    id: int
    number: str
    code: str
    department: str


@action("correction.raise_in_public", label=N_("公众提出事项"), allow=SYSTEM_ONLY)
def raise_in_public(
    *,
    by: Actor,
    at: datetime,
    kind: str,
    person: Person,
    words: Mapping[str, Any],
    uploads: Sequence[UploadedFile[bytes]] = (),
) -> Raised:
    """Open a case of a kind for somebody of the public, with the words of that procedure's own action and their papers.

    A refusal of the procedure takes the applicant's registration back as well: nobody is kept for nothing (R-SEC-025).
    """
    if kind not in _OPENERS:
        raise NotThere(_("没有这种事项，请从公众页面选择。"))
    asker, code = public_asks(person, by=by, at=at)
    asker = msgspec.structs.replace(asker, papers=papers.keep(uploads, by=by, at=at))
    case = _OPENERS[kind](by=by, at=at, asker=asker, **words)
    return Raised(case.pk, case.number, code, case.provider.name)
