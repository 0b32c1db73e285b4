"""How a grant is delivered: endpoints of the interface behind its resource, marks of its batch files."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.kernel import keys
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.grants.models import Grant
from jutong.slices.sources import queries as sources
from jutong.wire.bundle import Endpoint


@dataclass(frozen=True, slots=True)
class BatchMarks:
    """What an order of a batch file under a grant carries. canary: the secret in the clear, for the runner alone."""

    receiver_key: str = ""
    canary: str = ""
    notice: str = ""


def endpoints_of(resource_id: int) -> tuple[Endpoint, ...]:
    """Return the calls that can be passed through to the interface on which a resource is mounted."""
    mount = datacentre.mount_of(resource_id)
    source = sources.source_of(mount.source_id) if mount else None
    return source.endpoints if source else ()


def batch_marks(grant_id: int) -> BatchMarks:
    """Return how a grant's batch files are sealed and marked, as it stands now."""
    row = Grant.objects.filter(pk=grant_id).first()
    if row is None:
        return BatchMarks()
    return BatchMarks(row.receiver_key, _secret(row) if row.marked else "", row.notice)


def canaries() -> dict[str, str]:
    """Return the secret of every grant whose files were ever marked, by the grant's reference; for tracing a leaked copy."""
    return {f"G-{row.pk:06d}": _secret(row) for row in Grant.objects.exclude(canary=b"").order_by("pk")}


def _secret(row: Grant) -> str:
    return keys.reveal(bytes(row.canary)).decode()
