"""A move as a page offers it: how it is made, and the small form of one that is open now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.utils.translation import gettext as _

from jutong.kernel.faces.forms import Form
from jutong.kernel.signing import Signing

FormT = TypeVar("FormT", bound=Form)


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
