"""A service desk keeps the lists of its service items and records why it asks for something although it is shared (R-SHR-023)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import IO, Final

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Who
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.parties import queries as parties
from jutong.slices.sharing.formats import servicedesk as formats
from jutong.slices.sharing.models import ServiceItem, ServicePaper
from jutong.slices.sharing.queries.servicedesk import PARAMETER, paper_checked
from jutong.slices.sharing.rules import servicedesk as rules
from jutong.slices.sharing.rules.servicedesk import Listed
from jutong.slices.sharing.workflow import STAFF

ANY_DESK: Final = Who("service_desk", N_("服务窗口经办人"), STAFF)
DESK: Final = Who("service_desk", N_("服务窗口经办人"), STAFF, of="department_id")


def _knows(by: Actor, row: ServiceItem | ServicePaper) -> bool:
    return row.department_id in by.serves


@action("sharing.list_service_item", label=N_("登记事项材料清单"), allow=ANY_DESK)
def list_service_item(*, by: Actor, at: datetime, name: str, papers: Sequence[Listed], code: str = "") -> ServiceItem:
    """Keep a service item of one's own department with the papers it asks for.

    RuleBroken for a name or list that is none; Conflict for a name that the department has; NotThere for a catalogue code
    that leads nowhere.
    """
    if by.department_id is None:
        raise NotAllowed(_("您没有所属部门，不能登记事项。"))
    kept = rules.check_list(papers)
    name = rules.check_name(name)
    if ServiceItem.objects.filter(department_id=by.department_id, name=name, ended_at=None).exists():
        raise Conflict(_("本部门已有事项“%s”，请修改原有清单。") % name)
    item = ServiceItem.objects.create(
        department_id=by.department_id,
        authority_id=parties.authority_of(parties.department(by.department_id).region),
        name=name,
        code=code.strip()[:64],
        changed_by=by.name[:100],
        changed_at=at,
    )
    _list(item, kept)
    return item


@action("sharing.change_service_item", label=N_("修改事项材料清单"), allow=DESK, on=ServiceItem, visible=_knows)
def change_service_item(
    item: ServiceItem, *, by: Actor, at: datetime, name: str, papers: Sequence[Listed], code: str = ""
) -> None:
    """Replace the list; what was recorded for a paper that stays is kept with it."""
    _check_open(item)
    kept = rules.check_list(papers)
    item.name, item.code = rules.check_name(name), code.strip()[:64]
    others = ServiceItem.objects.filter(department_id=item.department_id, name=item.name, ended_at=None)
    if others.exclude(pk=item.pk).exists():
        raise Conflict(_("本部门已有事项“%s”，请修改原有清单。") % item.name)
    item.changed_by, item.changed_at = by.name[:100], at
    item.save()
    _list(item, kept)


def _list(item: ServiceItem, papers: Sequence[Listed]) -> None:
    known = {paper.name: paper for paper in item.papers.all()}
    for place, listed in enumerate(papers):
        paper = known.pop(listed.name, None) or ServicePaper(item=item, name=listed.name)
        paper.place = place
        if listed.code:
            paper.entry_id = catalogue.at_code(listed.code)
        paper.save()
    ServicePaper.objects.filter(pk__in=[paper.pk for paper in known.values()]).delete()


@action("sharing.end_service_item", label=N_("停用事项"), allow=DESK, on=ServiceItem, visible=_knows)
def end_service_item(item: ServiceItem, *, by: Actor, at: datetime) -> None:
    """Keep an item's list no longer in use; the audit has it still."""
    _check_open(item)
    item.ended_at, item.changed_by, item.changed_at = at, by.name[:100], at
    item.save()


def _check_open(item: ServiceItem) -> None:
    if item.ended_at is not None:
        raise WrongState(_("该事项已停用，请重新登记。"))


@action("sharing.identify_paper", label=N_("确认材料对应目录"), allow=DESK, on=ServicePaper, visible=_knows)
def identify_paper(paper: ServicePaper, *, by: Actor, at: datetime, code: str) -> None:
    """Say which published entry of the catalogue a paper is; it then is fetched. RuleBroken for one that is not shared."""
    _check_open(paper.item)
    entry = catalogue.require_published(catalogue.at_code(code.strip()))
    paper.entry_id = entry.id
    if paper_checked(paper).source is None:
        raise RuleBroken(_("目录“%s”不予共享，不能据以取得该材料。") % entry.title, field="code")
    paper.save(update_fields=["entry"])


@action("sharing.ask_anyway", label=N_("登记仍要求提交"), allow=DESK, on=ServicePaper, visible=_knows)
def ask_anyway(paper: ServicePaper, *, by: Actor, at: datetime, reason: str, unmet: str = "") -> None:
    """Record why a paper is asked for although the platform has it; it then stands in the duplicate-submission report.

    unmet: why sharing does not meet the duty, needed since the decree (national-2025#19). WrongState for a paper that may
    be asked for without a word, as nobody shares it.
    """
    _check_open(paper.item)
    found = paper_checked(paper)
    if found.source is None:
        raise WrongState(_("平台没有可共享获取的“%s”，可以要求提交，无须登记理由。") % paper.name)
    policy = jurisdiction.policy_for(paper.item.department.region_id, beijing_day(at))
    paper.reason, paper.unmet = rules.check_asking_anyway(reason, unmet, ban=policy.text(PARAMETER))
    paper.entry_id, paper.asked_by, paper.asked_at = found.source.entry_id, by.name[:100], at
    paper.save()


@action("sharing.ask_no_more", label=N_("不再要求提交"), allow=DESK, on=ServicePaper, visible=_knows)
def ask_no_more(paper: ServicePaper, *, by: Actor, at: datetime) -> None:
    """Ask for a paper no longer: it is fetched from now on."""
    paper.reason, paper.unmet, paper.asked_by, paper.asked_at = "", "", "", None
    paper.save()


@action("sharing.import_service_items", label=N_("导入事项材料清单"), allow=ANY_DESK)
def import_service_items(*, by: Actor, at: datetime, file: IO[bytes]) -> int:
    """Keep the lists of a workbook, one row a paper, for one's own department; returns how many items.

    An item that the department has is replaced as by `change_service_item`. All or nothing: RuleBroken names the row.
    """
    if by.department_id is None:
        raise NotAllowed(_("您没有所属部门，不能登记事项。"))
    items = formats.service_items(file)
    for name, (code, papers) in items.items():
        found = ServiceItem.objects.filter(department_id=by.department_id, name=name, ended_at=None).first()
        if found is None:
            list_service_item(by=by, at=at, name=name, code=code, papers=papers)
        else:
            change_service_item(found, by=by, at=at, name=name, code=code, papers=papers)
    return len(items)
