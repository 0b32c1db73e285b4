"""The management API of sharing: W06 by JSON, with the refusals of the table."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from covers import covers
from jutong.kernel.models import PolicyAssignment
from jutong.kernel.policy import Policy, load
from jutong.slices.catalogue.rules.obligations import obligations, ready
from published import content, published
from world import World

BODY: dict[str, Any] = {
    "items": ["公民身份号码", "姓名"],
    "key_items": ["公民身份号码"],
    "modes": ["online_query"],
    "purposes": ["administrative_basis"],
    "use_basis": "《社会救助暂行办法》第十一条",
    "use_scene": "办理养老保险代缴时核验低保身份",
    "use_scope": "养老保险科经办人员使用",
    "duty": "城乡居民基本养老保险经办",
    "use_from": "2026-03-02",
    "use_until": "2029-03-01",
    "personal_basis": "为履行法定职责所必需",
    "declared": True,
}
REPLY: dict[str, Any] = {
    "agree": True,
    "items": [{"item": "公民身份号码"}, {"item": "姓名", "masking": "name"}],
    "key_items": ["公民身份号码"],
    "modes": ["online_query"],
    "purposes": ["administrative_basis"],
    "quota": {"calls_per_day": 100},
}


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


def sent(client: Client, path: str, body: object = None, method: str = "post") -> Any:
    return getattr(client, method)(f"/api/v1/sharing{path}", body or {}, content_type="application/json")


def written(world: World, entry: int) -> int:
    answer = sent(world.client("hr.clerk"), "/requests", {**BODY, "resource_id": entry})
    assert answer.status_code == 200, answer.content
    return int(answer.json()["line"]["id"])


def test_a_request_goes_by_json_alone_to_the_grant(world: World) -> None:
    case = written(world, published(world))
    clerk, head = world.client("hr.clerk"), world.client("hr.head")
    changed = sent(clerk, f"/requests/{case}", {**BODY, "resource_id": 0}, "put")
    assert changed.status_code == 422
    assert sent(head, f"/requests/{case}/consent").json()["line"]["state"] == "head_consented"
    filed = sent(clerk, f"/requests/{case}/file").json()
    assert filed["line"]["clocks"][0]["name"] == "reply"
    officer, provider = world.client("civil.officer"), world.client("civil.head")
    asked = sent(officer, f"/requests/{case}/ask_supplement", {"papers": ["授权文件"]})
    assert asked.json()["supplement"]["papers"] == ["授权文件"]
    assert sent(clerk, f"/requests/{case}/supplement", {"text": "已补交"}).json()["line"]["state"] == "received"
    assert sent(officer, f"/requests/{case}/prepare_reply", REPLY).json()["line"]["state"] == "reply_prepared"
    back = sent(provider, f"/requests/{case}/withhold_consent", {"remark": "请核对脱敏方式"})
    assert back.json()["line"]["state"] == "received"
    sent(officer, f"/requests/{case}/prepare_reply", REPLY)
    assert clerk.get(f"/api/v1/sharing/requests/{case}").json()["reply"] == {}
    agreed = sent(provider, f"/requests/{case}/agree").json()
    assert agreed["grant_id"]
    grant = clerk.get(f"/api/v1/grants/{agreed['grant_id']}").json()
    assert grant["quota"]["calls_per_day"] == 100


def test_refusals_are_those_of_the_table(world: World) -> None:
    entry = published(world)
    case = written(world, entry)
    early = sent(world.client("hr.clerk"), f"/requests/{case}/file")
    assert (early.status_code, early.json()["code"]) == (409, "invalid_state")
    wrong = sent(world.client("hr.clerk"), f"/requests/{case}/consent")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "forbidden")
    stranger = sent(world.client("police.head"), f"/requests/{case}/consent")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    empty = sent(world.client("hr.clerk"), "/requests", {**BODY, "resource_id": entry, "use_basis": "", "items": []})
    assert empty.status_code == 422
    assert set(empty.json()["remarks"]) == {"use_basis", "items"}
    misshapen = sent(world.client("hr.clerk"), "/requests", {"resource_id": "x"})
    assert misshapen.status_code == 422
    assert world.signed_out().get("/api/v1/sharing/requests").status_code == 401


def test_a_declined_request_says_why_and_a_withdrawn_one_is_over(world: World) -> None:
    case = written(world, published(world))
    sent(world.client("hr.head"), f"/requests/{case}/consent")
    sent(world.client("hr.clerk"), f"/requests/{case}/file")
    papers = sent(world.client("civil.head"), f"/requests/{case}/decline", {"reason": "材料不全"})
    assert papers.status_code == 422
    extended = sent(world.client("civil.officer"), f"/requests/{case}/ask_extension", {"days": 5, "reason": "系统升级"})
    assert extended.json()["extension_asked"]["days"] == 5
    gone = sent(world.client("hr.clerk"), f"/requests/{case}/withdraw", {"reason": "业务取消"})
    assert gone.json()["line"]["state"] == "withdrawn"
    late = sent(world.client("authority.chief"), f"/requests/{case}/extend", {"days": 5})
    assert late.status_code == 409


def test_standing_consents_by_json(world: World) -> None:
    entry = published(world, share_type="unconditional")
    head = world.client("civil.head")
    assert sent(head, "/standing", {"resource_id": entry}).status_code == 204
    (row,) = head.get("/api/v1/sharing/standing").json()
    assert row["resource_id"] == entry
    assert sent(world.client("hr.head"), "/standing", {"resource_id": entry}).status_code == 403
    assert head.delete(f"/api/v1/sharing/standing/{row['id']}").status_code == 204


@covers("R-EXC-024")
def test_one_offer_is_asked_for_by_its_local_mode_or_by_its_national_class(world: World) -> None:
    entry = published(world)  # of a database: all classes
    interface = published(
        world, title="低保核验接口", format_class="service", format_types=("rest",), share_mode="interface"
    )
    PolicyAssignment.objects.all().delete()
    PolicyAssignment.objects.create(
        region=world.region, profile="jiangxi-2017", version=1, effective_from=date(2020, 1, 1), assigned_at=world.at
    )
    clerk = world.client("hr.clerk")

    def asked(*modes: str, resource_id: int = entry) -> Any:
        return sent(clerk, "/requests", {**BODY, "resource_id": resource_id, "modes": modes})

    def kept(*modes: str) -> list[str]:
        case = asked(*modes).json()["line"]["id"]
        return list(sent(clerk, f"/requests/{case}", method="get").json()["modes"])

    assert kept("batch_exchange") == kept("front_end_node") == ["front_end_node"]
    assert kept("service_interface", "online_query") == ["system_docking", "online_query"]
    assert kept("file_download") == ["batch_download"]
    for refused in (asked("pneumatic_post"), asked("batch_exchange", resource_id=interface)):
        assert refused.status_code == 422
        assert refused.json()["code"] == "validation_error"
        assert "modes" in refused.json()["remarks"]
    page = clerk.get(f"/sharing/new/{entry}/").content.decode()
    assert "前置机共享（批量交换）" in page
    # a way outside the platform, and so outside the classes, has to be called by a declared name
    undeclared = content(share_mode_class="medium", share_mode="")
    demanded = obligations(Policy.under(load("national-2025"), date(2026, 3, 2)))
    assert {finding.field for finding in ready(undeclared, demanded, provider="某局")} == {"share_mode"}
