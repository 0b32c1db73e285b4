"""Pages and endpoints of grants: what is granted, who sees it, and the moves with their reasons."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from asking_world import posted
from test_requests import answered

from covers import covers
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.models import InboxItem
from jutong.slices.grants import actions, queries, rules
from jutong.slices.grants.models import Grant
from jutong.wire.grants import Masking, Quota
from published import published
from world import World


@pytest.fixture
def grant(world: World) -> Grant:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    return Grant.objects.get(pk=answered(world, published(world)).grant_id)


def test_both_sides_see_items_masking_and_conditions_others_see_nothing(world: World, grant: Grant) -> None:
    for who in ("hr.clerk", "civil.officer", "audit.auditor"):
        page = world.client(who).get(f"/grants/{grant.pk}/").content.decode()
        assert "姓名掩码" in page
        assert "户籍行政区划 开头是 5110" in page
    assert world.client("police.officer").get(f"/grants/{grant.pk}/").status_code == 404
    assert f"G-{grant.pk:06d}" in world.client("hr.clerk").get("/grants/?side=consumer").content.decode()
    assert f"G-{grant.pk:06d}" not in world.client("hr.clerk").get("/grants/?side=provider").content.decode()
    assert f"G-{grant.pk:06d}" not in world.client("police.clerk").get("/grants/").content.decode()


@covers(partly=["R-SHR-008"])
def test_suspending_and_restoring_need_a_reason_and_the_providers_head(world: World, grant: Grant) -> None:
    page = f"/grants/{grant.pk}/"
    silent = posted(world.client("civil.head"), f"{page}suspend/", page=page, reason="")
    assert silent.status_code == 422
    assert "请填写“理由”" in silent.content.decode()
    done = posted(world.client("civil.head"), f"{page}suspend/", page=page, reason="数据质量核查")
    assert done.status_code == 303
    seen = world.client("hr.clerk").get(page).content.decode()
    assert "数据质量核查" in seen
    again = posted(world.client("civil.head"), f"{page}suspend/", page=page, reason="再停一次")
    assert again.status_code == 409
    assert "当前状态为“已暂停”" in again.content.decode()
    assert posted(world.client("civil.head"), f"{page}restore/", page=page, reason="核查完毕").status_code == 303
    grant.refresh_from_db()
    assert grant.state == "granted"


def test_a_move_by_the_wrong_person_is_refused_in_place(world: World, grant: Grant) -> None:
    from jutong.kernel.faces import once

    data = {"reason": "不想给了，收回授权", "once_token": once.fresh()}
    answer = world.client("hr.clerk").post(f"/grants/{grant.pk}/revoke/", data)
    assert answer.status_code == 403
    assert "授权内容" in answer.content.decode()
    data["once_token"] = once.fresh()
    assert world.client("police.head").post(f"/grants/{grant.pk}/revoke/", data).status_code == 404
    data["once_token"] = once.fresh()
    assert world.client("civil.head").post(f"/grants/{grant.pk}/open/", data).status_code == 404


def test_the_buttons_are_those_of_the_table(world: World, grant: Grant) -> None:
    consumer = world.client("hr.head").get(f"/grants/{grant.pk}/").content.decode()
    provider = world.client("civil.head").get(f"/grants/{grant.pk}/").content.decode()
    assert f"/grants/{grant.pk}/finish/" in consumer
    assert f"/grants/{grant.pk}/revoke/" not in consumer
    assert f"/grants/{grant.pk}/revoke/" in provider
    assert f"/grants/{grant.pk}/finish/" not in provider


def adjusted(**changes: Any) -> dict[str, Any]:
    """The form of changing the grant of these tests, as the page shows it first."""
    same = {
        "items": ["公民身份号码", "姓名"],
        "masking-0": "none",
        "masking-1": "name",
        "key_items": ["公民身份号码"],
        "confirm_items": ["收入"],
        "modes": ["online_query", "front_end_node"],
        "purposes": ["administrative_basis"],
        "use_until": "2027-03-01",
        "condition-0-item": "户籍行政区划",
        "condition-0-operator": "prefix",
        "condition-0-values": "5110",
        "reason": "按最小必要原则收窄",
    }
    return {**same, **changes}


@covers(partly=["R-SHR-036", "R-SHR-008"])
def test_the_providers_head_narrows_a_grant_and_the_consumer_is_told(world: World, grant: Grant) -> None:
    page = f"/grants/{grant.pk}/amend/"
    shown = world.client("civil.head").get(page).content.decode()
    assert "只能在原同意的范围内收窄" in shown
    assert 'name="items" value="姓名"' in shown
    assert 'name="items" value="出生日期"' not in shown
    changes = {"items": ["公民身份号码"], "masking-0": "identity", "calls_per_day": "500", "use_until": "2026-12-31"}
    assert posted(world.client("civil.head"), page, page=page, **adjusted(**changes)).status_code == 303
    seen = world.client("hr.clerk").get(f"/grants/{grant.pk}/").content.decode()
    assert "第 2 版" in seen
    assert "<ins>每日 500 次调用</ins>" in seen
    assert "证件号码掩码" in seen
    notice = InboxItem.objects.get(department_id=world.department("hr"), link=f"/grants/{grant.pk}/")
    assert (notice.text, "第 2 版" in notice.title) == ("按最小必要原则收窄", True)
    wire = queries.wire_grant(grant.pk)
    assert [(c.item, c.masking) for c in wire.columns] == [("公民身份号码", Masking.IDENTITY)]
    assert (wire.version, wire.quota.calls_per_day, wire.valid_until.isoformat()) == (
        2,
        500,
        "2026-12-31T16:00:00+00:00",
    )
    back = adjusted(reason="恢复原范围")
    assert posted(world.client("civil.head"), page, page=page, **back).status_code == 303
    assert [row.version for row in queries.versions(grant.pk, world.actor("hr.clerk"))] == [3, 2, 1]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"masking-1": "none"}, "脱敏方式比原同意的宽"),
        ({"condition-0-item": "", "condition-0-values": ""}, "“行条件”超出了原同意的范围"),
        ({"use_until": "2027-03-02"}, "“使用截止日期”超出了原同意的范围"),
        ({"items": ["公民身份号码", "姓名", "出生日期"]}, "取值不在可选范围内"),
        ({"modes": ["batch_download"]}, "取值不在可选范围内"),
        ({"purposes": ["work_reference"]}, "取值不在可选范围内"),
        ({"confirm_items": ["收入", "姓名"]}, "取值不在可选范围内"),
        ({"items": []}, "请选择“提供的信息项”"),
        ({"use_until": "2026-01-01"}, "截止日期须晚于今天"),
        ({"calls_per_day": "多"}, "应为整数"),
        ({"reason": ""}, "请填写“调整理由”"),
        ({}, "内容没有变化"),
    ],
)
def test_a_grant_is_never_widened_by_its_provider_alone(
    world: World, grant: Grant, changes: dict[str, Any], sentence: str
) -> None:
    page = f"/grants/{grant.pk}/amend/"
    answer = posted(world.client("civil.head"), page, page=page, **adjusted(**changes))
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    grant.refresh_from_db()
    assert grant.version == 1


def test_only_the_table_says_who_adjusts(world: World, grant: Grant) -> None:
    page = f"/grants/{grant.pk}/amend/"
    assert page in world.client("civil.head").get(f"/grants/{grant.pk}/").content.decode()
    for key in ("hr.head", "civil.officer"):
        assert page not in world.client(key).get(f"/grants/{grant.pk}/").content.decode()
        assert world.client(key).get(page).status_code == 409
        by = world.actor(key)
        with pytest.raises(NotAllowed):
            actions.amend_grant(grant, by=by, at=world.at, adjustment=ADJUSTMENT, reason="收窄")
    actions.suspend_grant(grant, by=world.actor("civil.head"), at=world.at, reason="核查")
    assert world.client("civil.head").get(page).status_code == 409


def test_a_quota_once_agreed_is_not_raised_nor_lifted() -> None:
    agreed = rules.Agreed((), (), (), (), (), (), Quota(100, 0, 0), datetime(2027, 1, 1, tzinfo=UTC))
    for calls in (0, 101):
        terms = actions.Adjustment((), (), (), date(2026, 6, 1), quota=Quota(calls, 0, 0))
        with pytest.raises(RuleBroken, match="额度不得高于原同意的"):
            rules.check_within(terms, datetime(2026, 6, 1, tzinfo=UTC), agreed)


def test_the_endpoint_adjusts_within_what_was_agreed(world: World, grant: Grant) -> None:
    body = {
        "items": [{"item": "公民身份号码", "masking": "identity"}],
        "modes": ["online_query"],
        "purposes": ["administrative_basis"],
        "use_until": "2026-12-31",
        "conditions": [{"item": "户籍行政区划", "operator": "prefix", "values": ["5110"]}],
        "key_items": ["公民身份号码"],
        "reason": "按最小必要原则收窄",
    }
    client, url = world.client("civil.head"), f"/api/v1/grants/{grant.pk}/amend"
    wide = client.post(url, {**body, "use_until": "2028-01-01"}, content_type="application/json")
    assert (wide.status_code, wide.json()["code"]) == (422, "validation_error")
    done = client.post(url, body, content_type="application/json")
    assert (done.status_code, done.json()["version"]) == (200, 2)


ADJUSTMENT = actions.Adjustment(
    items=(actions.Kept("公民身份号码"),),
    modes=("online_query",),
    purposes=("administrative_basis",),
    use_until=date(2026, 12, 31),
    key_items=("公民身份号码",),
)


def test_the_endpoints_read_and_end_a_grant(world: World, grant: Grant) -> None:
    client = world.client("hr.head")
    assert client.get("/api/v1/grants/").json()["rows"][0]["reference"] == f"G-{grant.pk:06d}"
    assert client.get(f"/api/v1/grants/{grant.pk}").json()["items"][1]["masking"] == "name"
    assert len(client.get(f"/api/v1/grants/{grant.pk}/versions").json()) == 1
    assert world.client("police.head").get(f"/api/v1/grants/{grant.pk}").status_code == 404
    body = {"reason": "业务已结束，不再需要", "ground": "no_longer_necessary"}
    done = client.post(f"/api/v1/grants/{grant.pk}/finish", body, content_type="application/json")
    assert done.json()["state"] == "expired"
    again = client.post(f"/api/v1/grants/{grant.pk}/finish", body, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_state")
    bad = client.post(f"/api/v1/grants/{grant.pk}/finish", {"reason": "长" * 2000}, content_type="application/json")
    assert bad.status_code == 422
