"""What the catalogue publishes beside its workflow's own events (catalog_entry.<state>)."""

from __future__ import annotations

from typing import Final

NOTICE_PUBLISHED: Final = "catalogue.notice_published"
"""The authority announced entries: id, notice (number), region, authority_id, count."""

IMPORTED: Final = "catalogue.imported"
"""An import ended: id of the run, accepted, updated, unchanged, refused."""

UPDATE_OVERDUE: Final = "catalogue.update_overdue"
"""A catalogue update is late: id of the duty, finding (catalog_not_updated, review_overdue), provider_id, authority_id."""

SOURCE_NOT_DESIGNATED: Final = "catalogue.source_not_designated"
"""A task to name a source is open beyond its internal target (national-2025#41(1)): id, finding, region, authority_id, superior_id."""

SOURCE_NOT_SUPPORTED: Final = "catalogue.source_not_supported"
"""A department let a source's task lapse (national-2025#39(3)): id, finding, evidence, source_id, holder_id, authority_id."""

DUTIES_CHANGED: Final = "catalogue.duties_changed"
"""The duty list followed the catalogue: id, region, number, authority_id, departments {id: {ended: names, begun: names}}."""

REGION_AGGREGATED: Final = "catalogue.region_aggregated"
"""A region's catalogue was aggregated: region, authority_id, number, entries, added, changed, withdrawn, conflicts."""

CLASSIFIED_FOUND: Final = "catalogue.secret_found"
"""An entry was taken out as a State or work secret (national-2025#3): id, provider_id, kind, document; never its content."""
