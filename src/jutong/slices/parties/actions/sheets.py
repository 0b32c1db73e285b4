"""Departments and people from workbooks: good rows in, bad rows back as a workbook with reasons."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from django.utils.translation import gettext as _

from jutong.kernel import files
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Conflict, Refusal, RuleBroken
from jutong.kernel.terms import N_, OrgType
from jutong.slices.parties.actions.organisation import register_department
from jutong.slices.parties.actions.people import report
from jutong.slices.parties.formats import sheets
from jutong.slices.parties.models import Department, Person
from jutong.slices.parties.rules import codes
from jutong.slices.parties.workflow import KEEPERS, REGISTRARS


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import ended: rows taken, rows refused, and the workbook of the refused ones (stored file)."""

    taken: int
    refused: int
    file_id: int | None


@action("parties.import_departments", label=N_("导入部门"), allow=REGISTRARS)
def import_departments(source: IO[bytes], *, by: Actor, at: datetime) -> Imported:
    """Register the departments of a workbook, parents by name before or in the same file; see `sheets.DEPARTMENTS`."""
    kinds = {_(kind.label): str(kind) for kind in OrgType} | {kind.label: str(kind) for kind in OrgType}

    def take(row: sheets.Row) -> None:
        given = row.values
        parent = _parent(given.get("parent", ""), given["region"])
        if given["org_type"] not in kinds:
            raise RuleBroken(_("机构类型“%s”不在下拉列表中，请重新选择。") % given["org_type"][:30], field="org_type")
        register_department(
            name=given["name"],
            short_name=given.get("short_name", ""),
            uscc=given.get("uscc", ""),
            org_type=kinds[given["org_type"]],
            region=codes.check_region_code(given["region"]),
            parent_id=parent,
            by=by,
            at=at,
        )

    return _imported(source, sheets.DEPARTMENTS, take, _("机构导入未通过的行.xlsx"), by, at)


def _parent(name: str, region: str) -> int | None:
    if not name:
        return None
    codes_above = [region, *codes.above(region)] if region.isdecimal() else [region]
    found = Department.objects.filter(name=name, region_id__in=codes_above, active=True).order_by("-region_id").first()
    if found is None:
        raise RuleBroken(_("上级机构“%s”尚未登记，请先登记或放在本行之前。") % name[:40], field="parent")
    return found.pk


@action("parties.import_people", label=N_("导入人员"), allow=KEEPERS | REGISTRARS)
def import_people(source: IO[bytes], *, department_id: int | None = None, by: Actor, at: datetime) -> Imported:
    """Report the people of a workbook; see `sheets.PEOPLE`.

    department_id: whose people these are, when a department reports its own; the platform's operator leaves it out.
    """

    def take(row: sheets.Row) -> None:
        given = row.values
        place = _department(given["department"], department_id)
        if Person.objects.filter(department_id=place, name=given["name"], phone=given.get("phone", "")).exclude(
            state="ended"
        ):
            raise Conflict(_("该部门已有同名同电话的人员“%s”，请勿重复报送。") % given["name"][:30])
        report(
            department_id=place,
            name=given["name"],
            title=given.get("title", ""),
            phone=given.get("phone", ""),
            email=given.get("email", ""),
            by=by,
            at=at,
        )

    return _imported(source, sheets.PEOPLE, take, _("人员导入未通过的行.xlsx"), by, at)


def _department(name: str, own: int | None) -> int:
    rows = Department.objects.filter(name=name, active=True)
    if own is not None:
        rows = rows.filter(pk=own)
    found = list(rows.values_list("pk", flat=True)[:2])
    if len(found) != 1:
        why = (
            _("部门“%s”不是本部门或尚未登记，请核对全称。")
            if not found
            else _("部门“%s”在多个区划重名，请到机构页面逐人报送。")
        )
        raise RuleBroken(why % name[:40], field="department")
    return found[0]


def _imported(
    source: IO[bytes],
    columns: Sequence[sheets.Column],
    take: Callable[[sheets.Row], None],
    name: str,
    by: Actor,
    at: datetime,
) -> Imported:
    taken, bad = 0, []
    for row in sheets.read(source, columns):
        missing = next((c for c in columns if c.needed and not row.values.get(c.field)), None)
        try:
            if missing:
                raise RuleBroken(_("“%s”不能为空，请补充。") % _(missing.label), field=missing.field)
            take(row)
            taken += 1
        except Refusal as refusal:
            field = refusal.field if isinstance(refusal, RuleBroken) else ""
            bad.append(sheets.BadRow(row, refusal.sentence, {"code": "region"}.get(field, field)))
    if not taken and not bad:
        raise RuleBroken(_("工作表没有数据行，请填写后再导入。"), field="file")
    stored = files.store(io.BytesIO(sheets.bad_rows(columns, bad)), name, by=by, at=at) if bad else None
    return Imported(taken, len(bad), stored.id if stored else None)
