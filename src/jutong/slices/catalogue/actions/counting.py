"""What a department says of its resources in a census: figures, resources that are gone, and those the catalogue lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import IO, Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotThere, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.kernel.workflow import open_many
from jutong.slices.catalogue.formats.census import SheetRow, read_sheet
from jutong.slices.catalogue.models import CensusGap, CensusLine, Declaration, Entry
from jutong.slices.catalogue.rules.census import MOST_MISSING, QUANTITIES, check_quantities, check_title
from jutong.slices.catalogue.rules.sources import check_reason
from jutong.slices.catalogue.rules.text import title_key
from jutong.slices.catalogue.workflow import CENSUS_GAP, DECLARATION
from jutong.slices.catalogue.workflow.census import DECLARER

PLATFORM: Final = system_actor("catalogue")
MOST_KEPT: Final = 500
"""Refused rows of a sheet that are kept for the page."""
_SET: Final = 500
_COLUMNS: Final = (*QUANTITIES, "kind")


def _fillable(case: Declaration) -> None:
    if case.state != "assigned":
        raise WrongState(_("当前状态为“%s”，不能再修改填报内容。") % DECLARATION.state_label(case.state))
    if case.census.filled_at is None:
        raise WrongState(_("正在从目录推算普查数据，请稍后再填报。"))


@action(
    "catalogue.fill_census_line", label=N_("填报普查数据"), allow=DECLARER, on=Declaration, visible=DECLARATION.visible
)
def fill_line(
    case: Declaration, *, by: Actor, at: datetime, line_id: int, cells: Mapping[str, object], gone: bool = False
) -> None:
    """State the six quantities of one resource, or that it is gone. RuleBroken with a remark per column."""
    _fillable(case)
    line = case.resources.filter(pk=line_id).first()
    if line is None:
        raise NotThere(_("没有找到该资源，请刷新页面。"))
    _write(line, {} if gone else check_quantities(cells), gone=gone)
    line.save(update_fields=_COLUMNS)


def _write(line: CensusLine, stated: Mapping[str, Decimal | None], *, gone: bool) -> None:
    if line.entry_id is None and gone:
        raise RuleBroken(_("这项资源不在目录中，不再申报的请移除。"), field="gone")
    for name, value in stated.items():
        setattr(line, name, value)
    if line.entry_id is not None:
        line.kind = "gone" if gone else "confirmed"


@action(
    "catalogue.confirm_census_lines", label=N_("确认普查数据"), allow=DECLARER, on=Declaration,
    visible=DECLARATION.visible,
)  # fmt: skip
def confirm_lines(case: Declaration, *, by: Actor, at: datetime) -> int:
    """Confirm the figures of every line that waits as the catalogue gave them; returns how many."""
    _fillable(case)
    return case.resources.filter(kind="proposed").update(kind="confirmed")


@action(
    "catalogue.declare_missing", label=N_("申报目录缺漏"), allow=DECLARER, on=Declaration, visible=DECLARATION.visible
)
def declare_missing(
    case: Declaration, *, by: Actor, at: datetime, title: str, cells: Mapping[str, object]
) -> CensusGap:
    """Declare a resource that the catalogue lacks: a task to compile it is made at once (R-CAT-041).

    Conflict for a name that the department's catalogue or declaration has; RuleBroken without a name.
    """
    _fillable(case)
    name, key = check_title(title)
    if key in _known(case, [key]):
        raise Conflict(_("“%s”已在本部门目录或填报中，请在列表中直接填报。") % name)
    _add(case, [(name, key, check_quantities(cells))], by, at)
    return CensusGap.objects.get(line__declaration=case, line__title_key=key)


def _known(case: Declaration, keys: Iterable[str]) -> set[str]:
    own = Entry.objects.filter(provider=case.department_id, published__isnull=False, title_key__in=list(keys))
    lines = case.resources.filter(title_key__in=list(keys))
    return {*own.values_list("title_key", flat=True), *lines.values_list("title_key", flat=True)}


def _add(
    case: Declaration, found: Sequence[tuple[str, str, Mapping[str, Decimal | None]]], by: Actor, at: datetime
) -> None:
    """Add missing resources with their tasks, and tell the department's data officers."""
    if not found:
        return
    if case.resources.filter(entry=None).count() + len(found) > MOST_MISSING:
        raise RuleBroken(_("一次普查最多申报 %d 项目录缺漏，请先编目再申报其余。") % MOST_MISSING, field="title")
    lines = CensusLine.objects.bulk_create(
        [
            CensusLine(declaration=case, title=name, title_key=key, kind="missing", **stated)
            for name, key, stated in found
        ],
        batch_size=_SET,
    )
    gaps = [
        CensusGap(
            region=case.region, line=line, census_id=case.census_id, department_id=case.department_id,
            authority_id=case.authority_id, title=line.title, title_key=line.title_key, at=at,
        )
        for line in lines
    ]  # fmt: skip
    open_many(CENSUS_GAP, "find", gaps, at=at)
    Declaration.objects.filter(pk=case.pk).update(lines=case.resources.count())
    inbox.tell(
        department_id=case.department_id,
        role=Role.DATA_OFFICER,
        title=_("普查发现 %d 项资源没有编目，请编制目录") % len(gaps),
        link=f"/catalogue/census/gaps/?census={case.census_id}",
        at=at,
    )


@dataclass
class Filled:
    """What became of a sheet: lines that were filled, missing resources added, rows refused (row, name, remarks)."""

    filled: int = 0
    added: int = 0
    refused: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)


@action(
    "catalogue.fill_census_sheet", label=N_("导入普查表"), allow=DECLARER, on=Declaration, visible=DECLARATION.visible
)
def fill_sheet(case: Declaration, *, by: Actor, at: datetime, file: IO[bytes]) -> Filled:
    """Take a filled-in sheet: good rows are kept, each bad one comes back with a sentence per cell.

    Rows are known by code, else by name; a name that neither the declaration nor the catalogue has is a resource that
    the catalogue lacks. The same sheet twice changes nothing the second time.
    """
    _fillable(case)
    rows = read_sheet(file)
    sorting = _Sheet(case, rows)
    for row in rows:
        sorting.take(row)
    CensusLine.objects.bulk_update(sorting.changed.values(), _COLUMNS, batch_size=_SET)
    _add(case, list(sorting.fresh.values()), by, at)
    refused = [[number, title, remarks] for number, title, remarks in sorting.result.refused[:MOST_KEPT]]
    Declaration.objects.filter(pk=case.pk).update(refused=refused)
    sorting.result.filled, sorting.result.added = len(sorting.changed), len(sorting.fresh)
    return sorting.result


class _Sheet:
    """The rows of a sheet beside the lines they are about."""

    def __init__(self, case: Declaration, rows: Sequence[SheetRow]) -> None:
        lines = list(case.resources.all())
        self.result = Filled()
        self.changed: dict[int, CensusLine] = {}
        self.fresh: dict[str, tuple[str, str, Mapping[str, Decimal | None]]] = {}
        self._by_code = {line.code: line for line in lines if line.code}
        self._by_key = {line.title_key: line for line in lines}
        self._seen: dict[int, int] = {}
        self._taken = _known(case, {title_key(row.title) for row in rows})

    def take(self, row: SheetRow) -> None:
        """Sort one row: a line that changes, a missing resource, or refused with what is wrong."""
        try:
            self._sort(row)
        except RuleBroken as refusal:
            self.result.refused.append((row.number, row.title or row.code, refusal.remarks or {"": refusal.sentence}))

    def _sort(self, row: SheetRow) -> None:
        line = self._line(row)
        stated = {} if row.gone else check_quantities(row.cells)
        if line is None:
            name, key = check_title(row.title)
            if key in self._taken or key in self.fresh:
                raise RuleBroken(_("该名称已在本部门目录或文件中，请核对。"), field="title")
            self.fresh[key] = (name, key, stated)
            return
        if line.pk in self._seen:
            raise RuleBroken(_("与第 %d 行重复，请删除其中一行。") % self._seen[line.pk], field="code")
        self._seen[line.pk] = row.number
        before = (line.kind, line.quantities())
        _write(line, stated, gone=row.gone)
        if (line.kind, line.quantities()) != before:
            self.changed[line.pk] = line

    def _line(self, row: SheetRow) -> CensusLine | None:
        if row.code and (found := self._by_code.get(row.code)):
            return found
        if row.code:
            raise RuleBroken(_("没有代码为 %s 的资源，请核对，目录中没有的请留空代码。") % row.code[:64], field="code")
        return self._by_key.get(title_key(row.title))


@action(
    "catalogue.take_out_missing",
    label=N_("移除申报的缺漏"),
    allow=DECLARER,
    on=Declaration,
    visible=DECLARATION.visible,
)
def take_out_missing(case: Declaration, *, by: Actor, at: datetime, line_id: int) -> None:
    """Take out a missing resource that was declared by mistake; its task ends. NotThere for lines of the catalogue."""
    _fillable(case)
    line = case.resources.filter(pk=line_id, entry=None).first()
    if line is None:
        raise NotThere(_("没有找到该申报，目录中的资源不能移除。"))
    gaps = CensusGap.objects.filter(line=line, state="open").values_list("pk", flat=True)
    CENSUS_GAP.advance_many("take_back", list(gaps), by=by, at=at, ended_on=beijing_day(at))
    line.delete()
    Declaration.objects.filter(pk=case.pk).update(lines=case.resources.count())


@CENSUS_GAP.action("waive")
def waive_gap(case: CensusGap, *, by: Actor, at: datetime, reason: str) -> None:
    """The authority lets a declared resource stay out of the catalogue and says why."""
    case.reason = check_reason(reason)[:500]
    case.ended_on = beijing_day(at)


def close_gaps(entry_id: int, *, at: datetime) -> int:
    """End the tasks for which an entry was now published: same department, same name; returns how many."""
    entry = Entry.objects.filter(pk=entry_id, published__isnull=False).first()
    if entry is None:
        return 0
    waiting = CensusGap.objects.filter(department=entry.provider_id, title_key=entry.title_key, state="open")
    ids = list(waiting.values_list("pk", flat=True))
    if ids:
        CENSUS_GAP.advance_many("compile", ids, by=PLATFORM, at=at, entry_id=entry.pk, ended_on=beijing_day(at))
    return len(ids)
