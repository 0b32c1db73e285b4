"""What a department registers about its sharing work: sharing unit, unit roles, goals, internal rules."""

from __future__ import annotations

from datetime import datetime
from typing import IO, Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from jutong.kernel import files, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotThere, RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.parties import events
from jutong.slices.parties.models import Department, InternalRules, Person, SharingUnit, UnitRole
from jutong.slices.parties.rules import organisations
from jutong.slices.parties.rules.words import Duty, RulesKind, UnitKind
from jutong.slices.parties.workflow import KEEPERS, OPERATORS, OWN_KEEPERS, REGISTRARS

LONGEST = 2000


@action("parties.open_sharing_unit", label=N_("登记共享工作机构"), allow=OWN_KEEPERS | REGISTRARS, on=Department)
def open_sharing_unit(department: Department, *, name: str, by: Actor, at: datetime) -> SharingUnit:
    """Register the department's sharing unit with its six duties (national-2025#11, R-OVR-042).

    Conflict while another one is active. Its head is a post that the security administrator grants.
    """
    try:
        with transaction.atomic():
            return SharingUnit.objects.create(
                department=department,
                name=organisations.check_name(name, most=80),
                duties=[str(duty) for duty in Duty],
                since=beijing_day(at),
            )
    except IntegrityError:
        raise Conflict(
            _("“%s”已登记共享工作机构，同一时间只能有一个；如有变更，请先停用原机构。") % department.name
        ) from None


@action("parties.close_sharing_unit", label=N_("撤销共享工作机构"), allow=OWN_KEEPERS | REGISTRARS, on=Department)
def close_sharing_unit(department: Department, *, by: Actor, at: datetime) -> None:
    """End the department's sharing unit; without one nothing can be requested or answered in its name."""
    if not SharingUnit.objects.filter(department=department, ended_at=None).update(ended_at=at):
        raise NotThere(_("“%s”没有登记共享工作机构。") % department.name)


@action("parties.set_goals", label=N_("登记共享目标任务"), allow=OWN_KEEPERS | OPERATORS, on=Department)
def set_goals(department: Department, *, goals: str, by: Actor, at: datetime) -> None:
    """Register the department's goals and duties for sharing (R-OVR-006)."""
    department.goals = organisations.check_text(goals, most=LONGEST, field="goals")
    department.save(update_fields=["goals"])


@action("parties.set_correction_channel", label=N_("登记纠错渠道"), allow=OWN_KEEPERS | REGISTRARS, on=Department)
def set_correction_channel(
    department: Department, *, channel: str, open_to_public: bool = False, by: Actor, at: datetime
) -> None:
    """Register where corrections of the department's data are asked for (national-2025#26, R-COR-020).

    open_to_public: the department's filed rules open the channel to citizens and organisations. RuleBroken without words.
    """
    department.correction_channel = organisations.check_name(channel, most=200)
    department.correction_public = open_to_public
    department.save(update_fields=["correction_channel", "correction_public"])


@action("parties.set_unit_role", label=N_("登记机构职责"), allow=KEEPERS | REGISTRARS)
def set_unit_role(
    *, department_id: int, kind: str, name: str, duties: str, contact_id: int | None = None, by: Actor, at: datetime
) -> UnitRole:
    """Register a unit of the department and its duties (R-OVR-010); a new one of the same kind ends the earlier.

    Business bureaus may be several and differ by name.
    """
    unit = _term(UnitKind, kind, "kind")
    clean = organisations.check_name(name, most=80)
    Department.objects.select_for_update().get(pk=department_id)
    same = UnitRole.objects.filter(department_id=department_id, kind=unit, ended_at=None)
    if unit is UnitKind.BUSINESS:
        same = same.filter(name=clean)
    same.update(ended_at=at)
    if contact_id and not Person.objects.filter(pk=contact_id, department_id=department_id).exists():
        raise RuleBroken(_("联系人应为本部门人员，请重新选择。"), field="contact_id")
    return UnitRole.objects.create(
        department_id=department_id,
        kind=unit,
        name=clean,
        duties=organisations.check_text(duties, most=LONGEST, field="duties"),
        contact_id=contact_id,
        since=beijing_day(at),
    )


@action("parties.file_rules", label=N_("报备内部制度"), allow=KEEPERS | REGISTRARS)
def file_rules(
    *, department_id: int, kind: str, title: str, file: UploadedFile[bytes], by: Actor, at: datetime
) -> InternalRules:
    """File a department's internal rules as a new version; earlier versions stay (R-OVR-009)."""
    chosen = _term(RulesKind, kind, "kind")
    Department.objects.select_for_update().get(pk=department_id)
    latest = InternalRules.objects.filter(department_id=department_id, kind=chosen).aggregate(n=Max("version"))["n"]
    row = InternalRules.objects.create(
        department_id=department_id,
        kind=chosen,
        version=(latest or 0) + 1,
        title=organisations.check_name(title),
        file_id=files.store(cast("IO[bytes]", file), file.name or "", by=by, at=at).id,
        filed_at=at,
        filed_by=by.account_id,
    )
    payload = {"department_id": department_id, "kind": str(chosen), "version": row.version}
    outbox.publish(events.RULES_FILED, f"department:{department_id}", payload, at=at, by=by)
    return row


def _term(kind: Any, code: str, field: str) -> Any:
    try:
        return kind(code)
    except ValueError:
        raise RuleBroken(_("“%s”不在可选范围内，请从列表中选择。") % code[:30], field=field) from None
