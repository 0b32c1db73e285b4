"""What the catalogue does when something was published: determination, notices to people, the workbench."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox, jobs, outbox
from jutong.kernel.actors import Role, system_actor
from jutong.slices.catalogue.actions import (
    Granted,
    Opened,
    close_gaps,
    complete_mergers,
    end_censuses,
    enter_duties,
    enter_into_force,
    fill_census,
    join_counts,
    lapse_findings,
    lapse_tasks,
    leave_entry,
    look_for,
    meet_by_entries,
    note_called,
    note_granted,
    note_mounted,
    note_refreshed,
    note_requests_granted,
    note_use_ended,
    note_uses,
    propose_once,
    pursue,
    receive_update,
    remind_of_census,
    remind_of_cycles,
    restand_the_aged,
    tell_of_answer,
    tell_of_demand,
    tell_of_end,
    tell_of_list,
    tell_of_open,
    tell_of_return,
    tell_subscribers,
)
from jutong.slices.catalogue.actions import importing as importing
from jutong.slices.catalogue.events import (
    NOTICE_PUBLISHED,
    REGION_AGGREGATED,
    SOURCE_NOT_SUPPORTED,
    UPDATE_OVERDUE,
)
from jutong.slices.catalogue.models import CatalogUpdate, Designation, Entry, Fault, Referral, SourceTask
from jutong.slices.catalogue.reactions import safety as safety
from jutong.slices.catalogue.workflow import CATALOG_UPDATE, DEMAND, ENTRY, determined
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("catalogue")
_MOST_TOLD: Final = 5_000


@outbox.on("catalog_entry.submitted")
def to_determination(event: outbox.Event, at: datetime) -> None:
    """Move a restrictive type to determination where the profile asks for it; tell the authority of the rest."""
    entry = Entry.objects.filter(pk=event.payload["id"], state="submitted").first()
    if entry and determined(entry.policy, entry):
        ENTRY.advance_many("hold", [entry.pk], by=PLATFORM, at=at)


@outbox.on("catalog_entry.published")
def to_merger(event: outbox.Event, at: datetime) -> None:
    """What was to go into a published entry is withdrawn, and what a census missed is no longer missing."""
    complete_mergers(int(event.payload["id"]), by=PLATFORM, at=at)
    close_gaps(int(event.payload["id"]), at=at)


@outbox.on("catalog_entry.published")
def to_demands(event: outbox.Event, at: datetime) -> None:
    """What was compiled for a demand, or linked to it before, meets it once it is published and reachable (W04)."""
    meet_by_entries([int(event.payload["id"])], at=at)


@outbox.on("catalog_entry.returned")
def tell_provider(event: outbox.Event, at: datetime) -> None:
    """Tell the provider's data officers that an entry came back."""
    inbox.tell(
        department_id=int(event.payload["provider_id"]),
        role=Role.DATA_OFFICER,
        title=_("目录被退回：%s") % event.payload["title"],
        link=f"/catalogue/{event.payload['id']}/",
        at=at,
    )


@outbox.on(NOTICE_PUBLISHED)
def tell_departments(event: outbox.Event, at: datetime) -> None:
    """Give every department of the area the one notice with its number (national-2025#16), and those who asked theirs."""
    tell_subscribers(int(event.payload["id"]), at=at)
    for department in parties.search_departments(region=event.payload["region"], limit=_MOST_TOLD):
        inbox.tell(
            department_id=department.id,
            title=_("%(notice)s：发布政务数据目录 %(count)d 条") % event.payload,
            link=f"/catalogue/notices/{event.payload['id']}/",
            at=at,
        )


@outbox.on(REGION_AGGREGATED)
def tell_above(event: outbox.Event, at: datetime) -> None:
    """Tell the authority above that there is a new version of a catalogue below, to be aggregated into its own."""
    region, above = event.payload["region"], parties.authority_above(event.payload["region"])
    if above != event.payload["authority_id"]:
        words = {**event.payload, "name": parties.region_name(region)}
        title = _("%(name)s目录汇总第 %(number)d 版：新增 %(added)d，变更 %(changed)d，撤销 %(withdrawn)d，请汇总")
        inbox.tell(department_id=above, title=title % words, link="/catalogue/regional/pending/", at=at)


@outbox.on("catalog_update.update_due")
def tell_of_duty(event: outbox.Event, at: datetime) -> None:
    """Tell the department's data officers that entries must be updated, or that the update came back."""
    again = event.payload["from"] != "triggered"
    inbox.tell(
        department_id=int(event.payload["provider_id"]),
        role=Role.DATA_OFFICER,
        title=(_("目录更新被退回，请继续更新：%s") if again else _("请更新目录：%s")) % event.payload["occasion"],
        link=f"/catalogue/updates/{event.payload['id']}/",
        at=at,
    )


@outbox.on("catalog_update.update_submitted")
def receive_report(event: outbox.Event, at: datetime) -> None:
    """A reported update is received by the authority, whose limit counts from that day."""
    receive_update(int(event.payload["id"]), at=at)


@outbox.on_many("clock.due_soon", "clock.overdue")
def remind_of_update(events: Sequence[outbox.Event], at: datetime) -> None:
    """A limit of an update comes near or has passed; a passed one is told above as well and recorded for rectification.

    Overdue is never approval: nothing is published by it (R-CAT-058).
    """
    for event in events:
        if event.payload["case_kind"] == CATALOG_UPDATE.name:
            _remind_of_update(event, at)


def _remind_of_update(event: outbox.Event, at: datetime) -> None:
    update = CatalogUpdate.objects.get(pk=event.payload["case_id"])
    overdue, review = event.name == "clock.overdue", event.payload["clock"] == "review"
    told = [update.authority_id if review else update.provider_id]
    if overdue:
        told += [update.provider_id, parties.authority_above(update.region)] if review else [update.authority_id]
        finding = "review_overdue" if review else "catalog_not_updated"
        payload = {"id": update.pk, "finding": finding, **update.event_payload()}
        outbox.publish(UPDATE_OVERDUE, f"{CATALOG_UPDATE.name}:{update.pk}", payload, at=at, by=PLATFORM)
    title = _("%(label)s%(state)s：%(occasion)s，期限 %(day)s") % {
        "label": _(event.payload["label"]),
        "state": _("已超期") if overdue else _("即将到期"),
        "occasion": update.occasion,
        "day": event.payload["due_day"],
    }
    for department_id in dict.fromkeys(told):
        inbox.tell(department_id=department_id, title=title, link=f"/catalogue/updates/{update.pk}/", at=at)


@outbox.on("datacentre.mount_changed")
def follow_mount(event: outbox.Event, at: datetime) -> None:
    """A resource was put behind an entry, or taken away."""
    note_mounted(int(event.payload["resource_id"]), active=bool(event.payload["active"]), at=at)
    meet_by_entries([int(event.payload["resource_id"])], at=at)


@outbox.on("exchange.submission_accepted")
def follow_submission(event: outbox.Event, at: datetime) -> None:
    """A batch of an entry's data passed its checks."""
    note_refreshed(int(event.payload["resource_id"]), at=at)


@outbox.on_many("grants.version_opened")
def follow_grants(events: Sequence[outbox.Event], at: datetime) -> None:
    """Entries were granted to somebody."""
    told = [event.payload for event in events]
    note_granted({int(one["resource_id"]) for one in told}, at=at)
    note_uses(
        [
            Granted(int(one["id"]), int(one["resource_id"]), int(one["provider_id"]), int(one["consumer_id"]))
            for one in told
            if {"id", "provider_id", "consumer_id"} <= one.keys()
        ],
        at=at,
    )


@outbox.on("grant.revoked", "grant.expired", "grant.terminated")
def follow_end(event: outbox.Event, at: datetime) -> None:
    """A grant is over."""
    note_use_ended(int(event.payload["id"]), at=at)


@outbox.on("grants.used")
def follow_calls(event: outbox.Event, at: datetime) -> None:
    """A call came under a grant, the first of its day."""
    day = date.fromisoformat(event.payload["day"])
    note_called(int(event.payload["id"]), entry_id=int(event.payload["resource_id"]), day=day, at=at)


@jobs.every(3600)
def remind(at: datetime) -> int:
    """Remind departments of entries that were not updated by their cycle, and let those fall back in the ranking."""
    return remind_of_cycles(at=at) + restand_the_aged(at=at)


@jobs.every(300)
def join_tallies(at: datetime) -> int:
    """Join the counts of what is in force where many changes left many rows."""
    return join_counts(at=at)


@outbox.on("source_designation.opinions")
def ask_parties(event: outbox.Event, at: datetime) -> None:
    """Ask the departments concerned which of them ought to be the source."""
    case = Designation.objects.get(pk=event.payload["id"])
    _tell_parties(case, _("请对数源部门认定提出意见：涉及 %d 个信息项") % case.items.count(), at)


@outbox.on("source_designation.designated")
def take_effect(event: outbox.Event, at: datetime) -> None:
    """Tell the departments who the source is; a designation whose day has come is in force at once."""
    case = Designation.objects.select_related("source").get(pk=event.payload["id"])
    words = {"department": case.source.name if case.source else "", "day": case.effective_on}
    _tell_parties(case, _("已明确数源部门：%(department)s，%(day)s 起生效") % words, at)
    enter_into_force(at=at)


def _tell_parties(case: Designation, title: str, at: datetime) -> None:
    for department in case.parties.values_list("department", flat=True):
        inbox.tell(department_id=department, title=title, link=f"/catalogue/sources/designations/{case.pk}/", at=at)


@outbox.on("source_task.open", "source_task.done", "source_task.overdue")
def tell_of_task(event: outbox.Event, at: datetime) -> None:
    """Tell the department asked of a task, the source of its result, and both and the authority when it lapsed."""
    task = SourceTask.objects.select_related("source", "holder").get(pk=event.payload["id"])
    words = {"source": task.source.name, "holder": task.holder.name, "day": task.due_on}
    title, told = {
        "open": (_("%(source)s请求补充更正数据，期限 %(day)s"), [task.holder_id]),
        "done": (_("%(holder)s已办理数源更新任务"), [task.source_id]),
        "overdue": (
            _("%(holder)s逾期未办理数源更新任务（期限 %(day)s）"),
            [task.holder_id, task.source_id, task.authority_id],
        ),
    }[event.payload["to"]]
    for department in told:
        inbox.tell(department_id=department, title=title % words, link=f"/catalogue/sources/tasks/{task.pk}/", at=at)


@outbox.on("duty_list.issued")
def begin_duties(event: outbox.Event, at: datetime) -> None:
    """Tell the departments of an issued duty list; a list whose day has come is in force at once."""
    tell_of_list(int(event.payload["id"]), at=at)
    enter_duties(at=at)


@outbox.on("attribute_referral.referred", "attribute_referral.decided")
def tell_of_referral(event: outbox.Event, at: datetime) -> None:
    """Tell the authority of a referral, and the department of the decision."""
    case = Referral.objects.select_related("entry").get(pk=event.payload["id"])
    decided = event.payload["to"] == "decided"
    title = _("属性定级已确定（%(document)s）：%(title)s") if decided else _("提请确定属性定级：%(title)s")
    inbox.tell(
        department_id=case.provider_id if decided else case.authority_id,
        title=title % {"document": case.document, "title": case.entry.title},
        link=f"/catalogue/revisions/referrals/{case.pk}/",
        at=at,
    )


@outbox.on("resource_census.open")
def begin_census(event: outbox.Event, at: datetime) -> None:
    """Propose the lines of a census from the catalogue and tell the departments."""
    fill_census(int(event.payload["id"]), at=at)


@outbox.on("resource_census.closed")
def end_census(event: outbox.Event, at: datetime) -> None:
    """Tell the authority how a census ended."""
    tell_of_end(int(event.payload["id"]), at=at)


@outbox.on("census_declaration.assigned")
def return_declaration(event: outbox.Event, at: datetime) -> None:
    """Tell a department that its declaration came back."""
    tell_of_return(int(event.payload["id"]), at=at)


@jobs.every(300)
def follow_censuses(at: datetime) -> int:
    """End the censuses whose last day has passed, and remind departments of those that end soon."""
    return end_censuses(at=at) + remind_of_census(at=at)


@jobs.every(300)
def follow_days(at: datetime) -> int:
    """Let designations and duty lists enter into force, tasks and rectifications lapse, and tell of what is late."""
    begun = enter_into_force(at=at) + enter_duties(at=at)
    return begun + lapse_tasks(at=at) + tell_of_open(at=at) + lapse_findings(at=at)


@outbox.on("catalog_entry.withdrawn")
def from_demands(event: outbox.Event, at: datetime) -> None:
    """A withdrawn entry meets no demand: they go on to the one it was merged into, or back to the authority."""
    leave_entry(int(event.payload["id"]), at=at)


@outbox.on("demand.submitted", "demand.registered")
def look_for_demand(event: outbox.Event, at: datetime) -> None:
    """Look what the catalogue has for a demand that came in."""
    if event.payload["verb"] in {"submit", "register"}:
        look_for(int(event.payload["id"]))


@outbox.on(*(f"demand.{state}" for state in DEMAND.states))
def tell_of_demands(event: outbox.Event, at: datetime) -> None:
    """Tell those concerned of a demand's move."""
    tell_of_demand(event.payload, at=at)


@outbox.on("demand.accepted", "demand.registered", "demand.gap", "demand.assigned")
def pursue_demand(event: outbox.Event, at: datetime) -> None:
    """Take a demand on: met by what it is linked to, or given to the provider it names."""
    pursue(int(event.payload["id"]), at=at)


@outbox.on_many("sharing_request.granted")
def meet_by_requests(events: Sequence[outbox.Event], at: datetime) -> None:
    """Sharing requests were opened: the demands of their departments for those entries are met by them (R-SHR-039)."""
    told = [event.payload for event in events]
    opened = [Opened(str(one["number"] or ""), int(one["resource_id"]), int(one["consumer_id"])) for one in told]
    note_requests_granted(opened, at=at)


@outbox.on_many("clock.due_soon", "clock.overdue")
def remind_of_demand(events: Sequence[outbox.Event], at: datetime) -> None:
    """A provider's answer to a demand is due; a late one is told to the authority as well."""
    for event in events:
        if event.payload["case_kind"] == DEMAND.name:
            tell_of_answer(event.payload, overdue=event.name == "clock.overdue", at=at)


@outbox.on(UPDATE_OVERDUE, SOURCE_NOT_SUPPORTED)
def propose_finding_of(event: outbox.Event, at: datetime) -> None:
    """What a department let pass is proposed as a finding (national-2025#39(1), #39(3)); the authority decides."""
    given, kind = event.payload, event.payload["finding"]
    if kind == "catalog_not_updated":
        case = CatalogUpdate.objects.get(pk=given["id"])
        text, evidence = _("目录更新超期：%s") % case.occasion, _("目录更新任务 %(id)d，变化日期 %(day)s")
        words = {"id": case.pk, "day": case.event_on}
    elif kind == "source_not_supported":
        task = SourceTask.objects.get(pk=given["id"])
        text, evidence = _("未按期补充更正：%s") % task.text[:200], _("数源更新任务 %(id)d，期限 %(day)s")
        words = {"id": task.pk, "day": task.due_on}
    else:
        return
    department = given["provider_id"] if kind == "catalog_not_updated" else given["holder_id"]
    subject = f"{kind}:{given['id']}"
    propose_once(at=at, department_id=int(department), kind=kind, text=text, evidence=evidence % words, subject=subject)


@outbox.on("catalog_finding.notice_issued", "catalog_finding.reported_done", "catalog_finding.overdue")
def tell_of_finding(event: outbox.Event, at: datetime) -> None:
    """Tell the department of an order, the authority of its result, both when the day has passed."""
    case = Fault.objects.select_related("department").get(pk=event.payload["id"])
    words = {"department": case.department.name, "day": case.due_on}
    title, told = {
        "notice_issued": (_("责令限期整改目录问题，期限 %(day)s"), [case.department_id]),
        "reported_done": (_("%(department)s已报告目录问题整改情况，请核实"), [case.authority_id]),
        "overdue": (_("%(department)s逾期未整改目录问题（期限 %(day)s）"), [case.department_id, case.authority_id]),
    }[event.payload["to"]]
    for department in told:
        inbox.tell(department_id=department, title=title % words, link=f"/catalogue/faults/{case.pk}/", at=at)
