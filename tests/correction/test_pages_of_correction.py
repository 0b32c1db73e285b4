"""Pages and interface: a department reports, a provider answers, a receiver fetches; a citizen raises, follows, and is kept apart."""

from __future__ import annotations

import re
from typing import Any

import pytest
from asking_world import posted

from correction_world import ID_NUMBER, OPENED, RECORD, citizen, entered, granted, reported, rules
from jutong.kernel.models import AuditEntry
from jutong.kernel.settings import settings
from jutong.slices.catalogue.models import Entry
from jutong.slices.correction.models import Applicant, Handling, Objection, Verification
from world import World


def text(answer: Any) -> str:
    return re.sub(r"<[^>]+>", " ", answer.content.decode())


def test_a_department_reports_on_the_entrys_page_and_the_provider_answers_on_the_cases(world: World) -> None:
    resource = granted(world)
    clerk, officer = world.client("hr.clerk"), world.client("civil.officer")
    assert f"/correction/report/{resource}/" in clerk.get(f"/catalogue/{resource}/").content.decode()
    words = {"kind": "error", "items": ["姓名"], "record": RECORD, "text": "姓名与身份证件不一致"}
    answer = posted(clerk, f"/correction/report/{resource}/", **{**words, "text": ""})
    assert answer.status_code == 422
    case = posted(clerk, f"/correction/report/{resource}/", **words)["Location"]
    pk = Verification.objects.get().pk
    assert case == f"/correction/verification/{pk}/"
    assert "校核中" in text(clerk.get(f"/catalogue/{resource}/"))
    assert RECORD not in text(officer.get(case))
    wrong = posted(officer, f"{case}close/", page=case)
    assert (wrong.status_code, "不能反馈并办结" in text(wrong)) == (409, True)
    posted(officer, f"{case}confirm/", page=case, reason="确属录入错误")
    rows = {"note": "已在源库更正", "old-0": "李晓芳", "new-0": "李小芳"}
    assert posted(officer, f"{case}correct/", page=case, **{**rows, "new-0": "李晓芳"}).status_code == 422
    posted(officer, f"{case}correct/", page=case, **rows)
    assert posted(officer, f"{case}close/", page=case).status_code == 303
    assert "李小芳" in text(officer.get(case))
    assert "李小芳" not in text(clerk.get(case))
    (link,) = re.findall(r"/correction/corrected/\d+/", clerk.get("/correction/corrected/").content.decode())
    assert posted(clerk, f"{link}fetch/", page=link).status_code == 303
    assert "按授权脱敏提供" in text(clerk.get(link))
    assert "已领取" in text(clerk.get("/correction/corrected/?waiting=0"))


def test_the_certificate_prints_for_the_desk_and_takes_nothing_but_handled_as_usual(world: World) -> None:
    case = reported(world, granted(world))
    clerk, page = world.client("market.clerk"), f"/correction/certificates/{case.pk}/"
    shown = text(clerk.get("/correction/desk/", {"number": case.number.lower()}))
    assert "应当照常办理" in shown
    assert RECORD not in shown
    refused = posted(clerk, page, outcome="refused", proof="居民户口簿")
    assert (refused.status_code, "已报告主管部门" in text(refused)) == (422, True)
    assert posted(clerk, page, outcome="as_usual", proof="居民户口簿").status_code == 303
    assert Handling.objects.get().department_id == world.department("market")
    drawn = clerk.get(f"{page}certificate.pdf")
    assert (drawn["Content-Type"], b"".join(drawn)[:5]) == ("application/pdf", b"%PDF-")


def test_a_citizen_raises_and_follows_without_an_account_and_nobody_is_kept_for_nothing(world: World) -> None:
    rules("neijiang-2020")
    resource, window = entered(world, **OPENED), world.signed_out()
    code = Entry.objects.get(pk=resource).code
    assert "申请更正开放目录" in text(window.get(f"/correction/public/catalogue/{resource}/"))
    words = {
        "about": code, "text": "本人婚姻状况有误", "applicant_kind": "citizen", "applicant_name": "李小芳",
        "applicant_number": ID_NUMBER, "ground": "error", "evidence": "离婚证复印件",
    }  # fmt: skip
    page = "/correction/public/raise/objection/"
    assert "未能通过身份核验" in text(posted(window, page, **words))
    citizen(world)
    unknown = posted(window, page, **{**words, "about": "NOT/000001"})
    assert (unknown.status_code, Applicant.objects.count()) == (404, 0)
    rules("liyang-2020")
    assert posted(window, page, **words).status_code == 403
    assert Applicant.objects.count() == 0  # a refused case leaves nobody behind
    rules("neijiang-2020")
    done = posted(window, page, **words)
    case = Objection.objects.get()
    shown = re.search(r"<strong>([A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4})</strong>", done.content.decode())
    assert shown
    follow = "/correction/public/follow/"
    seen = text(posted(window, follow, number=case.number, code=shown[1]))
    assert "已收到异议材料" in seen
    assert "2026" in seen
    for number, key in ((case.number, "AAAA-BBBB-CCCC"), ("YY-2026-999999", shown[1])):
        assert "编号或查询码不正确" in text(posted(window, follow, number=number, code=key))
    assert shown[1].replace("-", "") not in str(AuditEntry.objects.values_list("detail", "reason"))
    assert "导出" not in text(window.get("/correction/public/"))


def test_the_publics_pages_take_no_more_from_one_address_than_sign_in_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "sign_in_rate_per_minute", 5)
    window = world.signed_out()
    answers = [
        posted(window, "/correction/public/follow/", number="YY-2026-000001", code="AAAA").status_code
        for _n in range(11)  # six of them in one minute, also where a new one begins between
    ]
    assert answers[:5] == [404] * 5
    assert 429 in answers


def test_the_interface_moves_a_case_with_the_words_of_its_verb_and_no_others(world: World) -> None:
    case = reported(world, granted(world))
    client, base = world.client("civil.officer"), f"/api/v1/correction/verification/{case.pk}"

    def post(verb: str, **body: Any) -> Any:
        return client.post(f"{base}/{verb}", body, content_type="application/json")

    assert "缺少 reason" in post("confirm").json()["detail"]
    assert "不使用 days" in post("confirm", reason="确属录入错误", days=3).json()["detail"]
    assert post("confirm", reason="确属录入错误").json()["line"]["state"] == "confirmed"
    assert post("close").status_code == 409
    assert post("fly").status_code == 404
    listed = client.get("/api/v1/correction/verification").json()
    assert [row["number"] for row in listed["rows"]] == [case.number]
    assert client.get("/api/v1/correction/novels").status_code == 404
    desk = world.client("hr.clerk").post(
        "/api/v1/correction/desk",
        {"resource_id": case.resource_id, "record": RECORD, "proof_provided": True},
        content_type="application/json",
    )
    assert desk.json()["handle_as_usual"] is True
