"""What the catalogue publishes beside its workflow's own events (catalog_entry.<state>)."""

from __future__ import annotations

from typing import Final

NOTICE_PUBLISHED: Final = "catalogue.notice_published"
"""The authority announced entries: id, notice (number), region, authority_id, count."""

IMPORTED: Final = "catalogue.imported"
"""An import ended: id of the run, accepted, updated, unchanged, refused."""

UPDATE_OVERDUE: Final = "catalogue.update_overdue"
"""A catalogue update is late: id of the duty, finding (catalog_not_updated, review_overdue), provider_id, authority_id."""
