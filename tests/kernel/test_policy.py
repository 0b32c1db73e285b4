"""Policy profiles as shipped data: complete, typed, refused by name when wrong, and worded in Chinese."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

import pytest

from covers import covers
from jutong.kernel.errors import RuleBroken
from jutong.kernel.policy import (
    DEFAULT,
    SHIPPED,
    Policy,
    ProfileInvalid,
    article,
    effective,
    effective_all,
    load,
    parameters,
    table,
)
from jutong.kernel.policy import profiles as shipped
from jutong.kernel.policy.parameters import Parameter
from jutong.kernel.policy.profiles import read
from jutong.kernel.policy.wording import numeral
from jutong.kernel.terms import BasisRank, Purpose, ShareType
from jutong.wire.grants import Mode

TODAY = date(2025, 9, 1)
BEFORE = date(2025, 7, 31)
LOCAL = ("jiangxi-2017", "inner-mongolia-2018", "neijiang-2020", "liyang-2020")


def text_of(name: str) -> str:
    return files("jutong.kernel.policy").joinpath("profiles", f"{name}.toml").read_text(encoding="utf-8")


def test_there_are_199_parameters_in_eleven_sections_and_each_is_described_in_both_languages() -> None:
    assert len(parameters()) == 199
    assert {declared.section for declared in parameters().values()} == set(range(1, 12))
    for declared in parameters().values():
        assert declared.zh, declared.name
        assert declared.en, declared.name
        assert declared.rule in {
            "MIN", "MAX", "UNION", "INTERSECT", "NATIONAL", "STRICT", "ADD", "SCOPE", "LOCAL", "FILL",
        }  # fmt: skip
        assert (declared.type in {"code", "codes"}) == bool(declared.choices), declared.name


@pytest.mark.parametrize("name", SHIPPED)
def test_every_parameter_of_every_profile_loads_and_every_value_names_its_article(name: str) -> None:
    profile = load(name)
    assert profile.reference == f"{name}@1"
    for parameter in parameters():
        for kind in parameters()[parameter].kinds or [None]:
            cell = profile.cell(parameter, kind)
            assert all(reference.startswith(f"{name}#") for reference in cell.articles)
            assert cell.value is None or cell.articles or parameter in {"instrument_status", "effective_from"}
            assert all(article(reference) != reference for reference in cell.articles)


def test_the_texts_apply_from_the_days_they_name() -> None:
    assert {name: load(name).effective_from for name in SHIPPED} == {
        "national-2025": date(2025, 8, 1),
        "jiangxi-2017": date(2017, 1, 16),
        "inner-mongolia-2018": date(2018, 6, 15),
        "neijiang-2020": None,
        "liyang-2020": date(2020, 4, 7),
        "national-project-opinion": None,
    }


def test_codes_are_those_of_the_glossary() -> None:
    declared = parameters()
    assert set(declared["purpose_codes"].choices) == {term.value for term in Purpose}
    assert set(declared["basis_ranks"].choices) == {term.value for term in BasisRank}
    assert set(declared["basis_ranks"].kinds) == {term.value for term in ShareType}
    assert Policy(DEFAULT, 1, TODAY).list("delivery_modes") == tuple(
        Mode(code) for code in ("system_docking", "front_end_node", "online_query", "batch_download")
    )


@covers("R-OVR-044")
def test_a_fresh_installation_runs_the_decree_and_every_silent_point_has_a_documented_meaning() -> None:
    assert load(DEFAULT).name == "national-2025"
    for found in effective_all(load(DEFAULT), TODAY):
        declared = parameters()[found.parameter]
        assert found.value is not None or declared.absent or found.note or declared.fixed, found


@covers("R-OVR-044")
def test_a_parameter_with_neither_value_nor_default_stops_the_start_and_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bare = Parameter("delivery_days", 5, "days", "同意后提供数据期限", "days to share", "MIN")
    monkeypatch.setattr(shipped, "parameters", lambda: {**parameters(), "delivery_days": bare})
    with pytest.raises(ProfileInvalid, match=r"delivery_days.*既没有值也没有默认值"):
        read(text_of("jiangxi-2017"))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("values.delivery_days", "values.delivery_dayz", "delivery_dayz.*参数表中没有这个参数"),
        ("value = 20\n", "value = -1\n", "同意后提供数据期限.*delivery_days.*须为 0 至 366 的整数工作日"),
        ("value = 20\n", 'value = "20"\n', "delivery_days"),
        ("value = 20\n", "value = true\n", "delivery_days"),
        ("value = 20\n", "value = 20\nvaleu = 3\n", "delivery_days.*不认识的字段 valeu"),
        ("value = 20\n", "value = { weekend = 1 }\n", "delivery_days.*不认识的类别 weekend"),
        ("value = 2\n", "value = 2\narticles = 3\n[values.x]\n", "x.*参数表中没有"),
        ('    "free_of_charge",\n', "", "free_of_charge.*没有列出"),
        ('    "free_of_charge",', '    "free_of_charge", "delivery_days",', "delivery_days.*请保留其一"),
    ],
)
@covers(partly=["R-OVR-036"])
def test_a_profile_with_a_wrong_parameter_is_refused_and_the_parameter_is_named(
    old: str, new: str, sentence: str
) -> None:
    text = text_of(DEFAULT)
    assert old in text
    with pytest.raises(ProfileInvalid, match=sentence) as refused:
        read(text.replace(old, new))
    assert isinstance(refused.value, RuleBroken)
    assert refused.value.field


def test_an_unknown_profile_or_version_is_refused_with_those_that_exist() -> None:
    for asked in ("shanghai-2030", "../secrets", "national-2025@7", "", "x" * 500):
        with pytest.raises(ProfileInvalid, match="可用的政策文件：national-2025、jiangxi-2017"):
            load(asked)
    assert load("neijiang-2020@1") is load("neijiang-2020", 1)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("free_of_charge", True),
        ("directed_authorization", True),
        ("catalog_classes", ("base", "theme", "department")),
        ("base_items_unconditional", True),
        ("network_zones", ("outer",)),
        ("person_identifier", "identity_document_number"),
        ("organization_identifier", "unified_social_credit_code"),
        ("business_as_usual", True),
        ("silence_is_consent", False),
        ("supplement_clock", "pause"),
        ("catalog_interfaces_required", True),
        ("domestic_cryptography", "offered"),
        ("equal_effect_documents", False),
        ("covers_opening", "no"),
        ("objection_procedure", False),
        ("evaluation_interval", None),
        ("annual_report_due", None),
    ],
)
@covers("R-OVR-044")
def test_the_defaults_where_the_decree_is_silent_are_the_documented_ones(parameter: str, value: object) -> None:
    found = effective(load(DEFAULT), parameter, TODAY)
    assert (found.value, found.origin) == (value, "default")


def test_values_and_sources_read_in_chinese() -> None:
    policy = Policy(DEFAULT, 1, TODAY)
    assert policy.explain("request_reply_days") == "10 个工作日 — 政务数据共享条例第二十一条（国家规定）"
    assert policy.explain("log_retention_years", "other").startswith("6 个月 — 系统默认（")
    assert policy.explain("negotiation_days") == "未规定期限 — 政务数据共享条例第二十八条（国家规定）"
    assert policy.explain("basis_ranks", "withheld").startswith("法律、行政法规、国务院决定 — ")
    banned = Policy("neijiang-2020", 1, TODAY).explain("third_party_provision", "unconditional")
    assert (
        banned
        == "禁止 — 内江市政务数据资源管理暂行办法（征求意见稿）第二十七条、第八条、第四十八条第（七）项（地方规定）"
    )
    assert article("national-2025#14(3)") == "政务数据共享条例第十四条第（三）项"
    assert article("national-project-opinion#8") == "关于进一步加强政务部门信息共享建设管理的指导意见第八部分"
    assert article("national-project-opinion#preamble").endswith("引言")
    assert article("本市规定第三条") == "本市规定第三条"
    assert [numeral(n) for n in (1, 10, 11, 20, 21, 44)] == ["一", "十", "十一", "二十", "二十一", "四十四"]


def test_asking_a_parameter_in_the_wrong_way_is_a_bug_and_fails_at_once() -> None:
    policy = Policy(DEFAULT, 1, TODAY)
    with pytest.raises(KeyError):
        policy.days("reply_days")
    with pytest.raises(TypeError):
        policy.flag("request_reply_days")
    with pytest.raises(ValueError, match="kinds"):
        policy.list("basis_ranks")
    with pytest.raises(ValueError, match="kinds"):
        policy.days("request_reply_days", "conditional")


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("in_force", [False, True])
def test_a_profile_is_shown_row_by_row_with_every_parameter(name: str, in_force: bool) -> None:
    rows = table(name, in_force, TODAY)
    assert {row.parameter for row in rows} == set(parameters())
    assert all(row.value and row.label and row.origin for row in rows)


def test_kinds_with_the_same_answer_share_a_row_and_others_are_told_apart() -> None:
    rows = {(row.parameter, row.kind): row for row in table("neijiang-2020", effective=True, day=TODAY)}
    assert rows["third_party_provision", "conditional"].value == "经提供部门同意"
    assert rows["third_party_provision", "unconditional"].label == "向第三方提供（无条件共享数据）"
    assert rows["catalog_update_review_days", ""].articles == "政务数据共享条例第十七条"
