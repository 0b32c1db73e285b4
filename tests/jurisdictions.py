"""Which policy profile the regions of the tests' city live under."""

from __future__ import annotations

from datetime import UTC, date, datetime


def under(profile: str, *regions: str) -> None:
    """Let regions live under a profile, since long ago."""
    from jutong.kernel.models import PolicyAssignment

    for region in regions or ("511000",):
        PolicyAssignment.objects.create(
            region=region,
            profile=profile,
            effective_from=date(2010, 1, 1),
            assigned_at=datetime(2024, 1, 1, tzinfo=UTC),
        )
