"""What a rule has to say about one field: a sentence to translate, its parameters and how grave it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on one field.

    `message` is a Chinese gettext msgid with ``%(name)s`` places that `params` fills. A `grave` finding stops the
    row or the submission; any other is a warning that travels with the draft. `item`: the place of the item among
    those of a row, for marking its own line; -1 for the entry itself.
    """

    field: str
    message: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)
    grave: bool = True
    item: int = -1

    @property
    def text(self) -> str:
        """The Chinese sentence, untranslated."""
        return self.message % self.params if self.params else self.message


def grave(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that stop, in their order."""
    return tuple(finding for finding in findings if finding.grave)
