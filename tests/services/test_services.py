"""Interfaces: what can be called and how, figures of use, and the console against a real gateway."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from asking_world import posted
from hypothesis import given
from hypothesis import strategies as st
from served_gateway import ServedGateway, served_gateway
from test_requests import filed, reply

from covers import covers
from gateway_world import person
from jutong.client.signing import signature
from jutong.kernel import clock, inbox
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import AuditEntry, OutboxEvent
from jutong.kernel.settings import settings
from jutong.slices.grants import actions as grant_actions
from jutong.slices.grants import queries as grants
from jutong.slices.services import actions, events, queries, rules
from jutong.slices.services.models import Alert, UsageDay
from jutong.slices.sharing import actions as sharing
from jutong.wire.bundle import Endpoint
from jutong.wire.usage import LATENCY_MS, Evidence, Usage
from published import published
from world import World


@pytest.fixture
def granted(world: World) -> int:
    """A grant of 民政局 to 人社局 with online query, made through W06; a term that covers today."""
    from jutong.dataplane import identity

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    entry = published(world)
    request = filed(world, entry)
    drafted = reply(conditions=(), use_until=clock.beijing_day(clock.now()) + timedelta(days=300))
    sharing.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=drafted)
    agreed = sharing.agree(request, by=world.actor("civil.head"), at=world.at)
    return int(agreed.grant_id or 0)


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedGateway]:
    monkeypatch.setenv("JUTONG_SOURCE_ADDRESSES", '["127.0.0.0/8"]')
    with served_gateway(tmp_path) as served:
        monkeypatch.setattr(settings(), "gateway_origin", served.url)
        yield served


# ---- what can be called ----


@covers(partly=["R-EXC-024"])
def test_an_interface_shows_address_examples_and_systems_to_its_consumer_only(world: World, granted: int) -> None:
    key = world.system("hr")
    page = world.client("hr.engineer").get(f"/services/{granted}/").content.decode()
    assert settings().gateway_origin in page
    assert key.key_id in page
    assert key.secret not in page
    assert "jutong.client" in page
    assert world.client("hr.engineer").get("/services/").status_code == 200
    assert world.client("civil.engineer").get(f"/services/{granted}/").status_code == 404
    assert world.client("police.engineer").get(f"/services/{granted}/").status_code == 404


def test_the_openapi_of_a_grant_names_its_keys_items_and_nothing_else(world: World, granted: int) -> None:
    answer = world.client("hr.engineer").get(f"/services/{granted}/openapi.json")
    document = json.loads(b"".join(answer.streaming_content))
    query = document["paths"]["/v1/query"]["post"]
    body = query["requestBody"]["content"]["application/json"]["schema"]
    assert list(body["properties"]["keys"]["oneOf"][0]["properties"]) == ["公民身份号码"]
    assert body["properties"]["items"]["items"]["enum"] == ["公民身份号码", "姓名"]
    rows = query["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["rows"]
    assert rows["items"]["properties"]["姓名"]["description"] == "姓名掩码"
    assert "/v1/confirm" in document["paths"]
    same = world.client("hr.engineer").get(f"/api/v1/services/{granted}/openapi").json()
    assert same == document


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_the_shell_example_signs_as_the_gateway_expects(world: World, granted: int) -> None:
    wire = grants.wire_grant(granted)
    endpoints = (Endpoint("person", "GET", "/api/person", "", ("id",)), Endpoint("add", "POST", "/api/add"))
    scripts = {name: text for name, _title, text in rules.curl_examples(wire, "http://gateway", endpoints)}
    key = "ab" * 32
    script = scripts["example-curl"]
    shown = script.split("curl -sS")[0].replace("KEY=… ", f"KEY={key} ").replace("KEY_ID=…", "KEY_ID=x")
    shown += 'printf "%s\\n" "$TIME" "$NONCE" "$PURPOSE" "$SIGNATURE" "$BODY"'
    done = subprocess.run(["bash", "-c", shown], capture_output=True, text=True, check=True)
    at, nonce, purpose, signed, body = done.stdout.rstrip("\n").split("\n")
    headers = httpx.Headers({"X-Jutong-Time": at, "X-Jutong-Nonce": nonce, "X-Jutong-Purpose": purpose})
    expected = signature(bytes.fromhex(key), method="POST", target="/v1/query", body=body.encode(), headers=headers)
    assert signed == expected
    assert {"example-queries", "example-confirm", "example-person", "example-add"} <= scripts.keys()
    for script in scripts.values():
        subprocess.run(["bash", "-n", "-c", script], check=True)
    passed = scripts["example-person"].split("curl -sS")[0].replace("KEY=… ", f"KEY={key} ")
    passed += 'printf "%s\\n" "$TIME" "$NONCE" "$PURPOSE" "$SIGNATURE"'
    done = subprocess.run(["bash", "-c", passed], capture_output=True, text=True, check=True)
    at, nonce, purpose, signed = done.stdout.rstrip("\n").split("\n")
    headers = httpx.Headers({"X-Jutong-Time": at, "X-Jutong-Nonce": nonce, "X-Jutong-Purpose": purpose})
    target = f"/v1/services/{granted}/person?id=…"
    assert signed == signature(bytes.fromhex(key), method="GET", target=target, body=b"", headers=headers)


# ---- figures of use ----


def test_reports_of_gateways_add_up_per_day_and_system(world: World, granted: int) -> None:
    noon = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)
    evening = noon + timedelta(minutes=1)
    one = Usage(str(granted), "7", noon, "online_query", "administrative_basis", 3, 1, 2)
    actions.take_usage(
        [one, one, Usage(str(granted), "7", evening, "online_query", "administrative_basis", 5, 0, 5)],
        node="local",
        at=noon,
    )
    actions.take_usage([one], node="local", at=noon)
    stored = {(row.day.isoformat(), row.calls, row.refused, row.rows) for row in UsageDay.objects.all()}
    assert stored == {("2026-03-02", 9, 3, 6), ("2026-03-03", 5, 0, 5)}
    row = grants.grant(granted, world.actor("hr.engineer"))
    assert (row.calls, row.rows) == (14, 11)
    use = queries.use(granted, world.actor("hr.engineer"), noon)
    assert use.calls == 9
    assert len(use.days) == 30
    assert [(s.calls, s.refused) for s in use.systems] == [(14, 3)]


def test_the_console_shows_calls_faults_and_percentiles_to_both_sides_and_nobody_else(
    world: World, granted: int
) -> None:
    now, key = clock.now().replace(second=0, microsecond=0), world.system("hr")
    latency = (0, 90, 0, 0, 9, 0, 0, 1)
    one = Usage(str(granted), str(key.system_id), now, "online_query", "x", 103, 3, 100, 2, latency)
    actions.take_usage([one, one], node="local", at=now)
    for who in ("hr.engineer", "civil.officer"):
        (line,) = queries.traffic(world.actor(who), now, hours=1).lines
        assert (line.span.calls, line.span.refused, line.span.failed) == (206, 6, 4)
        assert (line.span.p50, line.span.p95, line.span.p99) == (1.6, 15.6, 20.0)
        page = world.client(who).get("/services/traffic/").content.decode()
        assert "206" in page
        assert "15.6" in page
        sheet = world.client(who).get("/services/traffic/?format=xlsx&hours=168")
        assert sheet["Content-Disposition"].endswith(".xlsx")
    assert queries.traffic(world.actor("police.engineer"), now).lines == ()
    assert "这段时间没有调用" in world.client("police.engineer").get("/services/traffic/").content.decode()
    assert world.client("police.engineer").get(f"/services/traffic/?grant={granted}").status_code == 404
    assert actions.forget_minutes(now + timedelta(days=6)) == 0
    assert actions.forget_minutes(now + timedelta(days=8)) == 1


@given(st.lists(st.integers(0, 50), min_size=13, max_size=13))
def test_percentiles_grow_with_their_share_and_stay_within_the_classes_counted(latency: list[int]) -> None:
    found = [rules.percentile(latency, share) for share in (0.01, 0.5, 0.95, 0.99, 1)]
    if not any(latency):
        assert found == [None] * 5
        return
    assert found == sorted(found)
    slowest = max(place for place, count in enumerate(latency) if count)
    assert found[-1] == (*LATENCY_MS, LATENCY_MS[-1])[slowest]


@covers("R-SHR-017")
def test_misuse_is_kept_with_its_proof_told_to_the_provider_once_and_published(world: World, granted: int) -> None:
    at, key = clock.now(), world.system("police")
    proofs = tuple(Evidence("purpose", f"trace{n}", at) for n in range(3))
    report = Usage(str(granted), str(key.system_id), at, "online_query", "x", 3, 3, 0, evidence=proofs)
    actions.take_usage([report, report], node="local", at=at)
    actions.take_usage([report], node="local", at=at)
    ((row,), _meta) = queries.alerts(world.actor("civil.officer"))
    assert (row.calls, row.kind, row.grant_id) == (9, "purpose", granted)
    assert row.traces[:3] == ("trace0", "trace1", "trace2")
    assert queries.alerts(world.actor("hr.engineer"))[0] == []
    published_once = OutboxEvent.objects.filter(name=events.MISUSE_SUSPECTED)
    assert [one.payload["traces"] for one in published_once] == [
        ["trace0", "trace1", "trace2", "trace0", "trace1", "trace2"]
    ]
    assert [note.link for note in inbox.notices(world.actor("civil.officer")) if "疑似违规" in note.title] == [
        "/services/alerts/"
    ]
    assert "以授权以外的用途调用" in world.client("civil.officer").get("/services/alerts/").content.decode()
    assert world.client("civil.officer").get("/services/alerts/?format=xlsx").status_code == 200
    strange = Usage(str(granted), "7", at, "online_query", "x", 1, 1, 0, evidence=(Evidence("invented", "t", at),))
    unknown = Usage("999999", "7", at, "online_query", "x", 1, 1, 0, evidence=(Evidence("purpose", "t", at),))
    actions.take_usage([strange, unknown], node="local", at=at)
    assert Alert.objects.count() == 1


def test_the_providers_head_opens_listings_and_asks_for_service_items(world: World, granted: int) -> None:
    head, officer = world.client("civil.head"), world.client("civil.officer")
    assert "接口规则" in officer.get(f"/grants/{granted}/").content.decode()
    assert posted(officer, f"/services/{granted}/rules/", listing="on").status_code == 403
    assert world.client("hr.engineer").get(f"/services/{granted}/rules/").status_code == 404
    assert not grants.wire_grant(granted).listing
    answer = posted(head, f"/services/{granted}/rules/", listing="on", portal="on")
    assert answer.status_code == 303
    wire = grants.wire_grant(granted)
    assert (wire.listing, wire.portal, wire.version) == (True, True, 2)
    document = queries.service(granted, world.actor("hr.engineer"), clock.now()).openapi
    assert {"/v1/query", "/v1/list"} <= document["paths"].keys()
    assert "没有变化" in posted(head, f"/services/{granted}/rules/", listing="on", portal="on").content.decode()


def test_reports_that_name_no_grant_of_ours_are_left_out(world: World) -> None:
    strange = Usage("g1", "s1", world.at, "online_query", "x", 1, 0, 1)
    assert actions.take_usage([strange], node="local", at=world.at) == 0
    assert not UsageDay.objects.exists()


def test_use_is_shown_on_the_grants_page_to_both_sides(world: World, granted: int) -> None:
    now = clock.now()
    actions.take_usage([Usage(str(granted), "1", now, "online_query", "x", 321, 0, 9)], node="local", at=now)
    for who in ("hr.engineer", "civil.officer"):
        assert "321" in world.client(who).get(f"/grants/{granted}/").content.decode()
    assert world.client("hr.engineer").get(f"/api/v1/services/{granted}/use").json()["systems"][0]["calls"] == 321


# ---- the console ----


def tried(world: World, granted: int, key: Any, who: str = "hr.engineer", **changes: Any) -> Any:
    data = {
        "key_id": key.key_id,
        "secret": key.secret,
        "purpose": "administrative_basis",
        "mode": "query",
        "key-0": person(7),
    }
    url = f"/services/console/?grant={granted}"
    return posted(world.client(who), url, **{**data, **changes})


@covers("R-EXC-006", partly=["R-EXC-008"])
def test_the_console_shows_masked_rows_trace_and_headers_of_a_real_call(
    world: World, granted: int, gateway: ServedGateway
) -> None:
    key = world.system("hr")
    gateway.learn(granted, key, world.department("hr"))
    page = tried(world, granted, key).content.decode()
    assert "张*" in page
    assert "张7" not in page
    assert person(7) in page
    assert "追踪编号" in page
    assert "X-Jutong-Nonce".lower() in page.lower()
    matched = tried(world, granted, key, mode="confirm", **{"fact-0": "13800000007"}).content.decode()
    assert "相符" in matched
    wrong = tried(world, granted, key, mode="confirm", **{"fact-0": "13900000000"}).content.decode()
    assert "不相符" in wrong
    across = tried(world, granted, key, mode="queries").content.decode()
    assert "张*" in across
    grant_actions.set_interface(granted, by=world.actor("civil.head"), at=clock.now(), listing=True, portal=False)
    gateway.learn(granted, key, world.department("hr"))
    listed = tried(world, granted, key, mode="list", **{"key-0": ""}).content.decode()
    assert "下一页的游标" in listed
    assert listed.count("张*") == 20
    nobody = tried(world, granted, key, **{"key-0": "没有这个人"}).content.decode()
    assert "没有找到符合条件的记录" in nobody


@covers("R-EXC-005")
def test_the_gateways_refusals_come_as_they_are(world: World, granted: int, gateway: ServedGateway) -> None:
    key = world.system("hr")
    gateway.learn(granted, key, world.department("hr"))
    forged = tried(world, granted, key, secret="00" * 32).content.decode()
    assert "unauthenticated" in forged
    gateway.learn(granted, key, world.department("hr"), state="suspended", reason="数据核验中，暂停共享。")
    suspended = tried(world, granted, key).content.decode()
    assert "数据核验中，暂停共享。" in suspended
    assert "forbidden" in suspended


def test_the_key_of_a_system_is_kept_nowhere(
    world: World, granted: int, gateway: ServedGateway, caplog: pytest.LogCaptureFixture
) -> None:
    key = world.system("hr")
    gateway.learn(granted, key, world.department("hr"))
    with caplog.at_level(logging.DEBUG):
        answer = tried(world, granted, key)
    assert key.secret not in answer.content.decode()
    assert key.secret not in caplog.text
    entry = AuditEntry.objects.get(verb="services.try_query")
    assert (entry.subject_id, entry.outcome) == (str(granted), "success")
    assert key.secret not in json.dumps(list(AuditEntry.objects.values("detail", "reason")), ensure_ascii=False)


def test_a_gateway_that_is_away_is_said_so(world: World, granted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "gateway_origin", "http://127.0.0.1:9")
    page = tried(world, granted, world.system("hr")).content.decode()
    assert "网关没有应答" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"secret": "abc"}, "64 位十六进制"),
        ({"secret": ""}, "请填写“调用密钥”"),
        ({"key-0": ""}, "请至少填写一个查询条件项"),
        ({"key-0": "1" * 300}, "取值过长"),
        ({"purpose": "money"}, "使用用途"),
        ({"mode": "confirm"}, "请至少填写一个要核对的信息项"),
    ],
)
def test_bad_input_in_the_console_is_refused_beside_the_field(
    world: World, granted: int, changes: dict[str, str], sentence: str
) -> None:
    answer = tried(world, granted, world.system("hr"), **changes)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_only_the_consumers_engineers_try_calls(world: World, granted: int) -> None:
    key = world.system("hr")
    for who, status in (("civil.engineer", 404), ("hr.clerk", 403)):
        client = world.client(who)
        from jutong.kernel.faces import once

        answer = client.post(
            f"/services/console/?grant={granted}",
            {
                "key_id": key.key_id, "secret": key.secret, "purpose": "administrative_basis", "mode": "query",
                "key-0": "1", "once_token": once.fresh(),
            },
        )  # fmt: skip
        assert answer.status_code == status


def test_a_suspended_grant_is_still_found_with_its_reason(world: World, granted: int) -> None:
    grant_actions.suspend_grant(granted, by=world.actor("civil.head"), at=world.at, reason="整改期间暂停")
    assert "整改期间暂停" in world.client("hr.engineer").get(f"/services/{granted}/").content.decode()


@given(st.text(max_size=80).filter(lambda text: not re.fullmatch(r"[0-9a-fA-F]{64}", text.strip())))
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        rules.secret_of(text)
    assert refused.value.sentence == "调用密钥应为 64 位十六进制字符，请从密钥单上原样粘贴。"


@given(st.binary(min_size=32, max_size=32), st.booleans())
def test_a_key_of_64_hexadecimal_signs_is_read_in_either_case(key: bytes, upper: bool) -> None:
    text = key.hex().upper() if upper else key.hex()
    assert rules.secret_of(f" {text}\n") == key
