"""Importing a file: upload, the mapping a person confirms, the work in the background, and the command line's one call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import files, jobs, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.terms import N_, Zone
from jutong.kernel.workbooks import MOST_BYTES
from jutong.slices.catalogue.actions.absorbing import Absorbed, absorb
from jutong.slices.catalogue.actions.planning import plan
from jutong.slices.catalogue.actions.sorting import UNASKED
from jutong.slices.catalogue.events import IMPORTED
from jutong.slices.catalogue.formats.faults import write_faults
from jutong.slices.catalogue.formats.mapping import TARGETS, as_mapping, propose_mapping
from jutong.slices.catalogue.formats.raw import RawEntry, Source, mapped
from jutong.slices.catalogue.formats.reading import read
from jutong.slices.catalogue.formats.secrets import first_secret
from jutong.slices.catalogue.models import ImportRun
from jutong.slices.catalogue.queries.zones import here
from jutong.slices.catalogue.rules.repairs import REPAIRS
from jutong.slices.parties import queries as parties
from jutong.slices.standards import queries as standards

CHECK: Final = "catalogue.check_import"
TASK: Final = "catalogue.import"
WHOLE_REGION: Final = (Role.PLATFORM_OPERATOR,)
IMPORTERS: Final = Who("importer", N_("数据专员或平台管理员"), (Role.DATA_OFFICER, *WHOLE_REGION)) | SYSTEM_ONLY
OWNERS: Final = Who("importer", N_("导入人"), (Role.DATA_OFFICER, *WHOLE_REGION)) | SYSTEM_ONLY
_SAMPLES: Final = 5
_SHORT: Final = 80
Watch = Callable[[int, int], None]


@action("catalogue.upload", label=N_("上传目录文件"), allow=IMPORTERS)
def upload(
    file: IO[bytes], name: str, *, by: Actor, at: datetime, region: str = "", encoding: str = "", peer: str = ""
) -> ImportRun:
    """Keep an uploaded catalogue file, read its headers and propose how they map to elements.

    region: a division code imports the entries of every department of that region, which only the platform operator
    may do; empty imports the actor's own department. peer: the system whose codes the file uses; a value that its table
    does not map comes back. The file is refused as `formats.reading.read` says.
    """
    whole = bool(region)
    if whole and by.account_id is not None and not by.holds(*WHOLE_REGION):
        raise NotAllowed(_("只有平台管理员可以导入整个地区的目录；请导入本部门的目录。"))
    department = None if whole else by.department_id
    if not whole and department is None:
        raise RuleBroken(_("请指定目录所属的行政区划。"), field="region")
    stored = files.store(file, name, by=by, at=at, limit=MOST_BYTES)
    if peer:
        standards.peer_codes(peer, "in")
    given = standards.specification_for(region or by.region, beijing_day(at))
    source = read(files.path(stored.id), encoding=encoding, specification=given)
    total = len(source.entries) if source.table is None else len(source.table.lines)
    if not total:
        raise RuleBroken(_("文件里只有表头，没有数据行，请填写后再导入。"), field="file")
    mapping = as_mapping(propose_mapping(source.headers, source.table.sample())) if source.table else {}
    _refuse_secret(source, mapping, stored.id)
    samples = source.table.sample(_SAMPLES) if source.table else []
    return ImportRun.objects.create(
        file_id=stored.id,
        file_name=stored.name,
        kind=source.kind,
        encoding=encoding,
        headers=list(source.headers),
        samples=[[_shown(cell) for cell in row] for row in samples],
        mapping=mapping,
        region=region or by.region,
        department_id=department,
        whole_region=whole,
        peer=peer,
        total=total,
        account_id=by.account_id,
        account_name=by.name[:100],
        at=at,
    )


def _refuse_secret(source: Source, mapping: Mapping[str, str], file_id: int) -> None:
    """Refuse a file in which a row is marked as secret, and keep nothing of it; not in the inner network (R-CAT-015)."""
    if here() == Zone.OUTER and (line := first_secret(source, mapping)):
        files.discard(file_id)
        raise NotAllowed(
            _("文件第 %d 行标为涉密：涉密目录只能在政务内网编制，整份文件未予保存，请删除涉密内容后再导入。") % line
        )


def _shown(cell: object) -> str:
    return "" if cell is None else str(cell)[:_SHORT].replace("\x00", "")


def _may_start(by: Actor, run: ImportRun) -> bool:
    return by.account_id is None or run.account_id == by.account_id


@action("catalogue.start_import", label=N_("开始目录导入"), allow=OWNERS, on=ImportRun, visible=_may_start)
def choose_mapping(run: ImportRun, *, by: Actor, at: datetime, mapping: Mapping[str, str] | None = None) -> int:
    """Confirm the mapping {element: header} and have the file looked at in the background; returns the progress id.

    Where nothing needs a person's eye the import goes on by itself; else it waits for `confirm_import`. Files in a
    known template need no mapping. WrongState when the import was started before.
    """
    _prepare(run, mapping)
    return _begin(run, CHECK, _("检查目录文件：%s"), by, at)


def _begin(run: ImportRun, task: str, title: str, by: Actor, at: datetime) -> int:
    run.progress_id = jobs.start(
        task, title % run.file_name, by=by, at=at, run_id=run.pk, moment=at.isoformat(), who=by.name
    )
    run.save()
    return run.progress_id


@action("catalogue.confirm_import", label=N_("确认目录导入"), allow=OWNERS, on=ImportRun, visible=_may_start)
def confirm_import(
    run: ImportRun, *, by: Actor, at: datetime, repairs: Collection[str] = (), change_published: bool = False
) -> int:
    """Go on with an import after its repairs and changes were looked at; returns the progress id.

    repairs: kinds of `rules.repairs.REPAIRS` that may be made; rows that need another come back. change_published:
    published entries are revised as shown; the published version stays in force until the revision is published.
    WrongState before the file was checked and when it was confirmed before.
    """
    if run.checked_at is None or run.confirmed:
        raise WrongState(_("该文件尚未检查完毕，或已经确认过；请刷新页面查看最新状态。"))
    if unknown := set(repairs) - REPAIRS.keys():
        raise RuleBroken(_("没有“%s”这种修复，请从页面上选择。") % "、".join(sorted(unknown))[:80], field="repairs")
    unseen = REPAIRS.keys() - run.plan["repairs"].keys()
    run.repairs = sorted(unseen | set(repairs))
    run.change_published = change_published
    run.confirmed = True
    return _begin(run, TASK, _("导入目录：%s"), by, at)


def _prepare(run: ImportRun, mapping: Mapping[str, str] | None) -> None:
    if run.started:
        raise WrongState(_("该文件已开始导入，请勿重复提交；如需再次导入请重新上传。"))
    if run.kind == "table" and mapping is not None:
        run.mapping = checked(mapping, run.headers)
    if run.kind == "table" and "title" not in run.mapping:
        raise RuleBroken(_("请指定哪一列是信息资源名称。"), field="title")
    run.started = True


def checked(mapping: Mapping[str, str], headers: list[str]) -> dict[str, str]:
    """Return a mapping whose elements and headers exist, each header used once; RuleBroken names what is wrong."""
    chosen = {element: header for element, header in mapping.items() if header}
    for element, header in chosen.items():
        if element not in TARGETS:
            raise RuleBroken(_("没有“%s”这个目录要素，请从列表中选择。") % element[:50], field="mapping")
        if header not in headers:
            raise RuleBroken(_("文件里没有“%s”这一列，请重新选择。") % header[:50], field=element)
    doubled = {header for header in chosen.values() if list(chosen.values()).count(header) > 1}
    if doubled:
        raise RuleBroken(_("同一列不能对应两个要素：%s。") % "、".join(sorted(doubled)), field="mapping")
    return chosen


@jobs.task(CHECK)
def check_in_background(running: jobs.Running, *, run_id: int, moment: str, who: str) -> None:
    """Look at the file of a run; go on with the import where nothing needs a person's eye."""
    at = datetime.fromisoformat(moment)
    run = ImportRun.objects.select_related("department").get(pk=run_id)
    source = _source(run, at)
    found = plan(run, source, _entries(source, run.mapping), at=at, watch=running.step)
    note_plan(run_id, by=_worker(run_id, who), at=at, found=found.stored(), asks=found.asks)
    if found.asks:
        running.result(link=f"/catalogue/import/{run_id}/", message=_("检查完毕，请核对修复和变更后确认导入。"))
    else:
        import_in_background(running, run_id=run_id, moment=moment, who=who)


def _worker(run_id: int, who: str) -> Actor:
    return system_actor(_("导入任务 %(run)d（%(who)s）") % {"run": run_id, "who": who})


@action("catalogue.note_import_plan", label=N_("登记导入检查结果"), allow=SYSTEM_ONLY, on=ImportRun)
def note_plan(run: ImportRun, *, by: Actor, at: datetime, found: dict[str, Any], asks: bool) -> None:
    """Write down what a look at the file found. asks: a person has to confirm before anything is written."""
    run.plan = found
    run.checked_at = at
    if not asks:
        run.repairs, run.confirmed = sorted(REPAIRS), True
    run.save()


@jobs.task(TASK)
def import_in_background(running: jobs.Running, *, run_id: int, moment: str, who: str) -> None:
    """Do the work of one import run, reporting steps, and leave the file of returned rows."""
    at = datetime.fromisoformat(moment)
    by = _worker(run_id, who)
    absorbed = _work(run_id, by, at, running.step)
    finish(run_id, by=by, at=at, absorbed=absorbed)
    run = ImportRun.objects.get(pk=run_id)
    running.result(file_id=run.error_file_id, link=f"/catalogue/import/{run_id}/", message=told(run))


def _work(run_id: int, by: Actor, at: datetime, watch: Watch) -> Absorbed:
    run = ImportRun.objects.select_related("department").get(pk=run_id)
    source = _source(run, at)
    return absorb(run, source, _entries(source, run.mapping), by=by, at=at, watch=watch)


def _source(run: ImportRun, at: datetime) -> Source:
    given = standards.specification_for(run.region, beijing_day(at))
    return read(files.path(run.file_id), encoding=run.encoding, specification=given)


def _entries(source: Source, mapping: Mapping[str, str]) -> list[RawEntry]:
    return list(source.entries) if source.table is None else list(mapped(source.table, mapping))


@action("catalogue.finish_import", label=N_("完成目录导入"), allow=SYSTEM_ONLY, on=ImportRun)
def finish(run: ImportRun, *, by: Actor, at: datetime, absorbed: Absorbed) -> None:
    """Write down what became of an import: counts, reasons and the file of rows that came back."""
    for name in ("total", "accepted", "updated", "unchanged", "refused", "warned", "repaired"):
        setattr(run, name, getattr(absorbed, name))
    run.reasons = absorbed.reasons()
    if absorbed.returned:
        with write_faults(absorbed.source, absorbed.returned, absorbed.columns) as workbook:
            stem = Path(run.file_name).stem[:80]
            run.error_file_id = files.store(workbook, _("%s-退回行.xlsx") % stem, by=by, at=at, limit=4 * MOST_BYTES).id
    run.finished_at = at
    run.save()
    counts = {"accepted": run.accepted, "updated": run.updated, "unchanged": run.unchanged, "refused": run.refused}
    outbox.publish(IMPORTED, f"catalogue.import:{run.pk}", {"id": run.pk, **counts}, at=at, by=by)


def told(run: ImportRun) -> str:
    """Return an import's result as one sentence."""
    return _("共 %(total)d 条：新增 %(accepted)d，更新 %(updated)d，无变化 %(unchanged)d，退回 %(refused)d。") % {
        "total": run.total,
        "accepted": run.accepted,
        "updated": run.updated,
        "unchanged": run.unchanged,
        "refused": run.refused,
    }


def import_file(
    path: Path,
    *,
    region: str,
    by: Actor,
    at: datetime,
    mapping: Mapping[str, str] | None = None,
    encoding: str = "",
    watch: Watch = lambda _done, _total: None,
) -> ImportRun:
    """Import a file of a whole region at once, as the command line does; returns the finished run.

    mapping: {element: header}; without it the proposed one is used. watch(done, total) is called as it goes.
    NotThere when there is no such file; refusals as of `upload`.
    """
    if not path.is_file():
        raise NotThere(_("没有文件 %s，请核对路径。") % path)
    with path.open("rb") as opened:
        run = upload(opened, path.name, by=by, at=at, region=region, encoding=encoding)
    start(run.pk, by=by, at=at, mapping=mapping)
    finish(run.pk, by=by, at=at, absorbed=_work(run.pk, by, at, watch))
    run.refresh_from_db()
    return run


@action("catalogue.start_import_now", label=N_("平台直接导入目录"), allow=SYSTEM_ONLY, on=ImportRun)
def start(run: ImportRun, *, by: Actor, at: datetime, mapping: Mapping[str, str] | None = None) -> None:
    """Mark a run as started by the platform itself, which then does the work in the same process."""
    _prepare(run, mapping)
    run.repairs, run.confirmed = sorted(UNASKED), True
    run.save()


def own_department(run: ImportRun) -> parties.DepartmentRow | None:
    """Return the only department whose entries a run may hold, or None for a whole region."""
    return None if run.department_id is None else parties.department(run.department_id)
