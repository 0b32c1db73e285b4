"""Pages and endpoints of misuse, trace and aggregation review, as the people of the three sides see them."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from asking_world import posted
from django.utils.translation import gettext as _
from test_requests import answered

from covers import covers
from jutong.kernel import agenda
from jutong.kernel.errors import NotAllowed, RuleBroken
from jutong.kernel.faces import once
from jutong.kernel.terms import Purpose
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import queries as grants
from jutong.slices.usage import actions, queries
from jutong.slices.usage.models import AggregationReview, MisuseCase
from jutong.slices.usage.rules.aggregation import Named, Part, combination, meaning_of
from misuse_world import ORDER, REPORT, SAID, granted, opened, suspended, told, used
from published import published
from world import World


def sheet(answer: Any) -> list[tuple[Any, ...]]:
    """Return the rows of an answered workbook."""
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    return list(book.active.iter_rows(values_only=True))


def test_a_case_goes_from_the_grants_page_to_its_restoration_by_hand(world: World) -> None:
    grant = granted(world)
    officer, head, hr = (world.client(who) for who in ("civil.officer", "civil.head", "hr.officer"))
    assert f"/usage/misuse/new/{grant}/" in officer.get(f"/grants/{grant}/").content.decode()
    assert f"/usage/misuse/new/{grant}/" not in hr.get(f"/grants/{grant}/").content.decode()
    form = {**SAID, "source": "inspection", "source_ref": "检查〔2026〕3号", "grant_ids": str(grant)}
    without = posted(officer, f"/usage/misuse/new/{grant}/", **{**form, "category": ""})
    assert (without.status_code, "请选择“违规类别”" in without.content.decode()) == (422, True)
    assert posted(officer, f"/usage/misuse/new/{grant}/", **form).status_code == 303
    case = MisuseCase.objects.get()
    page = f"/usage/misuse/{case.pk}/"
    assert hr.get(page).status_code == 404
    assert [row.id for row in agenda.todo(world.actor("civil.head"), world.at).rows if row.workflow == "misuse_case"]
    unlimited = posted(
        head, f"{page}suspend/", page=page, **{**ORDER, "days": "", "category": "abuse", "grant_ids": str(grant)}
    )
    assert (unlimited.status_code, "整改期限" in unlimited.content.decode()) == (422, True)
    assert (
        posted(head, f"{page}suspend/", page=page, **ORDER, category="abuse", grant_ids=str(grant)).status_code == 303
    )
    assert f"案件 {case.number}" in hr.get(f"/grants/{grant}/").content.decode()
    shown = hr.get(page).content.decode()
    assert "提出共享争议" in shown
    assert f"{page}verify/" not in shown
    assert posted(hr, f"{page}report/", page=page, text=REPORT).status_code == 303
    assert posted(head, f"{page}verify/", page=page, text="现场核实到位").status_code == 303
    assert posted(head, f"{page}restore/", page=page, decision="准予恢复，内民函〔2026〕12号").status_code == 303
    assert "已恢复" in hr.get(page).content.decode()
    assert told(grant, world.at).state == "active"


def test_the_list_shows_each_side_what_it_may_know_and_exports_it(world: World) -> None:
    confirmed, hidden = granted(world), granted(world, "低保金发放信息")
    suspended(world, confirmed)
    opened(world, hidden)
    for who, count in (
        ("civil.head", 2),
        ("authority.reviewer", 2),
        ("hr.clerk", 1),
        ("market.head", 0),
        ("audit.auditor", 2),
    ):
        client = world.client(who)
        assert client.get("/usage/misuse/").content.decode().count("WG-20") == count, who
        assert len(sheet(client.get("/usage/misuse/export.xlsx"))) == count + 1, who
    found = world.client("civil.head").get("/usage/misuse/?state=alerted&q=低保金").content.decode()
    assert found.count("WG-20") == 1
    assert "没有符合条件的案件" in world.client("civil.head").get("/usage/misuse/?category=leakage").content.decode()


def test_the_same_is_done_through_the_interface_and_refused_with_its_reason(world: World) -> None:
    grant = granted(world)
    officer, head = world.client("civil.officer"), world.client("civil.head")
    base = "/api/v1/usage/misuse"
    body = {**SAID, "grant_ids": [grant]}
    nameless = officer.post(base, {**body, "category": ""}, content_type="application/json")
    assert (nameless.status_code, nameless.json()["code"], "category" in nameless.json()["remarks"]) == (
        422,
        "validation_error",
        True,
    )
    case = officer.post(base, body, content_type="application/json").json()["row"]
    order = {**ORDER, "grant_ids": [grant]}
    unlimited = head.post(f"{base}/{case['id']}/suspend", order | {"days": None}, content_type="application/json")
    assert unlimited.json()["code"] == "validation_error"
    done = head.post(f"{base}/{case['id']}/suspend", order, content_type="application/json").json()
    assert (done["row"]["state"], done["grants"][0]["suspended"]) == ("suspended", True)
    early = head.post(f"{base}/{case['id']}/terminate", {"decision": "终止共享"}, content_type="application/json")
    assert (early.status_code, early.json()["code"]) == (409, "invalid_state")
    wrong = head.post(f"{base}/{case['id']}/verify", {"text": "到位到位", "days": 3}, content_type="application/json")
    assert wrong.status_code == 422


@covers("R-SHR-021")
def test_the_trace_lists_department_person_time_items_and_purpose_of_whoever_obtained_a_resource(world: World) -> None:
    grant = granted(world)
    key = world.system("hr", "养老保险经办系统")
    used(world, grant, system=str(key.system_id), calls=7)
    used(world, grant, system=str(key.system_id), calls=2, at=world.at + timedelta(days=4))
    used(world, grant, system=str(key.system_id), kind="purpose", calls=5)
    held = grants.standing([grant])[grant]
    code = catalogue.published(held.resource_id).code  # type: ignore[union-attr]
    asked = f"?code={code}&first=2026-03-01&last=2026-03-31"
    for who in ("authority.reviewer", "civil.officer", "audit.auditor"):
        page = world.client(who).get(f"/usage/trace/{asked}").content.decode()
        assert all(
            word in page
            for word in (
                "内江市人力资源和社会保障局",
                "养老保险经办系统",
                "2026-03-06",
                "公民身份号码、姓名",
                _(Purpose.ADMINISTRATIVE_BASIS.label),
            )
        ), who
    (total,) = queries.trace(held.resource_id, *_march(1, 31), world.actor("authority.chief")).sums
    assert (total.consumer_id, total.calls, total.call_rows) == (world.department("hr"), 9, 9)
    assert total.responsible == (world.actor("hr.head").name,)
    assert queries.trace(held.resource_id, *_march(10, 31), world.actor("authority.chief")).sums == ()
    rows = sheet(world.client("authority.reviewer").get(f"/usage/trace/export.xlsx{asked}"))
    assert [(row[3], row[9], row[10]) for row in rows[1:]] == [("养老保险经办系统", 2, 2), ("养老保险经办系统", 7, 7)]
    first = world.client("authority.reviewer").get(
        f"/api/v1/usage/trace/{held.resource_id}/calls?first=2026-03-01&last=2026-03-31"
    )
    assert [(row["day"], row["calls"]) for row in first.json()["rows"]] == [("2026-03-06", 2), ("2026-03-02", 7)]
    for who in ("hr.head", "market.head", "authority.operator"):
        assert world.client(who).get(f"/usage/trace/{asked}").status_code == 404, who
    backwards = world.client("civil.officer").get(f"/usage/trace/?code={code}&first=2026-04-01&last=2026-03-01")
    assert (backwards.status_code, "期间" in backwards.content.decode()) == (422, True)


def _march(first: int, last: int) -> tuple[Any, Any]:
    from datetime import date

    return date(2026, 3, first), date(2026, 3, last)


@covers(partly=["R-SEC-031"])
def test_three_personal_resources_that_join_mark_the_last_grant_and_lock_what_is_made_of_them(world: World) -> None:
    titles = ("城乡低保对象信息", "低保金发放信息", "临时救助信息")
    grants_held = [granted(world, title) for title in titles]
    world.drain()
    review = AggregationReview.objects.get()
    assert (review.grant_id, review.joined_by, len(review.parts)) == (grants_held[-1], ["person"], 3)
    assert review.number in world.client("hr.officer").get(f"/grants/{grants_held[-1]}/").content.decode()
    assert review.number not in world.client("hr.officer").get(f"/grants/{grants_held[0]}/").content.decode()
    page = f"/usage/aggregations/{review.pk}/"
    product = {"product": "困难群众画像库", "use": "主动发现困难群众", "safeguards": "政务云专区，脱敏存储"}
    assert posted(world.client("hr.officer"), f"{page}register/", page=page, **product).status_code == 303
    head = world.client("hr.head")
    early = head.post(f"{page}release/", {"once_token": once.fresh()})
    assert (early.status_code, "仍在锁定中" in early.content.decode()) == (403, True)
    for who in ("hr.secrecy", "hr.head", "civil.secrecy", "market.head"):
        with pytest.raises(NotAllowed if who.startswith(("hr", "civil")) else Exception):
            actions.clear_product(review.pk, by=world.actor(who), at=world.at, opinion="可以发布")
    secrecy = world.client("authority.secrecy")
    assert posted(secrecy, f"{page}withhold/", page=page, opinion="须去除住址后重新登记").status_code == 303
    assert head.post(f"{page}release/", {"once_token": once.fresh()}).status_code == 403
    assert posted(world.client("hr.officer"), f"{page}register/", page=page, **product).status_code == 303
    assert posted(secrecy, f"{page}clear/", page=page, opinion="不涉密，可以使用").status_code == 303
    assert posted(head, f"{page}release/", page=page).status_code == 303
    assert AggregationReview.objects.get().state == "released"
    assert world.client("market.head").get(page).status_code == 404


@covers("R-SEC-031")
def test_a_delivery_that_completes_a_grave_combination_waits_for_the_secrecy_review(world: World) -> None:
    granted(world)
    last = int(answered(world, published(world, title="优抚对象信息", security_level="important")).grant_id or 0)
    review = AggregationReview.objects.get()
    assert (review.grant_id, review.holding) == (last, True)
    assert told(last, world.at).state == "suspended"
    assert "恢复授权" not in world.client("civil.head").get(f"/grants/{last}/").content.decode()
    page = f"/usage/aggregations/{review.pk}/"
    assert "已暂停，待保密审查同意" in world.client("hr.officer").get(page).content.decode()
    with pytest.raises(NotAllowed):
        actions.admit_delivery(review.pk, by=world.actor("hr.secrecy"), at=world.at, opinion="可以提供")
    secrecy = world.client("authority.secrecy")
    assert posted(secrecy, f"{page}admit/", page=page, opinion="用途明确，可以提供").status_code == 303
    assert told(last, world.at).state == "active"
    assert "用途明确，可以提供" in secrecy.get(page).content.decode()
    product = {"product": "抚恤画像库", "use": "主动发现", "safeguards": "政务云专区"}
    actions.register_product(review.pk, by=world.actor("hr.officer"), at=world.at, **product)
    with pytest.raises(NotAllowed, match="仍在锁定中"):
        actions.release_product(review.pk, by=world.actor("hr.head"), at=world.at)


def test_what_makes_a_combination_sensitive() -> None:
    def part(n: int, *items: str, personal: bool = True, grave: bool = False) -> Part:
        return Part(n, n, tuple(map(Named, items)), personal, grave=grave, rank=4 if grave else 1)

    one, two, three = part(1, "公民身份号码"), part(2, "申请人身份证号", "住址"), part(3, "证件号码", "姓名")
    assert combination(one, [two, three], least=3)
    assert combination(one, [two], least=3) is None
    assert combination(one, [part(2, "住址"), part(3, "车牌号")], least=3) is None, "nothing in common"
    assert combination(part(1, "统一社会信用代码", personal=False), [two, three], least=3) is None
    assert combination(one, [two, part(3, "证件号码", personal=False)], least=3) is None
    assert combination(one, [part(2, "身份证号", grave=True)], least=3), "two suffice where one is grave"
    assert meaning_of(Named("申请人编号", "GB 11643-1999")) == "person", "the standard says what the name does not"
    assert meaning_of(Named("人员唯一编号", recognised="identity")) == "person"
    assert meaning_of(Named("身份证号码", "GB 11643", recognised="date")) == "", "what the values are outweighs both"
    assert combination(one, [Part(9, 1, (Named("身份证号"),), personal=True), two], least=3) is None, (
        "the same resource twice"
    )


def test_a_product_needs_name_use_and_safeguards(world: World) -> None:
    for title in ("城乡低保对象信息", "低保金发放信息", "临时救助信息"):
        granted(world, title)
    world.drain()
    review = AggregationReview.objects.get()
    with pytest.raises(RuleBroken) as refused:
        actions.register_product(
            review.pk, by=world.actor("hr.officer"), at=world.at, product="画像", use="", safeguards="政务云专区"
        )
    assert set(refused.value.remarks) == {"product", "use"}


def test_the_consumers_report_and_its_papers_are_read_by_both_sides_only(world: World) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    case = suspended(world, granted(world))
    page = f"/usage/misuse/{case.pk}/"
    paper = SimpleUploadedFile("处置记录.txt", "名单已于三月三日删除".encode())
    assert posted(world.client("hr.officer"), f"{page}report/", page=page, text=REPORT, paper=paper).status_code == 303
    (pk,) = MisuseCase.objects.get().notes.get(sort="report").attachments
    for who, status in (("civil.head", 200), ("hr.head", 200), ("authority.chief", 200), ("market.head", 404)):
        assert world.client(who).get(f"{page}files/{pk}/").status_code == status, who
    assert world.client("civil.head").get(f"{page}files/{pk + 1}/").status_code == 404
