"""Back-flow (W27): needed by the lower department, arranged by the upper one, run by schedule, ended when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import orjson
from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel import inbox, jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day, end_of_day
from jutong.kernel.errors import Conflict, NotAllowed, WrongState
from jutong.kernel.terms import N_, Masking
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.exchange.actions import tasks
from jutong.slices.exchange.actions.ordering import Wanted
from jutong.slices.exchange.actions.watching import PLATFORM, page_of, propose_finding
from jutong.slices.exchange.models import Backflow
from jutong.slices.exchange.rules import Mode, Plan, Terms
from jutong.slices.exchange.rules import backflow as rules
from jutong.slices.exchange.rules.backflow import RUNNING, reference
from jutong.slices.exchange.workflow import BACKFLOW
from jutong.slices.grants import actions as grants
from jutong.slices.parties import queries as parties
from jutong.wire.grants import Column, Condition, Kind, Operator
from jutong.wire.grants import Mode as DeliveryMode
from jutong.wire.transfers import OrderKind

TERM: Final = timedelta(days=5 * 365)
"""How long the grant of an arrangement runs; then it is arranged anew."""


@BACKFLOW.opens("need")
def need_backflow(
    *, by: Actor, at: datetime, resource_id: int, duty: str, items: Sequence[str], division_item: str
) -> Backflow:
    """State what a lower department needs of an upper one's data about its own area: duty, items, selecting item.

    Where the provider's region has set an internal target for the answer, its clock starts (R-OVR-039). WrongState where the provider's profile knows no back-flow (national-2025#24 does); RuleBroken for a department that
    does not lie in the provider's area, and for a need that is not whole; Conflict where the same is arranged already.
    """
    entry = catalogue.require_published(resource_id)
    if by.department_id is None:
        raise NotAllowed(N_("只有下级政府部门的人员可以提出回流需求。"))
    policy = jurisdiction.policy_for(parties.department(entry.provider_id).region, beijing_day(at))
    rules.check_regulated(policy.text("backflow"))
    lower, upper = parties.department(by.department_id), parties.department(entry.provider_id)
    rules.check_levels(below=parties.lies_within(lower.region, upper.region))
    rules.check_need(duty, items, division_item, {item.name: item.kind for item in entry.items})
    if Backflow.objects.filter(resource_id=entry.id, consumer_id=lower.id).exclude(state="ended").exists():
        raise Conflict(N_("本部门对该资源的回流需求已经提出，请在原需求上办理。"))
    return Backflow(
        region=upper.region,
        authority_id=parties.authority_of(upper.region),
        resource_id=entry.id,
        title=entry.title,
        entry_code=entry.code,
        provider_id=entry.provider_id,
        consumer_id=lower.id,
        duty=duty.strip(),
        items=list(dict.fromkeys(items)),
        division_item=division_item,
        needed_at=at,
    )


@BACKFLOW.action("arrange")
def arrange_backflow(case: Backflow, *, by: Actor, at: datetime, cron: str, security: str) -> None:
    """Arrange a back-flow: the rows of the lower department's area, unmasked, by schedule, with security measures.

    The area becomes a typed row condition of the grant: codes beginning with the region's own prefix or that of a region
    merged into it, without those that moved away (R-CAS-014). Nothing else can be demanded (R-CAS-015).
    """
    case.cron, case.security = rules.check_arrangement(cron, security), security.strip()
    area = parties.area_of(parties.department(case.consumer_id).region)
    case.prefixes, case.moved_away = list(area.prefixes), list(area.moved_away)
    mount = datacentre.mount_of(case.resource_id)
    mounted = {column.item: column for column in mount.columns} if mount else {}
    if mount is None or (missing := [item for item in case.items if item not in mounted]):
        raise WrongState(
            _("该资源尚未挂接，或所需信息项没有挂接（%s），请先完成挂接。")
            % ("、".join(missing) if mount else case.title)
        )
    entry = catalogue.require_published(case.resource_id)
    grant = grants.open_grant(
        grants.Opening(
            region=case.region,
            resource_id=case.resource_id,
            resource_title=case.title,
            entry_code=case.entry_code,
            entry_version=entry.version,
            provider_id=case.provider_id,
            consumer_id=case.consumer_id,
            authority_id=case.authority_id,
            case_ref=reference(case.pk),
            request_digest=_digest(case),
            terms=_terms(case, mounted, mount.key_items, {item.name: item.kind for item in entry.items}, at),
        ),
        by=by,
        at=at,
    )
    case.grant_id = grant.pk


def _terms(
    case: Backflow, mounted: Mapping[str, Column], keys: Sequence[str], known: dict[str, Kind], at: datetime
) -> grants.Terms:
    """Return what the arrangement grants: the needed items, unmasked, of the area's rows."""
    conditions = (
        Condition(case.division_item, Operator.PREFIX, tuple(case.prefixes)),
        *(Condition(case.division_item, Operator.NE, (code,)) for code in case.moved_away),
    )
    return grants.Terms(
        columns=tuple(Column(item, mounted[item].column, mounted[item].kind, Masking.NONE) for item in case.items),
        conditions=conditions,
        key_items=tuple(item for item in keys if item in case.items),
        modes=(DeliveryMode.FRONT_END_NODE,),
        purposes=rules.PURPOSES,
        valid_from=at,
        valid_until=end_of_day(beijing_day(at + TERM)),
        basis=case.duty,
        remarks=case.security,
        known=known,
    )


def _digest(case: Backflow) -> str:
    """Return the SM3 (hex) of what was needed and arranged, bound into the grant."""
    said = {
        "resource": case.entry_code, "duty": case.duty, "items": case.items, "division_item": case.division_item,
        "cron": case.cron, "security": case.security,
    }  # fmt: skip
    return sm3.hexdigest(orjson.dumps(said, option=orjson.OPT_SORT_KEYS))


@BACKFLOW.action("start")
def start_backflow(case: Backflow, *, by: Actor, at: datetime, source_id: int, schema: str, table: str) -> None:
    """Let the back-flow run: a standing task into the lower department's own table, counted division by division.

    Each run replaces the table whole by what the area holds then. Refusals as for a task.
    """
    wanted = Wanted(OrderKind.TABLE, source_id, schema, table, Mode.REPLACE)
    plan = Plan(Terms(division_item=case.division_item), case.cron)
    task = tasks.create_task(by=by, at=at, grant_id=case.grant_id or 0, wanted=wanted, plan=plan, at_once=True)
    case.task_id, case.started_at = task.pk, at


@BACKFLOW.action("report_condition")
def report_condition(case: Backflow, *, by: Actor, at: datetime, condition: str, evidence: str) -> None:
    """Report, with evidence, that the upper department demands something beyond the arrangement (R-CAS-015).

    It is put forward as a possible finding; whether it is one a person decides (W16).
    """
    rules.check_evidence(condition, evidence)
    case.condition, case.evidence = condition.strip(), evidence.strip()
    words = _("%(number)s %(title)s：附加条件“%(condition)s”；依据材料：%(evidence)s") % {
        "number": rules.numbered(case.pk), "title": case.title, "condition": case.condition, "evidence": case.evidence,
    }  # fmt: skip
    propose_finding(case, "backflow_condition", words, by=by, at=at)


@BACKFLOW.action("end")
def end_backflow(case: Backflow, *, by: Actor, at: datetime, note: str = "") -> None:
    """The lower department needs it no longer: task and grant end; what was delivered, and its proofs, stay.

    The upper department ends or changes what runs through W15 only (national-2025#27).
    """
    _rest(case)
    if case.grant_id is not None:
        ground, reason = "no_longer_necessary", _("使用方不再需要回流数据：%s") % (note.strip() or case.title)
        with suppress(WrongState):  # the grant may have ended before
            grants.revoke_grant(case.grant_id, by=PLATFORM, at=at, reason=reason, ground=ground)


def follow_grant(grant_id: int, *, at: datetime) -> int:
    """End the back-flow whose grant is over, and tell both sides; returns how many ended."""
    cases = list(Backflow.objects.filter(grant_id=grant_id, state__in=("arranged", *RUNNING)).select_related("task"))
    for case in cases:
        if not BACKFLOW.advance_many("cease", [case.pk], by=PLATFORM, at=at).done:
            continue
        _rest(case)
        Backflow.objects.filter(pk=case.pk).update(late_since=None)
        title = _("授权已终止，数据回流随之结束：%s") % case.title
        for department_id in (case.provider_id, case.consumer_id):
            inbox.tell(department_id=department_id, title=title[:200], link=page_of(case.pk), at=at)
    return len(cases)


def _rest(case: Backflow) -> None:
    case.late_since = None
    if case.task is not None:
        case.task.paused, case.task.due_at = True, None
        case.task.save(update_fields=["paused", "due_at"])
