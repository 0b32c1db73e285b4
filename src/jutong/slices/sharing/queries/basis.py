"""On what basis personal information is shared under a grant, as the request stated it (national-2025#37)."""

from __future__ import annotations

from collections.abc import Collection

from jutong.slices.sharing.models import SharingRequest


def personal_bases_of(grant_ids: Collection[int]) -> dict[int, str]:
    """Return, by grant, the basis of handling personal information that the request behind it named; only where there is one."""
    found = SharingRequest.objects.filter(grant_id__in=grant_ids).order_by("pk")
    return {pk or 0: basis for pk, basis in found.values_list("grant_id", "personal_basis")}
