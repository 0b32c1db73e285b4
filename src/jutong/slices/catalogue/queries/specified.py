"""What holds for an entry at a moment: its profile's demands and the compilation specification in force in its region."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.queries.recognised import recognised
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.obligations import Obligations, obligations
from jutong.slices.catalogue.rules.specified import own_elements
from jutong.slices.standards import queries as standards
from jutong.wire.specification import Specification


def duties_at(case: Entry, at: datetime) -> Obligations:
    """Return the demands on an entry: of the profile it started under, and of the specification in force at `at`."""
    day = beijing_day(at)
    return dataclasses.replace(
        obligations(case.policy),
        specification=standards.specification_for(case.region, day),
        grades=standards.grades_for(case.region, day),
        zone=here(),
        seen=recognised(case.pk) if case.pk else {},
    )


def duties_in(region: str, at: datetime) -> Obligations:
    """Return the demands on an entry that starts in a region at `at`."""
    day = beijing_day(at)
    return dataclasses.replace(
        obligations(jurisdiction.policy_for(region, day)),
        specification=standards.specification_for(region, day),
        grades=standards.grades_for(region, day),
        zone=here(),
    )


def specification_of(actor: Actor, at: datetime) -> Specification:
    """Return the specification in force where an actor works."""
    return standards.specification_for(actor.region, beijing_day(at))


def own_in_words(region: str, content: Content, at: datetime) -> tuple[tuple[str, str, str], ...]:
    """Return what a content states for elements that are kept by name, as (name, label, value)."""
    found: list[tuple[str, str, str]] = []
    if not content.extra:
        return ()
    for element in own_elements(standards.ungraded_for(region, beijing_day(at))):
        if text := content.extra.get(element.name, ""):
            labels = {value.code: value.label for value in element.values}
            found.append(
                (element.name, _(element.label), "、".join(_(labels.get(part, part)) for part in text.split("、")))
            )
    return tuple(found)


def outgoing_codes(peer: str) -> Mapping[str, Mapping[str, str]]:
    """Return {element: {our code: theirs}} of another system. NotThere for one without a table."""
    return standards.peer_codes(peer, "out")


def peers() -> list[str]:
    """Return the systems whose codes are known."""
    return [peer for peer, _count in standards.peers()]
