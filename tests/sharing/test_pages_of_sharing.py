"""Pages of sharing: asking, what is missing, moves with refusals in place, replies, lists, attachments, phones."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from asking_world import FILLED, posted, token
from django.core.files.uploadedfile import SimpleUploadedFile

from covers import covers
from jutong.kernel import clock
from jutong.kernel.models import AuditEntry, StoredFile
from jutong.kernel.terms import Masking
from jutong.slices.grants import queries as grants
from jutong.slices.sharing import actions as sharing
from jutong.slices.sharing.models import SharingRequest, StandingConsent
from jutong.slices.standards import actions as standards
from jutong.slices.standards.rules.grades import NATIONAL
from jutong.wire.levels import Grade
from published import published
from world import World


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


def written(world: World, entry: int, **changes: Any) -> SharingRequest:
    answer = posted(world.client("hr.clerk"), f"/sharing/new/{entry}/", **{**FILLED, **changes})
    assert answer.status_code == 303, answer.content.decode()
    return SharingRequest.objects.get()


def moved(world: World, who: str, case: SharingRequest, verb: str, **data: Any) -> Any:
    return posted(
        world.client(who), f"/sharing/requests/{case.pk}/{verb}/", page=f"/sharing/requests/{case.pk}/", **data
    )


def filed(world: World, entry: int) -> SharingRequest:
    case = written(world, entry)
    assert moved(world, "hr.head", case, "consent").status_code == 303
    assert moved(world, "hr.clerk", case, "file").status_code == 303
    case.refresh_from_db()
    return case


REPLY: dict[str, Any] = {
    "decision": "agree",
    "items": ["公民身份号码", "姓名"],
    "masking-0": "none",
    "masking-1": "name",
    "key_items": ["公民身份号码"],
    "confirm_items": ["收入"],
    "modes": ["online_query"],
    "purposes": ["administrative_basis"],
    "use_until": "2029-03-01",
    "calls_per_day": "1000",
}


@covers("R-SHR-036", "R-SHR-037", "R-SHR-038")
def test_a_request_goes_by_pages_alone_from_the_catalogue_entry_to_the_grant(world: World) -> None:
    case = filed(world, published(world))
    assert case.state == "received"
    assert case.items == FILLED["items"]
    assert case.conditions == [{"item": "户籍行政区划", "operator": "prefix", "values": ["5110"]}]
    answer = posted(world.client("civil.officer"), f"/sharing/requests/{case.pk}/reply/", **REPLY)
    assert answer.status_code == 303, answer.content.decode()
    assert moved(world, "civil.head", case, "agree").status_code == 303
    case.refresh_from_db()
    assert case.state == "agreed"
    page = world.client("hr.clerk").get(f"/sharing/requests/{case.pk}/").content.decode()
    assert f"/grants/{case.grant_id}/" in page
    assert "姓名掩码" in page
    assert "1000 次调用" in page
    assert "同意共享" in page


def test_what_is_still_missing_is_listed_before_anything_is_sent(world: World) -> None:
    entry = published(world)
    page = world.client("hr.clerk").get(f"/sharing/new/{entry}/").content.decode()
    assert "请从目录所列信息项中至少选择一项" in page
    assert "限于办理事项时核验" in page
    assert "第二十一条" in page
    half = {**FILLED, "use_basis": "", "declared": ""}
    answer = world.client("hr.clerk").post(f"/sharing/new/{entry}/check/", half, HTTP_HX_REQUEST="true")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "请填写使用依据" in text
    assert "请勾选承诺" in text
    assert text.count("jt-has") == 8
    assert not SharingRequest.objects.exists()
    assert not AuditEntry.objects.filter(verb__startswith="sharing_request").exists()


def test_an_incomplete_request_is_shown_again_with_a_sentence_at_each_field(world: World) -> None:
    entry = published(world)
    answer = posted(
        world.client("hr.clerk"),
        f"/sharing/new/{entry}/",
        **{**FILLED, "use_basis": "", "use_until": "2020-01-01", "modes": []},
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "请填写“使用依据”" in page
    assert "请选择“共享方式”" in page
    assert FILLED["use_scene"] in page
    late = posted(world.client("hr.clerk"), f"/sharing/new/{entry}/", **{**FILLED, "use_until": "2020-01-01"})
    assert late.status_code == 422
    assert "使用时限的截止日期" in late.content.decode()
    assert not SharingRequest.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("items", ["不存在的项"]),
        ("modes", ["telepathy"]),
        ("purposes", ["money"]),
        ("use_from", "昨天"),
        ("use_basis", "依据\x00"),
        ("use_scope", "长" * 2001),
        ("condition-0-item", "不存在的项"),
    ],
)
def test_bad_input_in_the_request_is_refused_with_a_sentence(world: World, field: str, value: Any) -> None:
    answer = posted(world.client("hr.clerk"), f"/sharing/new/{published(world)}/", **{**FILLED, field: value})
    assert answer.status_code == 422
    assert "jt-notice-bad" in answer.content.decode()
    assert not SharingRequest.objects.exists()


def test_the_same_form_sent_twice_makes_one_request(world: World) -> None:
    entry = published(world)
    client = world.client("hr.clerk")
    data = {**FILLED, "once_token": token(client.get(f"/sharing/new/{entry}/"))}
    assert client.post(f"/sharing/new/{entry}/", data).status_code == 303
    again = client.post(f"/sharing/new/{entry}/", data)
    assert again.status_code == 409
    assert "请勿重复提交" in again.content.decode()
    assert SharingRequest.objects.count() == 1


def test_withheld_and_own_resources_cannot_be_asked_for(world: World) -> None:
    entry = published(world)
    own = world.client("civil.clerk").get(f"/sharing/new/{entry}/")
    assert own.status_code == 422
    assert "无需申请" in own.content.decode()
    assert world.client("hr.clerk").get("/sharing/new/999999/").status_code == 404


def test_someone_elses_request_is_not_there(world: World) -> None:
    case = written(world, published(world))
    stranger = world.client("police.clerk").get(f"/sharing/requests/{case.pk}/")
    assert stranger.status_code == 404
    assert "无权知悉" in stranger.content.decode()
    provider = world.client("civil.officer")
    assert provider.get(f"/sharing/requests/{case.pk}/").status_code == 404
    assert provider.get(f"/sharing/requests/{case.pk}/change/").status_code == 404


def test_a_move_that_the_table_does_not_allow_is_refused_in_place_with_its_status(world: World) -> None:
    case = written(world, published(world))
    early = moved(world, "hr.clerk", case, "file")
    assert early.status_code == 409
    assert "申请内容" in early.content.decode()
    assert "不能提交申请" in early.content.decode()
    wrong_person = moved(world, "hr.clerk", case, "consent")
    assert wrong_person.status_code == 403
    assert "使用方共享工作机构负责人" in wrong_person.content.decode()
    assert moved(world, "hr.clerk", case, "explode").status_code == 404
    case.refresh_from_db()
    assert case.state == "draft"


def test_the_buttons_are_those_of_the_table(world: World) -> None:
    case = written(world, published(world))
    clerk = world.client("hr.clerk").get(f"/sharing/requests/{case.pk}/").content.decode()
    head = world.client("hr.head").get(f"/sharing/requests/{case.pk}/").content.decode()
    assert f"/sharing/requests/{case.pk}/consent/" not in clerk
    assert f"/sharing/requests/{case.pk}/consent/" in head
    assert f"/sharing/requests/{case.pk}/withdraw/" in clerk


def test_a_changed_request_needs_the_heads_consent_again(world: World) -> None:
    case = written(world, published(world))
    assert moved(world, "hr.head", case, "consent").status_code == 303
    url = f"/sharing/requests/{case.pk}/change/"
    form = world.client("hr.clerk").get(url).content.decode()
    assert FILLED["use_basis"] in form
    answer = posted(world.client("hr.clerk"), url, **{**FILLED, "use_scene": "另一个使用场景的说明"})
    assert answer.status_code == 303
    case.refresh_from_db()
    assert case.state == "draft"
    assert case.consented_by == ""


@covers("R-SHR-043")
def test_papers_are_asked_for_once_and_the_consumer_sees_the_list(world: World) -> None:
    case = filed(world, published(world))
    answer = moved(world, "civil.officer", case, "ask_supplement", papers="授权文件\n业务流程说明", days="5")
    assert answer.status_code == 303
    page = world.client("hr.clerk").get(f"/sharing/requests/{case.pk}/").content.decode()
    assert "授权文件" in page
    assert "业务流程说明" in page
    assert "已暂停" in page
    file = SimpleUploadedFile("授权文件.txt", "依据全文".encode())
    done = moved(world, "hr.clerk", case, "supplement", text="材料见附件", uploads=[file])
    assert done.status_code == 303
    case.refresh_from_db()
    assert case.state == "received"
    again = moved(world, "civil.officer", case, "ask_supplement", papers="再来一份", days="5")
    assert again.status_code == 409
    assert "一次性告知" in again.content.decode()
    link = f"/sharing/requests/{case.pk}/files/{case.attachments[0]}/"
    handed = world.client("civil.officer").get(link)
    assert b"".join(handed.streaming_content) == "依据全文".encode()
    assert handed["X-Content-Type-Options"] == "nosniff"
    assert world.client("police.officer").get(link).status_code == 404
    assert world.client("civil.officer").get(f"/sharing/requests/{case.pk}/files/99999/").status_code == 404


def test_a_refused_submission_keeps_none_of_its_files(world: World) -> None:
    entry = published(world)
    form = {**FILLED, "use_basis": "依", "uploads": [SimpleUploadedFile("依据.txt", b"text")]}
    assert posted(world.client("hr.clerk"), f"/sharing/new/{entry}/", **form).status_code == 422
    case = filed(world, entry)
    file = SimpleUploadedFile("授权文件.txt", b"text")
    assert moved(world, "hr.clerk", case, "supplement", text="未经要求", uploads=[file]).status_code in {403, 409}
    assert not StoredFile.objects.exists()
    kept = {**FILLED, "uploads": [SimpleUploadedFile("依据.txt", b"text")]}
    assert posted(world.client("hr.clerk"), f"/sharing/new/{entry}/", **kept).status_code == 303
    assert list(SharingRequest.objects.latest("pk").attachments) == [StoredFile.objects.get().pk]


def test_incomplete_papers_are_no_reason_to_decline(world: World) -> None:
    case = filed(world, published(world))
    answer = moved(world, "civil.head", case, "decline", reason="申请材料不全")
    assert answer.status_code == 422
    assert "一次性告知补正" in answer.content.decode()
    case.refresh_from_db()
    assert case.state == "received"


def test_a_head_decides_on_a_phone_only_what_was_drafted(world: World) -> None:
    case = filed(world, published(world))
    refusing = {"decision": "refuse", "reason": "申请范围超出所述职责，且无法律依据"}
    assert posted(world.client("civil.officer"), f"/sharing/requests/{case.pk}/reply/", **refusing).status_code == 303
    page = world.client("civil.head").get(f"/sharing/requests/{case.pk}/approve/").content.decode()
    assert f"/sharing/requests/{case.pk}/refuse/" in page
    assert f"/sharing/requests/{case.pk}/agree/" not in page
    assert "申请范围超出所述职责" in page
    consumer = world.client("hr.clerk").get(f"/sharing/requests/{case.pk}/").content.decode()
    assert "申请范围超出所述职责" not in consumer
    assert "拟定答复" not in consumer
    assert moved(world, "civil.head", case, "refuse").status_code == 303
    consumer = world.client("hr.clerk").get(f"/sharing/requests/{case.pk}/").content.decode()
    assert "申请范围超出所述职责" in consumer


def test_sensitive_items_come_with_a_proposed_masking(world: World) -> None:
    case = filed(world, published(world))
    page = world.client("civil.officer").get(f"/sharing/requests/{case.pk}/reply/").content.decode()
    assert '<option value="identity" selected>' in page
    assert '<option value="name" selected>' in page
    assert '<option value="none" selected>' in page


def graded_and_masked(world: World) -> None:
    """Let the city's catalogue of grades mask general data by default."""
    chief, grades = world.actor("authority.chief"), (Grade(code="general", masked=True), *NATIONAL.grades[1:])
    made = standards.draft_grades(region=world.region, title="内江市数据分级目录", grades=grades, by=chief, at=world.at)
    standards.publish_grades(made, effective_from=date(2026, 3, 2), by=chief, at=world.at)


@covers(partly=["R-SEC-040"])
def test_items_of_a_masked_grade_are_offered_masked_and_go_so_where_nobody_decides(world: World) -> None:
    graded_and_masked(world)
    case = filed(world, published(world))
    officer = world.client("civil.officer")
    page = officer.get(f"/sharing/requests/{case.pk}/reply/").content.decode()
    assert '<option value="year" selected>' in page, "the birthday, which is not marked sensitive"
    assert '<option value="none" selected>' not in page
    SharingRequest.objects.all().delete()
    open_entry = published(world, title="行政区划代码信息", share_type="unconditional")
    sharing.give_standing_consent(by=world.actor("civil.head"), at=world.at, resource_id=open_entry)
    case = filed(world, open_entry)
    world.drain(clock.now())
    case.refresh_from_db()
    masked = {column.item: column.masking for column in grants.wire_grant(case.grant_id).columns}
    assert masked["姓名"] is Masking.NAME


def test_a_preview_without_a_mounted_table_says_so_and_keeps_the_form(world: World) -> None:
    case = filed(world, published(world))
    answer = posted(
        world.client("civil.officer"), f"/sharing/requests/{case.pk}/reply/", **REPLY, preview="1", remarks="请注意时限"
    )
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "尚未挂接" in page
    assert "请注意时限" in page
    case.refresh_from_db()
    assert case.state == "received"


def test_lists_show_each_side_its_own_and_export_without_formulas(world: World) -> None:
    case = filed(world, published(world, title="=cmd|城乡低保"))
    mine = world.client("hr.clerk").get("/sharing/?side=consumer").content.decode()
    theirs = world.client("civil.officer").get("/sharing/?side=provider").content.decode()
    stranger = world.client("police.clerk").get("/sharing/").content.decode()
    assert case.number in mine
    assert case.number in theirs
    assert case.number not in stranger
    assert case.number not in world.client("hr.clerk").get("/sharing/?state=granted").content.decode()
    strange = world.client("hr.clerk").get("/sharing/?page=abc&state=%00&side=x")
    assert strange.status_code == 422
    assert "“页码”应为整数" in strange.content.decode()
    answer = world.client("hr.clerk").get("/sharing/export.xlsx?side=consumer")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1][0] == case.number
    assert str(rows[1][1]).startswith("'=")


@covers("R-SHR-004", "R-SHR-040")
def test_a_standing_consent_is_given_and_ended_on_its_page_by_the_head_only(world: World) -> None:
    entry = published(world, share_type="unconditional")
    url = "/sharing/standing/"
    assert "常设同意由本部门共享工作机构负责人作出" in world.client("civil.officer").get(url).content.decode()
    answer = posted(world.client("civil.head"), url, resource_id=str(entry))
    assert answer.status_code == 303
    consent = StandingConsent.objects.get()
    twice = posted(world.client("civil.head"), url, resource_id=str(entry))
    assert twice.status_code == 422
    refused = posted(world.client("hr.head"), f"{url}{consent.pk}/end/", page=url)
    assert refused.status_code == 403
    assert posted(world.client("civil.head"), f"{url}{consent.pk}/end/", page=url).status_code == 303
    consent.refresh_from_db()
    assert consent.ended_at


def test_unconditional_data_cannot_be_refused_in_the_reply_form(world: World) -> None:
    case = filed(world, published(world, share_type="unconditional"))
    page = world.client("civil.officer").get(f"/sharing/requests/{case.pk}/reply/").content.decode()
    assert 'value="refuse"' not in page
    forced = posted(
        world.client("civil.officer"),
        f"/sharing/requests/{case.pk}/reply/",
        decision="refuse",
        reason="就是不给，没有依据",
    )
    assert forced.status_code == 422


def test_a_case_page_is_printable_and_shows_the_trail_with_articles(world: World) -> None:
    case = filed(world, published(world))
    page = world.client("audit.auditor").get(f"/sharing/requests/{case.pk}/").content.decode()
    assert "data-print" in page
    assert "政务数据共享条例" in page
    assert page.index("申请共享") < page.index("同意提出申请") < page.rindex("提交申请")


def test_an_entrys_page_leads_to_asking_and_to_what_is_under_way(world: World) -> None:
    entry = published(world)
    fresh = world.client("hr.clerk").get(f"/catalogue/{entry}/").content.decode()
    assert f"/sharing/new/{entry}/" in fresh
    assert f"/sharing/new/{entry}/" not in world.client("civil.officer").get(f"/catalogue/{entry}/").content.decode()
    assert f"/sharing/new/{entry}/" not in world.client("hr.engineer").get(f"/catalogue/{entry}/").content.decode()
    case = written(world, entry)
    later = world.client("hr.clerk").get(f"/catalogue/{entry}/").content.decode()
    assert f"/sharing/requests/{case.pk}/" in later
