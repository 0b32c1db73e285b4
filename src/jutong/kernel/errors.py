"""The refusals: every way a person, a system or a state of affairs can be told no, with one sentence each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_translate: list[Callable[[str], str]] = [str]


def translated_by(gettext: Callable[[str], str]) -> None:
    """Let sentences be translated when they are shown; the kernel's app gives Django's gettext when it is ready."""
    _translate[:] = [gettext]


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A no with a sentence for the person. `status` is HTTP's, `code` the name used in requirements and audit.

    A pure rule gives an untranslated `template` with ``%(name)s`` places, filled by keyword arguments; faces translate it.
    """

    status = 400
    code = "refused"
    audited = False
    """Whether the trail holds it already."""
    cases: Mapping[int, str] = {}
    """Of a set that was refused as a whole: the sentence of each case, by id."""

    def __init__(self, template: str, **places: object) -> None:
        self.template = str(template)
        self.places = places
        super().__init__(self.template)

    @property
    def sentence(self) -> str:
        """The sentence in the reader's language."""
        return self._said(self.template)

    def _said(self, template: str) -> str:
        text = _translate[0](template) if template else ""  # gettext answers its own heading to an empty text
        return text % self.places if self.places else text


class Unauthenticated(Refusal):
    """Nobody known is asking."""

    status = 401
    code = "unauthenticated"


class NotAllowed(Refusal):
    """The asker is known and has no right, or the profile forbids it."""

    status = 403
    code = "forbidden"


class NotThere(Refusal):
    """There is no such thing, or the asker may not know that there is."""

    status = 404
    code = "not_found"


class WrongState(Refusal):
    """The thing is not in a state from which this can be done."""

    status = 409
    code = "invalid_state"


class Conflict(Refusal):
    """A duplicate or a competing version."""

    status = 409
    code = "conflict"


class TooLarge(Refusal):
    """More bytes or rows than accepted."""

    status = 413
    code = "too_large"


class RuleBroken(Refusal):
    """Input that breaks a rule; `remarks` maps field names to sentences, `field` is the first of them.

    Remarks of a pure rule are templates as well, filled by the same keyword arguments.
    """

    status = 422
    code = "validation_error"

    def __init__(
        self, template: str, *, field: str = "", remarks: Mapping[str, str] | None = None, **places: object
    ) -> None:
        super().__init__(template, **places)
        self._remarks = dict(remarks or {})
        self.field = field or next(iter(self._remarks), "")

    @property
    def remarks(self) -> dict[str, str]:
        """Sentences by field name, in the reader's language."""
        if self._remarks:
            return {name: self._said(remark) for name, remark in self._remarks.items()}
        return {self.field: self.sentence} if self.field else {}

    @property
    def listed(self) -> list[str]:
        """The sentences alone, for templates: there a field called "items" would hide the dictionary's own word."""
        return list(self.remarks.values())


class TooMany(Refusal):
    """A rate or quota is used up."""

    status = 429
    code = "too_many"


class Unavailable(Refusal):
    """A part of the platform does not answer now."""

    status = 503
    code = "unavailable"
