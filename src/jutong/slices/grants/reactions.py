"""What grants do when systems, sources and mounts change below, and when time passes."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel import jobs, outbox
from jutong.kernel.once import Once
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.grants import actions
from jutong.slices.grants.models import Grant
from jutong.slices.grants.queries.wire import as_wire
from jutong.slices.parties import queries as parties
from jutong.slices.sources import queries as sources


@outbox.on("parties.system_changed")
def follow_system(event: outbox.Event, at: datetime) -> None:
    """A business system was registered, changed or disabled: its key and its department's grants go to the data plane."""
    callers = parties.callers([event.payload["id"]])
    actions.put("callers", [(caller.system_id, caller) for caller in callers])
    department = event.payload["department_id"]
    held = Grant.objects.filter(consumer_id=department, state__in=["granted", "suspended"])
    once = Once()
    actions.put("grants", [(str(grant.pk), as_wire(grant, once=once)) for grant in held])


@outbox.on("catalog_entry.published")
def follow_entry(event: outbox.Event, at: datetime) -> None:
    """A version came into force that may say otherwise whether the resource is a document: its grants go to the data plane."""
    held = Grant.objects.filter(resource_id=event.payload["id"], state__in=["granted", "suspended"])
    once = Once()
    actions.put("grants", [(str(grant.pk), as_wire(grant, once=once)) for grant in held])


@outbox.on("sources.source_changed")
def follow_source(event: outbox.Event, at: datetime) -> None:
    """A data source changed: its sealed access goes to the data plane."""
    actions.put("sources", [(source.id, source) for source in sources.wire_sources([event.payload["id"]])])


@outbox.on(
    "front_end_node.signed_for",
    "front_end_node.suspended",
    "front_end_node.revoked",
    "front_end_node.retired",
    "sources.node_configured",
)
def follow_node(event: outbox.Event, at: datetime) -> None:
    """A front-end node signed, or was suspended, let in again, revoked or retired, or is to keep a tunnel or none: gateways follow."""
    actions.put("nodes", [(node.name, node) for node in sources.wire_nodes([event.payload["id"]])])


@outbox.on("datacentre.mount_changed")
def follow_mount(event: outbox.Event, at: datetime) -> None:
    """A resource was mounted, changed or unmounted."""
    resource_id = event.payload["resource_id"]
    mount = datacentre.wire_mount(resource_id)
    if mount is None:
        actions.remove("mounts", [str(resource_id)])
    else:
        actions.put("mounts", [(str(resource_id), mount)])


@outbox.on("catalogue.secret_found")
def stop_secret(event: outbox.Event, at: datetime) -> None:
    """Data turned out to be secret: what was granted of them ends at once, and consumers dispose of it (R-SEC-037)."""
    actions.end_secret(int(event.payload["id"]), at=at, document=str(event.payload["document"]))


@outbox.on("service_change.filed")
def announce(event: outbox.Event, at: datetime) -> None:
    """The end of a service was filed: its consumers are told the day."""
    actions.announce_ending(int(event.payload["id"]), at=at)


@jobs.every(60)
def stop_what_has_ended(at: datetime) -> int:
    """End the services whose day has come."""
    return actions.stop_due(at=at)


@jobs.every(20)
def end_what_is_over(at: datetime) -> int:
    """End grants whose period is over."""
    return actions.expire_due(at)
