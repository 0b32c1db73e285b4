"""What this slice publishes."""

from __future__ import annotations

from typing import Final

SOURCE_CHANGED: Final = "sources.source_changed"
"""A data source was registered, changed, disabled, enabled or placed behind a node: {"id", "department_id", "active"}; subject "source:ID"."""
SOURCE_LOST: Final = "sources.source_lost"
"""A data source that answered its last test failed the next: {"id", "department_id"}; subject "source:ID"."""
SOURCE_BACK: Final = "sources.source_back"
"""A data source that had failed answered again: {"id", "department_id"}; subject "source:ID"."""
NODE_CONFIGURED: Final = "sources.node_configured"
"""What a front-end node keeps to was changed: {"id", "name", "department_id"}; subject "node:ID"."""
NODE_SILENT: Final = "sources.node_silent"
"""A front-end node sent no heartbeat for longer than its limit: {"id", "name", "department_id"}; subject "node:ID"."""
NODE_BACK: Final = "sources.node_back"
"""A silent front-end node sent a heartbeat again: {"id", "name", "department_id"}; subject "node:ID"."""
