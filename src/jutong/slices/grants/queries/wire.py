"""A grant in the words of the wire."""

from __future__ import annotations

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.errors import NotThere
from jutong.kernel.once import Once
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants.models import Grant
from jutong.slices.parties import queries as parties
from jutong.wire import grants as wire

_WIRE_STATES = {"granted": "active", "suspended": "suspended"}


def as_wire(grant: Grant, *, state: str | None = None, once: Once | None = None) -> wire.Grant:
    """Return a grant as the data plane enforces it; `state` overrides what the case's own state means.

    once: what was asked for the set it is told with.
    """
    once = once or Once()
    return wire.Grant(
        id=str(grant.pk),
        version=grant.version,
        resource_id=str(grant.resource_id),
        resource_title=grant.resource_title,
        entry_code=grant.entry_code,
        provider_id=str(grant.provider_id),
        consumer_id=str(grant.consumer_id),
        systems=once(_systems, grant.consumer_id),
        columns=msgspec.convert(grant.items, tuple[wire.Column, ...]),
        key_items=tuple(grant.key_items),
        confirm_items=tuple(grant.confirm_items),
        conditions=msgspec.convert(grant.conditions, tuple[wire.Condition, ...]),
        modes=msgspec.convert(grant.modes, tuple[wire.Mode, ...]),
        purposes=tuple(grant.purposes),
        basis=grant.basis,
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
        quota=msgspec.convert(grant.quota, wire.Quota),
        state=state or _WIRE_STATES.get(grant.state, "ended"),
        reason=grant.reason,
        hash_key=bytes(grant.hash_key),
        listing=grant.listing,
        portal=grant.portal,
        endpoints=tuple(grant.endpoints),
        classified=once(catalogue.marked_secret, grant.resource_id),
        document=once(catalogue.document_kind_of, grant.resource_id),
    )


def _systems(department_id: int) -> tuple[str, ...]:
    return tuple(str(system.id) for system in parties.systems(department_id=department_id))


def wire_grant(grant_id: int) -> wire.Grant:
    """Return one grant in wire form. NotThere for an unknown id."""
    row = Grant.objects.filter(pk=grant_id).first()
    if row is None:
        raise NotThere(_("没有找到该授权。"))
    return as_wire(row)
