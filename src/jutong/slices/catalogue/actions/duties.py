"""W05: deriving a region's duty list, issuing it, and registering collections against it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Who, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Collection, DutyLine, DutyList, RegionalVersion
from jutong.slices.catalogue.queries.deriving import derive_lines
from jutong.slices.catalogue.queries.duties import not_ours
from jutong.slices.catalogue.rules.duties import check_collection
from jutong.slices.catalogue.rules.sources import check_effect, item_names
from jutong.slices.catalogue.workflow import DUTY_LIST
from jutong.slices.catalogue.workflow.sources import STAFF
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("catalogue")
COLLECTOR: Final = Who("collector", N_("本部门数据专员或共享工作机构"), STAFF, of="department_id")


def _fill(case: DutyList, *, by: Actor, at: datetime) -> None:
    derive_lines(case.pk, case.region, since=case.number)
    DutyList.objects.filter(pk=case.pk).update(series=case.pk, **counted(case.pk))


@DUTY_LIST.opens("derive", then=_fill)
def derive_duties(*, by: Actor, at: datetime, region: str) -> DutyList:
    """Derive a region's duty list from its catalogue: each item to exactly one department (neijiang-2020#13).

    Conflict where a derived list waits to be issued: it is derived anew instead.
    """
    authority = parties.authority_of(region)
    if DutyList.objects.filter(region=region, state="derived").exists():
        raise Conflict(_("本地区已有一份待印发的责任清单，请在其上重新分解。"))
    return DutyList(
        region=region,
        authority_id=authority,
        number=next_number(region),
        catalogue_version=catalogue_version(region),
        at=at,
    )


def next_number(region: str) -> int:
    """Return the number of a region's next duty list."""
    newest = DutyList.objects.filter(region=region).aggregate(newest=Max("number"))["newest"]
    return int(newest or 0) + 1


def catalogue_version(region: str) -> int:
    """Return the number of the region's catalogue as it stands, 0 before anything was published."""
    newest = RegionalVersion.objects.filter(region=region).aggregate(newest=Max("number"))["newest"]
    return int(newest or 0)


def counted(series: int) -> dict[str, int]:
    """Return how many open lines a series has, and how many of them lie with several departments."""
    counts = DutyLine.objects.filter(series=series, until=None).aggregate(
        lines=Count("pk"), conflicts=Count("pk", filter=Q(department=None))
    )
    return {name: int(value) for name, value in counts.items()}


@DUTY_LIST.action("rederive")
def rederive(case: DutyList, *, by: Actor, at: datetime) -> None:
    """Derive a list that was not issued yet anew, from the catalogue and the designations as they now stand."""
    case.duties.all().delete()
    derive_lines(case.pk, case.region, since=case.number)
    case.catalogue_version = catalogue_version(case.region)
    for name, value in counted(case.pk).items():
        setattr(case, name, value)


@DUTY_LIST.action("issue")
def issue_duties(case: DutyList, *, by: Actor, at: datetime, document: str, effective_on: date | None) -> None:
    """Issue a list: its departments are told, and it is in force from its day on (W05).

    Conflict while an item lies with several departments; WrongState when the catalogue has changed since (R-CAT-031).
    """
    case.effective_on = check_effect(document, effective_on, today=beijing_day(at))
    case.document = document.strip()
    if case.conflicts:
        names = list(case.duties.filter(department=None).order_by("name").values_list("name", flat=True)[:5])
        words = {"count": case.conflicts, "items": "、".join(names)}
        raise Conflict(_("有 %(count)d 个信息项由多个部门采集（%(items)s 等），请先明确数源部门，再重新分解。") % words)
    if case.catalogue_version != catalogue_version(case.region):
        raise WrongState(_("分解之后目录已有更新，请先重新分解，再印发。"))


def enter_duties(*, at: datetime) -> int:
    """Let issued lists whose day has come enter into force, in place of the one before; returns how many."""
    due = DutyList.objects.filter(state="issued", effective_on__lte=beijing_day(at)).order_by("number")
    cases = list(due)
    for case in cases:
        with transaction.atomic():
            supersede(case.region, at)
            DUTY_LIST.advance_many("enter", [case.pk], by=PLATFORM, at=at, in_force_on=beijing_day(at))
    return len(cases)


def supersede(region: str, at: datetime) -> DutyList | None:
    """End the list in force in a region and return it, None where there is none."""
    old = DutyList.objects.select_for_update(of=("self",)).filter(region=region, state="in_force").first()
    if old:
        DUTY_LIST.advance_many("supersede", [old.pk], by=PLATFORM, at=at, ended_on=beijing_day(at))
    return old


def tell_of_list(case_id: int, *, at: datetime) -> None:
    """Tell each department of an issued list how many items it collects."""
    case = DutyList.objects.get(pk=case_id)
    per_department = case.duties.filter(until=None, department__isnull=False).values("department")
    for row in per_department.annotate(many=Count("pk")).order_by("department"):
        words = {"document": case.document, "count": row["many"]}
        inbox.tell(
            department_id=row["department"],
            title=_("采集责任清单已印发（%(document)s）：本部门 %(count)d 项") % words,
            link=f"/catalogue/sources/duties/{case.pk}/?department={row['department']}",
            at=at,
        )


@action("catalogue.register_collection", label=N_("登记采集"), allow=COLLECTOR)
def register_collection(
    *, by: Actor, at: datetime, department_id: int, items: Sequence[str], purpose: str, basis: str
) -> Collection:
    """Register what a department is going to collect, before it begins (neijiang-2020#17).

    Conflict naming the authoritative source of each item that is another department's duty, and how to obtain it.
    """
    chosen = item_names(items)
    check_collection(purpose, basis)
    region = parties.department(department_id).region
    if others := not_ours(region, department_id, chosen, at=at):
        raise Conflict("；".join(others) + _("。请通过共享取得，不要重复采集。"))
    return Collection.objects.create(
        region=region,
        department_id=department_id,
        items=list(chosen),
        purpose=purpose.strip()[:500],
        basis=basis.strip()[:300],
        account_name=by.name[:100],
        at=at,
    )
