"""Naming lead departments and catalogue offices, and holding entries of libraries and themes to their lead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from jutong.kernel import inbox, jurisdiction
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, Refusal, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Entry, Lead, Office
from jutong.slices.catalogue.queries.leading import categories_in, lead_of
from jutong.slices.catalogue.rules import leading as rules
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.obligations import NAMES
from jutong.slices.catalogue.rules.sources import check_reason
from jutong.slices.catalogue.workflow import AUTHORITY
from jutong.slices.catalogue.workflow.leading import NAMERS
from jutong.slices.parties import queries as parties


@action("catalogue.name_leads", label=N_("指定牵头部门"), allow=AUTHORITY)
def name_leads(
    *,
    by: Actor,
    at: datetime,
    authority_id: int,
    region: str,
    resource_class: str,
    categories: Sequence[str],
    department_id: int,
    document: str,
) -> list[Lead]:
    """Name the department that leads base libraries or themes of a region, and so compiles their catalogue (R-CAT-013).

    An earlier lead ends with this day and stays in the history. RuleBroken for a category that the profile does not
    list, without document, or for a department outside the region; NotAllowed for another authority's region.
    """
    if parties.authority_of(region) != authority_id:
        raise NotAllowed(_("只能指定本主管部门所辖地区的牵头部门。"))
    if resource_class not in rules.LED:
        raise RuleBroken(_("只有基础信息资源和主题信息资源指定牵头部门。"), field="resource_class")
    today = beijing_day(at)
    known = categories_in(region, resource_class, at)
    chosen, number = rules.check_category(categories, known), rules.check_document(document)
    if parties.department(department_id).region != region:
        raise RuleBroken(_("牵头部门应为本地区的部门，请重新选择。"), field="department_id")
    held = Lead.objects.filter(region=region, resource_class=resource_class, category__in=chosen, until=None)
    held.update(until=today)
    named = Lead.objects.bulk_create(
        Lead(
            region=region, resource_class=resource_class, category=code, department_id=department_id,
            authority_id=authority_id, document=number, since=today, account_name=by.name[:100], at=at,
        )
        for code in chosen
    )  # fmt: skip
    inbox.tell(
        department_id=department_id,
        title=_("本部门为牵头部门，负责编制和维护其目录：%s") % "、".join(_(known[code]) for code in chosen)[:80],
        link=f"/catalogue/leads/?region={region}",
        at=at,
    )
    return named


@action("catalogue.end_lead", label=N_("终止牵头"), allow=AUTHORITY, on=Lead)
def end_lead(lead: Lead, *, by: Actor, at: datetime, reason: str) -> None:
    """End a lead; where the local text wants one, nothing can be compiled into the library until another is named."""
    if lead.until is not None:
        raise WrongState(_("该牵头关系已经终止。"))
    lead.ended_for, lead.until = check_reason(reason)[:500], beijing_day(at)
    lead.save(update_fields=["ended_for", "until"])


@action("catalogue.name_office", label=N_("指定目录管理部门"), allow=NAMERS)
def name_office(
    *, by: Actor, at: datetime, named_by_id: int, unit_id: int, document: str, region: str = "", department_id: int | None = None
) -> Office:  # fmt: skip
    """Designate the one unit that registers, checks and submits entries: of a government's departments, or of one department.

    region: the city or county, by its authority; department_id: a provincial department, by its own heads. Conflict while
    another unit is designated; NotAllowed where the profile knows no such office (jiangxi-2017#11).
    """
    number = rules.check_document(document)
    unit = parties.department(unit_id)
    if department_id is None:
        _check_region(region, named_by_id, unit)
    else:
        region = _check_department(department_id, named_by_id, unit)
    if not rules.has_offices(jurisdiction.policy_for(region, beijing_day(at))):
        raise NotAllowed(_("现行政策规则不设指定的目录管理部门，目录由提供部门自行提交。"))
    held = Office.objects.filter(region=region, department=department_id, until=None).select_related("unit").first()
    if held:
        raise Conflict(_("已指定%s为目录管理部门；一个政府或部门只能有一个，请先终止原指定。") % held.unit.name)
    office = Office.objects.create(
        region=region, department_id=department_id, unit_id=unit_id, named_by_id=named_by_id, document=number,
        since=beijing_day(at), account_name=by.name[:100], at=at,
    )  # fmt: skip
    _hand_over(office, to=unit_id)
    inbox.tell(
        department_id=unit_id,
        title=_("本单位已被指定为目录管理部门（%s），负责目录的登记、核对和提交") % number,
        link="/catalogue/offices/",
        at=at,
    )
    return office


def _check_region(region: str, named_by_id: int, unit: parties.DepartmentRow) -> None:
    known = next((row for row in parties.regions() if row.code == region), None)
    if known is None or known.level not in rules.OFFICE_LEVELS:
        raise RuleBroken(_("目录管理部门由设区市、县（市、区）政府指定，请选择市、县。"), field="region")
    if parties.authority_of(region) != named_by_id:
        raise NotAllowed(_("只能指定本主管部门所辖地区的目录管理部门。"))
    if unit.region != region:
        raise RuleBroken(_("目录管理部门应为本地区的部门，请重新选择。"), field="unit_id")


def _check_department(department_id: int, named_by_id: int, unit: parties.DepartmentRow) -> str:
    department = parties.department(department_id)
    if department_id != named_by_id:
        raise NotAllowed(_("只能指定本部门的目录管理单位。"))
    if department.level != "province":
        raise RuleBroken(_("省级部门自行指定；市、县由政府统一指定一个目录管理部门。"), field="department_id")
    if department_id not in {unit.id, unit.parent_id}:
        raise RuleBroken(_("目录管理部门应为本部门或其下属单位，请重新选择。"), field="unit_id")
    return department.region


@action("catalogue.end_office", label=N_("终止目录管理部门"), allow=NAMERS, on=Office)
def end_office(office: Office, *, by: Actor, at: datetime, reason: str) -> None:
    """End a designation; until another unit is designated, departments submit their entries themselves."""
    if office.until is not None:
        raise WrongState(_("该指定已经终止。"))
    office.ended_for, office.until = check_reason(reason)[:500], beijing_day(at)
    office.save(update_fields=["ended_for", "until"])
    _hand_over(office, to=None)


def _hand_over(office: Office, *, to: int | None) -> None:
    """Let an office's entries be submitted by a unit from now on, by their providers without one."""
    mine = Entry.objects.exclude(state="withdrawn")
    if office.department_id is not None:
        mine = mine.filter(provider=office.department_id)
    else:
        own = Office.objects.filter(region=office.region, department__isnull=False, until=None).values("department")
        mine = mine.filter(region=office.region).exclude(provider__in=own)
    mine.update(registrar=F("provider") if to is None else to)


def check_recipient(ids: Sequence[int], recipient_id: int) -> None:
    """Refuse to send entries to another authority than the one that reviews them; WrongState naming that one."""
    for case in Entry.objects.filter(pk__in=ids).order_by("pk"):
        right = parties.authority_of(case.region)
        if right != recipient_id:
            words = {"title": case.title, "right": parties.department(right).name}
            raise WrongState(_("《%(title)s》应提交%(right)s审核，不能直接报送其他主管部门。") % words)


def unled_entries(pairs: Sequence[tuple[Entry, Content]]) -> dict[int, Refusal]:
    """Say of each entry why it cannot go into its base library or theme (R-CAT-013, R-CAT-014)."""
    leads: dict[tuple[str, str, str], tuple[int, str] | None] = {}
    found: dict[int, Refusal] = {}
    for case, content in pairs:
        if content.resource_class not in rules.LED or not content.category:
            continue
        key = (case.region, content.resource_class, content.category)
        if key not in leads:
            leads[key] = lead_of(*key)
        labels = NAMES["category"]
        refusal = rules.unled(
            content, provider_id=case.provider_id, provider=case.provider_name, lead=leads[key],
            demanded=rules.demands_lead(case.policy, content.resource_class),
            label=_(labels.get(content.category, content.category)),
        )  # fmt: skip
        if refusal:
            found[case.pk] = refusal
    return found


def refuse_unled(case: Entry, content: Content) -> None:
    """Refuse an entry that its library or theme does not take: WrongState, NotAllowed or RuleBroken."""
    if refusal := unled_entries([(case, content)]).get(case.pk):
        raise refusal
