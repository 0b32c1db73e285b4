"""W01 as its people live it: from the first draft to publication, return, revision and withdrawal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from covers import covers
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, InboxItem
from jutong.slices.catalogue import actions, queries, search
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.rules.content import Content, ItemContent
from published import ASSESSED, content, published
from world import World


def draft(world: World, **changes: Any) -> Entry:
    return actions.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), content=content(**changes)
    )


def submitted(world: World, **changes: Any) -> Entry:
    entry = draft(world, **changes)
    actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
    return actions.submit(entry, by=world.actor("civil.officer"), at=world.at)


@covers("R-CAT-008", "R-CAT-056", partly=["R-CAT-016"])
def test_an_entry_goes_from_draft_to_one_notice_to_all_departments(world: World) -> None:
    entry = submitted(world)
    assert entry.state == "submitted"
    assert entry.code == "3070010001/000001"
    with pytest.raises(WrongState):
        actions.publish(entry, by=world.actor("authority.reviewer"), at=world.at)
    actions.review(entry, by=world.actor("authority.reviewer"), at=world.at)
    with pytest.raises(NotAllowed):
        actions.publish(entry, by=world.actor("civil.officer"), at=world.at)
    moved, number = actions.publish_entries([entry.pk], by=world.actor("authority.chief"), at=world.at)
    assert moved.done == [entry.pk]
    assert number == "511000政数目录通告〔2026〕1号"
    world.drain()
    told = set(InboxItem.objects.filter(title__contains=number).values_list("department_id", flat=True))
    assert {world.department("market"), world.department("police"), world.department("hr")} <= told
    seen = queries.entry(entry.pk, actor=world.actor("market.clerk"), at=world.at)
    assert [opinion.kind for opinion in seen.opinions] == ["review", "publication"]
    verbs = list(
        AuditEntry.objects.filter(subject_kind="catalog_entry", outcome="success")
        .order_by("id")
        .values_list("verb", flat=True)
    )
    assert [verb.rpartition(".")[2] for verb in verbs] == [
        "compile",
        "assess",
        "leader_approve",
        "submit",
        "review",
        "publish",
    ]


@covers("R-CAT-001", partly=["R-CAT-016"])
def test_only_a_published_entry_can_be_relied_on(world: World) -> None:
    entry = submitted(world)
    with pytest.raises(WrongState, match=r"城乡低保对象信息.*待审核"):
        queries.require_published(entry.pk)
    actions.review(entry, by=world.actor("authority.reviewer"), at=world.at)
    actions.publish(entry, by=world.actor("authority.reviewer"), at=world.at)
    offer = queries.require_published(entry.pk)
    assert (offer.title, offer.share_scope, len(offer.items)) == ("城乡低保对象信息", "因履职需要的市级部门", 5)
    with pytest.raises(NotThere):
        queries.require_published(10**9)


@covers("R-CAT-007")
def test_only_the_department_that_compiles_an_entry_may_change_it(world: World) -> None:
    pk = published(world)
    with pytest.raises(NotAllowed):
        actions.revise(pk, by=world.actor("market.officer"), at=world.at)
    refusal = AuditEntry.objects.filter(outcome="refused", verb="catalog_entry.revise").get()
    assert refusal.actor_id == world.account("market.officer")
    actions.revise(pk, by=world.actor("civil.officer"), at=world.at)
    changed = msgspec.structs.replace(content(), abstract="新的摘要")
    actions.edit_entry(pk, by=world.actor("civil.officer"), at=world.at, content=changed)
    rows = queries.versions(pk, actor=world.actor("civil.officer"))
    assert (rows[0].number, rows[0].editor) == (2, world.actor("civil.officer").name)
    assert rows[0].edited_at == world.at


def test_a_draft_is_not_there_for_other_departments(world: World) -> None:
    entry = draft(world)
    for reader in ("market.officer", "police.head"):
        with pytest.raises(NotThere):
            queries.entry(entry.pk, actor=world.actor(reader), at=world.at)
        with pytest.raises(NotThere):
            actions.edit_entry(entry.pk, by=world.actor(reader), at=world.at, content=content())
    with pytest.raises(NotAllowed):
        actions.compile_entry(
            by=world.actor("market.officer"),
            at=world.at,
            provider_id=world.department("civil"),
            content=content("别的"),
        )


def test_the_published_version_stays_in_force_while_it_is_revised(world: World) -> None:
    pk = published(world)
    officer = world.actor("civil.officer")
    actions.revise(pk, by=officer, at=world.at)
    actions.edit_entry(pk, by=officer, at=world.at, content=content("城乡低保对象新名称"))
    assert queries.require_published(pk).title == "城乡低保对象信息"
    assert queries.entry(pk, actor=world.actor("market.clerk"), at=world.at).content.title == "城乡低保对象信息"
    assert queries.entry(pk, actor=officer, at=world.at).content.title == "城乡低保对象新名称"
    assert [f.title for f in search.search("低保", actor=officer).found] == ["城乡低保对象信息"]
    actions.assess(pk, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(pk, by=world.actor("civil.leader"), at=world.at)
    actions.submit(pk, by=officer, at=world.at)
    actions.review(pk, by=world.actor("authority.reviewer"), at=world.at)
    actions.publish(pk, by=world.actor("authority.reviewer"), at=world.at)
    offer = queries.require_published(pk)
    assert (offer.title, offer.code, offer.version) == ("城乡低保对象新名称", "3070010001/000001", 2)
    assert [f.title for f in search.search("低保", actor=officer).found] == ["城乡低保对象新名称"]


@covers("R-CAT-052")
def test_approval_lapses_when_items_sharing_conditions_or_level_change(world: World) -> None:
    officer, leader, secrecy = (world.actor(f"civil.{post}") for post in ("officer", "leader", "secrecy"))
    entry = draft(world)
    with pytest.raises(WrongState):
        actions.submit(entry, by=officer, at=world.at)
    for change in (
        {"share_conditions": "另加条件"},
        {"security_level": "important"},
        {"items": content().items[:3]},
        {"share_type": "unconditional"},
    ):
        actions.assess(entry, by=secrecy, at=world.at, **ASSESSED)
        actions.leader_approve(entry, by=leader, at=world.at)
        now = queries.entry(entry.pk, actor=officer, at=world.at).content
        changed = actions.edit_entry(entry.pk, by=officer, at=world.at, content=msgspec.structs.replace(now, **change))
        assert changed.state == "draft", change
    actions.assess(entry, by=secrecy, at=world.at, **ASSESSED)
    with pytest.raises(NotAllowed):
        actions.leader_approve(entry, by=officer, at=world.at)
    with pytest.raises(NotThere):
        actions.leader_approve(entry, by=world.actor("market.leader"), at=world.at)
    now = queries.entry(entry.pk, actor=officer, at=world.at).content
    corrected = msgspec.structs.replace(now, abstract="只改了摘要的错别字")
    assert actions.edit_entry(entry.pk, by=officer, at=world.at, content=corrected).state == "assessed"


def test_a_secret_is_refused_and_nothing_of_it_is_stored(world: World) -> None:
    entry = draft(world)
    with pytest.raises(NotAllowed, match="不得在本平台编目"):
        actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, secret=True, secrecy="含国家秘密")
    entry.refresh_from_db()
    assert entry.state == "draft"
    assert not entry.opinions.exists()
    with pytest.raises(NotAllowed, match="国家秘密"):
        draft(world, title="秘密的", secret="state")


def test_personal_information_needs_its_impact_assessed(world: World) -> None:
    entry = draft(world)
    with pytest.raises(RuleBroken) as refused:
        actions.assess(entry, by=world.actor("civil.head"), at=world.at, secret=False, secrecy="低")
    assert set(refused.value.remarks) == {"personal_information"}


@covers("R-CAT-002", "R-CAT-051")
def test_an_incomplete_entry_is_told_everything_it_lacks(world: World) -> None:
    bare = Content(title="缺项的目录")
    entry = actions.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), content=bare
    )
    actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    with pytest.raises(RuleBroken) as refused:
        actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
    lacking = {
        "abstract", "format_class", "share_type", "share_mode", "update_cycle", "data_category", "security_level", "items",
    }  # fmt: skip
    assert set(refused.value.remarks) == lacking
    entry.refresh_from_db()
    assert entry.state == "assessed"
    assert submitted(world, open_type="").state == "submitted"


def test_a_return_carries_remarks_per_element_and_needs_a_reason(world: World) -> None:
    entry = submitted(world)
    reviewer = world.actor("authority.reviewer")
    with pytest.raises(RuleBroken, match="说明理由"):
        actions.return_entry(entry, by=reviewer, at=world.at, reason="  ")
    with pytest.raises(RuleBroken, match="不存在的要素"):
        actions.return_entry(entry, by=reviewer, at=world.at, reason="改", remarks={"nothing": "x"})
    actions.return_entry(entry, by=reviewer, at=world.at, remarks={"abstract": "请写清来源"})
    world.drain()
    assert InboxItem.objects.filter(department_id=world.department("civil"), title__contains="退回").exists()
    seen = queries.entry(entry.pk, actor=world.actor("civil.officer"), at=world.at)
    assert seen.row.state == "returned"
    assert seen.opinions[-1].remarks == (("abstract", "请写清来源"),)
    changed = msgspec.structs.replace(seen.content, abstract="来源于民政业务系统")
    again = actions.edit_entry(entry.pk, by=world.actor("civil.officer"), at=world.at, content=changed)
    assert (again.state, again.code) == ("draft", "3070010001/000001")


@covers("R-CAT-034", "R-CAT-033")
def test_unconditional_is_proposed_and_must_be_confirmed(world: World) -> None:
    unconfirmed = content(share_type="unconditional", share_confirmed=False)
    entry = actions.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), content=unconfirmed
    )
    assert Content(title="新").share_type == "unconditional"
    actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    with pytest.raises(RuleBroken, match="共享类型"):
        actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
    restricted = content(share_type="withheld", share_limit="", share_scope="")
    actions.edit_entry(entry.pk, by=world.actor("civil.officer"), at=world.at, content=restricted)
    changes = {
        d.element: (d.old, d.new) for d in queries.difference(entry.pk, 1, 2, actor=world.actor("civil.officer"))
    }
    assert changes["share_type"] == ("无条件共享", "不予共享")
    actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    with pytest.raises(RuleBroken) as refused:
        actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
    assert {"withheld_reason", "basis_instrument", "basis_article", "basis_wording", "basis_rank"} <= set(
        refused.value.remarks
    )


WITHHELD = {
    "share_type": "withheld", "withheld_reason": "法律明确禁止提供", "basis_rank": "law", "basis_instrument": "测试法",
    "basis_article": "第三条", "basis_wording": "不得向任何单位提供", "share_mode": "", "share_mode_class": "",
}  # fmt: skip


@covers("R-CAT-053", "R-CAT-054")
def test_a_withheld_entry_passes_only_on_an_express_prohibition(world: World) -> None:
    reviewer = world.actor("authority.reviewer")
    entry = submitted(world, **WITHHELD)
    with pytest.raises(RuleBroken, match="明确禁止"):
        actions.review(entry, by=reviewer, at=world.at)
    actions.return_entry(entry, by=reviewer, at=world.at, reason="条款只要求保密", express_prohibition=False)
    with pytest.raises(RuleBroken, match="只能选择"):
        actions.edit_entry(
            entry.pk, by=world.actor("civil.officer"), at=world.at, content=content(**WITHHELD, abstract="再报")
        )
    actions.edit_entry(entry.pk, by=world.actor("civil.officer"), at=world.at, content=content())
    other = submitted(world, title="另一资源", **WITHHELD)
    moved = actions.review_entries([other.pk], by=reviewer, at=world.at)
    assert "单独审核" in moved.refused[other.pk]
    actions.review(other, by=reviewer, at=world.at, express_prohibition=True)
    actions.publish(other, by=reviewer, at=world.at)
    seen = queries.entry(other.pk, actor=world.actor("market.clerk"), at=world.at)
    assert (seen.content.withheld_reason, seen.content.basis_instrument, seen.content.basis_article) == (
        "法律明确禁止提供", "测试法", "第三条",
    )  # fmt: skip
    (found,) = search.search("另一资源", actor=world.actor("market.clerk")).found
    assert "不提供数据" in found.how


def test_sets_move_together_and_each_refusal_has_its_sentence(world: World) -> None:
    good = [submitted(world, title=f"批量资源{name}").pk for name in "甲乙丙"]
    still = draft(world, title="还是草稿").pk
    reviewer = world.actor("authority.reviewer")
    moved = actions.review_entries([*good, still], by=reviewer, at=world.at)
    assert moved.done == good
    assert "没有找到" in moved.refused[still]
    moved, number = actions.publish_entries([*good, still], by=reviewer, at=world.at)
    assert moved.done == good
    assert number.endswith("1号")
    assert [row.id for row in queries.entries_of(world.actor("civil.officer"), state="published")[0]] == good[::-1]


def test_a_set_is_submitted_with_codes_of_its_own(world: World) -> None:
    entries = [draft(world, title=f"待提交{name}") for name in "甲乙"]
    for entry in entries:
        actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
        actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
    moved = actions.submit_entries([entry.pk for entry in entries], by=world.actor("civil.officer"), at=world.at)
    assert len(moved.done) == 2
    assert set(Entry.objects.values_list("code", flat=True)) == {"3070010001/000001", "3070010001/000002"}
    rows, _meta = queries.review_queue(world.actor("authority.reviewer"), at=world.at)
    assert len(rows) == 2
    assert queries.review_queue(world.actor("market.officer"), at=world.at)[0] == []


def test_two_editors_are_told_of_each_other(world: World) -> None:
    entry = draft(world)
    officer = world.actor("civil.officer")
    actions.edit_entry(entry.pk, by=officer, at=world.at, content=content(abstract="先到"), expected_version=1)
    with pytest.raises(Conflict, match="第 2 版"):
        actions.edit_entry(entry.pk, by=officer, at=world.at, content=content(abstract="后到"), expected_version=1)
    assert actions.edit_entry(entry.pk, by=officer, at=world.at, content=content(abstract="先到")).version == 2


def test_the_same_title_in_other_punctuation_is_a_conflict(world: World) -> None:
    draft(world, title="低保（对象）信息")
    with pytest.raises(Conflict, match="同名"):
        draft(world, title="低保 ( 对象 ) 信 息。")
    assert draft(world, title="低保对象信息明细").pk
    copied = actions.copy_entry(
        Entry.objects.first().pk, by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil")
    )
    assert copied.title == "低保（对象）信息（副本）"
    assert copied.state == "draft"


def test_withdrawing_needs_a_reason_and_ends_the_offer(world: World) -> None:
    pk = published(world)
    officer, platform = world.actor("civil.officer"), system_actor("grants")
    with pytest.raises(NotAllowed):
        actions.withdraw(pk, by=officer, at=world.at, reason="职责调整")
    with pytest.raises(RuleBroken, match="理由"):
        actions.withdraw(pk, by=platform, at=world.at)
    actions.withdraw(pk, by=platform, at=world.at, reason="职责调整")
    assert queries.published(pk) is None
    assert search.search("低保", actor=officer).found == ()
    assert draft(world).title == "城乡低保对象信息"


def test_only_drafts_without_history_can_be_deleted(world: World) -> None:
    entry = draft(world)
    officer = world.actor("civil.officer")
    actions.discard_draft(entry.pk, by=officer, at=world.at)
    assert not Entry.objects.exists()
    kept = submitted(world)
    with pytest.raises(WrongState):
        actions.discard_draft(kept.pk, by=officer, at=world.at)


@covers("R-CAT-010", "R-CAT-038")
def test_classes_are_base_theme_or_department_and_base_items_are_never_restricted(world: World) -> None:
    with pytest.raises(RuleBroken, match="信息资源分类"):
        draft(world, resource_class="other")
    items = (
        ItemContent(name="姓名", type="C", base_item=True, share_type="conditional"),
        ItemContent(name="病史", type="M", share_type="conditional"),
    )
    base = {"resource_class": "base", "category": "population"}
    entry = draft(world, title="人口基础信息", items=items, **base)
    actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    with pytest.raises(RuleBroken, match=r"姓名.*必须无条件共享"):
        actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
    free = (msgspec.structs.replace(items[0], share_type="unconditional"), items[1])
    passed = submitted(world, title="人口基础信息二", items=free, **base)
    assert passed.code == "101001/000001"


@covers("R-CAT-037")
@pytest.mark.parametrize(
    ("profile", "day", "state"),
    [
        ("jiangxi-2017", datetime(2026, 3, 2, 1, tzinfo=UTC), "pending_determination"),
        ("neijiang-2020", datetime(2026, 3, 2, 1, tzinfo=UTC), "submitted"),
        ("liyang-2020", datetime(2026, 3, 2, 1, tzinfo=UTC), "submitted"),
    ],
)
def test_the_control_of_a_restrictive_type_follows_the_profile(
    world: World, profile: str, day: datetime, state: str
) -> None:
    from jutong.kernel.models import PolicyAssignment

    PolicyAssignment.objects.create(region="511000", profile=profile, effective_from="2024-01-01", assigned_at=day)
    entry = submitted(world, basis_rank="law", basis_instrument="测试法", basis_article="第一条", basis_wording="条文")
    world.drain()
    entry.refresh_from_db()
    assert entry.state == state
    assert not AuditEntry.objects.filter(verb="catalog_entry.hold", outcome="refused").exists()
    filed = entry.opinions.filter(kind="filing").first()
    assert (filed is not None) == (profile == "neijiang-2020")
    reviewer = world.actor("authority.reviewer")
    if filed:
        actions.acknowledge_filing(entry.pk, by=reviewer, at=world.at)
        filed.refresh_from_db()
        assert filed.acknowledged_at == world.at
    if state == "pending_determination":
        with pytest.raises(WrongState):
            actions.review(entry, by=reviewer, at=world.at)
        actions.determine(entry, by=reviewer, at=world.at, number="核定〔2026〕1号")
    else:
        actions.review(entry, by=reviewer, at=world.at)
    entry.refresh_from_db()
    assert entry.state == "reviewed"
