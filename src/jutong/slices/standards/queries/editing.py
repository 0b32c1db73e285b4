"""A region's rules as its authority edits them: what holds, whose it is, the decree's floor, and what is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction, policy
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces.pieces import Change
from jutong.kernel.models import PolicyAssignment
from jutong.kernel.policy import Policy
from jutong.kernel.policy.deriving import adjustable
from jutong.kernel.policy.wording import Row, origin_in_words, sources, worded
from jutong.kernel.terms import N_
from jutong.slices.parties import queries as parties
from jutong.slices.standards.models import ProfileDraft

SECTIONS: Final = {
    1: N_("适用范围"), 2: N_("机构"), 3: N_("目录"), 4: N_("共享属性"), 5: N_("申请、提供和争议"), 6: N_("校核与更正"),
    7: N_("开放"), 8: N_("平台"), 9: N_("安全"), 10: N_("报告、评价和整改"), 11: N_("项目"),
}  # fmt: skip
"""Groups of the parameters, as policy-profiles has them."""


@dataclass(frozen=True, slots=True)
class AdjustableRow:
    """A parameter that a region may set more strictly. key: "name" or "name:kind"; own: the proposed value, None for none.

    value, origin, source: in force; floor: what the decree says, empty where it says nothing. choices: of a code.
    """

    key: str
    label: str
    section: int
    type: str
    value: str
    origin: str
    source: str
    floor: str
    choices: tuple[tuple[str, str], ...]
    own: Any


@dataclass(frozen=True, slots=True)
class TargetRow:
    """What can have an internal target. days: the proposed one."""

    code: str
    label: str
    days: int | None


@dataclass(frozen=True, slots=True)
class DraftRow:
    """The rules proposed for a region."""

    id: int
    region: str
    region_name: str
    profile: str
    profile_title: str
    overrides: Mapping[str, Any]
    targets: Mapping[str, int]
    basis: str
    drafted_by: str
    drafted_at: datetime


@dataclass(frozen=True, slots=True)
class Editor:
    """What the editor of a region shows. profile: the text its values lie over; others: own values it has no field for."""

    region: str
    region_name: str
    profile: str
    profile_title: str
    reference: str
    basis: str
    rows: tuple[AdjustableRow, ...]
    targets: tuple[TargetRow, ...]
    others: Mapping[str, Any]
    draft: DraftRow | None

    @property
    def sections(self) -> list[tuple[str, list[AdjustableRow]]]:
        """The rows under their headings."""
        found = {number: [row for row in self.rows if row.section == number] for number in SECTIONS}
        return [(_(SECTIONS[number]), rows) for number, rows in found.items() if rows]


def profile_editor(region: str, at: datetime) -> Editor:
    """Return the editor of a region: from its draft, else from what holds there. NotThere for an unknown region."""
    if not any(row.code == region for row in parties.regions()):
        raise NotThere(_("行政区划 %s 尚未登记。") % region[:12])
    today = beijing_day(at)
    held = jurisdiction.policy_for(region, today)
    draft = ProfileDraft.objects.filter(region=region).first()
    name, overrides, targets, basis = _start(region, held, today)
    if draft:
        name, overrides, targets, basis = draft.profile, draft.overrides, draft.targets, draft.basis
    keys = {key for key, _declared, _kind in _keys()}
    return Editor(
        region=region,
        region_name=parties.region_name(region),
        profile=name,
        profile_title=policy.load(name).title,
        reference=held.reference,
        basis=basis,
        rows=tuple(_row(key, declared, kind, held, overrides) for key, declared, kind in _keys()),
        targets=tuple(
            TargetRow(code, _(label), targets.get(code))
            for code, label in policy.points().items()
            if code in targets or policy.open_ended(held, code)
        ),
        others={
            one: value
            for one, value in overrides.items()
            if one.partition(":")[0] not in {k.partition(":")[0] for k in keys}
        },
        draft=_draft_row(draft) if draft else None,
    )


def _start(region: str, held: Policy, day: date) -> tuple[str, dict[str, Any], dict[str, int], str]:
    rows = PolicyAssignment.objects.filter(region=region, effective_from__lte=day).order_by("effective_from")
    if row := rows.last():
        return row.profile, row.overrides, row.targets, row.basis
    return held.profile.base, {}, {}, ""


def _keys() -> list[tuple[str, policy.Parameter, str | None]]:
    return [
        (f"{name}:{kind}" if kind else name, declared, kind)
        for name, declared in policy.parameters().items()
        if adjustable(declared)
        for kind in (declared.kinds or [None])
    ]


def _row(
    key: str, declared: policy.Parameter, kind: str | None, held: Policy, overrides: Mapping[str, Any]
) -> AdjustableRow:
    found = held.effective(declared.name, kind)
    bound = policy.load(policy.DEFAULT).cell(declared.name, kind)
    own = overrides.get(declared.name)
    return AdjustableRow(
        key=key,
        label=declared.zh + (f"（{declared.kinds[kind]}）" if kind else ""),
        section=declared.section,
        type=declared.type,
        value=worded(declared, found.value),
        origin=origin_in_words(found),
        source=sources(found.articles),
        floor="" if bound.value is None else worded(declared, bound.value),
        choices=tuple((code, _(label)) for code, label in declared.choices.items()),
        own=own.get(kind) if isinstance(own, Mapping) else own,
    )


def _draft_row(draft: ProfileDraft) -> DraftRow:
    return DraftRow(
        draft.pk, draft.region, parties.region_name(draft.region), draft.profile, policy.load(draft.profile).title,
        draft.overrides, draft.targets, draft.basis, draft.drafted_by, draft.drafted_at,
    )  # fmt: skip


def profile_drafts() -> list[DraftRow]:
    """Return the rules that are proposed and not issued, by region."""
    return [_draft_row(draft) for draft in ProfileDraft.objects.order_by("region")]


def profile_draft(pk: int, at: datetime) -> tuple[DraftRow, tuple[Change, ...]]:
    """Return proposed rules with what they would change for a case of tomorrow. NotThere when they were issued or dropped."""
    draft = ProfileDraft.objects.filter(pk=pk).first()
    if draft is None:
        raise NotThere(_("没有找到该规则草案，可能已经发布或者删除。"))
    tomorrow = beijing_day(at) + timedelta(days=1)
    held = jurisdiction.policy_for(draft.region, tomorrow)
    articles = (draft.basis,) if draft.basis else ()
    wanted = policy.derive(draft.profile, draft.overrides, 2, tomorrow, articles=articles)
    before, after = (_values(policy.table(one, effective=True, day=tomorrow)) for one in (held.profile, wanted))
    changes = [Change(label, before.get(label, ""), value) for label, value in after.items()]
    for code in dict.fromkeys([*held.targets, *draft.targets]):
        label = _("内部目标：%s") % _(policy.points()[code])
        changes.append(Change(label, _days(held.targets.get(code)), _days(draft.targets.get(code))))
    return _draft_row(draft), tuple(change for change in changes if change.changed)


def _values(rows: list[Row]) -> dict[str, str]:
    """Return what each parameter says, by label; variants that share an answer are named one by one."""
    found = {}
    for row in rows:
        declared = policy.parameters()[row.parameter]
        kinds = [declared.kinds[kind] for kind in row.kind.split(",") if kind] or list(declared.kinds.values())
        for label in [f"{declared.zh}（{kind}）" for kind in kinds] or [declared.zh]:
            found[label] = f"{row.value} — {row.articles}" if row.articles else row.value
    return found


def _days(days: int | None) -> str:
    return "" if days is None else policy.target_in_words(days)
