"""Inspection of use records by the authority and the provider, read-only and logged (national-2025#29; R-SHR-056)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, NotThere
from jutong.kernel.terms import N_
from jutong.slices.usage.models import Inspection, UseRecord
from jutong.slices.usage.workflow.records import may_know_record
from jutong.slices.usage.workflow.who import AUTHORITY, PROVIDER

AUDIT: Final = Who("auditor", N_("审计人员"), (Role.AUDITOR,))
INSPECTORS: Final = PROVIDER | AUTHORITY | AUDIT
_SIDES: Final = {"provider": "provider", "authority": "sharing_authority"}
"""The sides, with their codes in the profile's parameter `use_record_inspection`."""


def read_record(grant_id: int, *, by: Actor, at: datetime) -> int:
    """Let an actor read the use record of a grant and return the record's id; others than the consumer inspect it.

    NotThere where the actor may not know of it; NotAllowed for who may know of it and may not inspect.
    """
    record = UseRecord.objects.filter(grant_id=grant_id).first()
    if record is None or not may_know_record(by, record):
        raise NotThere(_("没有找到该授权的使用台账，或您无权知悉。"))
    if by.account_id is not None and record.consumer_id not in by.serves:
        inspect_record(record, by=by, at=at)
    return record.pk


@action("usage.inspect", label=N_("查阅使用记录"), allow=INSPECTORS, on=UseRecord, visible=may_know_record)
def inspect_record(record: UseRecord, *, by: Actor, at: datetime) -> Inspection:
    """Read a consumer's use record as authority, provider of these data or auditor; the consumer sees who did and when."""
    side = next(name for who, name in ((PROVIDER, "provider"), (AUTHORITY, "authority"), (AUDIT, "auditor"))
                if who.permits(by, record))  # fmt: skip
    policy = jurisdiction.policy_for(record.region, beijing_day(at))
    if side in _SIDES and _SIDES[side] not in policy.list("use_record_inspection"):
        raise NotAllowed(_("现行政策规则没有规定由本部门查阅使用记录。"))
    department = record.authority_id if side == "authority" else record.provider_id if side == "provider" else None
    return Inspection.objects.create(
        record=record, side=side, department_id=department or by.department_id or record.provider_id,
        account_id=by.account_id or 0, by_name=by.name[:100], at=at,
    )  # fmt: skip
