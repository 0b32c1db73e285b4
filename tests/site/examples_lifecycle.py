"""Sources, duties, referrals, changes and endings: one case of each in the scene, and examples of their addresses."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from jutong.kernel import clock
from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.catalogue.models import Consulted, Designation, DutyList, Party, Referral, Revision
from jutong.slices.grants import actions as grants
from jutong.slices.grants.models import ChangeConsumer
from published import content, published

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

REASON: dict[str, Any] = {"reason": "两个部门都在收集"}
LATER = f"{beijing_day(clock.now()) + timedelta(days=30):%Y-%m-%d}"
DESIGNATION: dict[str, tuple[str, dict[str, Any]]] = {
    "ask_opinions": ("overlap", {}),
    "designate": ("overlap", {"document": "内数〔2026〕1号", "effective_on": LATER}),
    "distinguish": ("overlap", REASON),
    "end": ("source_named", REASON),
}
"""For each move: the case of the scene that can make it, and its form."""
ENDING: dict[str, tuple[str, dict[str, Any]]] = {
    "file": ("ending", {}),
    "acknowledge": ("ending_filed", {}),
    "cancel": ("ending", {"reason": "继续提供"}),
}
REFERRAL: dict[str, dict[str, Any]] = {
    "consult": {},
    "decide": {"document": "内数定〔2026〕5号", "share_type": "conditional"},
    "take_back": {"reason": "已自行确定"},
}


def build(scene: Scene) -> None:
    """Add the cases: what the scene's profile does not offer stands as a row of its table."""
    world, at = scene.world, scene.world.at
    reviewer, today = world.actor("authority.reviewer"), beijing_day(at)
    region, authority = world.region, scene["authority"]
    for name, item in (("overlap", "居住地址"), ("source_named", "联系方式")):
        case = catalogue.report_overlap(
            by=reviewer, at=at, authority_id=authority, region=region, items=[item],
            departments=[scene["civil"], scene["hr"]], **REASON,
        )  # fmt: skip
        scene.ids[name] = case.pk
    catalogue.designate(
        case.pk, by=reviewer, at=at, source_id=scene["civil"], document="内数〔2026〕1号", effective_on=today
    )
    catalogue.enter_into_force(at=at)
    assert Designation.objects.get(pk=case.pk).state == "in_force"
    task = catalogue.ask_support(
        by=world.actor("civil.officer"), at=at, designation_id=case.pk, holder_id=scene["hr"], items=["联系方式"],
        text="补充联系方式", due_on=today + timedelta(days=300),
    )  # fmt: skip
    common: dict[str, Any] = {"region": region, "profile": "national-2025@1", "started_on": today, "at": at}
    duties = DutyList.objects.create(**common, authority_id=authority, number=1, catalogue_version=0, state="derived")
    DutyList.objects.filter(pk=duties.pk).update(series=duties.pk)
    unclear = catalogue.compile_entry(
        by=world.actor("civil.officer"), at=at, provider_id=scene["civil"], content=content("提请信息")
    )
    referral = Referral.objects.create(
        **common, entry_id=unclear.pk, provider_id=scene["civil"], authority_id=authority, asked=["share_type"],
        reason="难以确定", state="referred",
    )  # fmt: skip
    asked = Consulted.objects.create(referral=referral, department_id=scene["hr"], asked_at=at)
    pk = published(world, title="变更中的信息")
    catalogue.revise(pk, by=world.actor("civil.officer"), at=at, note="职责调整")
    scene.ids |= {
        "source_task": task.pk, "duties": duties.pk, "referral": referral.pk, "referral_asked": asked.pk,
        "revision": Revision.objects.get(entry=pk).pk,
        "source_party": Party.objects.get(designation=scene["overlap"], department=scene["civil"]).pk,
    }  # fmt: skip
    _endings(scene)


def _endings(scene: Scene) -> None:
    world, at = scene.world, scene.world.at
    for name, title in (("ending", "停用信息"), ("ending_filed", "已备案停用信息")):
        case = grants.end_resource(
            by=world.actor("civil.officer"), at=at, resource_id=published(world, title=title), cause="系统停用",
            stop_on=beijing_day(at) + timedelta(days=1800),
        )  # fmt: skip
        scene.ids[name] = case.pk
    grants.file_ending(scene["ending_filed"], by=world.actor("civil.head"), at=at)
    row = ChangeConsumer.objects.create(
        change_id=scene["ending"], consumer_id=scene["hr"], provider_id=scene["civil"], result="agreed"
    )
    scene.ids["ending_heard"] = row.pk


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    base = "catalogue/sources/"
    book.add("GET", f"{base}export/<str:what>/", "sources")
    book.deed(f"{base}designations/find/")
    civil_hr = [str(scene["civil"]), str(scene["hr"])]
    book.deed(f"{base}designations/new/", items="户号", departments=civil_hr, **REASON)
    book.add("GET", f"{base}designations/<int:pk>/", scene["overlap"])
    book.add("GET", f"{base}designations/<int:pk>/do/<str:verb>/", scene["overlap"], "designate")
    for verb, (name, form) in DESIGNATION.items():
        more = {"source_id": str(scene["civil"])} if verb == "designate" else {}
        book.deed(f"{base}designations/<int:pk>/do/<str:verb>/", scene[name], verb, case=verb, **form, **more)
    book.page(
        f"{base}designations/<int:pk>/opinion/<int:party>/", scene["overlap"], scene["source_party"], opinion="应由我局"
    )
    task = {"items": ["联系方式"], "text": "补充", "due_on": LATER, "holder_id": str(scene["hr"])}
    book.page(f"{base}designations/<int:pk>/ask/", scene["source_named"], **task)
    book.page(f"{base}tasks/<int:pk>/", scene["source_task"], note="已补充")
    book.add("GET", "catalogue/<int:pk>/sources/", scene["draft"])
    book.deed("catalogue/<int:pk>/sources/refer/", scene["draft"], items=["姓名"])
    book.page("catalogue/<int:pk>/sources/settle/", scene["draft"], items=["姓名"], **REASON)
    book.deed("catalogue/sources/duties/derive/", region=scene.world.region)
    book.seen("catalogue/sources/duties/<int:pk>/", "catalogue/sources/duties/<int:pk>/export/", to=(scene["duties"],))
    book.page(
        "catalogue/sources/duties/<int:pk>/do/<str:verb>/",
        scene["duties"],
        "issue",
        document="内数〔2026〕8号",
        effective_on=LATER,
    )
    collection = {"items": "新的事项", "purpose": "救助审核", "basis": "社会救助暂行办法", "department_id": civil_hr[0]}
    book.deed("catalogue/sources/collections/new/", **collection)
    book.page("catalogue/<int:pk>/refer/", scene["draft"], asked=["share_type"], reason="难以确定")
    base = "catalogue/revisions/referrals/<int:pk>/"
    book.add("GET", base, scene["referral"])
    book.add("GET", f"{base}do/<str:verb>/", scene["referral"], "decide")
    for verb, form in REFERRAL.items():
        more = {"departments": [civil_hr[1]]} if verb == "consult" else {}
        book.deed(f"{base}do/<str:verb>/", scene["referral"], verb, case=verb, **form, **more)
    book.page(f"{base}opinion/<int:asked>/", scene["referral"], scene["referral_asked"], opinion="应为有条件")
    book.add("GET", "catalogue/revisions/<int:pk>/", scene["revision"])
    _ending_pages(book, scene)


def _ending_pages(book: Book, scene: Scene) -> None:
    ending = {"cause": "系统停用", "stop_on": LATER}
    book.page("grants/endings/new/<int:resource_id>/", scene["published"], **ending)
    book.page("grants/endings/new/<int:resource_id>/change/", scene["published"], **ending, what="不再提供收入")
    base = "grants/endings/<int:pk>/"
    book.add("GET", base, scene["ending"])
    book.add("GET", f"{base}do/<slug:verb>/", scene["ending"], "cancel")
    for verb, (name, form) in ENDING.items():
        book.deed(f"{base}do/<slug:verb>/", scene[name], verb, case=verb, **form)
    book.page(f"{base}heard/<int:consumer>/", scene["ending"], scene["ending_heard"], result="agreed", text="")


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    base, both = "api/v1/catalogue/sources", [scene["civil"], scene["hr"]]
    area = {"authority_id": scene["authority"]}
    book.add("POST", f"{base}/designations/find", body=area)
    body = {"items": ["户号"], "departments": both, "region": scene.world.region, **area, **REASON}
    book.add("POST", f"{base}/designations", body=body)
    book.add("GET", f"{base}/designations/<designation_id>", scene["overlap"])
    for verb, (name, given) in DESIGNATION.items():
        more = {"source_id": scene["civil"]} if verb == "designate" else {}
        sent = {"body": {**given, **more}} if given else {}
        book.add("POST", f"{base}/designations/<designation_id>/{verb}", scene[name], **sent)
    book.add("POST", f"{base}/opinions/<party_id>", scene["source_party"], body={"opinion": "应由我局"})
    task = {"holder_id": scene["hr"], "items": ["联系方式"], "text": "补充", "due_on": LATER}
    book.add("POST", f"{base}/designations/<designation_id>/tasks", scene["source_named"], body=task)
    book.add("POST", f"{base}/tasks/<task_id>/do", scene["source_task"], body={"note": "已补充"})
    base = "api/v1/catalogue"
    book.add("GET", f"{base}/<entry_id>/sources", scene["draft"])
    book.add("POST", f"{base}/<entry_id>/sources/refer", scene["draft"], body={"items": ["姓名"]})
    book.add("POST", f"{base}/<entry_id>/sources/settle", scene["draft"], body={"items": ["姓名"], **REASON})
    book.add("POST", f"{base}/duties", body={"region": scene.world.region})
    for route in ("", "/figures", "/lines"):
        book.add("GET", f"{base}/duties/<list_id>{route}", scene["duties"])
    book.add("POST", f"{base}/duties/<list_id>/rederive", scene["duties"])
    issued = {"document": "内数〔2026〕8号", "effective_on": LATER}
    book.add("POST", f"{base}/duties/<list_id>/issue", scene["duties"], body=issued)
    collected = {"department_id": scene["civil"], "items": ["新的事项"], "purpose": "救助", "basis": "救助办法"}
    book.add("POST", f"{base}/collections", body=collected)
    book.add("POST", f"{base}/<entry_id>/refer", scene["draft"], body={"asked": ["share_type"], "reason": "难以确定"})
    book.add("GET", f"{base}/referrals/<referral_id>", scene["referral"])
    for verb, given in REFERRAL.items():
        more = {"departments": [scene["hr"]]} if verb == "consult" else {}
        book.add("POST", f"{base}/referrals/<referral_id>/{verb}", scene["referral"], body={**given, **more})
    opinion = {"opinion": "应为有条件"}
    book.add("POST", f"{base}/referrals/opinions/<consulted_id>", scene["referral_asked"], body=opinion)
    book.add("GET", f"{base}/revisions/<revision_id>", scene["revision"])
    base = "api/v1/grants/endings"
    book.add("POST", f"{base}/of/<resource_id>", scene["published"], body={"cause": "系统停用", "stop_on": LATER})
    change = {"cause": "系统升级", "stop_on": LATER, "what": "不再提供收入"}
    book.add("POST", f"{base}/of/<resource_id>/change", scene["published"], body=change)
    book.add("GET", f"{base}/<change_id>", scene["ending"])
    book.add("POST", f"{base}/heard/<consumer_id>", scene["ending_heard"], body={"result": "agreed"})
    for verb, (name, given) in ENDING.items():
        book.add("POST", f"{base}/<change_id>/{verb}", scene[name], **({"body": given} if given else {}))
