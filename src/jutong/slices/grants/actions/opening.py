"""Opening grants: what a decision agreed to, checked and opened for one case or for a set, on one road."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import keys, nodes
from jutong.kernel.actors import Actor
from jutong.kernel.errors import Conflict, Refusal
from jutong.kernel.once import Once
from jutong.slices.grants import rules
from jutong.slices.grants.actions.versions import let_look, new_versions
from jutong.slices.grants.models import Grant
from jutong.slices.grants.queries.reach import check_offer
from jutong.slices.grants.workflow import GRANT
from jutong.slices.standards import queries as standards
from jutong.wire.grants import Column, Condition, Kind, Quota

HASH_KEY_SIZE: Final = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """What a decision grants: items with masking, row conditions, modes, purposes, term and quotas.

    known: kinds of all items of the entry, by name; offered: modes the entry offers (empty: all). held_purposes: agreed
    before, which may stay although they are off the list now. framed_by: see `Grant`.
    """

    columns: tuple[Column, ...]
    conditions: tuple[Condition, ...]
    key_items: tuple[str, ...]
    modes: tuple[str, ...]
    purposes: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime
    basis: str
    scope: str = ""
    remarks: str = ""
    quota: Quota = dataclasses.field(default_factory=Quota)
    confirm_items: tuple[str, ...] = ()
    known: dict[str, Kind] = dataclasses.field(default_factory=dict)
    offered: tuple[str, ...] = ()
    held_purposes: tuple[str, ...] = ()
    framed_by: str = ""

    def check(self, at: datetime, once: Once | None = None) -> None:
        """Refuse terms that break a rule of grants; once: what was asked for the set they are of."""
        rules.check_columns(self.columns, self.known)
        rules.check_conditions(self.conditions, self.known)
        rules.check_term(self.valid_from, self.valid_until, at)
        rules.check_modes(self.modes, self.offered)
        (once or Once())(standards.check_purposes, self.purposes, held=self.held_purposes)
        rules.check_keys(self.key_items, self.known, self.modes)
        rules.check_keys(self.confirm_items, self.known, ())

    def as_columns(self) -> dict[str, Any]:
        """Return the terms as columns of the table."""
        return {
            "items": msgspec.to_builtins(self.columns),
            "conditions": msgspec.to_builtins(self.conditions),
            "key_items": list(self.key_items),
            "confirm_items": list(self.confirm_items),
            "modes": list(self.modes),
            "purposes": list(self.purposes),
            "quota": msgspec.to_builtins(self.quota),
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
            "basis": self.basis,
            "scope": self.scope,
            "remarks": self.remarks,
            "framed_by": self.framed_by,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Opening:
    """What a decision opens: which data, between whom, from which case, on which terms.

    case_ref: the case it comes from ("sharing_request:12"); origin: that case's number, as people cite it (R-SHR-035), else
    the reference. request_digest: SM3 of what was asked for.
    """

    region: str
    resource_id: int
    resource_title: str
    entry_code: str
    entry_version: int
    provider_id: int
    consumer_id: int
    authority_id: int | None
    case_ref: str
    request_digest: str
    terms: Terms
    origin: str = ""

    def check(self, at: datetime, once: Once) -> None:
        """Refuse a grant that comes from no case, or whose terms rules, place or grade do not allow."""
        rules.check_origin(self.case_ref)
        self.terms.check(at, once)
        once(check_offer, self.resource_id, self.terms.modes, at=at)


def open_grant(opening: Opening, *, by: Actor, at: datetime) -> Grant:
    """Open the grant that a decision agreed to (national-2025#21, #22; directed to the named consumer only).

    RuleBroken without an origin, and for terms outside the entry; Conflict when the same case already has a grant.
    """
    (opened,) = open_grants([opening], by=by, at=at)
    if isinstance(opened, Refusal):
        raise opened
    return opened


def _tell(grants: Sequence[Grant], *, by: Actor, at: datetime) -> None:
    new_versions(grants, by=by, at=at)
    let_look(grants, at=at)


@GRANT.opens_many("open", then=_tell)
def open_grants(openings: Sequence[Opening], *, by: Actor, at: datetime) -> list[Grant | Refusal]:
    """Open the grants of a set of decisions; for each, in their order, its grant or why it has none, as `open_grant` refuses.

    What has to wait for a review is suspended when this returns, and never stood in a bundle before (docs/adr/0024).
    """
    once, taken = Once(), _taken(opening.case_ref for opening in openings)
    found: list[Opening | Refusal] = []
    for opening in openings:
        try:
            opening.check(at, once)
            if opening.case_ref in taken:
                raise Conflict(_("该申请已经开通授权，请勿重复办理。"))
        except Refusal as refusal:
            found.append(refusal)
        else:
            taken.add(opening.case_ref)
            found.append(opening)
    secret = _hash_keys(sum(isinstance(one, Opening) for one in found))
    return [one if isinstance(one, Refusal) else _grant(one, *next(secret)) for one in found]


def _hash_keys(many: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield as many new keys for keyed hashes, sealed to the data plane beside us, and as they rest here."""
    fresh = [secrets.token_bytes(HASH_KEY_SIZE) for _n in range(many)]
    sealed = nodes.seal_many(fresh) if fresh else []
    yield from ((there, keys.conceal(key)) for key, there in zip(fresh, sealed, strict=True))


def _taken(refs: Iterable[str]) -> set[str]:
    """Return the cases that have a grant which works or may work again."""
    held = Grant.objects.filter(case_ref__in=list(refs), state__in=["granted", "suspended"])
    return set(held.values_list("case_ref", flat=True))


def _grant(opening: Opening, hash_key: bytes, own_hash_key: bytes) -> Grant:
    return Grant(
        region=opening.region,
        resource_id=opening.resource_id,
        resource_title=opening.resource_title,
        entry_code=opening.entry_code,
        entry_version=opening.entry_version,
        provider_id=opening.provider_id,
        consumer_id=opening.consumer_id,
        authority_id=opening.authority_id,
        case_ref=opening.case_ref,
        origin=opening.origin or opening.case_ref,
        request_digest=opening.request_digest,
        hash_key=hash_key,
        own_hash_key=own_hash_key,
        **opening.terms.as_columns(),
    )
