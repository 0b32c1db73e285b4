"""Assessment, leader's approval, submission, review, determination and publication, one by one and in sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel import outbox
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.kernel.terms import Zone
from jutong.kernel.workflow import Moved
from jutong.slices.catalogue.actions.assessing import approve_with, assess_version, refuse_unassessed, unheld
from jutong.slices.catalogue.actions.channelling import without_channel
from jutong.slices.catalogue.actions.coding import give_codes, next_serial
from jutong.slices.catalogue.actions.filing import file_submitted, flag_against_duty
from jutong.slices.catalogue.actions.following import follow_catalogue
from jutong.slices.catalogue.actions.leading import (
    check_recipient,
    refuse_unled,
    unled_entries,
)
from jutong.slices.catalogue.actions.noticing import notice
from jutong.slices.catalogue.actions.observing import take_pulse
from jutong.slices.catalogue.actions.opinions import opinion, opinions
from jutong.slices.catalogue.actions.referring import fixed_otherwise, refuse_fixed
from jutong.slices.catalogue.actions.refusing import refuse, summary
from jutong.slices.catalogue.actions.regrading import head_only
from jutong.slices.catalogue.actions.returning import inherited
from jutong.slices.catalogue.actions.revising import note_revised
from jutong.slices.catalogue.actions.sourcing import note_claims, refuse_claims, unready
from jutong.slices.catalogue.actions.storing import list_entries
from jutong.slices.catalogue.actions.turning import begin_turns, end_turns, publish_turns
from jutong.slices.catalogue.actions.updating import note_done, note_submitted
from jutong.slices.catalogue.events import NOTICE_PUBLISHED
from jutong.slices.catalogue.models import Entry, Notice, Opinion
from jutong.slices.catalogue.queries.contents import content_of, contents_of
from jutong.slices.catalogue.queries.specified import duties_at
from jutong.slices.catalogue.rules.assessments import PERSONAL, SECRECY
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.findings import Finding, grave
from jutong.slices.catalogue.rules.obligations import Obligations, obligations, ready
from jutong.slices.catalogue.workflow import ENTRY
from jutong.slices.parties import queries as parties


def _duties(case: Entry) -> Obligations:
    return obligations(case.policy)


def _findings(case: Entry, content: Content, at: datetime) -> tuple[Finding, ...]:
    return (*_lacking(case, content, at), *inherited([case], {case.working_id or 0: content})[case.pk])


def _lacking(case: Entry, content: Content, at: datetime) -> tuple[Finding, ...]:
    """Return what keeps a content back by profile and by the specification in force at that moment (R-CAT-016, 027)."""
    return grave(ready(content, duties_at(case, at), provider=case.provider_name))


@ENTRY.action("assess")
def assess(
    case: Entry,
    *,
    by: Actor,
    at: datetime,
    secret: bool,
    secrecy: str,
    personal_information: str = "",
    answers: Mapping[str, str] | None = None,
    number: str = "",
) -> None:
    """Record the assessments of this version before it is submitted (national-2025#13).

    secret: a secret was found: NotAllowed outside the inner network, nothing is stored (national-2025#3). secrecy, personal_information with answers:
    conclusions, left out where not due or where an assessment still holds; WrongState after one that is not acceptable.
    """
    if secret and case.zone != Zone.INNER:
        raise NotAllowed(_("评估认定含国家秘密或工作秘密：不得在本平台编目，请按保密规定处理。"))
    given = {SECRECY: (secrecy, {}), PERSONAL: (personal_information, answers or {})}
    assess_version(case, content_of(case.working_id or 0), given, number=number, by=by, at=at)
    detail = {"secrecy": secrecy.strip(), "personal_information": personal_information.strip()}
    opinion(case, "assessment", by, at, number=number, detail=detail).save()


@ENTRY.action("leader_approve")
def leader_approve(case: Entry, *, by: Actor, at: datetime, note: str = "") -> None:
    """A registered leader of the department approves this complete version, and its assessments (national-2025#13, #15)."""
    content = content_of(case.working_id or 0)
    refuse(_findings(case, content, at))
    refuse_unassessed(case, content, at=at)
    approve_with(case, by=by, at=at)
    opinion(case, "leader_approval", by, at, text=note.strip()).save()


@ENTRY.action("submit")
def submit(case: Entry, *, by: Actor, at: datetime, note: str = "") -> None:
    """Send the entry to the authority for review: complete, assessed, coded, filed where asked (national-2025#13, #16)."""
    refuse_unassessed(case, content_of(case.working_id or 0), at=at)
    _submit(case, by, at)


@ENTRY.action("submit_directly")
def submit_directly(case: Entry, *, by: Actor, at: datetime, note: str = "") -> None:
    """Submit without leader's approval, under profiles that ask for none (before 2025-08-01).

    Where the profile has each resource pass a secrecy check, a version without one is refused: WrongState (R-SEC-010).
    """
    if case.state != "assessed" and _duties(case).secrecy_check:
        raise WrongState(_("此版本尚未通过本部门的保密检查，不能提交；请先登记保密检查结论。"))
    _submit(case, by, at)


def _submit(case: Entry, by: Actor, at: datetime) -> None:
    content = content_of(case.working_id or 0)
    refuse(_findings(case, content, at))
    refuse_unled(case, content)
    refuse_claims(case, content, at=at)
    refuse_fixed(case, content)
    case.authority_id = parties.authority_of(case.region)
    give_codes([(case, content)], at=at)
    notice([(case, content)], at=at)
    case.changed_at = at
    flag_against_duty([(case, content)])
    file_submitted([case], by=by, at=at)
    note_submitted([case.pk], at=at)
    begin_turns([case], at=at)


def submit_entries(ids: Iterable[int], *, by: Actor, at: datetime, recipient_id: int | None = None) -> Moved:
    """Submit a set; the incomplete are refused one by one with what they lack.

    recipient_id: to whom the department means to send them; WrongState naming the right authority where it is another,
    as when a county's department passes its own authority over (R-CAT-025).
    """
    ids = list(ids)
    if recipient_id is not None:
        check_recipient(ids, recipient_id)
    with transaction.atomic():
        moved = ENTRY.advance_many("submit", ids, by=by, at=at)
        entries = list(Entry.objects.filter(pk__in=moved.done).order_by("pk"))
        contents = contents_of(entry.working_id for entry in entries)
        pairs = [(entry, contents[entry.working_id or 0]) for entry in entries]
        give_codes(pairs, at=at)
        notice(pairs, at=at)
        authorities = {region: parties.authority_of(region) for region in {entry.region for entry in entries}}
        for entry in entries:
            entry.authority_id = authorities[entry.region]
            entry.changed_at = at
        flag_against_duty([(entry, contents[entry.working_id or 0]) for entry in entries])
        columns = ["code", "class_node", "authority", "warnings", "changed_at"]
        Entry.objects.bulk_update(entries, columns, batch_size=500)
        file_submitted(entries, by=by, at=at)
        note_submitted(moved.done, at=at)
        begin_turns(entries, at=at)
    return moved


@ENTRY.guard("submit")
def submittable(cases: Sequence[Entry], *, by: Actor, at: datetime) -> Mapping[int, str]:
    """Say of each case what keeps it from being submitted: what it lacks, and assessments that do not hold (R-SEC-038)."""
    contents = contents_of(case.working_id for case in cases)
    unassessed = {case.pk: why for case in cases if (why := unheld(case, contents[case.working_id or 0], at=at))}
    return {**unassessed, **complete(cases, by=by, at=at)}


@ENTRY.guard("publish")
def publishable(cases: Sequence[Entry], *, by: Actor, at: datetime) -> Mapping[int, str]:
    """Say of each case what keeps it from being published: what `complete` says, and a missing correction channel."""
    return {**without_channel(cases, at), **complete(cases, by=by, at=at)}


def complete(cases: Sequence[Entry], *, by: Actor, at: datetime) -> Mapping[int, str]:
    """Say of each case what keeps it from going on: all guards of the profile hold again (W01)."""
    contents = contents_of(case.working_id for case in cases)
    demanded = inherited(cases, contents)
    pairs = [(case, contents[case.working_id or 0]) for case in cases]
    found = {case.pk: (*_lacking(case, content, at), *demanded[case.pk]) for case, content in pairs}
    lacking = {pk: summary(findings) for pk, findings in found.items() if findings}
    strange = {pk: refusal.sentence for pk, refusal in unled_entries(pairs).items()}
    return {**unready(pairs, at=at), **fixed_otherwise(pairs), **strange, **lacking}


@ENTRY.action("determine")
def determine(
    case: Entry, *, by: Actor, at: datetime, number: str, note: str = "", express_prohibition: bool | None = None
) -> None:
    """Determine (核定) a restrictive type with its number; review is recorded in the same step (W01)."""
    if not number.strip():
        raise RuleBroken(_("核定须填写文号。"), field="number")
    opinion(case, "determination", by, at, number=number.strip(), text=note.strip()).save()
    _pass(case, by, at, note, express_prohibition)


@ENTRY.action("review")
def review(case: Entry, *, by: Actor, at: datetime, note: str = "", express_prohibition: bool | None = None) -> None:
    """Pass the review of the same-level authority (national-2025#16).

    For a withheld entry the reviewer confirms that the cited wording is an express prohibition (R-CAT-053).
    """
    _pass(case, by, at, note, express_prohibition)


def _pass(case: Entry, by: Actor, at: datetime, note: str, express_prohibition: bool | None) -> None:
    if why := head_only(case, content_of(case.working_id or 0), by=by, at=at):
        raise NotAllowed(why)
    if case.share_type == "withheld" and _duties(case).reason and not express_prohibition:
        raise RuleBroken(
            _("不予共享的目录，须确认所引条款属于明确禁止提供；不属于的，请退回由提供部门改选共享类型。"),
            field="express_prohibition",
        )
    detail = {} if express_prohibition is None else {"express_prohibition": express_prohibition}
    opinion(case, "review", by, at, text=note.strip(), detail=detail).save()
    case.changed_at = at
    end_turns([case.pk], "reviewed", at=at)


def review_entries(
    ids: Iterable[int], *, by: Actor, at: datetime, note: str = "", remarks: Mapping[int, str] | None = None
) -> Moved:
    """Pass the review of a set; withheld entries are left for single review, with the reason why."""
    with transaction.atomic():
        moved = ENTRY.advance_many("review", ids, by=by, at=at, words={"note": note}, changed_at=at)
        opinions(moved.done, "review", by, at, remarks, text=note.strip())
        end_turns(moved.done, "reviewed", at=at)
    return moved


def determine_entries(
    ids: Iterable[int],
    *,
    by: Actor,
    at: datetime,
    number: str,
    note: str = "",
    remarks: Mapping[int, str] | None = None,
) -> Moved:
    """Determine the types of a set under one number and pass their review; withheld entries are left as above.

    RuleBroken without a number.
    """
    if not number.strip():
        raise RuleBroken(_("核定须填写文号。"), field="number")
    words = {"number": number, "note": note}
    with transaction.atomic():
        moved = ENTRY.advance_many("determine", ids, by=by, at=at, words=words, changed_at=at)
        opinions(moved.done, "determination", by, at, remarks, number=number.strip(), text=note.strip())
        opinions(moved.done, "review", by, at, remarks, text=note.strip())
        end_turns(moved.done, "reviewed", at=at)
    return moved


@ENTRY.guard("determine")
@ENTRY.guard("review")
def reviewable(cases: Sequence[Entry], *, by: Actor, at: datetime) -> Mapping[int, str]:
    """Withheld entries need the reviewer's own confirmation and are not passed in sets; high grades need the head."""
    sentence = _("不予共享的目录须逐条确认条款，请单独审核。")
    contents = contents_of(case.working_id for case in cases)
    found = {case.pk: head_only(case, contents[case.working_id or 0], by=by, at=at) for case in cases}
    withheld = {case.pk: sentence for case in cases if case.share_type == "withheld" and _duties(case).reason}
    return {pk: why for pk, why in found.items() if why} | withheld


@ENTRY.action("publish")
def publish(case: Entry, *, by: Actor, at: datetime, note: str = "") -> None:
    """Publish one reviewed entry in a notice of its own (national-2025#16); all guards hold again (R-CAT-016)."""
    content = content_of(case.working_id or 0)
    refuse(_findings(case, content, at))
    refuse_unled(case, content)
    refuse_claims(case, content, at=at)
    if lacking := without_channel([case], at):
        raise WrongState(lacking[case.pk])
    case.published_id = case.working_id
    Entry.objects.filter(pk=case.pk).update(published=case.published_id)  # what follows reads it from the table
    _announce([case], by, at)
    case.changed_at = at


def publish_entries(ids: Iterable[int], *, by: Actor, at: datetime) -> tuple[Moved, str]:
    """Publish a set of reviewed entries in one notice to all departments; returns what moved and the notice's number."""
    with transaction.atomic():
        moved = ENTRY.advance_many("publish", ids, by=by, at=at, changed_at=at)
        entries = list(Entry.objects.filter(pk__in=moved.done).order_by("pk"))
        for entry in entries:
            entry.published_id = entry.working_id
        Entry.objects.bulk_update(entries, ["published"], batch_size=500)
        numbers = [
            _announce([entry for entry in entries if entry.authority_id == authority], by, at)
            for authority in sorted({entry.authority_id or 0 for entry in entries})
        ]
    return moved, "、".join(numbers)


def _announce(entries: Sequence[Entry], by: Actor, at: datetime) -> str:
    """Write one notice of entries of one authority, put them in force for search, and publish the event."""
    first = entries[0]
    year = beijing_day(at).year
    serial = next_serial(f"notice:{first.authority_id}:{year}")
    notice = Notice.objects.create(
        number=_("%(region)s政数目录通告〔%(year)d〕%(serial)d号")
        % {"region": first.region, "year": year, "serial": serial},
        authority_id=first.authority_id or 0,
        region=first.region,
        year=year,
        serial=serial,
        entries=len(entries),
        at=at,
    )
    contents = contents_of(entry.working_id for entry in entries)
    Opinion.objects.bulk_create(
        [opinion(e, "publication", by, at, number=notice.number, notice=notice) for e in entries]
    )
    pairs = [(entry, contents[entry.working_id or 0]) for entry in entries]
    take_pulse(pairs, at=at)
    list_entries(pairs, in_force=True, at=at)
    note_done([entry.pk for entry in entries], at=at)
    publish_turns([entry.pk for entry in entries], at=at)
    note_revised(entries, at=at)
    note_claims(pairs, at=at)
    follow_catalogue(entries, at=at, notice=notice)
    payload = {
        "notice": notice.number,
        "region": first.region,
        "authority_id": first.authority_id,
        "count": len(entries),
    }
    outbox.publish(NOTICE_PUBLISHED, f"catalogue.notice:{notice.pk}", payload | {"id": notice.pk}, at=at, by=by)
    return notice.number
