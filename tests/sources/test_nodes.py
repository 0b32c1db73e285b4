"""The life of a front-end node: applied for, allocated, signed for with a one-time code, heard of, missed, revoked."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from django.test import Client

from covers import covers
from jutong.crypto import sm2
from jutong.dataplane import envelopes
from jutong.dataplane.errors import Unauthenticated
from jutong.dataplane.node import about, enrolment
from jutong.kernel import clock, nodes
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.models import AuditEntry, InboxItem, OutboxEvent, PolicyAssignment
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.grants import queries as grants
from jutong.slices.sharing import actions as sharing
from jutong.slices.sources import actions, queries
from jutong.slices.sources.models import DataSource, FrontEndNode
from jutong.slices.sources.queries import probing
from jutong.slices.sources.rules import NodeLimits, check_algorithms
from jutong.wire.bundle import Access, Bundle
from jutong.wire.envelope import Envelope
from jutong.wire.nodes import Anchor, Heartbeat, HeartbeatAnswer, NodeConfig
from nodeworld import Node, allocated, applied, enrolled
from published import published
from sourceworld import MAPPING, details, granted, mounted, register
from world import World


def under(world: World, profile: str) -> None:
    PolicyAssignment.objects.create(
        region=world.region, profile=profile, version=1, effective_from=date(2020, 1, 1), assigned_at=world.at
    )


def beat(node: Node, **changes: Any) -> Any:
    said = Heartbeat(
        clock.now(), "0.2", about.ENCRYPTION, about.AUTHENTICATION, config_revision=1, certificate_serial=1
    )
    return node.call("POST", "/internal/heartbeat", msgspec.structs.replace(said, **changes))


def test_a_department_applies_the_operator_allocates_and_the_node_signs_for_itself(
    world: World, tmp_path: Path
) -> None:
    node = enrolled(world, tmp_path)
    row = queries.node(node.id, world.actor("civil.engineer"), clock.now())
    assert (row.state, row.presence, row.name) == ("signed_for", "online", node.me.name)
    assert row.key_id == node.me.signer.key_id
    assert node.folder.name == row.name
    for name in ("secret", "passphrase", "key.json"):
        assert (node.folder / name).stat().st_mode & 0o077 == 0, name
    verbs = [e.verb for e in AuditEntry.objects.filter(subject_kind="front_end_node").order_by("pk")]
    assert verbs == [f"front_end_node.{verb}" for verb in ("apply", "allocate", "issue_code", "sign_for")]
    assert InboxItem.objects.filter(role="platform_operator").exists()


def test_a_one_time_code_serves_once(world: World, tmp_path: Path) -> None:
    row = allocated(world)
    code = actions.issue_code(row.pk, by=world.actor("civil.engineer"), at=clock.now())
    assert code not in repr(list(FrontEndNode.objects.values()))
    anchor = msgspec.json.decode(Client().get("/internal/anchor").content, type=Anchor)
    draft = enrolment.prepare(tmp_path, code, anchor, at=clock.now())
    answers = [
        Client().post("/internal/enrol", msgspec.json.encode(draft.envelope), content_type="application/json")
        for _time in range(2)
    ]
    assert [a.status_code for a in answers] == [200, 401]
    assert "签收码无效" in answers[1].json()["detail"]
    assert AuditEntry.objects.filter(verb="sources.enrol", code="unauthenticated").count() == 1


def test_a_code_ends_after_a_day_and_a_newer_one_voids_it(world: World, tmp_path: Path) -> None:
    row, engineer = allocated(world), world.actor("civil.engineer")
    anchor = msgspec.json.decode(Client().get("/internal/anchor").content, type=Anchor)
    old = actions.issue_code(row.pk, by=engineer, at=clock.now())
    actions.issue_code(row.pk, by=engineer, at=clock.now() - timedelta(hours=25))
    late = actions.issue_code(row.pk, by=engineer, at=clock.now() - timedelta(hours=25))
    for number, code in enumerate((old, late)):
        draft = enrolment.prepare(tmp_path / str(number), code, anchor, at=clock.now())
        answer = Client().post("/internal/enrol", msgspec.json.encode(draft.envelope), content_type="application/json")
        assert answer.status_code == 401


def test_enrolments_are_limited_for_each_address(world: World, tmp_path: Path) -> None:
    answers = [Client().post("/internal/enrol", b"{}", content_type="application/json") for _time in range(11)]
    assert [a.status_code for a in answers] == [422] * 10 + [429]


def test_a_code_leads_to_no_other_centre(tmp_path: Path) -> None:
    stranger = Anchor(sm2.public_hex(sm2.generate().public))
    with pytest.raises(Unauthenticated, match="冒充"):
        enrolment.prepare(tmp_path, "AAAA-AAAA-AAAA-AAAA-0123456789abcdef", stranger, at=clock.now())
    assert not (tmp_path / "nodes").exists()


@covers(partly=["R-EXC-004"])
@pytest.mark.parametrize("end", ["revoke", "suspend", "retire"])
def test_a_node_that_was_put_out_is_unauthenticated_at_once(world: World, tmp_path: Path, end: str) -> None:
    node = enrolled(world, tmp_path)
    assert beat(node).status_code == 200
    by = world.actor("admin.security" if end == "revoke" else "authority.operator")
    getattr(actions, end)(node.id, by=by, at=clock.now(), note="设备遗失")
    for method, target in (("GET", "/internal/bundle?since=0&wait=0"), ("GET", "/internal/orders?since=0&wait=0")):
        assert node.call(method, target).status_code == 401
    assert beat(node).status_code == 401
    assert nodes.public_key(node.me.name) == node.me.signer.public, "what it signed stays verifiable"


def test_an_unknown_node_is_unauthenticated(world: World, tmp_path: Path) -> None:
    node = enrolled(world, tmp_path)
    FrontEndNode.objects.filter(pk=node.id).update(name="other")
    assert beat(node).status_code == 401


def test_only_the_security_administrator_revokes(world: World, tmp_path: Path) -> None:
    node = enrolled(world, tmp_path)
    with pytest.raises(NotAllowed):
        actions.revoke(node.id, by=world.actor("authority.operator"), at=clock.now(), note="测试")


@covers(partly=["R-EXC-004"])
def test_a_node_silent_beyond_its_limit_is_shown_offline_and_alarmed_once(world: World, tmp_path: Path) -> None:
    node = enrolled(world, tmp_path)
    later = clock.now() + timedelta(seconds=100)
    assert actions.watch(clock.now() + timedelta(seconds=60)) == 0
    assert [actions.watch(later), actions.watch(later)] == [1, 0]
    assert queries.node(node.id, world.actor("civil.engineer"), later).presence == "offline"
    assert OutboxEvent.objects.filter(name="sources.node_silent").count() == 1
    told = InboxItem.objects.filter(title__contains="已离线")
    assert {item.role for item in told} == {"platform_operator", "system_engineer"}
    assert beat(node).status_code == 200
    assert OutboxEvent.objects.filter(name="sources.node_back").count() == 1
    assert not FrontEndNode.objects.get(pk=node.id).silent


def test_a_heartbeat_brings_the_newer_configuration_signed(world: World, tmp_path: Path) -> None:
    node, operator = enrolled(world, tmp_path), world.actor("authority.operator")
    assert msgspec.json.decode(beat(node).content, type=HeartbeatAnswer).config is None
    limits = NodeLimits(bytes_per_second=1_000_000, window_from="22:00", window_to="06:00")
    actions.configure(node.id, by=operator, at=clock.now(), limits=limits)
    answer = msgspec.json.decode(beat(node).content, type=HeartbeatAnswer)
    assert answer.config is not None
    config = msgspec.json.decode(envelopes.opened(answer.config, "node_config", node.me.control), type=NodeConfig)
    assert (config.revision, config.bytes_per_second, config.window_to) == (2, 1_000_000, "06:00")


def test_a_certificate_near_its_end_is_renewed_with_a_heartbeat(world: World, tmp_path: Path) -> None:
    node = enrolled(world, tmp_path)
    FrontEndNode.objects.filter(pk=node.id).update(certificate_until=clock.now() + timedelta(days=30))
    assert msgspec.json.decode(beat(node).content, type=HeartbeatAnswer).certificate is not None
    assert FrontEndNode.objects.get(pk=node.id).serial == 2
    FrontEndNode.objects.filter(pk=node.id).update(certificate_until=clock.now() - timedelta(seconds=1))
    assert beat(node).status_code == 401, "a certificate that ended opens nothing"


@covers(partly=["R-EXC-016"])
def test_a_region_with_an_outer_platform_only_has_no_inner_node(world: World) -> None:
    under(world, "liyang-2020")
    with pytest.raises(RuleBroken, match="政务外网"):
        applied(world, zone="inner")
    under_jiangxi = PolicyAssignment.objects.get(profile="liyang-2020")
    under_jiangxi.delete()
    under(world, "jiangxi-2017")
    assert applied(world, zone="inner").zone == "inner"


@covers("R-SEC-006")
def test_where_national_cryptography_is_required_a_node_without_any_is_refused(world: World, tmp_path: Path) -> None:
    node = enrolled(world, tmp_path)
    foreign: dict[str, Any] = {"encryption": ("AES-256-GCM",), "authentication": ("RSA-2048", "HMAC-SHA256")}
    assert beat(node, **foreign).status_code == 200, "national-2025 prescribes no algorithm"
    under(world, "jiangxi-2017")
    refused = beat(node, **foreign)
    assert refused.status_code == 403
    assert "国产密码" in refused.json()["detail"]
    assert beat(node, **(foreign | {"authentication": ("SM2",)})).status_code == 200
    assert beat(node, **(foreign | {"encryption": ("SM4-GCM",)})).status_code == 200


def test_elsewhere_the_accepted_algorithms_are_a_setting(world: World) -> None:
    policy = FrontEndNode(profile="national-2025@1", started_on=date(2026, 3, 2)).policy
    check_algorithms(("AES-256-GCM",), (), policy, ())
    with pytest.raises(NotAllowed, match="SM4-GCM"):
        check_algorithms(("AES-256-GCM",), (), policy, ("SM4-GCM",))


def test_a_node_is_told_only_what_concerns_it_sealed_to_it_alone(
    world: World, tmp_path: Path, probe: Any, civil_db: str, hr_db: str
) -> None:
    node, other = enrolled(world, tmp_path / "a"), enrolled(world, tmp_path / "b", department="hr")
    here, elsewhere = register(world, "civil", civil_db), register(world, "civil", civil_db, title="中心可达")
    near, far = mounted(world, here), mounted(world, elsewhere, title="别的信息")
    mine, theirs = granted(world, near), granted(world, far, consumer="police")
    world.system("hr")
    actions.place(here, by=world.actor("civil.engineer"), at=world.at, node_id=node.id)
    world.drain(at=clock.now())
    told = node.bundle()
    assert {s.id for s in told.sources} == {str(here.pk)}
    assert {m.resource_id for m in told.mounts} == {str(near)}
    assert {g.id for g in told.grants} == {str(mine.pk), str(theirs.pk)}
    assert told.callers == ()
    access = msgspec.json.decode(node.me.signer.unseal(told.sources[0].sealed), type=Access)
    assert access.database
    assert access.password
    hash_keys = {g.id: g.hash_key for g in told.grants}
    assert len(node.me.signer.unseal(hash_keys[str(mine.pk)])) == 32
    assert hash_keys[str(theirs.pk)] == b"", "no source of it is behind this node"
    assert {g.id for g in other.bundle().grants} == {str(mine.pk)}
    assert other.bundle().sources == ()
    beside = msgspec.json.decode(grants.bundle(0, clock.now()).payload)
    assert {s["node"] for s in beside["sources"]} == {"", node.me.name}
    assert {n["name"] for n in beside["nodes"]} == {node.me.name, other.me.name}


@covers(partly=["R-EXC-016"])
def test_nodes_of_different_zones_do_not_know_each_other(
    world: World, tmp_path: Path, probe: Any, civil_db: str
) -> None:
    granted(world, mounted(world, register(world, "civil", civil_db)))
    under(world, "jiangxi-2017")
    outer, inner = enrolled(world, tmp_path / "a"), enrolled(world, tmp_path / "b", department="hr", zone="inner")
    world.drain(at=clock.now())
    assert [n.name for n in outer.bundle().nodes] == [outer.me.name]
    assert [n.name for n in inner.bundle().nodes] == [inner.me.name]


@covers(partly=["R-EXC-016"])
def test_a_source_is_placed_only_behind_a_working_node_of_its_own_department_and_zone(
    world: World, tmp_path: Path
) -> None:
    under(world, "jiangxi-2017")
    by, at = world.actor("civil.engineer"), world.at
    source = actions.register(
        by=by, at=at, department_id=world.department("civil"),
        details=details("postgresql://u:p@10.1.2.3/db", tls="require"),
    )  # fmt: skip
    wrong = {
        "本部门": enrolled(world, tmp_path / "a", department="hr").id,
        "同一网络区域": enrolled(world, tmp_path / "b", zone="inner").id,
        "尚未签收": allocated(world, title="另一台").pk,
    }
    for sentence, node_id in wrong.items():
        with pytest.raises(RuleBroken):
            actions.place(source, by=by, at=at, node_id=node_id)
        assert DataSource.objects.get(pk=source.pk).node_id is None, sentence


def test_a_node_with_working_sources_does_not_retire(world: World, tmp_path: Path) -> None:
    node, by = enrolled(world, tmp_path), world.actor("civil.engineer")
    source = actions.register(
        by=by, at=world.at, department_id=world.department("civil"),
        details=details("postgresql://u:p@10.1.2.3/db", tls="require"),
    )  # fmt: skip
    actions.place(source, by=by, at=world.at, node_id=node.id)
    with pytest.raises(RuleBroken, match="改接或停用"):
        actions.retire(node.id, by=world.actor("authority.operator"), at=world.at, note="更换设备")


def test_pages_show_the_nodes_with_their_health(world: World, tmp_path: Path) -> None:
    node = enrolled(world, tmp_path)
    beat(node, queued=7, queued_bytes=99, disk_free=10, message="一切正常", log=("已连接",))
    client = world.client("authority.operator")
    page = client.get("/sources/nodes/").content.decode()
    assert "前置机" in page and node.me.name in page and "在线" in page  # noqa: PT018
    shown = client.get(f"/sources/nodes/{node.id}/").content.decode()
    assert "一切正常" in shown and "已连接" in shown  # noqa: PT018
    sheet = client.get("/sources/nodes/?format=xlsx")
    assert sheet["Content-Type"].endswith("sheet")
    assert world.client("hr.engineer").get(f"/sources/nodes/{node.id}/").status_code == 404


def test_a_code_is_shown_on_a_page_once(world: World) -> None:
    row = allocated(world)
    page = world.client("civil.engineer").post(f"/sources/nodes/{row.pk}/code/").content.decode()
    assert "jutong node enrol --centre" in page
    assert FrontEndNode.objects.get(pk=row.pk).code_digest != ""


def test_the_management_api_leads_a_node_through_its_life(world: World) -> None:
    engineer, operator = world.client("civil.engineer"), world.client("authority.operator")
    made = engineer.post("/api/v1/sources/nodes", {"title": "新前置机"}, content_type="application/json")
    assert made.status_code == 201, made.content.decode()
    at = f"/api/v1/sources/nodes/{made.json()['id']}"
    done = operator.post(f"{at}/allocate", {}, content_type="application/json")
    assert done.json()["state"] == "allocated"
    assert engineer.post(f"{at}/code").json()["code"].count("-") == 4
    refused = operator.put(f"{at}/config", {}, content_type="application/json")
    assert refused.status_code == 409


def test_a_forged_enrolment_is_refused(world: World, tmp_path: Path) -> None:
    row = allocated(world)
    code = actions.issue_code(row.pk, by=world.actor("civil.engineer"), at=clock.now())
    anchor = msgspec.json.decode(Client().get("/internal/anchor").content, type=Anchor)
    draft = enrolment.prepare(tmp_path, code, anchor, at=clock.now())
    other = sm2.generate().public.hex()
    payload = msgspec.json.encode(msgspec.json.decode(draft.envelope.payload) | {"public": other})
    forged = Envelope("enrolment", payload, draft.envelope.signature, draft.envelope.key_id)
    answer = Client().post("/internal/enrol", msgspec.json.encode(forged), content_type="application/json")
    assert answer.status_code == 401


def test_without_a_tunnel_nothing_behind_a_node_is_granted_for_online_query(
    world: World, tmp_path: Path, probe: Any, civil_db: str
) -> None:
    node = enrolled(world, tmp_path)
    source = register(world, "civil", civil_db)
    resource_id = mounted(world, source)
    actions.place(source, by=world.actor("civil.engineer"), at=world.at, node_id=node.id)
    limits = NodeLimits(tunnel=False)
    actions.configure(node.id, by=world.actor("authority.operator"), at=clock.now(), limits=limits)
    with pytest.raises(RuleBroken, match="联机通道"):
        granted(world, resource_id, modes=("online_query",))
    assert granted(world, resource_id, modes=("front_end_node",)).pk


def test_without_a_tunnel_online_query_is_not_asked_for_nor_mounted(
    world: World, tmp_path: Path, probe: Any, civil_db: str
) -> None:
    node, operator = enrolled(world, tmp_path), world.actor("authority.operator")
    source = register(world, "civil", civil_db)
    resource_id = mounted(world, source)
    only_online = published(world, "civil", title="低保名单接口", share_mode="interface")
    actions.place(source, by=world.actor("civil.engineer"), at=world.at, node_id=node.id)
    actions.configure(node.id, by=operator, at=clock.now(), limits=NodeLimits(tunnel=False))
    with pytest.raises(RuleBroken, match=r"只以接口方式提供.*联机通道"):
        datacentre.mount(
            by=world.actor("civil.officer"), at=world.at, resource_id=only_online, source_id=source.pk,
            schema="public", table="people", mapping=MAPPING,
        )  # fmt: skip
    wish = sharing.Asked(
        resource_id=resource_id, items=("公民身份号码", "姓名"), key_items=("公民身份号码",), modes=("online_query",),
        purposes=("administrative_basis",), use_basis="《社会救助暂行办法》第十一条", use_scene="办理代缴时核验低保身份",
        use_scope="养老保险科经办人员使用", duty="城乡居民基本养老保险经办", use_from=date(2026, 3, 2),
        use_until=date(2027, 3, 1), personal_basis="为履行法定职责所必需", declared=True,
    )  # fmt: skip
    with pytest.raises(RuleBroken, match="联机通道"):
        sharing.write_request(by=world.actor("hr.clerk"), at=world.at, asked=wish)
    by_files = msgspec.structs.replace(wish, modes=("front_end_node",))
    assert sharing.write_request(by=world.actor("hr.clerk"), at=world.at, asked=by_files).pk


def test_gateways_hear_that_a_node_is_to_keep_no_tunnel(world: World, tmp_path: Path) -> None:
    node = enrolled(world, tmp_path)
    world.drain(at=clock.now())

    def tunnel() -> bool:
        envelope = grants.bundle(0, clock.now())
        told = msgspec.json.decode(envelope.payload, type=Bundle)
        return next(each.tunnel for each in told.nodes if each.name == node.me.name)

    assert tunnel()
    limits = NodeLimits(tunnel=False)
    actions.configure(node.id, by=world.actor("authority.operator"), at=clock.now(), limits=limits)
    world.drain(at=clock.now())
    assert not tunnel()


def test_a_probe_of_a_source_behind_a_node_without_tunnel_is_an_answer(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe: Any
) -> None:
    node, by = enrolled(world, tmp_path), world.actor("civil.engineer")
    source = actions.register(
        by=by, at=world.at, department_id=world.department("civil"),
        details=details("postgresql://u:p@10.1.2.3/db", tls="require"),
    )  # fmt: skip
    actions.place(source, by=by, at=world.at, node_id=node.id)
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, "X-Jutong-Signature" in request.headers))
        return httpx.Response(503, json={"title": "", "status": 503, "code": "unavailable", "detail": "没有联机通道"})

    wire = httpx.MockTransport(answer)
    monkeypatch.setattr(
        probing, "tunnel", lambda: httpx.Client(base_url="http://gateway", auth=probing.Proof(), transport=wire)
    )
    tested = actions.test_connection(source.pk, by=by, at=world.at)
    assert tested.tested_message == "没有联机通道"
    assert asked == [(f"/v1/nodes/{node.me.name}/probe", True)]
