"""An authority proposes stricter rules and internal targets for its region, sees what they change, and issues them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from covers import covers
from jutong.kernel import jurisdiction
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken
from jutong.kernel.models import PolicyAssignment
from jutong.slices.standards import actions, queries
from jutong.slices.standards.models import ProfileDraft
from world import World

BASIS = "内数发〔2026〕3号"


@pytest.fixture(autouse=True)
def _fresh_rules() -> None:
    jurisdiction._policy.cache_clear()


def draft(world: World, key: str = "authority.reviewer", **given: Any) -> ProfileDraft:
    usual = {"region": "511000", "profile": "national-2025", "overrides": {}, "targets": {}, "basis": BASIS}
    return actions.draft_profile(**(usual | given), by=world.actor(key), at=world.at)


@covers("R-OVR-036")
def test_a_reviewer_proposes_and_the_head_issues_from_a_coming_day_on(world: World) -> None:
    made = draft(
        world,
        overrides={"request_reply_days": 5, "catalog_update_days": {"function_change": 7}},
        targets={"verification_feedback_days": 5},
    )
    row, changes = queries.profile_draft(made.pk, world.at)
    assert row.drafted_by == world.actor("authority.reviewer").name
    assert [(change.label, change.new) for change in changes] == [
        ("目录更新期限（部门职责变化）", f"7 个工作日 — {BASIS}"),
        ("共享申请答复期限", f"5 个工作日 — {BASIS}"),
        ("内部目标：发现问题后反馈期限", "内部目标 5 个工作日（非法定期限）"),
    ]
    today, chief = beijing_day(world.at), world.actor("authority.chief")
    with pytest.raises(NotAllowed):
        actions.issue_profile(
            made, effective_from=today + timedelta(days=1), by=world.actor("authority.reviewer"), at=world.at
        )
    with pytest.raises(RuleBroken, match="今天之后"):
        actions.issue_profile(made, effective_from=today, by=chief, at=world.at)
    tomorrow = today + timedelta(days=1)
    actions.issue_profile(made, effective_from=tomorrow, by=chief, at=world.at)
    assert jurisdiction.policy_for("511000", today).reference == "national-2025@1"
    rules = jurisdiction.policy_for("511000", tomorrow)
    assert rules.explain("request_reply_days") == f"5 个工作日 — {BASIS}（本地更严的规定）"
    assert (rules.days("catalog_update_days", "function_change"), rules.days("catalog_update_days", "law")) == (7, 10)
    assert rules.target("verification_feedback_days") == 5
    with pytest.raises(NotThere):
        queries.profile_draft(made.pk, world.at)
    seen = queries.profile_editor("511000", world.at + timedelta(days=1))
    assert {row.key: row.own for row in seen.rows if row.own is not None} == {
        "request_reply_days": 5, "catalog_update_days:function_change": 7,
    }  # fmt: skip


@covers("R-OVR-036", partly=["R-OVR-043"])
@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"overrides": {"no_such": 1}}, "no_such", "不存在"),
        ({"overrides": {"request_reply_days": -1}}, "request_reply_days", "0 至 366"),
        ({"overrides": {"request_reply_days": 15}}, "request_reply_days", "只能更严"),
        ({"overrides": {"catalog_update_days": {"law": 12}}}, "catalog_update_days", "只能更严"),
        ({"overrides": {"silence_is_consent": True}}, "silence_is_consent", ""),
        ({"overrides": {"request_reply_days": 5}, "basis": " "}, "basis", "本地规定的名称"),
        ({"targets": {"delivery_days": 5}}, "delivery_days", "已有规定的期限"),
        ({"targets": {"negotiation_days": 0}}, "negotiation_days", "1 至 366"),
        ({"targets": {"no_such": 3}}, "no_such", "不是可以设内部目标"),
    ],
)
def test_what_is_weaker_unknown_or_negative_is_refused_by_field(
    world: World, given: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        draft(world, **given)
    assert list(refused.value.remarks) == [field]
    assert sentence in refused.value.remarks[field]
    assert not ProfileDraft.objects.exists()


def test_only_the_regions_own_authority_proposes(world: World) -> None:
    for key in ("hr.head", "admin.system", "authority.operator"):
        with pytest.raises(NotAllowed):
            draft(world, key)
    made = draft(world, targets={"negotiation_days": 10})
    assert draft(world, targets={"negotiation_days": 8}).pk == made.pk
    actions.discard_profile(made, by=world.actor("authority.chief"), at=world.at)
    assert not PolicyAssignment.objects.exists()
    assert queries.profile_editor("511000", world.at).draft is None


def test_a_region_that_only_has_targets_keeps_the_texts_own_limits(world: World) -> None:
    made = draft(world, targets={"negotiation_days": 10}, basis="")
    row = actions.issue_profile(made, effective_from=date(2026, 3, 3), by=world.actor("authority.chief"), at=world.at)
    rules = jurisdiction.policy_for("511000", date(2026, 3, 3))
    assert rules.reference == row.reference == "national-2025:511000@2"
    assert (rules.days("negotiation_days"), rules.target("negotiation_days")) == (None, 10)
    assert rules.effective("request_reply_days").origin == "national"
