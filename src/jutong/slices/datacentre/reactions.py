"""What mounts do when the catalogue changes below."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel import outbox
from jutong.kernel.actors import system_actor
from jutong.slices.datacentre import actions


@outbox.on("catalog_entry.published")
def follow_entry(event: outbox.Event, at: datetime) -> None:
    """A version was published: it is mounted on the table it came from; a mount whose items differ is marked for a look."""
    by = system_actor("datacentre")
    actions.mount_compiled(by=by, at=at, resource_id=event.payload["id"])
    actions.compare(by=by, at=at, resource_id=event.payload["id"])
