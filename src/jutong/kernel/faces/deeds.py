"""A move as a page offers it: how it is made, and the small form of one that is open now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from jutong.kernel import clock
from jutong.kernel.errors import NotAllowed, NotThere, WrongState
from jutong.kernel.faces.answers import done
from jutong.kernel.faces.forms import Form, told
from jutong.kernel.faces.signing import signed
from jutong.kernel.signing import Signing

FormT = TypeVar("FormT", bound=Form)
DeedT = TypeVar("DeedT")


@dataclass(frozen=True, slots=True)
class OpenDeed(Generic[FormT]):
    """A move open to the actor, with its form, bound when it was refused; without a form it leads to a page of its own.

    signing: what the actor has to sign with it, where the department demands signatures.
    """

    verb: str
    label: str
    url: str
    form: FormT | None
    tone: str
    hint: str
    asked: bool
    signing: Signing | None = None


@dataclass(frozen=True, slots=True)
class Deed(Generic[FormT]):
    """How a move is made from the page: its form, the call, what is said afterwards, how the button looks, a hint.

    label: what the button says of a move that no table names.
    """

    form: type[FormT]
    call: Callable[..., Any]
    said: str
    tone: str = ""
    hint: str = ""
    label: str = ""

    def offered(
        self,
        verb: str,
        form: FormT,
        *,
        url: str = "",
        label: str = "",
        asked: bool = False,
        signing: Signing | None = None,
    ) -> OpenDeed[FormT]:
        """Return the move as it is open now; label: what the button says, else the deed's own."""
        said = label or _(self.label)
        return OpenDeed(verb, said, url, form, self.tone, _(self.hint) if self.hint else "", asked, signing)


def deed_called(verb: str, deeds: Mapping[str, DeedT]) -> DeedT:
    """Return the move of this name. NotThere for one that the page does not offer."""
    if (known := deeds.get(verb)) is None:
        raise NotThere(_("没有这项操作，请从页面上的按钮进行。"))
    return known


def done_or_shown(
    request: HttpRequest,
    verb: str,
    deed: Deed[FormT],
    form: FormT,
    *,
    pk: int,
    to: str,
    show: Callable[..., HttpResponse],
    signing: Callable[..., Signing | None] | None = None,
) -> HttpResponse:
    """Make a move of the case `pk` and go on to `to`; a refusal is shown in place, with its status.

    show: draws the page again, with `tried=(verb, form)` or `refusal=…`. signing: tells what has to be signed with the move,
    given its verb, the case, the actor and the words; the page asks for that first.
    """
    if form.is_valid():
        try:
            with told(form):
                by, words = signed(request), form.arguments()
                if by.signature or signing is None or signing(verb, pk, by, words) is None:
                    deed.call(pk, by=by, at=clock.now(), **words)
                    return done(request, _(deed.said), to=to)
        except (WrongState, NotAllowed) as refusal:
            return show(refusal=refusal)
    return show(tried=(verb, form))
