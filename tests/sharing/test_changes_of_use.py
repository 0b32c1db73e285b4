"""W08 through actions: what a consumer may do beside its grant, who consents, and what a release without consent comes to."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from rules_world import under
from test_requests import answered

from covers import covers
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.kernel.models import AuditEntry, OutboxEvent
from jutong.slices.grants import actions as grant_actions
from jutong.slices.grants import queries as grants
from jutong.slices.sharing import actions
from jutong.slices.sharing.models import Release, UseChange
from published import published
from world import World


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


def granted(world: World, profile: str = "national-2025") -> int:
    resource = published(world)
    under(world, profile)
    return answered(world, resource).grant_id or 0


def applied(world: World, grant_id: int, kind: str = "purpose", uploads: Any = (), **wanted: Any) -> UseChange:
    given: dict[str, Any] = {"kind": kind, "why": "办理社保稽核确需使用", "purposes": ("data_verification",)}
    return actions.apply_change(
        by=world.actor("hr.clerk"), at=world.at, grant_id=grant_id, wanted=actions.Wanted(**{**given, **wanted}),
        uploads=uploads,
    )  # fmt: skip


OUTSIDE: dict[str, Any] = {
    "kind": "third_party",
    "recipient": "内江市慈善总会",
    "content": "低保家庭名单中的姓名",
    "scope": "开展节日慰问",
    "purposes": (),
    "items": ("姓名",),
    "until": date(2026, 6, 30),
}


def paper() -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return [SimpleUploadedFile("书面申请.txt", "申请对外提供".encode())]


@covers("R-SHR-045")
def test_another_purpose_needs_consent_which_opens_a_new_version_of_the_grant(world: World) -> None:
    grant = granted(world)
    case = applied(world, grant)
    assert grants.wire_grant(grant).purposes == ("administrative_basis",)
    with pytest.raises(NotAllowed):
        actions.consent_change(case, by=world.actor("civil.officer"), at=world.at)
    actions.consent_change(case, by=world.actor("civil.head"), at=world.at)
    assert set(grants.wire_grant(grant).purposes) == {"administrative_basis", "data_verification"}
    first, second = reversed(grants.versions(grant, world.actor("hr.clerk")))
    assert (first.content["purposes"], len(second.content["purposes"])) == (["administrative_basis"], 2)
    world.drain()
    case.refresh_from_db()
    assert (case.state, case.version) == ("in_force", 2)
    with pytest.raises(RuleBroken):
        applied(world, grant, "scope", purposes=())
    wider = applied(world, grant, "scope", purposes=(), items=("出生日期",))
    assert actions.refuse_change(wider, by=world.actor("civil.head"), at=world.at, reason="无必要").state == "refused"
    assert "出生日期" not in {column.item for column in grants.wire_grant(grant).columns}
    grant_actions.revoke_grant(grant, by=world.actor("civil.head"), at=world.at, reason="依据失效")
    world.drain()
    case.refresh_from_db()
    assert case.state == "ended"
    with pytest.raises(WrongState):
        applied(world, grant)


@covers(partly=["R-SHR-045"])
@pytest.mark.parametrize("profile", ["inner-mongolia-2018", "liyang-2020"])
def test_where_the_local_text_forbids_it_another_purpose_is_refused_at_once(world: World, profile: str) -> None:
    grant = granted(world, profile)
    with pytest.raises(NotAllowed, match="禁止将共享数据用于其他目的"):
        applied(world, grant)
    assert applied(world, grant, "scope", purposes=(), items=("出生日期",)).state == "applied"
    assert AuditEntry.objects.filter(verb="use_change.apply", outcome="refused").count() == 1


@covers("R-SHR-018")
@pytest.mark.parametrize(
    ("profile", "admitted"),
    [
        ("national-2025", True),
        ("jiangxi-2017", True),
        ("neijiang-2020", True),
        ("inner-mongolia-2018", False),
        ("liyang-2020", False),
    ],
)
def test_third_parties_get_data_only_where_the_profile_lets_the_provider_consent(
    world: World, profile: str, admitted: bool
) -> None:
    free: dict[str, Any] = {"share_type": "unconditional", "open_type": "conditional", "open_conditions": "实名"}
    open_resource = published(world, title="区划代码", **free)
    grant = granted(world, profile)
    if not admitted:
        with pytest.raises(NotAllowed, match="禁止将共享数据提供给第三方"):
            applied(world, grant, uploads=paper(), **OUTSIDE)
        return
    case = applied(world, grant, uploads=paper(), **OUTSIDE)
    assert (case.state, case.provider_id) == ("applied", world.department("civil"))
    if profile == "neijiang-2020":
        open_data = answered(world, open_resource).grant_id or 0
        with pytest.raises(NotAllowed, match="禁止"):
            applied(world, open_data, uploads=paper(), **OUTSIDE)


@covers("R-SHR-019")
def test_in_jiangxi_one_applies_in_writing_and_releases_within_the_permit_only(world: World) -> None:
    grant = granted(world, "jiangxi-2017")
    with pytest.raises(RuleBroken) as unwritten:
        applied(world, grant, **OUTSIDE)
    assert "书面申请" in unwritten.value.remarks["uploads"]
    case = applied(world, grant, uploads=paper(), **OUTSIDE)
    given: dict[str, Any] = {
        "by": world.actor("hr.clerk"), "at": world.at, "grant_id": grant, "change_id": case.pk, "rows": 12,
        "released_on": date(2026, 3, 2),
    }  # fmt: skip
    inside = {"recipient": "内江市慈善总会", "items": ["姓名"]}
    with pytest.raises(NotAllowed, match="没有提供方同意"):
        actions.release(**given, **inside)
    permit = actions.consent_change(case, by=world.actor("civil.head"), at=world.at)
    assert permit.permit == "WP-2026-000001"
    actions.release(**given, **inside)
    for beyond in ({"recipient": "某商业公司", "items": ["姓名"]}, inside | {"items": ["公民身份号码"]}):
        with pytest.raises(NotAllowed):
            actions.release(**given, **beyond)
    case.refresh_from_db()
    assert (case.state, case.releases) == ("released", 1)
    assert [bool(one.fault) for one in Release.objects.order_by("pk")] == [True, False, True, True]
    found = OutboxEvent.objects.filter(name="sharing.finding_proposed")
    assert {event.payload["kind"] for event in found} == {"third_party_without_consent"}
    assert found.count() == 3
    world.drain(world.at + timedelta(days=150))
    case.refresh_from_db()
    assert case.state == "closed"


@covers(partly=["R-SHR-020"])
def test_a_commercial_provision_is_refused_in_jiangxi_with_its_article(world: World) -> None:
    grant = granted(world, "jiangxi-2017")
    with pytest.raises(RuleBroken) as refused:
        applied(world, grant, uploads=paper(), **OUTSIDE | {"commercial": True})
    assert "第十七条" in refused.value.remarks["commercial"]
