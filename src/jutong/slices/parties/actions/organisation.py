"""Regions, departments and competent authorities: registering, changing, ending; history is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import IO, Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jutong.kernel import files, jurisdiction, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, RuleBroken, WrongState
from jutong.kernel.terms import N_, Level, OrgType
from jutong.slices.parties import events
from jutong.slices.parties.models import Authority, Department, Person, Region
from jutong.slices.parties.rules import codes, organisations
from jutong.slices.parties.rules.words import AuthorityFunction
from jutong.slices.parties.workflow import AUTHORITIES, REGISTRARS


@action("parties.ensure_regions", label=N_("登记行政区划"), allow=REGISTRARS)
def ensure_regions(names: Mapping[str, str], *, by: Actor, at: datetime) -> int:
    """Register or rename regions: {division code: name}; a region above must exist or come along. Returns how many.

    RuleBroken for a code of the wrong shape (GB/T 2260) or without the region above it.
    """
    wanted = {codes.check_region_code(code): " ".join(name.split()) for code, name in names.items()}
    wider = {above for code in wanted for above in codes.above(code)}
    known = set(Region.objects.filter(code__in=wider | set(wanted)).values_list("code", flat=True)) | set(wanted)
    rows = []
    for code in sorted(wanted, key=lambda c: (len(codes.above(c)), c)):
        if not 0 < len(wanted[code]) <= 60:  # noqa: PLR2004 - the column's length
            raise RuleBroken(_("行政区划 %s 的名称应为 1 至 60 个字，请核对。") % code, field="name")
        parent = next((above for above in codes.above(code) if above in known), None)
        level = codes.level_of(code)
        if parent is None and level is Level.TOWN:
            raise RuleBroken(_("行政区划 %s 的上级区划尚未登记，请先登记上级区划。") % code, field="code")
        rows.append(Region(code=code, name=wanted[code], level=level, parent_id=parent, valid_from=beijing_day(at)))
    Region.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["code"], update_fields=["name", "parent"], batch_size=1000
    )
    return len(rows)


@action("parties.end_region", label=N_("撤销行政区划"), allow=REGISTRARS, on=Region)
def end_region(region: Region, *, valid_to: date, successor: str = "", by: Actor, at: datetime) -> None:
    """End a region that was merged or renamed; `successor` is the code of the region that follows it."""
    if region.valid_to:
        raise WrongState(_("行政区划“%s”已经停用。") % region.name)
    if successor and (successor == region.code or not Region.objects.filter(code=successor).exists()):
        raise RuleBroken(_("后继区划 %s 没有登记，请先登记。") % successor[:12], field="successor")
    region.valid_to = valid_to
    region.successor_id = successor or None
    region.save()


def _region(code: str) -> Region:
    region = Region.objects.filter(code=codes.clean(code)).first()
    if region is None:
        raise RuleBroken(_("行政区划 %s 尚未登记，请先登记该区划。") % code[:12], field="region")
    if region.valid_to:
        raise RuleBroken(_("行政区划“%s”已停用，请使用其后继区划。") % region.name, field="region")
    return region


def _parent(parent_id: int | None, own_id: int | None = None) -> int | None:
    """Check that the parent exists and that no department becomes its own ancestor."""
    seen, upper = {own_id}, parent_id
    while upper is not None:
        if upper in seen:
            raise RuleBroken(_("上级部门不能是本部门或本部门的下级，请重新选择。"), field="parent_id")
        seen.add(upper)
        row = Department.objects.filter(pk=upper).values_list("parent_id", flat=True)
        if not row:
            raise RuleBroken(_("所选上级部门不存在，请重新选择。"), field="parent_id")
        upper = row[0]
    return parent_id


def _save(department: Department) -> Department:
    try:
        with transaction.atomic():
            department.save()
    except IntegrityError as error:
        if "department_uscc" in str(error):
            raise Conflict(_("统一社会信用代码 %s 已有部门登记，请勿重复登记。") % department.uscc) from None
        raise Conflict(_("该行政区划内已有名为“%s”的部门，请勿重复登记。") % department.name) from None
    return department


def _kept(mandate: UploadedFile[bytes] | None, by: Actor, at: datetime) -> int | None:
    return files.store(cast("IO[bytes]", mandate), mandate.name or "", by=by, at=at).id if mandate else None


def _check_type(department: Department, at: datetime) -> None:
    """Admit only the types that the region's profile admits (R-OVR-001, R-OVR-050)."""
    policy = jurisdiction.policy_for(department.region_id, beijing_day(at))
    department.by_reference = organisations.check_type(
        OrgType(department.org_type),
        eligible=policy.list("eligible_org_types"),
        by_reference=policy.list("by_reference_participants"),
        profile=policy.reference,
        mandated=department.mandate_id is not None,
    )


@action("parties.register_department", label=N_("登记部门"), allow=REGISTRARS)
def register_department(
    *,
    name: str,
    region: str,
    uscc: str = "",
    short_name: str = "",
    org_type: str = OrgType.GOVERNMENT,
    parent_id: int | None = None,
    mandate: UploadedFile[bytes] | None = None,
    by: Actor,
    at: datetime,
) -> Department:
    """Register a department (R-OVR-001, R-OVR-050). mandate: the document that entrusts an entrusted body.

    RuleBroken: a type that the region's profile does not admit, a wrong credit code, an unknown region; Conflict: the
    name in the region or the credit code is taken.
    """
    place = _region(region)
    department = Department(
        name=organisations.check_name(name),
        short_name=organisations.check_name(short_name, most=40) if short_name else "",
        uscc=codes.check_uscc(uscc) if uscc else "",
        org_type=organisations.type_of(org_type),
        region=place,
        level=place.level,
        parent_id=_parent(parent_id),
        mandate_id=_kept(mandate, by, at),
        created_at=at,
    )
    _check_type(department, at)
    _save(department)
    outbox.publish(events.DEPARTMENT_REGISTERED, f"department:{department.pk}", {"id": department.pk}, at=at, by=by)
    return department


@action("parties.change_department", label=N_("修改部门信息"), allow=REGISTRARS, on=Department)
def change_department(department: Department, /, *, by: Actor, at: datetime, **changes: Any) -> Department:
    """Change name, short_name, uscc, org_type, parent_id, mandate or signature_required; the same checks hold."""
    allowed = {"name", "short_name", "uscc", "org_type", "parent_id", "mandate", "signature_required"}
    if unknown := set(changes) - allowed:
        raise RuleBroken(_("部门没有这些可修改的信息：%s。") % "、".join(sorted(unknown)))
    clean: dict[str, Callable[[Any], Any]] = {
        "name": organisations.check_name,
        "uscc": lambda value: codes.check_uscc(value) if value else "",
        "org_type": organisations.type_of,
        "parent_id": lambda value: _parent(value, department.pk),
    }
    if mandate := changes.pop("mandate", None):
        department.mandate_id = _kept(mandate, by, at)
    for field, value in changes.items():
        setattr(department, field, clean[field](value) if field in clean else value)
    _check_type(department, at)
    _save(department)
    outbox.publish(events.DEPARTMENT_CHANGED, f"department:{department.pk}", {"id": department.pk}, at=at, by=by)
    return department


@action("parties.confirm_department", label=N_("确认部门"), allow=REGISTRARS | AUTHORITIES, on=Department)
def confirm_department(department: Department, *, uscc: str, by: Actor, at: datetime) -> None:
    """Confirm a department that an import had named; its credit code becomes known."""
    if department.confirmed:
        raise WrongState(_("部门“%s”已经确认，无需再次确认。") % department.name)
    department.uscc = codes.check_uscc(uscc)
    department.confirmed = True
    _check_type(department, at)
    _save(department)


@action("parties.close_department", label=N_("撤销部门"), allow=REGISTRARS, on=Department)
def close_department(department: Department, *, by: Actor, at: datetime) -> None:
    """Close a department that no longer exists; its people must have left before, its history stays."""
    if not department.active:
        raise WrongState(_("部门“%s”已经撤销。") % department.name)
    people = Person.objects.filter(department=department).exclude(state="ended").count()
    if people or department.children.filter(active=True).exists():
        raise WrongState(_("部门“%s”还有在岗人员或下级部门，请先办理离岗或调整隶属关系。") % department.name)
    department.active = False
    department.save()
    outbox.publish(events.DEPARTMENT_CLOSED, f"department:{department.pk}", {"id": department.pk}, at=at, by=by)


@action("parties.ensure_departments", label=N_("登记导入的部门"), allow=REGISTRARS | AUTHORITIES)
def ensure_departments(names: Sequence[str], region: str, *, by: Actor, at: datetime) -> dict[str, int]:
    """Return {name: id} for department names in a region; those unknown are registered as unconfirmed, in bulk.

    Names are taken trimmed; empty and over-long ones (more than 120 signs) are a RuleBroken naming the name.
    """
    place = _region(region)
    wanted = {name: organisations.check_name(name) for name in names}
    clean = set(wanted.values())
    Department.objects.bulk_create(
        [
            Department(name=name, region=place, level=place.level, confirmed=False, created_at=at)
            for name in sorted(clean - set(Department.objects.filter(region=place).values_list("name", flat=True)))
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    ids = dict(Department.objects.filter(region=place, name__in=clean).values_list("name", "id"))
    return {name: ids[cleaned] for name, cleaned in wanted.items()}


@action("parties.name_authority", label=N_("指定主管部门"), allow=REGISTRARS)
def name_authority(
    *,
    region: str,
    department_id: int,
    functions: Sequence[str] = (),
    since: date | None = None,
    by: Actor,
    at: datetime,
) -> Authority:
    """Name the competent authority of a region (R-OVR-002); the earlier one ends, its row stays.

    functions: codes of AuthorityFunction; empty means all four.
    """
    place = _region(region)
    if not Department.objects.filter(pk=department_id, active=True).exists():
        raise RuleBroken(_("所选部门不存在或已撤销，请重新选择。"), field="department_id")
    chosen = list(functions) or [str(function) for function in AuthorityFunction]
    if unknown := set(chosen) - set(AuthorityFunction):
        raise RuleBroken(_("没有这些主管职能：%s。") % "、".join(sorted(unknown)), field="functions")
    Region.objects.select_for_update().get(pk=place.pk)
    Authority.objects.filter(region=place, ended_at=None).update(ended_at=at)
    row = Authority.objects.create(
        region=place, department_id=department_id, functions=chosen, since=since or beijing_day(at)
    )
    payload = {"region": place.code, "department_id": department_id}
    outbox.publish(events.AUTHORITY_NAMED, f"region:{place.code}", payload, at=at, by=by)
    return row
