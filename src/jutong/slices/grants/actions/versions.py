"""What follows when the terms of grants are new: each is kept under its version number and told to whoever has to know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from jutong.kernel import guards, outbox
from jutong.kernel.actors import Actor, Channel
from jutong.kernel.once import Once
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.grants import events
from jutong.slices.grants.actions import bundle
from jutong.slices.grants.models import Grant, GrantVersion
from jutong.slices.grants.queries.holding import standing_of
from jutong.slices.grants.queries.wire import as_wire

_TERMS: Final = (
    "items", "conditions", "key_items", "confirm_items", "modes", "purposes", "quota", "valid_from", "valid_until",
    "basis", "scope", "remarks", "listing", "portal", "endpoints", "marked", "notice", "receiver_key",
)  # fmt: skip


def new_version(grant: Grant, *, by: Actor, at: datetime, state: str | None = "active", agreed: bool = False) -> None:
    """Keep the terms of one grant as they now are, and tell the data plane and whoever listens."""
    new_versions([grant], by=by, at=at, state=state, agreed=agreed)


def new_versions(
    grants: Sequence[Grant], *, by: Actor, at: datetime, state: str | None = "active", agreed: bool = False
) -> None:
    """Keep the terms of grants as they now are under their version numbers, and tell the data plane and whoever listens."""
    rows = [
        GrantVersion(
            grant=grant,
            version=grant.version,
            content={name: getattr(grant, name) for name in _TERMS},
            agreed=agreed,
            at=at,
            by_name="" if by.channel is Channel.SYSTEM else by.name[:100],
        )
        for grant in grants
    ]
    GrantVersion.objects.bulk_create(rows, batch_size=500)
    tell_data_plane(grants, state=state)
    told = [({"id": one.pk, "version": one.version, **one.event_payload()}, f"grant:{one.pk}") for one in grants]
    outbox.publish_many([(events.VERSION_OPENED, subject, payload) for payload, subject in told], at=at, by=by)


def tell_data_plane(grants: Sequence[Grant], *, state: str | None) -> None:
    """Put grants, with the mounts they read, into the bundle; without a `state`, in their own."""
    once, resources = Once(), dict.fromkeys(grant.resource_id for grant in grants)
    mounts = [("mounts", str(pk), mount) for pk in resources if (mount := datacentre.wire_mount(pk))]
    told = [("grants", str(grant.pk), as_wire(grant, state=state, once=once)) for grant in grants]
    bundle.put_all([*mounts, *told])


def let_look(grants: Sequence[Grant], *, at: datetime) -> None:
    """Let whoever knows more look at grants that were just opened or widened: what has to wait is suspended before it is seen.

    Only once the data plane was told in the same transaction: the lock on its serial lets one opening at a time come here, so
    that of two at once the later sees the earlier.
    """
    guards.ask("grants.open", opened=[standing_of(grant) for grant in grants], at=at)
