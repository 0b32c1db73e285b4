"""What this slice publishes, besides the moves of `information_manager` (.reported, .confirmed, .active, .ended)."""

from __future__ import annotations

from typing import Final

DEPARTMENT_REGISTERED: Final = "parties.department_registered"
"""A department was registered: {"id"}; subject "department:ID"."""

DEPARTMENT_CHANGED: Final = "parties.department_changed"
"""A department's registration changed: {"id"}."""

DEPARTMENT_CLOSED: Final = "parties.department_closed"
"""A department was closed: {"id"}."""

AUTHORITY_NAMED: Final = "parties.authority_named"
"""A region has a (new) competent authority: {"region", "department_id"}; subject "region:CODE"."""

APPOINTED: Final = "parties.appointed"
"""A person was given a post: {"person_id", "role", "department_id"}; subject "person:ID"."""

RELEASED: Final = "parties.released"
"""A person's post was taken back: {"person_id", "role", "department_id"}."""

RULES_FILED: Final = "parties.rules_filed"
"""A department filed internal rules: {"department_id", "kind", "version"}."""

SECTOR_GUIDED: Final = "parties.sector_guided"
"""A sector lead gave guidance: {"line_id", "note_id", "departments"}; subject "sector:ID"."""

SYSTEM_CHANGED: Final = "parties.system_changed"
"""A business system or its key changed: {"id", "department_id", "active"}; subject "business_system:ID"."""
