"""Demands: one in each state that somebody can move it from, an issued list, and examples of their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jutong.slices.catalogue import actions as catalogue
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.rules.demands import STANDARD_STEPS, Wanted

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

WANTED: dict[str, str] = {
    "scope": "external", "wanted": "殡葬补贴信息", "contents": "核对补贴对象", "duty": "养老待遇核查", "basis": "社会保险法",
}  # fmt: skip
WHY = {"reason": "不再需要"}
DEEDS: dict[str, tuple[str, dict[str, Any]]] = {
    "submit": ("demand_draft", {}),
    "register": ("demand_draft", {}),
    "discard": ("demand_draft", {}),
    "accept": ("demand_submitted", {"entry_id": "gap"}),
    "reject": ("demand_submitted", WHY),
    "make_gap": ("demand_accepted", {"provider_id": "内江市民政局"}),
    "assign": ("demand_registered", {"provider_id": "内江市民政局"}),
    "reassign": ("demand_assigned", {"provider_id": "内江市公安局"}),
    "decline": ("demand_assigned", WHY),
    "compile_for": ("demand_assigned", {}),
    "link": ("demand_assigned", {}),
    "ask": ("demand_assigned", {}),
    "end": ("demand_assigned", WHY),
}
"""For each move: the demand of the scene that can make it, and its form."""


def build(scene: Scene) -> None:
    """Let `hr` demand data of `civil`, and the authority issue one list."""
    world, at = scene.world, scene.world.at
    officer, reviewer = world.actor("hr.officer"), world.actor("authority.reviewer")
    area = {"authority_id": scene["authority"], "region": world.region}
    catalogue.publish_procedure(by=reviewer, at=at, steps=STANDARD_STEPS, answer_days=10, **area)

    def recorded(name: str, title: str, provider_id: int | None) -> int:
        given = Wanted(**{**WANTED, "wanted": title}, provider_id=provider_id)
        scene.ids[name] = catalogue.record_demand(by=officer, at=at, consumer_id=scene["hr"], given=given).pk
        return scene[name]

    civil = scene["civil"]
    listed = recorded("demand_listed", "火化信息", civil)
    catalogue.register_demands([listed], by=officer, at=at)
    catalogue.assign_demands([listed], by=reviewer, at=at)
    scene.ids["demand_list"] = catalogue.issue_demands(by=reviewer, at=at, document="内数〔2026〕6号", **area).pk
    recorded("demand_draft", "公墓信息", civil)
    handed_in = [recorded("demand_submitted", "殡葬机构信息", civil), recorded("demand_accepted", "墓位信息", civil)]
    catalogue.submit_demands(handed_in, by=officer, at=at)
    catalogue.accept_demands(handed_in[1:], by=reviewer, at=at)
    registered = [
        recorded("demand_registered", "骨灰寄存信息", None),
        recorded("demand_assigned", "遗体接运信息", civil),
    ]
    catalogue.register_demands(registered, by=officer, at=at)
    catalogue.assign_demands(registered[1:], by=reviewer, at=at)


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    base, hr = "catalogue/demands/", str(scene["hr"])
    book.deed(f"{base}hand_in/", ids=[str(scene["demand_draft"])], verb="submit")
    book.deed(f"{base}new/", consumer_id=hr, **WANTED)
    book.add("POST", f"{base}import/", form={"consumer_id": hr}, files={"file": ("需求.xlsx", b"no workbook")})
    book.add("GET", f"{base}import/<int:file>/", scene["bad_rows"])
    decided = {"ids": [str(scene["demand_submitted"])], "note": "与职责无关", "provider": ""}
    for verb in ("accept", "reject", "assign"):
        book.deed(f"{base}review/", case=verb, verb=verb, **decided)
    book.deed(f"{base}lists/issue/", document="内数〔2026〕8号")
    book.add("GET", f"{base}lists/<int:pk>/", scene["demand_list"])
    book.add("GET", f"{base}lists/<int:pk>/export/", scene["demand_list"])
    book.deed(f"{base}procedure/publish/", name_0="登记", owner_0="需求部门", answer_days="5")
    book.add("GET", f"{base}<int:pk>/", scene["demand_assigned"])
    book.page(f"{base}<int:pk>/edit/", scene["demand_draft"], consumer_id=hr, **WANTED)
    book.add("GET", f"{base}<int:pk>/do/<str:verb>/", scene["demand_assigned"], "end")
    for verb, (name, form) in DEEDS.items():
        more = {"code": Entry.objects.get(pk=scene["published"]).code} if verb in {"link", "ask"} else {}
        book.deed(f"{base}<int:pk>/do/<str:verb>/", scene[name], verb, case=verb, **form, **more)


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    base, region = "api/v1/catalogue/demands", scene.world.region
    book.add("POST", base, body={**WANTED, "consumer_id": scene["hr"]})
    for verb, name, more in (
        ("submit", "demand_draft", {}), ("register", "demand_draft", {}), ("accept", "demand_submitted", {}),
        ("reject", "demand_submitted", WHY), ("assign", "demand_registered", {"provider_id": scene["civil"]}),
    ):  # fmt: skip
        book.add("POST", f"{base}/{verb}", body={"ids": [scene[name]], **more})
    book.add("POST", f"{base}/lists", body={"region": region, "document": "内数〔2026〕8号"})
    book.add("GET", f"{base}/lists/<list_id>/lines", scene["demand_list"])
    for route in ("aggregate", "figures", "scopes", "procedure"):
        book.add("GET", f"{base}/{route}", query=f"?region={region}")
    steps = [{"name": "登记", "owner": "需求部门"}]
    book.add("POST", f"{base}/procedure", body={"region": region, "steps": steps, "answer_days": 5})
    one = f"{base}/<demand_id>"
    book.add("GET", one, scene["demand_assigned"])
    book.add("PUT", one, scene["demand_draft"], body=WANTED)
    book.add("DELETE", one, scene["demand_draft"])
    for verb, given in (
        ("reassign", {"provider_id": scene["market"]}), ("decline", WHY), ("compile_for", None),
        ("link", {"entry_id": scene["published"]}), ("ask", {"entry_id": scene["published"]}), ("end", WHY),
    ):  # fmt: skip
        book.add("POST", f"{one}/{verb}", scene["demand_assigned"], **({"body": given} if given else {}))
