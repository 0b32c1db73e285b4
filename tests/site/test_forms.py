"""Forms, downloads, addresses and navigation: what people type, what spreadsheets run, whom headers may claim to be."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from jutong.kernel.actors import Actor, Post, Role
from jutong.kernel.errors import Conflict, RuleBroken, TooLarge
from jutong.kernel.faces import Form, downloads, forms, navigation, problem, shell, told
from jutong.kernel.faces.addresses import client_address, is_within, networks
from jutong.kernel.faces.answers import form_status
from jutong.kernel.settings import settings
from jutong.kernel.terms import N_
from jutong.slices.sharing.rules import ELEMENTS, TOO_LONG
from shell_world import small_site


class Everything(Form):
    line = forms.Line(label="名称", max_length=5)
    text = forms.Paragraph(label="说明", required=False)
    code = forms.Code(label="代码", required=False, min_length=2)
    whole = forms.Whole(label="天数", required=False, min_value=1, max_value=365)
    day = forms.Day(label="日期", required=False)
    file = forms.Upload(label="附件", required=False, most_bytes=10)


def errors(**data: str) -> dict[str, list[str]]:
    return {name: list(found) for name, found in Everything(data).errors.items()}


class Duty(Form):
    duty = forms.Line(label="职责")


def test_remarks_of_a_pure_rule_are_told_in_the_readers_language() -> None:
    marked = ELEMENTS["duty"]
    refusal = RuleBroken(marked, remarks={"duty": marked, "other": TOO_LONG})
    form, request = Duty({"duty": "查"}), RequestFactory().get("/")
    with translation.override("en"), told(form):
        raise refusal
    with translation.override("en"):
        said = json.loads(problem(request, refusal).content)
        english = {"duty": _(marked), "other": _(TOO_LONG)}
    assert list(form.errors["duty"]) == [english["duty"]]
    assert list(form.errors["__all__"]) == [english["other"]]
    assert (said["detail"], said["remarks"]) == (english["duty"], english)
    assert english["duty"].isascii()
    assert refusal.remarks == {"duty": marked, "other": TOO_LONG}


def test_remarks_are_filled_by_the_places_of_their_refusal_and_may_be_empty() -> None:
    broken = RuleBroken("“%(name)s”有误。", remarks={"a": "“%(name)s”过长。", "b": ""}, name="摘要")
    with translation.override("en"):
        assert broken.remarks == {"a": "“摘要”过长。", "b": ""}


def test_every_refusal_names_the_field_the_rule_and_the_remedy() -> None:
    assert errors()["line"] == ["请填写“名称”。"]
    assert errors(line="一二三四五六")["line"] == ["“名称”最多 5 个字，请精简后重新填写。"]
    assert errors(line="a", code="x")["code"] == ["“代码”至少 2 个字，请补充完整。"]
    assert errors(line="a", whole="三天")["whole"] == ["“天数”应为整数，请只填写数字。"]
    assert errors(line="a", whole="366")["whole"] == ["“天数”不能大于 365，请改小。"]
    assert errors(line="a", day="明天")["day"] == ["“日期”应为日期，请按 2026-09-30 的样式填写。"]


@pytest.mark.parametrize("bad", ["a\x00b", "a\x07", "\u202eabc", "a\u200bb", "\ufeffx", "\ud800"])
def test_invisible_characters_are_refused_by_name(bad: str) -> None:
    (sentence, *_more) = errors(line=bad)["line"]
    assert "控制字符" in sentence or "空字符" in sentence or "null" in sentence.lower()


def test_full_width_digits_are_read_in_codes_numbers_and_dates() -> None:
    form = Everything({"line": "全角１", "code": "９１５１ ０１００Ｍ", "whole": "３０", "day": "２０２６年９月３０日"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["line"] == "全角１", "names stay as typed"
    assert (form.cleaned_data["code"], form.cleaned_data["whole"]) == ("91510100M", 30)
    assert form.cleaned_data["day"] == date(2026, 9, 30)


@given(st.text(max_size=40))
def test_a_clean_line_has_no_control_characters_and_cleaning_it_again_changes_nothing(text: str) -> None:
    field = forms.Line(label="名称", required=False)
    try:
        once = field.clean(text)
    except forms.ValidationError:
        return
    assert not forms.invisible(once)
    assert field.clean(once) == once


def test_a_paragraph_keeps_its_lines() -> None:
    form = Everything({"line": "a", "text": "一\r\n二\r三"})
    assert form.is_valid()
    assert form.cleaned_data["text"] == "一\n二\n三"


def test_a_file_beyond_its_limit_is_refused() -> None:
    form = Everything({"line": "a"}, {"file": SimpleUploadedFile("a.txt", b"x" * 11)})
    assert "超过" in form.errors["file"][0]


def test_a_conflict_told_in_a_form_gives_the_page_its_status() -> None:
    form = Everything({"line": "a"})
    assert form.is_valid()
    with told(form):
        raise Conflict("编号已存在，请换一个编号。")
    assert form_status(form) == 409
    assert form.non_field_errors() == ["编号已存在，请换一个编号。"]


# ---- downloads ----

NASTY = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx"]


@pytest.mark.parametrize("value", NASTY)
def test_formulas_are_neutralised_in_excel_and_csv(value: str) -> None:
    file = io.BytesIO()
    downloads.write_xlsx(file, ["列"], [[value]])
    sheet = load_workbook(file).active
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].value.replace("_x000D_", "\r").startswith("'")
    text = b"".join(downloads.csv_blocks(["列"], [[value]])).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["列"], [f"'{value}"]]


@given(st.one_of(st.text(max_size=20), st.integers(), st.floats(allow_nan=False), st.none()))
def test_what_is_exported_never_begins_like_a_formula_unless_it_is_a_number(value: object) -> None:
    safe = downloads.neutral(value)
    assert not isinstance(safe, str) or not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert safe in {value, f"'{value}"}


def test_an_export_keeps_types_and_beijing_time() -> None:
    file = io.BytesIO()
    rows = [["企业", 5, True, None, date(2026, 9, 30), datetime(2026, 9, 29, 17, 30, tzinfo=UTC)]]
    assert downloads.write_xlsx(file, ["名称", "数", "是否", "空", "日", "时"], rows) == 1
    sheet = load_workbook(file).active
    cells = [cell.value for cell in sheet[2]]
    assert cells == ["企业", 5, "是", None, datetime(2026, 9, 30), datetime(2026, 9, 30, 1, 30)]  # noqa: DTZ001
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:F2")
    assert sheet.column_dimensions["F"].width > len("2026-09-30 01:30:00"), "a narrower column shows ####"


def test_an_export_too_long_for_a_sheet_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST_ROWS", 3)
    with pytest.raises(TooLarge, match="CSV"):
        downloads.write_xlsx(io.BytesIO(), ["a"], ([n] for n in range(4)))


def test_a_download_is_saved_and_never_rendered() -> None:
    answer = downloads.xlsx("目录 2026/9.xlsx", ["a"], [[1]])
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert zipfile.is_zipfile(io.BytesIO(b"".join(answer.streaming_content)))


def test_csv_is_streamed_in_blocks_with_a_byte_order_mark() -> None:
    blocks = list(downloads.csv_blocks(["a", "b"], ([n, None] for n in range(1200))))
    assert len(blocks) == 3
    assert blocks[0].startswith(b"\xef\xbb\xbfa,b\r\n0,\r\n")


# ---- addresses ----


@pytest.mark.parametrize(
    ("direct", "forwarded", "proxies", "caller"),
    [
        ("203.0.113.5", "1.1.1.1", [], "203.0.113.5"),
        ("203.0.113.5", "1.1.1.1", ["10.0.0.0/8"], "203.0.113.5"),
        ("10.0.0.2", "198.51.100.7", ["10.0.0.0/8"], "198.51.100.7"),
        ("10.0.0.2", "6.6.6.6, 198.51.100.7, 10.0.0.3", ["10.0.0.0/8"], "198.51.100.7"),
        ("10.0.0.2", "evil, 10.0.0.3", ["10.0.0.0/8"], "10.0.0.2"),
        ("10.0.0.2", "", ["10.0.0.0/8"], "10.0.0.2"),
    ],
)
def test_only_listed_proxies_are_believed(
    direct: str, forwarded: str, proxies: list[str], caller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "trusted_proxies", proxies)
    request = RequestFactory().get("/", REMOTE_ADDR=direct, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == caller


def test_addresses_are_matched_in_networks_of_both_families() -> None:
    allowed = networks(("10.0.0.0/8", "2001:db8::/32"))
    assert is_within("10.1.2.3", allowed)
    assert is_within("::ffff:10.1.2.3", allowed)
    assert is_within("2001:db8::1", allowed)
    assert not is_within("192.0.2.1", allowed)
    assert not is_within("unknown", allowed)


# ---- navigation ----


def test_the_navigation_shows_only_what_the_actor_may_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_entries", {})
    navigation.register(
        navigation.Entry(
            navigation.Group.SHARING, N_("共享"), "page", "file", lambda _actor: True, count=lambda _actor: 3
        ),
        navigation.Entry(
            navigation.Group.ADMIN, N_("管理"), "form", "x", lambda actor: Role.SYSTEM_ADMIN in actor.roles
        ),
        navigation.Entry(navigation.Group.ADMIN, N_("无此页"), "no_such_page", "x", lambda _actor: True),
    )
    clerk = Actor(1, "王芳", 1, "局", "", frozenset({Post(Role.CLERK, 1)}))
    admin = Actor(2, "李强", 1, "局", "", frozenset({Post(Role.SYSTEM_ADMIN, 1)}))
    with small_site():
        (section,) = navigation.sections_for(clerk, "/page/5")
        assert [(line.url, line.count, line.current) for line in section.lines] == [(reverse("page"), 3, True)]
        assert [section.label for section in navigation.sections_for(admin, "/")] == ["共享", "管理"]


def test_the_frame_remembers_search_inbox_and_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell._Kept, "frame", shell.Frame())
    shell.search_at("page")
    shell.inbox_at("form", lambda _actor: 5)
    shell.regions_by(lambda code: f"{code}市")
    assert (shell.frame().search, shell.frame().inbox, shell.frame().region_name("51")) == ("page", "form", "51市")
    with small_site():
        assert shell.address_of("no_such_page") == ""
