"""Who answers for what, filings and the regional catalogue: one of each in the scene, and examples of their addresses."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.catalogue.models import Entry, Fault, Office, RegionalEntry, Reported
from jutong.wire.catalogue import Entry as Record

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

REASON = {"reason": "机构改革"}
LATER = f"{beijing_day(clock.now()) + timedelta(days=30):%Y-%m-%d}"


def record(code: str = "307002/1", title: str = "区级资源", provider: str = "市中区民政局", version: int = 1) -> Record:
    """An entry as another platform states it."""
    return Record(
        code=code, version=version, title=title, abstract="", provider=provider, provider_uscc="",
        catalogue_class="department", format_class="database", format_type="", share_type="unconditional",
        share_conditions="", share_mode="", open_type="", open_conditions="", update_cycle="daily", published_on=None,
        data_category="", security_level="general",
    )  # fmt: skip


def build(scene: Scene) -> None:
    """Add a lead, an office, a filing, an aggregated catalogue with a clash and a reported entry."""
    world, at = scene.world, scene.world.at
    reviewer, authority = world.actor("authority.reviewer"), scene["authority"]
    (lead,) = catalogue.name_leads(
        by=reviewer, at=at, authority_id=authority, region=world.region, resource_class="base",
        categories=["social_credit"], department_id=scene["market"], document="内数〔2026〕7号",
    )  # fmt: skip
    office = Office.objects.create(
        region=world.region, department_id=scene["civil"], unit_id=scene["civil"], named_by_id=authority,
        document="内数〔2026〕8号", since=beijing_day(at), account_name="", at=at,
    )  # fmt: skip
    shown = Entry.objects.get(pk=scene["published"])
    twin = record(shown.code or "")
    catalogue.report_catalogue(by=reviewer, at=at, authority_id=authority, region="511002", entries=[twin, record()])
    catalogue.aggregate(by=reviewer, at=at, authority_id=authority, region=world.region)
    scene.ids |= {name: _fault(scene, *deeds).pk for name, deeds in FAULTS.items()}
    shown.opinions.create(
        version_id=shown.working_id or 0, kind="filing", passed=True, number="BA1", account_name="", at=at
    )
    scene.ids |= {
        "lead": lead.pk, "office": office.pk, "clash": RegionalEntry.objects.get(entry=shown).pk,
        "regionally_reported": Reported.objects.get(code="307002/1").pk,
    }  # fmt: skip


FAULTS: dict[str, tuple[str, ...]] = {
    "fault": (), "fault_confirmed": ("confirm",), "fault_ordered": ("confirm", "order"),
    "fault_done": ("confirm", "order", "put_right"),
}  # fmt: skip
"""Findings of the scene, and what was done with each."""
DEEDS: dict[str, tuple[str, dict[str, Any]]] = {
    "confirm": ("fault", {}),
    "reject": ("fault", REASON),
    "order": ("fault_confirmed", {"demand": "补齐信息项", "due_on": LATER}),
    "put_right": ("fault_ordered", {"note": "已补齐"}),
    "verify": ("fault_done", {}),
    "demand_again": ("fault_done", {**REASON, "due_on": LATER}),
}
"""For each move: the finding that can make it, and its form."""
FOUND = {"kind": "incomplete", "text": "缺少信息项", "evidence": "检查记录第3号"}
CONDITION = {"text": "须先签有偿协议", "evidence": "来函"}


def _fault(scene: Scene, *deeds: str) -> Fault:
    world, at = scene.world, scene.world.at
    reviewer = world.actor("authority.reviewer")
    case = catalogue.record_finding(by=reviewer, at=at, department_id=scene["civil"], **FOUND)
    if "confirm" in deeds:
        catalogue.confirm_finding(case, by=reviewer, at=at)
    if "order" in deeds:
        due = beijing_day(at) + timedelta(days=366)
        catalogue.order_rectification(case, by=reviewer, at=at, demand="补齐信息项", due_on=due)
    if "put_right" in deeds:
        catalogue.put_right(case, by=world.actor("civil.officer"), at=at, note="已补齐")
    return case


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    lead = {"categories": ["population"], "department_id": str(scene["market"]), "document": "1号"}
    book.page("catalogue/leads/new/<str:kind>/", "base", **lead)
    book.page("catalogue/leads/<int:pk>/end/", scene["lead"], **REASON)
    book.deed("catalogue/offices/", ids=[str(scene["published"])])
    book.page("catalogue/offices/new/", scope=f"r:{scene.world.region}", unit_id=str(scene["market"]), document="1号")
    book.page("catalogue/offices/<int:pk>/end/", scene["office"], **REASON)
    book.deed("catalogue/filings/", ids=[str(scene["published"])], verb="acknowledge")
    book.deed("catalogue/regional/aggregate/", region=scene.world.region)
    book.page("catalogue/regional/conflicts/<int:pk>/settle/", scene["clash"], **REASON)
    file = {"file": ("区.json", json.dumps([msgspec.to_builtins(record())]).encode())}
    book.add("POST", "catalogue/regional/reported/new/", form={"region": "511002"}, files=file)
    book.add("GET", "catalogue/regional/reported/<int:pk>/", scene["regionally_reported"])
    book.add("GET", "catalogue/regional/export/<str:what>/", "entries")
    book.page("catalogue/faults/new/", department_id=str(scene["civil"]), **FOUND)
    book.deed("catalogue/faults/check/")
    book.add("GET", "catalogue/faults/<int:pk>/", scene["fault_ordered"])
    book.add("GET", "catalogue/faults/<int:pk>/do/<str:verb>/", scene["fault"], "confirm")
    for verb, (name, form) in DEEDS.items():
        book.deed("catalogue/faults/<int:pk>/do/<str:verb>/", scene[name], verb, case=verb, **form)
    book.page("catalogue/<int:pk>/condition/", scene["published"], reporter_id=str(scene["hr"]), **CONDITION)


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    base, area = "api/v1/catalogue", {"authority_id": scene["authority"], "region": scene.world.region}
    lead: dict[str, Any] = {"resource_class": "base", "categories": ["population"], "document": "1号"}
    book.add("POST", f"{base}/leads", body={**area, **lead, "department_id": scene["market"]})
    book.add("POST", f"{base}/leads/<lead_id>/end", scene["lead"], body=REASON)
    office = {"region": scene.world.region, "named_by_id": scene["authority"], "unit_id": scene["market"]}
    book.add("POST", f"{base}/offices", body={**office, "document": "1号"})
    book.add("POST", f"{base}/offices/<office_id>/end", scene["office"], body=REASON)
    for route in ("filings", "filings/acknowledge"):
        book.add("POST", f"{base}/{route}", body={"ids": [scene["published"]]})
    book.add("POST", f"{base}/regional/aggregations", body=area)
    settled = {"authority_id": scene["authority"], **REASON}
    book.add("POST", f"{base}/regional/entries/<row_id>/settle", scene["clash"], body=settled)
    book.add("POST", f"{base}/faults", body={"department_id": scene["civil"], **FOUND})
    book.add("POST", f"{base}/faults/check", body={"authority_id": scene["authority"]})
    book.add("GET", f"{base}/faults/<fault_id>", scene["fault_ordered"])
    for verb, (name, given) in DEEDS.items():
        book.add("POST", f"{base}/faults/<fault_id>/{verb}", scene[name], body=given)
    book.add("POST", f"{base}/<entry_id>/condition", scene["published"], body={"reporter_id": scene["hr"], **CONDITION})
    report = {**area, "region": "511002", "entries": [msgspec.to_builtins(record())]}
    book.add("POST", f"{base}/regional/reported", body=report)
    book.add("GET", f"{base}/regional/reported/<reported_id>", scene["regionally_reported"])
