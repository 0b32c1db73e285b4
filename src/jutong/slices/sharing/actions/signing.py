"""Personal signatures under decisions, where the decider's department requires them (R-SEC-002)."""

from __future__ import annotations

from datetime import datetime

from jutong.kernel.actors import Actor
from jutong.slices.parties import actions as parties
from jutong.slices.parties import queries
from jutong.slices.sharing.models import SharingRequest


def check_signed(
    case: SharingRequest, verb: str, digest: str, *, department_id: int, by: Actor, at: datetime, signature: bytes
) -> None:
    """Keep the decider's SM2 signature over verb, case and digest; RuleBroken where one is required and missing or wrong."""
    subject = f"sharing_request:{case.pk}"
    parties.verify_signature(
        by.account_id or 0,
        queries.statement(verb, subject, digest),
        signature,
        department_id=department_id,
        subject=subject,
        by=by,
        at=at,
    )
