"""What a region may set on top of a text: stricter, never laxer, and every refusal by name."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covers import covers
from jutong.kernel.policy import (
    CEILING_FROM,
    DEFAULT,
    Policy,
    ProfileInvalid,
    derive,
    effective,
    load,
    parameters,
)
from jutong.kernel.policy.parameters import Parameter
from jutong.kernel.terms import ShareType

TODAY = date(2025, 9, 1)
BEFORE = date(2025, 7, 31)
LOCAL = ("jiangxi-2017", "inner-mongolia-2018", "neijiang-2020", "liyang-2020")


@covers(partly=["R-OVR-036"])
def test_a_case_keeps_the_limits_of_the_version_and_day_it_started_under() -> None:
    first = derive(DEFAULT, {"request_reply_days": 8}, 2, date(2025, 8, 1))
    later = derive(DEFAULT, {"request_reply_days": 5}, 3, date(2026, 1, 1))
    running, new = Policy.under(first, date(2025, 12, 30)), Policy.under(later, date(2026, 1, 4))
    assert (running.reference, running.days("request_reply_days")) == ("national-2025@2", 8)
    assert (new.reference, new.days("request_reply_days")) == ("national-2025@3", 5)


@pytest.mark.parametrize("base", [DEFAULT, *LOCAL])
@covers("R-OVR-043")
def test_a_region_may_answer_sooner_and_never_later_than_the_decree(base: str) -> None:
    sooner = derive(base, {"request_reply_days": 5}, 2, date(2025, 8, 1), articles=["本市规定第三条"])
    found = effective(sooner, "request_reply_days", TODAY)
    assert (found.value, found.origin) == (5, "stricter")
    assert Policy.under(sooner, TODAY).explain("request_reply_days") == "5 个工作日 — 本市规定第三条（本地更严的规定）"
    with pytest.raises(ProfileInvalid, match="地区规定只能更严，请调整。") as refused:
        derive(base, {"request_reply_days": 15}, 2, date(2025, 8, 1))
    assert refused.value.field == "request_reply_days"
    assert refused.value.code == "validation_error"


LAXER = [
    ("jiangxi-2017", {"unconditional_access": "direct"}, "unconditional_access"),
    (DEFAULT, {"unconditional_access": "direct"}, "unconditional_access"),
    (DEFAULT, {"consumer_head_consent": False}, "consumer_head_consent"),
    (DEFAULT, {"third_party_provision": "authorised_scope"}, "third_party_provision"),
    (DEFAULT, {"basis_ranks": {"withheld": ["law", "policy"]}}, "basis_ranks"),
    (DEFAULT, {"duplicate_collection_ban": False}, "duplicate_collection_ban"),
    (DEFAULT, {"verification_extension_days": {"consumer": 5}}, "verification_extension_days"),
    (DEFAULT, {"silence_is_consent": True}, "silence_is_consent"),
    (DEFAULT, {"effective_from": date(2030, 1, 1)}, "effective_from"),
    (DEFAULT, {"request_reply_days": None}, "request_reply_days"),
    (DEFAULT, {"request_reply_days": -1}, "request_reply_days"),
    (DEFAULT, {"no_such": 1}, "no_such"),
    (DEFAULT, {"data_owner": "x\x00y"}, "data_owner"),
    (DEFAULT, {"purpose_codes": ["<script>"]}, "purpose_codes"),
    ("inner-mongolia-2018", {"negotiation_days": 15}, "negotiation_days"),
]


@pytest.mark.parametrize(("base", "overrides", "field"), LAXER)
@covers("R-OVR-043")
def test_a_regional_value_that_is_laxer_wrong_or_not_for_a_region_is_refused_by_name(
    base: str, overrides: dict[str, object], field: str
) -> None:
    with pytest.raises(ProfileInvalid) as refused:
        derive(base, overrides, 2, date(2025, 9, 1))
    assert refused.value.remarks.keys() == {field}


def test_every_wrong_parameter_of_a_form_is_remarked_at_once() -> None:
    with pytest.raises(ProfileInvalid) as refused:
        derive(DEFAULT, {"request_reply_days": 15, "delivery_days": 30, "negotiation_days": 10}, 0, TODAY)
    assert refused.value.remarks.keys() == {"request_reply_days", "delivery_days", "version"}


def test_a_region_may_forbid_what_the_decree_allows_and_may_state_that_there_is_no_extension() -> None:
    strict = derive(
        DEFAULT, {"third_party_provision": "forbidden", "request_reply_extension_days": 0, "negotiation_days": 10},
        2, TODAY,
    )  # fmt: skip
    policy = Policy.under(strict, TODAY)
    assert policy.text("third_party_provision", ShareType.CONDITIONAL) == "forbidden"
    assert policy.explain("request_reply_extension_days") == "不得延期 — 本地更严的规定"
    assert policy.days("negotiation_days") == 10
    assert policy.days("delivery_days") == 20


@covers(partly=["R-SEC-008"])
def test_log_records_are_kept_as_long_as_every_text_asks() -> None:
    inner_mongolia = Policy("inner-mongolia-2018", 1, TODAY)
    assert inner_mongolia.months("log_retention_years", "other") == 24
    assert inner_mongolia.months("log_retention_years", "use_record") == 36
    assert Policy("inner-mongolia-2018", 1, BEFORE).months("log_retention_years", "use_record") == 24
    assert Policy(DEFAULT, 1, TODAY).months("log_retention_years") == 36
    with pytest.raises(ProfileInvalid, match="内蒙古自治区政务信息资源共享管理暂行办法第二十四条"):
        derive("inner-mongolia-2018", {"log_retention_years": {"other": 1}}, 2, TODAY)
    with pytest.raises(ProfileInvalid, match="内蒙古自治区政务信息资源共享管理暂行办法第二十四条"):
        derive("inner-mongolia-2018", {"log_retention_years": 1}, 2, BEFORE)
    for base in (DEFAULT, *LOCAL):
        for two_years in (2, {"use_record": 2}):
            with pytest.raises(ProfileInvalid, match="政务数据共享条例第二十九条"):
                derive(base, {"log_retention_years": two_years}, 2, TODAY)
    with pytest.raises(ProfileInvalid, match="不得少于 6 个月"):
        derive(DEFAULT, {"log_retention_years": {"other": 0.25}}, 2, TODAY)
    longer = Policy.under(derive(DEFAULT, {"log_retention_years": 5}, 2, TODAY), TODAY)
    assert longer.months("log_retention_years", "other") == 60


limits = st.sampled_from([p for p in parameters().values() if p.rule == "MIN" and p.type == "days"])


@given(limits, st.sampled_from([DEFAULT, *LOCAL]), st.integers(0, 366), st.dates(CEILING_FROM, date(2049, 1, 1)))
def test_a_regional_limit_is_either_refused_or_never_longer_than_the_national_one(
    declared: Parameter, base: str, days: int, start: date
) -> None:
    for from_day in (start, CEILING_FROM - timedelta(days=1)):
        try:
            profile = derive(base, {declared.name: days}, 2, from_day)
        except ProfileInvalid:
            continue
        for kind in declared.kinds or [None]:
            national = load(DEFAULT).cell(declared.name, kind).value
            found = effective(profile, declared.name, start, kind).value
            if isinstance(national, int):
                assert isinstance(found, int)
                assert found <= national
