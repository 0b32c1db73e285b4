"""What an agreement's lines come to: grants that follow its versions and end with it (R-SHR-029, R-SHR-030, R-SHR-035)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.actors import system_actor
from jutong.kernel.clock import end_of_day
from jutong.kernel.errors import Refusal, RuleBroken
from jutong.kernel.once import Once
from jutong.kernel.terms import ShareType
from jutong.slices.agreements.actions.telling import tell
from jutong.slices.agreements.models import Agreement, AgreementVersion
from jutong.slices.agreements.queries.secrecy import check_confidential
from jutong.slices.agreements.rules import Content, Line, masked_within
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import actions as grants
from jutong.slices.grants import queries as held
from jutong.wire.grants import Column, Condition, Quota

PLATFORM: Final = system_actor("agreements")
LIVE: Final = frozenset({"granted", "suspended"})


def reference(case: Agreement, key: str) -> str:
    """Return the name under which a line's grant knows where it came from."""
    return f"agreement:{case.pk}:{key}"


def _terms(
    line: Line, content: Content, offer: catalogue.PublishedEntry, at: datetime, before: tuple[str, ...] = ()
) -> grants.Terms:
    """Return the terms of a line's grant. before: purposes it has by now, which may stay when they are off the list."""
    items = {item.name: item for item in offer.items}
    stated = content.stated
    since = end_of_day((stated.since or offer.released_on or at.date()) - timedelta(days=1))
    return grants.Terms(
        columns=tuple(
            Column(given.item, items[given.item].column or given.item, items[given.item].kind, given.masking)
            if given.item in items
            else Column(given.item, given.item, masking=given.masking)
            for given in line.items
        ),
        conditions=line.conditions,
        key_items=line.key_items,
        modes=line.modes,
        purposes=line.purposes,
        valid_from=since,
        valid_until=end_of_day(stated.until or at.date()),
        basis=stated.basis,
        scope=stated.scope,
        remarks=stated.manner,
        known={name: item.kind for name, item in items.items()},
        held_purposes=before,
        offered=tuple(str(mode) for mode in offer.modes),
    )


def check_grants(content: Content, at: datetime) -> None:
    """Refuse lines that could not become grants: withheld data, items or modes the entry has not, secrets without agreement."""
    once = Once()
    for line in content.lines:
        offer = once(catalogue.require_published, line.resource_id)
        withheld = {item.name for item in offer.items if item.share_type == ShareType.WITHHELD}
        named = {*(given.item for given in line.items), *line.key_items}
        if offer.share_type == ShareType.WITHHELD or withheld & named:
            raise RuleBroken(
                _("“%s”属于不予共享的数据，不能列入协议；有异议的请通过共享争议办理。") % offer.title, field="lines"
            )
        _terms(line, content, offer, at).check(at)
        held.check_offer(line.resource_id, line.modes, at=at)
        check_confidential(line.resource_id, line.provider_id, line.consumer_id, at=at, once=once)


def carry_out(case: Agreement, version: AgreementVersion, content: Content, *, direct: bool, at: datetime) -> None:
    """Let the grants of an agreement be what the version in force says.

    direct: its lines become grants, those it no longer names end. Else nothing opens and nothing widens without a request
    that is decided (national-2025#20 to #22): grants that go beyond a line are narrowed to it, those without one end.
    A line that cannot be carried out (its entry was withdrawn meanwhile) is told to the parties; the others stand.
    """
    opened = held.of_lines(reference(case, ""))
    for line in content.lines:
        present = [row for row in opened.pop(reference(case, line.key), []) if row.state in LIVE]
        try:
            if direct:
                _follow(case, version, line, content, present, at)
            else:
                _narrow(case, line, present, at)
        except Refusal as refusal:
            tell(
                case,
                _("协议 %(number)s 中有一项授权未能开通，请办理：%(name)s"),
                at,
                text=_("%(title)s：%(why)s") % {"title": line.title, "why": refusal.sentence},
            )
    gone = _("共享协议 %s 的新版本不再包含该资源。") % case.number
    _revoke((row for rows in opened.values() for row in rows), at, gone)
    if not direct:
        _invite(case, content, at)


def _follow(
    case: Agreement, version: AgreementVersion, line: Line, content: Content, present: list[held.GrantRow], at: datetime
) -> None:
    offer = catalogue.require_published(line.resource_id)
    terms = _terms(line, content, offer, at, tuple(code for row in present for code in row.purposes))
    for row in present:
        if row.state == "granted":  # one that is suspended stays as the provider or the authority left it
            kept = (
                row.valid_from <= at < terms.valid_from
            )  # renewed from a later day on: what works goes on without a gap
            wanted = dataclasses.replace(terms, valid_from=at) if kept else terms
            grants.restate_grant(row.id, by=PLATFORM, at=at, terms=wanted)
    if not present:
        opening = grants.Opening(
            region=offer.region, resource_id=offer.id, resource_title=offer.title, entry_code=offer.code,
            entry_version=offer.version, provider_id=offer.provider_id, consumer_id=line.consumer_id,
            authority_id=case.authority_id, case_ref=reference(case, line.key), origin=case.number,
            request_digest=version.digest, terms=terms,
        )  # fmt: skip
        grants.open_grant(opening, by=PLATFORM, at=at)


def _narrow(case: Agreement, line: Line, present: list[held.GrantRow], at: datetime) -> None:
    offer = catalogue.require_published(line.resource_id)
    for row in present:
        terms = _within(row, line, offer)
        if not (terms.columns and terms.modes and terms.purposes):
            _revoke([row], at, _("共享协议 %s 的新版本不再包含该授权的内容。") % case.number)
        elif row.state == "granted":
            grants.restate_grant(row.id, by=PLATFORM, at=at, terms=terms)


def _within(row: held.GrantRow, line: Line, offer: catalogue.PublishedEntry) -> grants.Terms:
    """Return a grant's terms as far as a line has them; what the grant masks more than the line asks stays so."""
    agreed = {given.item: given.masking for given in line.items}
    known = {item.name: item.kind for item in offer.items}
    columns = msgspec.convert(row.items, tuple[Column, ...])
    conditions = msgspec.convert(row.conditions, tuple[Condition, ...])
    return grants.Terms(
        columns=tuple(
            one if one.masking in masked_within(agreed[one.item]) else msgspec.structs.replace(one, masking=agreed[one.item])
            for one in columns
            if one.item in agreed
        ),
        conditions=tuple(dict.fromkeys((*conditions, *line.conditions))),
        key_items=tuple(name for name in row.key_items if name in (line.key_items or agreed)),
        confirm_items=tuple(name for name in row.confirm_items if name in agreed),
        modes=tuple(mode for mode in row.modes if mode in line.modes),
        purposes=tuple(code for code in row.purposes if code in line.purposes),
        quota=msgspec.convert(row.quota, Quota),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        basis=row.basis,
        scope=row.scope,
        remarks=row.remarks,
        known=known | {one.item: one.kind for one in columns},
        held_purposes=row.purposes,
        framed_by=row.framed_by,
    )  # fmt: skip


def _invite(case: Agreement, content: Content, at: datetime) -> None:
    """Tell each consumer of a line that it can ask for the data under the agreement."""
    for consumer in dict.fromkeys(line.consumer_id for line in content.lines):
        titles = [line.title for line in content.lines if line.consumer_id == consumer]
        tell(
            case, _("可以依协议 %(number)s 提出共享申请：%(name)s"), at, to=[consumer],
            text=_("申请内容已按协议预填，提供方在规定期限内答复：%s。") % _("、").join(titles),
        )  # fmt: skip


def stop(case: Agreement, at: datetime, why: str) -> list[int]:
    """Suspend the working grants of an agreement; returns their ids."""
    working = [row.id for row in _live(case) if row.state == "granted"]
    for grant_id in working:
        grants.suspend_grant(grant_id, by=PLATFORM, at=at, reason=why, held_by=case.number)
    return working


def start_again(case: Agreement, at: datetime) -> None:
    """Let those grants work again that were suspended with the agreement and that nothing else keeps suspended."""
    for row in _live(case):
        if row.id in case.held_grants and row.state == "suspended" and row.held_by == case.number:
            grants.restore_grant(row.id, by=PLATFORM, at=at, held_by=case.number)


def end(case: Agreement, at: datetime, why: str) -> None:
    """End every grant of an agreement."""
    _revoke(_live(case), at, why)


def _live(case: Agreement) -> list[held.GrantRow]:
    return [row for rows in held.of_lines(reference(case, "")).values() for row in rows if row.state in LIVE]


def _revoke(rows: Iterable[held.GrantRow], at: datetime, why: str) -> None:
    for row in rows:
        if row.state in LIVE:
            grants.revoke_grant(row.id, by=PLATFORM, at=at, reason=why)
