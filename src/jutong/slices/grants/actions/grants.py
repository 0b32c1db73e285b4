"""Changing, suspending and ending grants; the data plane follows within two seconds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import orjson
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from jutong.kernel import guards, inbox, outbox
from jutong.kernel.actors import Actor, Channel, system_actor
from jutong.kernel.clock import beijing_day, end_of_day
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import events, rules
from jutong.slices.grants.actions.opening import Terms
from jutong.slices.grants.actions.versions import let_look, new_version, tell_data_plane
from jutong.slices.grants.models import Grant
from jutong.slices.grants.queries.grants import agreed_of
from jutong.slices.grants.queries.reach import check_offer
from jutong.slices.grants.rules import Adjustment
from jutong.slices.grants.workflow import GRANT
from jutong.slices.standards import queries as standards
from jutong.wire.grants import Column


@GRANT.action("amend")
def amend_grant(grant: Grant, *, by: Actor, at: datetime, adjustment: Adjustment, reason: str) -> None:
    """Change the terms within what was agreed: a new version, the old one stays readable, the consumer is told.

    RuleBroken for terms wider than what was last consented to, for which the consumer has to ask anew (national-2025#25), for
    terms that change nothing, and without a reason.
    """
    if not reason.strip():
        raise RuleBroken(_("请说明理由，使用方将看到这段文字。"), field="reason")
    valid_until = end_of_day(adjustment.use_until)
    agreed = agreed_of(grant.pk)
    rules.check_within(adjustment, valid_until, agreed)
    terms = _narrowed(grant, adjustment, valid_until, agreed)
    terms.check(at)
    check_offer(grant.resource_id, terms.modes, at=at)
    changes = {
        name: value
        for name, value in terms.as_columns().items()
        if _canonical(value) != _canonical(getattr(grant, name))
    }
    if not changes:
        raise RuleBroken(_("内容没有变化，无需调整。"), field="items")
    for name, value in changes.items():
        setattr(grant, name, value)
    grant.version += 1
    new_version(grant, by=by, at=at)
    inbox.tell(
        department_id=grant.consumer_id,
        title=_("授权 G-%(id)06d（%(title)s）已由提供方调整为第 %(version)d 版")
        % {"id": grant.pk, "title": grant.resource_title, "version": grant.version},
        text=reason.strip(),
        link=f"/grants/{grant.pk}/",
        at=at,
    )


def _look(grant: Grant, *, by: Actor, at: datetime) -> None:
    let_look([grant], at=at)


@GRANT.action("widen", then=_look)
def widen_grant(grant: Grant, *, by: Actor, at: datetime, wider: rules.Wider, origin: str) -> None:
    """Widen a grant as the provider consented: a new version, the old ones stay readable (national-2025#25, R-SHR-045).

    origin: number of the case in which it was consented to. RuleBroken for what the entry has not, or what changes nothing.
    """
    entry = catalogue.require_published(grant.resource_id)
    columns = {item.name: Column(item.name, item.column or item.name, item.kind) for item in entry.items}
    held = {column["item"] for column in grant.items}
    rules.check_wider(wider, held=held, purposes=grant.purposes, known=columns)
    if wider.purposes:
        standards.check_purposes(wider.purposes, held=grant.purposes)
    more = tuple(msgspec.structs.replace(columns[one.item], masking=one.masking) for one in wider.items)
    fresh = tuple(column for column in more if column.item not in held)
    if fresh:
        rules.check_columns(fresh, {item.name: item.kind for item in entry.items})
    grant.items = [*grant.items, *msgspec.to_builtins(fresh)]
    grant.purposes = list(dict.fromkeys((*grant.purposes, *wider.purposes)))
    grant.scope = "\n".join(filter(None, (grant.scope, wider.scope)))
    if wider.conditions is not None:
        grant.conditions = msgspec.to_builtins(wider.conditions)
        rules.check_conditions(wider.conditions, {item.name: item.kind for item in entry.items})
    grant.remarks = "\n".join(filter(None, (grant.remarks, _("经同意变更：%s") % origin)))
    grant.version += 1
    new_version(grant, by=by, at=at, agreed=True)


@GRANT.action("restate", then=_look)
def restate_grant(grant: Grant, *, by: Actor, at: datetime, terms: Terms) -> None:
    """The agreement that a grant came from is in force in a new version: the grant's terms are what it says (R-SHR-029).

    The old version stays readable. Terms that are the same leave the grant's version alone; RuleBroken for terms outside
    the entry.
    """
    terms.check(at)
    check_offer(grant.resource_id, terms.modes, at=at)
    given = terms.as_columns()
    if all(_canonical(value) == _canonical(getattr(grant, name)) for name, value in given.items()):
        return
    for name, value in given.items():
        setattr(grant, name, value)
    grant.version += 1
    new_version(grant, by=by, at=at, agreed=True)


@GRANT.action("fit")
def fit_grant(grant: Grant, *, by: Actor, at: datetime, provided: frozenset[str]) -> None:
    """The service is given in another form from now on (W15): the items that are gone leave the grant, in a new version."""
    grant.items = [item for item in grant.items if item["item"] in provided]
    grant.version += 1
    new_version(grant, by=by, at=at, state=None, agreed=True)


def _canonical(value: Any) -> bytes:
    """Return a term as JSON with sorted keys: how it was stored makes no difference."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _narrowed(grant: Grant, adjustment: Adjustment, valid_until: datetime, agreed: rules.Agreed) -> Terms:
    columns = {column.item: column for column in agreed.items}
    entry = catalogue.published(grant.resource_id)
    known = {item.name: item.kind for item in entry.items} if entry else {}
    return Terms(
        columns=tuple(msgspec.structs.replace(columns[one.item], masking=one.masking) for one in adjustment.items),
        conditions=adjustment.conditions,
        key_items=adjustment.key_items,
        confirm_items=adjustment.confirm_items,
        modes=adjustment.modes,
        purposes=adjustment.purposes,
        valid_from=grant.valid_from,
        valid_until=valid_until,
        basis=grant.basis,
        scope=grant.scope,
        remarks=adjustment.remarks,
        quota=adjustment.quota,
        known=known | {column.item: column.kind for column in agreed.items},
        offered=agreed.modes,
        held_purposes=agreed.purposes,
        framed_by=grant.framed_by,
    )


@GRANT.action("suspend")
def suspend_grant(grant: Grant, *, by: Actor, at: datetime, reason: str, held_by: str = "") -> None:
    """Stop access with the next call (national-2025#27).

    held_by: the number of the case of misuse it is suspended for, which alone restores or terminates it; without one the
    provider merely stops the service for a while and lets it go on by itself.
    """
    grant.held_by = held_by
    _stop(grant, "suspended", reason)


@GRANT.action("restore")
def restore_grant(grant: Grant, *, by: Actor, at: datetime, reason: str = "", held_by: str = "") -> None:
    """Let a suspended grant work again; its period is not lengthened (W25).

    held_by: the case that decides so. WrongState where another case keeps it suspended; the platform carries out what was
    settled or decided about a dispute whatever keeps it (W07), unless that is a secrecy review (R-SEC-031).
    """
    if grant.held_by and held_by != grant.held_by and by.channel is not Channel.SYSTEM:
        raise WrongState(_("该授权因案件 %s 暂停，须在该案件中决定恢复或者终止。") % grant.held_by)
    guards.ask("grants.restore", grant_id=grant.pk, held_by=held_by)
    grant.held_by = ""
    grant.reason = reason
    tell_data_plane([grant], state="active")


@GRANT.action("revoke")
def revoke_grant(grant: Grant, *, by: Actor, at: datetime, reason: str, ground: str = "revoked") -> None:
    """End a grant because its basis or the service ended (ground revoked), or its data are secret (secret_found)."""
    _end(grant, ground, at, reason)


@GRANT.action("terminate")
def terminate_grant(grant: Grant, *, by: Actor, at: datetime, reason: str, held_by: str = "") -> None:
    """End a suspended grant after refused or insufficient rectification (national-2025#27).

    held_by: the case of misuse in which that was found. WrongState without one, or for another than keeps it suspended.
    """
    if not held_by or held_by != grant.held_by:
        raise WrongState(_("终止共享须先在违规使用案件中认定拒不整改或者整改不到位，请在案件中办理。"))
    _end(grant, "terminated", at, reason)


@GRANT.action("finish")
def finish_grant(grant: Grant, *, by: Actor, at: datetime, reason: str, ground: str) -> None:
    """The consumer needs the data no longer: its purpose is reached, cannot be reached, or does without (national-2025#27).

    ground: purpose_reached, purpose_unreachable, no_longer_necessary; RuleBroken without one (R-SHR-046).
    """
    _end(grant, rules.check_ground(ground), at, reason)


@GRANT.action("expire")
def expire_grant(grant: Grant, *, by: Actor, at: datetime) -> None:
    """The period of use is over; the words name the agreement whose term it was."""
    agreed = grant.case_ref.startswith("agreement:")
    _end(grant, "expired", at, _("共享协议 %s 期限届满。") % grant.origin if agreed else _("使用时限届满。"))


def _stop(grant: Grant, state: str, reason: str) -> None:
    if not reason.strip():
        raise RuleBroken(_("请说明理由，使用方将看到这段文字。"), field="reason")
    grant.reason = reason.strip()
    tell_data_plane([grant], state=state)


def _end(grant: Grant, ground: str, at: datetime, reason: str) -> None:
    grant.ended_ground, grant.ended_at = ground, at
    _stop(grant, "ended", reason)


def expire_due(at: datetime, *, limit: int = 200) -> int:
    """End grants whose period is over; the data plane refuses them by itself from the same moment."""
    due = Grant.objects.filter(state__in=["granted", "suspended"], valid_until__lte=at).values_list("pk", flat=True)
    ids = list(due.order_by("pk")[:limit])
    for pk in ids:
        expire_grant(pk, by=system_actor("clock"), at=at)
    return len(ids)


def bar_secret(*, resource_id: int) -> None:
    """Let nothing more flow of data that are being taken out as secret, from the same transaction on.

    The grants themselves end one by one, by `end_secret`, once that is heard of.
    """
    running = Grant.objects.filter(resource_id=resource_id, state__in=["granted", "suspended"])
    tell_data_plane(list(running), state="ended")


def end_secret(resource_id: int, *, at: datetime, document: str) -> int:
    """End every grant of data that turned out to be secret, and order each department that ever had it to dispose of it.

    document: number of the decision. Returns how many grants ended (national-2025#3, R-SEC-037).
    """
    running = Grant.objects.filter(resource_id=resource_id, state__in=["granted", "suspended"]).order_by("pk")
    ended, reason = list(running.values_list("pk", flat=True)), _("数据因涉密取下（%s）") % document
    for pk in ended:
        revoke_grant(pk, by=system_actor("grants"), at=at, reason=reason, ground="secret_found")
    held = Grant.objects.filter(resource_id=resource_id)
    for pk, consumer in held.order_by("pk").values_list("pk", "consumer_id"):
        inbox.tell(
            department_id=consumer,
            title=_("授权所涉数据因涉密取下（%s），请立即停止使用并按保密规定处置全部副本") % document,
            link=f"/grants/{pk}/",
            at=at,
        )
        payload = {"id": pk, "consumer_id": consumer, "resource_id": resource_id, "document": document}
        outbox.publish(events.DISPOSAL_ORDERED, f"grant:{pk}", payload, at=at)
    return len(ended)


def count_use(uses: Iterable[tuple[int, int, int, datetime]]) -> None:
    """Add calls and rows to grants: (grant id, calls, rows, when); figures for pages, not for proof."""
    for pk, calls, rows, when in uses:
        _tell_of_use(pk, when)
        Grant.objects.filter(pk=pk).update(
            calls=F("calls") + calls, rows=F("rows") + rows, last_used_at=Greatest(F("last_used_at"), when)
        )


def _tell_of_use(pk: int, when: datetime) -> None:
    """Publish that a grant is used, once a Beijing day."""
    day = beijing_day(when)
    fresh = Q(last_used_at=None) | Q(last_used_at__lt=end_of_day(day - timedelta(days=1)))
    for resource_id in Grant.objects.filter(fresh, pk=pk).values_list("resource_id", flat=True):
        outbox.publish(
            events.USED, f"grant:{pk}", {"id": pk, "resource_id": resource_id, "day": day.isoformat()}, at=when
        )
