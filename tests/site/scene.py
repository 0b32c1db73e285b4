"""One small world with something of every kind in it, in the states in which each deed can be done.

Department `civil` owns and provides, `hr` asks and receives, `market` has nothing to do with any of it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Self

import examples_correction as correction
import examples_demands as demands
import examples_disposal as disposal
import examples_grading as grading
import examples_lifecycle as lifecycle
import examples_office as office
import examples_policy as policy
import examples_supervising as supervising
import scene_agreements as agreements
import scene_compiling as compiling
import scene_disputes as disputes
import scene_usage as usage
from examples_specifications import prepare
from test_requests import asked, reply

from jutong.crypto import sm2
from jutong.kernel import files, inbox, outbox
from jutong.kernel.actors import system_actor
from jutong.kernel.models import AuditEntry, OutboxEvent
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.catalogue.models import Entry, Notice
from jutong.slices.datacentre import actions as datacentre
from jutong.slices.exchange import actions as exchange
from jutong.slices.exchange.rules import Plan
from jutong.slices.grants import actions as grants
from jutong.slices.parties import actions as parties
from jutong.slices.parties.models import PostHeld, SectorLine, Step
from jutong.slices.sharing import actions as sharing
from jutong.slices.sources import actions as sources
from jutong.slices.sources.rules import NodeWish
from jutong.wire.nodes import Enrolment
from jutong.wire.transfers import OrderKind
from published import ASSESSED, content, published
from reports import delivered, order_of, report, take
from sourceworld import MAPPING, register

if TYPE_CHECKING:
    from jutong.dataplane.identity import Identity
    from world import World

CSV = "资源名称,摘要,更新周期\n低保家庭名单,名单,每月\n临时救助记录,记录,常常\n".encode()


class Ids(dict[str, int]):
    """Ids by name; a second thing of the same name would stand in for the first."""

    def __setitem__(self, name: str, value: int) -> None:
        """Keep an id under a new name."""
        assert name not in self, name
        super().__setitem__(name, value)

    def __ior__(self, others: Mapping[str, int]) -> Self:  # type: ignore[override, misc]
        """Keep ids under new names."""
        for name, value in others.items():
            self[name] = value
        return self


@dataclass(slots=True)
class Scene:
    """Ids of everything, by name; `node` signs what the data plane sends."""

    world: World
    node: Identity
    ids: Ids

    def __getitem__(self, name: str) -> int:
        """Return an id."""
        return self.ids[name]

    def code(self, name: str) -> str:
        """Return the resource code of an entry."""
        return str(Entry.objects.values_list("code", flat=True).get(pk=self.ids[name]))


def build(world: World, node: Identity, civil_db: str, hr_db: str) -> Scene:
    """Let the people of the city do what leads to the scene."""
    scene = Scene(world, node, Ids({name: world.department(name) for name in ("civil", "hr", "market", "authority")}))
    for part in (
        _people, _systems, _access, _entries, _nodes, _mounts, prepare, _imports, _requests, _grants, disputes.build, _runs,
        lifecycle.build, demands.build, supervising.build, correction.build, disposal.build, office.build, grading.prepare,
        policy.prepare, agreements.build, usage.build, _machinery,
    ):  # fmt: skip
        part(scene, *((civil_db, hr_db) if part is _mounts else ()))
    compiling.build(scene, civil_db)
    return scene


def _people(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    liaison, system = world.actor("civil.liaison"), system_actor("scene")
    security = world.actor("admin.security")
    reported = parties.report(department_id=scene["civil"], name="待确认", by=liaison, at=at)
    confirmed = parties.report(department_id=scene["civil"], name="待开通", by=liaison, at=at)
    parties.confirm(confirmed, by=system, at=at)
    head = PostHeld.objects.get(person_id=world.person("civil.head"))
    delegation = parties.delegate(
        head, to_id=world.person("civil.deputy"), since=date(2026, 4, 1), until=date(2026, 4, 5),
        by=world.actor("civil.head"), at=at,
    )  # fmt: skip
    key = parties.issue_api_key(name="报表", days=30, by=world.actor("civil.clerk"), at=at)
    link = parties.link_identity(
        world.account("civil.clerk"),
        kind="oidc",
        issuer="https://id.example",
        subject="civil-clerk",
        by=security,
        at=at,
    )
    rules = parties.file_rules(
        department_id=scene["civil"],
        kind="management",
        title="共享安全管理办法",
        file=_file("办法.txt"),
        by=liaison,
        at=at,
    )
    bad = files.store(io.BytesIO(b"rows"), "退回.xlsx", by=liaison, at=at)
    unknown = parties.ensure_departments(["内江市档案馆"], world.region, by=system, at=at)
    scene.ids |= {
        "reported": reported.pk, "confirmed": confirmed.pk, "person": world.person("civil.clerk"),
        "account": world.account("civil.clerk"), "post": PostHeld.objects.get(person_id=world.person("civil.clerk")).pk,
        "head_post": head.pk, "delegation": delegation.pk, "api_key": key.id, "link": link.pk, "rules": rules.pk,
        "bad_rows": bad.id, "unconfirmed": unknown["内江市档案馆"], "sector": SectorLine.objects.get().pk,
    }  # fmt: skip


def _file(name: str, body: bytes = b"text") -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, body)


def _systems(scene: Scene) -> None:
    world = scene.world
    used, off = world.system("civil"), world.system("civil", "旧系统")
    parties.disable_system(off.system_id, by=world.actor("civil.head"), at=world.at)
    scene.ids |= {"system": used.system_id, "system_off": off.system_id, "hr_system": world.system("hr").system_id}
    plain = world.system("civil", "自用系统", cross_department=False)
    scene.ids |= {"system_alone": plain.system_id}


def _access(scene: Scene) -> None:
    """One case in each register, in the state in which its moves can be made."""
    world, at = scene.world, scene.world.at
    engineer, guard, auditor = (world.actor(name) for name in ("civil.engineer", "admin.security", "audit.auditor"))
    common = {"department_id": scene["civil"], "title": "某事项", "at": at}
    legacy, moving = (parties.list_legacy(**common, by=engineer) for _n in range(2))
    network, joining = (parties.list_network(**common, by=engineer) for _n in range(2))
    for case, plan, start in ((legacy, parties.plan_legacy, None), (moving, parties.plan_legacy, parties.start_legacy),
                              (network, parties.plan_network, None), (joining, parties.plan_network, parties.start_network)):  # fmt: skip
        plan(case, title="第一步", due_on=date(2026, 12, 31), by=engineer, at=at)
        if start is not None:
            start(case, by=engineer, at=at)
    for case, kind, reach in (
        (moving, "legacy_exchange", parties.reach_legacy),
        (joining, "dedicated_network", parties.reach_network),
    ):
        reach(case, step_id=Step.objects.get(kind=kind, case_id=case.pk).pk, by=engineer, at=at)
    asked, answered = (parties.ask_support(**common, kind="access", by=engineer) for _n in range(2))
    parties.answer_support(answered, text="见手册", by=world.actor("authority.operator"), at=at)
    direct = parties.report_direct(**common, receiver_id=scene["hr"], text="直连", by=auditor)
    incident, classified = (parties.open_incident(**common, text="经过", by=guard) for _n in range(2))
    parties.plan_incident(incident, title="更换密钥", due_on=date(2026, 12, 31), by=guard, at=at)
    parties.classify_incident(classified, side="provider", by=guard, at=at)
    scene.ids |= {
        "legacy": legacy.pk, "moving": moving.pk, "network": network.pk, "joining": joining.pk, "asked": asked.pk,
        "answered": answered.pk, "direct": direct.pk, "incident": incident.pk, "classified": classified.pk,
    }  # fmt: skip
    for kind, name in (
        ("legacy_exchange", "legacy"),
        ("dedicated_network", "network"),
        ("security_incident", "incident"),
    ):
        scene.ids[f"{name}_step"] = Step.objects.get(kind=kind, case_id=scene[name], done_on=None).pk


def _entries(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    by = {post: world.actor(f"civil.{post}") for post in ("officer", "secrecy", "leader")}
    for reached, title in enumerate(("草稿信息", "评估信息", "同意信息", "待审信息", "已审信息")):
        entry = catalogue.compile_entry(by=by["officer"], at=at, provider_id=scene["civil"], content=content(title))
        if reached > 0:
            catalogue.assess(entry, by=by["secrecy"], at=at, **ASSESSED)
        if reached > 1:
            catalogue.leader_approve(entry, by=by["leader"], at=at)
        if reached > 2:
            catalogue.submit(entry, by=by["officer"], at=at)
        if reached > 3:
            catalogue.review(entry, by=world.actor("authority.reviewer"), at=at)
        scene.ids[("draft", "assessed", "approved", "submitted", "reviewed")[reached]] = entry.pk
    free: dict[str, Any] = {"share_type": "unconditional", "open_type": "conditional", "open_conditions": "实名登记"}
    scene.ids["free"] = published(world, title="行政区划代码信息", **free)
    scene.ids["consented"] = published(world, title="婚姻登记机关信息", **free)
    consent = sharing.give_standing_consent(by=world.actor("civil.head"), at=at, resource_id=scene["consented"])
    scene.ids |= {"standing": consent.pk, "published": published(world, title="殡葬登记信息")}
    changed: dict[str, Any] = {"kind": "function_change", "event_on": at.date(), "entries": [scene["published"]]}
    duty, asked = (
        catalogue.register_change(by=by["officer"], at=at, provider_id=scene["civil"], occasion=title, **changed)
        for title in ("职责划转", "机构改革")
    )
    catalogue.ask_extension(asked.pk, by=by["officer"], at=at, days=5, reason="涉及系统改造")
    scene.ids |= {"duty": duty.pk, "duty_asked": asked.pk}
    kept = catalogue.save_search(by=world.actor("hr.clerk"), at=at, name="低保", text="低保", chosen={})
    scene.ids["saved"] = kept.pk
    scene.ids["notice"] = Notice.objects.order_by("pk").values_list("pk", flat=True)[0]


def _nodes(scene: Scene) -> None:
    world, engineer = scene.world, scene.world.actor("civil.engineer")
    made = {}
    for name in ("node_applied", "node_allocated", "node_signed"):
        wish = NodeWish(name)
        row = sources.apply_for(by=engineer, at=world.at, department_id=scene["civil"], wish=wish)
        made[name] = row.pk
        if name != "node_applied":
            sources.allocate(row, by=world.actor("authority.operator"), at=world.at)
    public = sm2.generate().public.hex()
    offered = Enrolment(b"", public, "0.2", ("SM4-GCM",), ("SM2",), (), world.at)
    sources.sign_for(made["node_signed"], by=system_actor("scene"), at=world.at, enrolment=offered, secret="00" * 32)
    scene.ids |= made


def _mounts(scene: Scene, civil_db: str, hr_db: str) -> None:
    world = scene.world
    source, target = register(world, "civil", civil_db), register(world, "hr", hr_db, provides=False, receives=True)
    off = register(world, "civil", civil_db, title="旧库")
    sources.disable(off.pk, by=world.actor("civil.engineer"), at=world.at)
    scene.ids |= {"source": source.pk, "target": target.pk, "source_off": off.pk}
    for name, title in (
        ("resource", "城乡低保对象信息"),
        ("resource_2", "低保金发放信息"),
        ("resource_3", "临时救助信息"),
        ("unshared", "救灾物资信息"),
    ):
        scene.ids[name] = published(world, title=title)
        datacentre.mount(
            by=world.actor("civil.officer"), at=world.at, resource_id=scene[name], source_id=source.pk,
            schema="public", table="people", mapping=MAPPING,
        )  # fmt: skip


def _imports(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    by = world.actor("civil.officer")
    waiting = catalogue.upload(io.BytesIO(CSV), "目录.csv", by=by, at=at)
    done = catalogue.upload(io.BytesIO(CSV), "目录二.csv", by=by, at=at)
    progress = catalogue.choose_mapping(done.pk, by=by, at=at)
    world.drain()
    scene.ids |= {"upload": waiting.pk, "imported": done.pk, "work": progress}


def _requests(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    clerk, officer = world.actor("hr.clerk"), world.actor("civil.officer")
    paper = files.store(io.BytesIO(b"basis"), "依据.txt", by=clerk, at=at)
    for reached in ("written", "head_consented", "received", "supplement", "extension", "agreeing", "refusing"):
        request = sharing.write_request(by=clerk, at=at, asked=asked(scene["published"], attachments=(paper.id,)))
        scene.ids[reached] = request.pk
        if reached == "written":
            continue
        sharing.consent(request, by=world.actor("hr.head"), at=at)
        if reached == "head_consented":
            continue
        sharing.file_request(request, by=clerk, at=at)
        if reached == "supplement":
            sharing.ask_supplement(request, by=officer, at=at, papers=["职责依据"], days=10)
        if reached == "extension":
            sharing.ask_extension(request, by=officer, at=at, days=5, reason="需核对口径")
        if reached == "agreeing":
            sharing.prepare_reply(request, by=officer, at=at, reply=reply())
        if reached == "refusing":
            no = sharing.Reply(agree=False, reason="该事项与贵局职责无关")
            sharing.prepare_reply(request, by=officer, at=at, reply=no)
    scene.ids["paper"] = paper.id


def _grants(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    modes = ("online_query", "front_end_node", "batch_download")
    for name, resource in (("grant", "resource"), ("suspended", "resource_2")):
        request = sharing.write_request(by=world.actor("hr.clerk"), at=at, asked=asked(scene[resource], modes=modes))
        sharing.consent(request, by=world.actor("hr.head"), at=at)
        sharing.file_request(request, by=world.actor("hr.clerk"), at=at)
        sharing.prepare_reply(request, by=world.actor("civil.officer"), at=at, reply=reply(modes=modes))
        scene.ids[name] = sharing.agree(request, by=world.actor("civil.head"), at=at).grant_id or 0
    grants.suspend_grant(scene["suspended"], by=world.actor("civil.head"), at=at, reason="发现超范围使用")
    world.drain()


def _runs(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    clerk = world.actor("hr.clerk")
    target = {"grant_id": scene["grant"], "source_id": scene["target"], "schema": "public"}
    scene.ids["queued"] = exchange.order_table_transfer(by=clerk, at=at, table="one", **target).pk
    failed = exchange.order_table_transfer(by=clerk, at=at, table="two", **target)
    take(report(order_of(failed), "rejected", message="目标库拒绝写入。"))
    batch = exchange.order_batch(by=clerk, at=at, grant_id=scene["grant"])
    delivered(batch, scene.node, artefact_digest="ab" * 32, bytes=99)
    scene.ids |= {"failed": failed.pk, "batch": batch.pk}
    places = {name: exchange.Wanted(OrderKind.TABLE, scene["target"], "public", name) for name in ("five", "six")}
    made = {
        name: exchange.create_task(
            by=clerk, at=at, grant_id=scene["grant"], wanted=wanted, plan=Plan(cron="30 2 * * *")
        )
        for name, wanted in places.items()
    }
    exchange.pause_task(made["six"].pk, by=clerk, at=at)
    scene.ids |= {"task": made["five"].pk, "paused": made["six"].pk}
    submitted = exchange.submit_batch(
        by=world.actor("civil.officer"),
        at=at,
        resource_id=scene["published"],
        name="a.csv",
        source=io.BytesIO(b"x\n1\n"),
    )
    scene.ids["submission"] = submitted.pk
    scene.ids["backflow"] = exchange.need_backflow(
        by=world.actor("county.officer"), at=at, resource_id=scene["resource"], duty="低保复核",
        items=["公民身份号码", "户籍行政区划"], division_item="户籍行政区划",
    ).pk  # fmt: skip


def _machinery(scene: Scene) -> None:
    at = scene.world.at
    inbox.tell(department_id=scene["civil"], role=None, title="请注意", at=at)
    outbox.publish("scene.happened", "scene:1", {}, at=at, by=system_actor("scene"))
    held = OutboxEvent.objects.get(name="scene.happened")
    OutboxEvent.objects.filter(pk=held.pk).update(state="held", error="坏了")
    newest = AuditEntry.objects.order_by("-pk").first()
    scene.ids |= {"held": held.pk, "audit": newest.pk if newest else 0}
