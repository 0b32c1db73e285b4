"""What an agreement's lines become: grants that follow its versions and end with it (R-SHR-029, R-SHR-030, R-SHR-035)."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import system_actor
from jutong.kernel.clock import end_of_day
from jutong.kernel.errors import Refusal, RuleBroken
from jutong.kernel.terms import ShareType
from jutong.slices.agreements.actions.telling import tell
from jutong.slices.agreements.models import Agreement
from jutong.slices.agreements.queries.secrecy import check_confidential
from jutong.slices.agreements.rules import Content, Line
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import actions as grants
from jutong.slices.grants import queries as held
from jutong.wire.grants import Column

PLATFORM: Final = system_actor("agreements")


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
        conditions=(),
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
    for line in content.lines:
        offer = catalogue.require_published(line.resource_id)
        withheld = {item.name for item in offer.items if item.share_type == ShareType.WITHHELD}
        if offer.share_type == ShareType.WITHHELD or withheld & {given.item for given in line.items}:
            raise RuleBroken(
                _("“%s”属于不予共享的数据，不能列入协议；有异议的请通过共享争议办理。") % offer.title, field="lines"
            )
        _terms(line, content, offer, at).check(at)
        held.check_offer(line.resource_id, line.modes, at=at)
        check_confidential(line.resource_id, line.provider_id, line.consumer_id, at=at)


def carry_out(case: Agreement, content: Content, *, at: datetime) -> None:
    """Let the grants of an agreement be what the version in force says: open, restate, end those that it no longer names.

    A line that cannot be carried out (its entry was withdrawn meanwhile) is told to the parties; the others stand.
    """
    for line in content.lines:
        try:
            _follow(case, line, content, at)
        except Refusal as refusal:
            tell(
                case,
                _("协议 %(number)s 中有一项授权未能开通，请办理：%(name)s"),
                at,
                text=_("%(title)s：%(why)s") % {"title": line.title, "why": refusal.sentence},
            )
    kept = {reference(case, line.key) for line in content.lines}
    for row in held.of_cases(f"agreement:{case.pk}:"):
        if row.case_ref not in kept and row.state in {"granted", "suspended"}:
            grants.revoke_grant(
                row.id, by=PLATFORM, at=at, reason=_("共享协议 %s 的新版本不再包含该资源。") % case.number
            )


def _follow(case: Agreement, line: Line, content: Content, at: datetime) -> None:
    offer = catalogue.require_published(line.resource_id)
    ref = reference(case, line.key)
    present = held.of_case(ref)
    terms = _terms(line, content, offer, at, present.purposes if present else ())
    if present is not None and present.state == "granted":
        if present.valid_from <= at < terms.valid_from:  # renewed from a later day on: what works goes on without a gap
            terms = dataclasses.replace(terms, valid_from=at)
        grants.restate_grant(present.id, by=PLATFORM, at=at, terms=terms)
        return
    if present is not None and present.state == "suspended":
        return  # stays as the provider or the authority left it
    grants.open_grant(
        by=PLATFORM, at=at, region=offer.region, resource_id=offer.id, resource_title=offer.title, entry_code=offer.code,
        entry_version=offer.version, provider_id=offer.provider_id, consumer_id=line.consumer_id,
        authority_id=case.authority_id, case_ref=ref, origin=case.number,
        request_digest=case.versions.values_list("digest", flat=True).get(number=case.version), terms=terms,
    )  # fmt: skip


def stop(case: Agreement, at: datetime, why: str) -> list[int]:
    """Suspend the working grants of an agreement; returns their ids."""
    working = [row.id for row in held.of_cases(f"agreement:{case.pk}:") if row.state == "granted"]
    for grant_id in working:
        grants.suspend_grant(grant_id, by=PLATFORM, at=at, reason=why, held_by=case.number)
    return working


def start_again(case: Agreement, at: datetime) -> None:
    """Let those grants work again that were suspended with the agreement and that nothing else keeps suspended."""
    for row in held.of_cases(f"agreement:{case.pk}:"):
        if row.id in case.held_grants and row.state == "suspended" and row.held_by == case.number:
            grants.restore_grant(row.id, by=PLATFORM, at=at, held_by=case.number)


def end(case: Agreement, at: datetime, why: str) -> None:
    """End every grant of an agreement."""
    for row in held.of_cases(f"agreement:{case.pk}:"):
        if row.state in {"granted", "suspended"}:
            grants.revoke_grant(row.id, by=PLATFORM, at=at, reason=why)
