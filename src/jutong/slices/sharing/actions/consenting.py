"""The head's decision on drafted replies: what it means to agree or to refuse, for one request and for a set alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import Conflict, Refusal
from jutong.kernel.once import Once
from jutong.slices.grants import actions as grants
from jutong.slices.parties import queries as parties
from jutong.slices.sharing.actions import opening
from jutong.slices.sharing.actions.answering import demands_of, drafted, tell_consumers
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.rules import Reply
from jutong.slices.sharing.rules import requests as rules
from jutong.slices.sharing.workflow import SHARING_REQUEST


@SHARING_REQUEST.set_action("agree")
def agree(cases: Sequence[SharingRequest], *, by: Actor, at: datetime) -> dict[int, Refusal]:
    """The provider agrees: the grant opens in the same transaction, and the delivery clock starts (national-2025#22).

    Conflict when the drafted reply is a refusal; RuleBroken when the department has no registered sharing unit.
    """
    once, said, wanted = Once(), dict[int, Reply](), dict[int, grants.Opening]()

    def check(case: SharingRequest) -> None:
        said[case.pk] = _drafted(case, agree=True)
        once(parties.sharing_unit_head, case.provider_id, at)
        wanted[case.pk] = opening.opening_of(opening.origin_of(case), said[case.pk], at, once)

    refused = _refused(cases, check)
    opened = zip(wanted, grants.open_grants(list(wanted.values()), by=by, at=at), strict=True)
    by_id, agreed = {case.pk: case for case in cases}, []
    for pk, grant in opened:
        if isinstance(grant, Refusal):
            refused[pk] = grant
        else:
            by_id[pk].grant_id, by_id[pk].replied_at = grant.pk, at
            agreed.append(by_id[pk])
    tell_consumers(agreed, _("申请 %(number)s 已获同意"), at, lambda case: said[case.pk].remarks)
    return refused


@SHARING_REQUEST.set_action("refuse")
def refuse(cases: Sequence[SharingRequest], *, by: Actor, at: datetime) -> dict[int, Refusal]:
    """The provider refuses conditional data with a reason on the substance (national-2025#21)."""
    once, said = Once(), dict[int, Reply]()

    def check(case: SharingRequest) -> None:
        reply = said[case.pk] = _drafted(case, agree=False)
        once(parties.sharing_unit_head, case.provider_id, at)
        rules.check_refusal(reply.reason, reply.basis, demands_of(case))

    refused = _refused(cases, check)
    turned_down = [case for case in cases if case.pk not in refused]
    for case in turned_down:
        case.replied_at, case.reply_reason = at, said[case.pk].reason.strip()
    tell_consumers(turned_down, _("申请 %(number)s 未获同意"), at, lambda case: case.reply_reason)
    return refused


def _refused(cases: Iterable[SharingRequest], check: Callable[[SharingRequest], None]) -> dict[int, Refusal]:
    refused: dict[int, Refusal] = {}
    for case in cases:
        try:
            check(case)
        except Refusal as refusal:
            refused[case.pk] = refusal
    return refused


def _drafted(case: SharingRequest, *, agree: bool) -> Reply:
    reply = drafted(case)
    if reply.agree != agree:
        raise Conflict(_("拟定的答复与所选决定不一致，请退回重拟后再决定。"))
    return reply
