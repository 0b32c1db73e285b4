"""What an agreement becomes: the terms of a grant, and the grant itself (R-SHR-014, R-SHR-032, R-SHR-035)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from jutong.kernel import jurisdiction
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day, end_of_day
from jutong.kernel.once import Once
from jutong.kernel.terms import ShareType
from jutong.slices.agreements.queries import Frame, check_agreed, check_confidential, frame_of
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.datacentre import queries as datacentre
from jutong.slices.grants import actions as grants
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.rules import requests as rules
from jutong.slices.sharing.rules.requests import Reply
from jutong.wire.grants import Column, Condition, Masking


@dataclass(frozen=True, slots=True)
class Origin:
    """The case that a grant comes from: its reference and number, the parties, and the need it was decided on.

    agreement: number of the agreement that it was asked for under, if any.
    """

    ref: str
    number: str
    region: str
    resource_id: int
    resource_title: str
    provider_id: int
    consumer_id: int
    authority_id: int | None
    digest: str
    use_from: date
    use_until: date
    basis: str
    scope: str
    agreement: str = ""


def origin_of(case: SharingRequest) -> Origin:
    """Return a request as the origin of its grant."""
    return Origin(
        ref=f"sharing_request:{case.pk}",
        number=case.number or "",
        region=case.region,
        resource_id=case.resource_id,
        resource_title=case.resource_title,
        provider_id=case.provider_id,
        consumer_id=case.consumer_id,
        authority_id=case.authority_id,
        digest=case.digest,
        use_from=case.use_from,
        use_until=case.use_until,
        basis=case.use_basis or case.duty,
        scope=case.use_scope,
        agreement=case.agreement,
    )


def terms_of(
    origin: Origin, reply: Reply, offer: catalogue.PublishedEntry, at: datetime, once: Once | None = None
) -> grants.Terms:
    """Return the terms of the grant that a reply gives; conditions in words stand in its remarks.

    RuleBroken for what goes beyond the agreement that it was asked for under, or when that is no longer in force, and for
    items that are withheld by now.
    """
    check_kept_back(rules.named_in(reply), offer, at)
    frame = _kept(origin, reply, at, once or Once())
    items = {item.name: item for item in offer.items}
    columns = tuple(
        Column(given.item, items[given.item].column or given.item, items[given.item].kind, given.masking)
        for given in reply.items
        if given.item in items
    )
    return grants.Terms(
        columns=columns,
        conditions=reply.conditions,
        key_items=reply.key_items,
        confirm_items=reply.confirm_items,
        modes=reply.modes,
        purposes=reply.purposes,
        valid_from=max(at, end_of_day(origin.use_from - timedelta(days=1))),
        valid_until=end_of_day(reply.use_until or origin.use_until),
        basis=origin.basis,
        scope=reply.scope or origin.scope,
        remarks="\n".join(filter(None, [*reply.terms, reply.remarks])),
        quota=reply.quota,
        known={name: item.kind for name, item in items.items()},
        offered=tuple(str(mode) for mode in offer.modes),
        framed_by=frame.reference if frame else "",
    )


def check_kept_back(named: Collection[str], offer: catalogue.PublishedEntry, at: datetime) -> None:
    """Refuse items that the entry in force withholds: a draft may be older than it, a grant wider than any draft.

    The local texts before the decree let a withheld item be shared where both sides agree to it (W07).
    """
    withheld = {item.name for item in offer.items if item.share_type == ShareType.WITHHELD}
    if not withheld & set(named):
        return
    policy = jurisdiction.policy_for(offer.region, beijing_day(at))
    if policy.text("withheld_definition") == "express_prohibition":
        rules.check_kept_back(named, withheld)


def _kept(origin: Origin, reply: Reply, at: datetime, once: Once) -> Frame | None:
    """Return the line that a reply keeps to, None for one that was asked for outside of agreements."""
    if not origin.agreement:
        return None
    frame = once(frame_of, origin.agreement, origin.resource_id, origin.consumer_id, at=at)
    frame.check(
        items={given.item: given.masking for given in reply.items}, key_items=reply.key_items, modes=reply.modes,
        purposes=reply.purposes, conditions=reply.conditions,
    )  # fmt: skip
    return frame


def opening_of(origin: Origin, reply: Reply, at: datetime, once: Once) -> grants.Opening:
    """Return what a decision on a case opens; once: what was asked for the set it is of.

    WrongState for secret data without the agreement of secrecy that the profile asks for (jiangxi-2017#19); NotAllowed for
    what it shares under agreements only (R-CAT-039).
    """
    once(check_confidential, origin.resource_id, origin.provider_id, origin.consumer_id, at=at, once=once)
    once(check_agreed, origin.resource_id, origin.consumer_id, at=at, once=once)
    offer = once(catalogue.require_published, origin.resource_id)
    return grants.Opening(
        region=origin.region,
        resource_id=origin.resource_id,
        resource_title=origin.resource_title,
        entry_code=offer.code,
        entry_version=offer.version,
        provider_id=origin.provider_id,
        consumer_id=origin.consumer_id,
        authority_id=origin.authority_id,
        case_ref=origin.ref,
        origin=origin.number,
        request_digest=origin.digest,
        terms=terms_of(origin, reply, offer, at, once),
    )


def grant_from(origin: Origin, reply: Reply, by: Actor, at: datetime) -> int:
    """Open the grant that a decision on a case comes to, and return its id; refused as `opening_of` and `open_grant` refuse."""
    return grants.open_grant(opening_of(origin, reply, at, Once()), by=by, at=at).pk


def open_grant(case: SharingRequest, reply: Reply, by: Actor, at: datetime) -> None:
    """Let the agreement to a request become its grant."""
    case.grant_id = grant_from(origin_of(case), reply, by, at)


def whole_reply(case: SharingRequest, *, at: datetime) -> Reply:
    """Return the reply that grants all that was asked, as a standing consent does.

    Only what its grade, or the agreement it was asked for under, has masked is masked; sensitive items of other grades
    are not (R-SEC-040).
    """
    graded = dict(datacentre.graded_masking(case.resource_id, at=at))
    if case.agreement:
        graded |= frame_of(case.agreement, case.resource_id, case.consumer_id, at=at).maskings
    return Reply(
        agree=True,
        items=tuple(rules.GrantedItem(name, graded.get(name, Masking.NONE)) for name in case.items),
        conditions=msgspec.convert(case.conditions, tuple[Condition, ...]),
        key_items=tuple(case.key_items),
        modes=tuple(case.modes),
        purposes=tuple(case.purposes),
    )
