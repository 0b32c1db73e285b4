"""What this slice publishes."""

from __future__ import annotations

from typing import Final

MOUNT_CHANGED: Final = "datacentre.mount_changed"
"""A resource was mounted, changed or unmounted: {"resource_id", "provider_id", "version", "active"}; subject "mount:ID"."""
