"""A catalogue compilation specification (目录编制规范) as instances hand it on: elements, obligations, value lists, rules."""

from __future__ import annotations

from datetime import date

import msgspec


class Value(msgspec.Struct, frozen=True):
    """One value of a list: the code that is kept and what it is called."""

    code: str
    label: str


class Element(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One element of an entry (of="entry") or of its items (of="item").

    kind: text, lines, code, codes, date, number, flag, items. obligation: M mandatory, C conditional, O optional.
    when: for C, `element=value|value`: mandatory then; empty, the policy profile says when. length: most characters.
    values: the list a code is taken from; empty, the list is not the specification's. pattern: a regular expression
    for the whole value. rule, example: for the person who fills it in. system: the platform fills it in.
    """

    name: str
    label: str
    of: str = "entry"
    kind: str = "text"
    obligation: str = "O"
    when: str = ""
    length: int | None = None
    values: tuple[Value, ...] = ()
    pattern: str = ""
    rule: str = ""
    example: str = ""
    system: bool = False


class Specification(msgspec.Struct, frozen=True, kw_only=True):
    """A specification in one version, or several levels laid over each other.

    reference: what an entry keeps, the levels joined by "+", the nearest first. region: division code, empty for the
    national one. serial_digits: least digits of the serial number in a resource code. own: names of the elements that
    no level above has, and of lists to which values were added.
    """

    reference: str
    title: str
    basis: str = ""
    region: str = ""
    effective_from: date | None = None
    serial_digits: int = 6
    elements: tuple[Element, ...] = ()
    own: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """Make look-ups by specification cheap: equal references are compared only where they are not the same object."""
        return hash(self.reference)

    def element(self, name: str, of: str = "entry") -> Element | None:
        """Return an element by name."""
        return next((one for one in self.elements if one.name == name and one.of == of), None)
