"""Pages and endpoints of grants: what is granted, who sees it, and the moves with their reasons."""

from __future__ import annotations

import pytest
from asking_world import posted
from test_requests import answered

from covers import covers
from jutong.slices.grants import actions
from jutong.slices.grants.models import Grant
from jutong.wire.grants import Column, Kind, Masking, Quota
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


def test_a_new_version_shows_what_changed(world: World, grant: Grant) -> None:
    terms = actions.Terms(
        columns=(Column("公民身份号码", "id_number", Kind.TEXT, Masking.IDENTITY),),
        conditions=(),
        key_items=("公民身份号码",),
        modes=("online_query",),
        purposes=("administrative_basis",),
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
        basis=grant.basis,
        quota=Quota(calls_per_day=500),
        known={"公民身份号码": Kind.TEXT},
    )
    actions.amend_grant(grant, by=world.actor("civil.head"), at=world.at, terms=terms)
    page = world.client("hr.clerk").get(f"/grants/{grant.pk}/").content.decode()
    assert "第 2 版" in page
    assert "<ins>每日 500 次调用</ins>" in page
    assert "证件号码掩码" in page


def test_the_endpoints_read_and_end_a_grant(world: World, grant: Grant) -> None:
    client = world.client("hr.head")
    assert client.get("/api/v1/grants/").json()["rows"][0]["reference"] == f"G-{grant.pk:06d}"
    assert client.get(f"/api/v1/grants/{grant.pk}").json()["items"][1]["masking"] == "name"
    assert len(client.get(f"/api/v1/grants/{grant.pk}/versions").json()) == 1
    assert world.client("police.head").get(f"/api/v1/grants/{grant.pk}").status_code == 404
    body = {"reason": "业务已结束，不再需要"}
    done = client.post(f"/api/v1/grants/{grant.pk}/finish", body, content_type="application/json")
    assert done.json()["state"] == "expired"
    again = client.post(f"/api/v1/grants/{grant.pk}/finish", body, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_state")
    bad = client.post(f"/api/v1/grants/{grant.pk}/finish", {"reason": "长" * 2000}, content_type="application/json")
    assert bad.status_code == 422
