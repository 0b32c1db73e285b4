"""What this slice publishes."""

from __future__ import annotations

from typing import Final

SOURCE_CHANGED: Final = "sources.source_changed"
"""A data source was registered, changed, disabled or enabled: {"id", "department_id", "active"}; subject "source:ID"."""
