"""On what basis personal information is shared under a grant, as the request stated it (national-2025#37)."""

from __future__ import annotations

from jutong.slices.sharing.models import SharingRequest


def personal_basis_of(grant_id: int) -> str:
    """Return the basis of handling personal information that the request behind a grant named; empty where there is none."""
    found = SharingRequest.objects.filter(grant_id=grant_id).order_by("-pk")
    return found.values_list("personal_basis", flat=True).first() or ""
