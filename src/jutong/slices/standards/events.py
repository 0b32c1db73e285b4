"""What this slice publishes."""

from __future__ import annotations

from typing import Final

CALENDAR_IMPORTED: Final = "standards.calendar_imported"
"""Later years of the working-day calendar were loaded: {"years", "days", "clocks"}; clocks: due days computed again."""

PROFILE_ASSIGNED: Final = "standards.profile_assigned"
"""A region got a policy profile: {"id", "region", "profile", "version", "effective_from"}; subject "region:CODE"."""

SPECIFICATION_PUBLISHED: Final = "standards.specification_published"
"""A compilation specification was published: {"id", "reference", "region", "effective_from"}; subject "specification:REGION"."""

GRADES_PUBLISHED: Final = "standards.grades_published"
"""A catalogue of grades was published: {"id", "reference", "region", "effective_from"}; subject "grades:REGION"."""

PURPOSES_CHANGED: Final = "standards.purposes_changed"
"""A purpose of use was added to the list or taken off it: {"code", "retired"}; subject "purpose:CODE"."""
