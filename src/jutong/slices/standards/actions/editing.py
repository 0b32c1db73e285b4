"""Proposing a region's own stricter rules and internal targets, and issuing them from a coming day on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from jutong.kernel import policy
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Channel
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import PolicyAssignment
from jutong.kernel.terms import N_
from jutong.slices.standards.actions.policies import DRAFTING, check_place, put_in_force
from jutong.slices.standards.models import ProfileDraft
from jutong.slices.standards.workflow import PROFILE_DRAFTERS, PROFILE_KEEPERS

LONGEST_BASIS = 200


@action("standards.draft_profile", label=N_("起草本地规则"), allow=PROFILE_DRAFTERS)
def draft_profile(
    *,
    region: str,
    profile: str,
    overrides: Mapping[str, Any],
    targets: Mapping[str, Any],
    basis: str,
    by: Actor,
    at: datetime,
) -> ProfileDraft:
    """Keep what a region's authority proposes over a text, in place of an earlier proposal (R-OVR-036, R-OVR-039).

    overrides: stricter values (parameter: value or {kind: value}); targets: internal targets in working days by code;
    basis: the region's own instrument, shown as their source. RuleBroken with a remark per parameter for an unknown one,
    a wrong or negative value, one weaker than text or decree, and a target where a text gives a limit.
    """
    check_place(region, by, DRAFTING)
    basis = basis.strip()
    if (overrides and not basis) or len(basis) > LONGEST_BASIS:
        raise RuleBroken(_("请填写本地规定的名称或文号（不超过 200 字），作为更严取值的依据。"), field="basis")
    wished = _checked(profile, overrides, targets, beijing_day(at) + timedelta(days=1))
    kept, _made = ProfileDraft.objects.update_or_create(
        region=region,
        defaults={
            "profile": profile,
            "overrides": dict(overrides),
            "targets": wished,
            "basis": basis,
            "drafted_by": by.name[:100],
            "drafted_at": at,
        },
    )
    return kept


def _checked(profile: str, overrides: Mapping[str, Any], targets: Mapping[str, Any], day: date) -> dict[str, int]:
    """Return the targets; refuse values and targets that cannot be."""
    policy.load(profile)
    derived = policy.derive(profile, overrides, 2, day)
    wished = policy.check_targets(targets)
    rules = policy.Policy.under(derived, day)
    for code in wished:
        if not policy.open_ended(rules, code):
            words = {"label": policy.points()[code], "rule": rules.explain(code)}
            raise RuleBroken(
                _("“%(label)s”已有规定的期限（%(rule)s），不设内部目标；需要更快办理的，请设更严的期限。") % words,
                field=code,
            )
    return wished


@action("standards.issue_profile", label=N_("发布本地规则"), allow=PROFILE_KEEPERS, on=ProfileDraft)
def issue_profile(draft: ProfileDraft, *, effective_from: date, by: Actor, at: datetime) -> PolicyAssignment:
    """Issue proposed rules: in force for cases that start on `effective_from`, a coming day, or later (R-OVR-036).

    Cases that run keep the rules they started under. NotAllowed for another authority's region; RuleBroken for a day
    that is not to come or values that are weaker by now; Conflict for a day that has rules already.
    """
    check_place(draft.region, by)
    if effective_from <= beijing_day(at) and by.channel is not Channel.SYSTEM:
        raise RuleBroken(_("生效日期须在今天之后，在办事项按原规则办理，请修改。"), field="effective_from")
    targets = _checked(draft.profile, draft.overrides, draft.targets, effective_from)
    row = put_in_force(
        draft.region, draft.profile, effective_from, overrides=draft.overrides, targets=targets, basis=draft.basis,
        by=by, at=at,
    )  # fmt: skip
    ProfileDraft.objects.filter(pk=draft.pk).delete()
    return row


@action("standards.discard_profile", label=N_("删除本地规则草案"), allow=PROFILE_DRAFTERS, on=ProfileDraft)
def discard_profile(draft: ProfileDraft, *, by: Actor, at: datetime) -> None:
    """Drop proposed rules; what is in force stays."""
    check_place(draft.region, by, DRAFTING)
    ProfileDraft.objects.filter(pk=draft.pk).delete()
