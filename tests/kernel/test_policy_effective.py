"""What is effective beside the decree: the worked examples, the table of precedence and its laws."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covers import covers
from jutong.kernel.policy import (
    CEILING_FROM,
    DEFAULT,
    Policy,
    effective,
    load,
    parameters,
)
from jutong.kernel.policy.precedence import strictness
from jutong.kernel.workdays import add_workdays, official

TODAY = date(2025, 9, 1)
BEFORE = date(2025, 7, 31)
LOCAL = ("jiangxi-2017", "inner-mongolia-2018", "neijiang-2020", "liyang-2020")


def due(profile: str, parameter: str, start: date, kind: str | None = None) -> date:
    days = Policy(profile, 1, start).days(parameter, kind)
    assert days is not None
    return add_workdays(start, days, official()).day


@covers("R-OVR-043")
def test_neijiang_limits_on_and_before_the_day_of_the_decree() -> None:
    review = Policy("neijiang-2020", 1, TODAY).effective("catalog_update_review_days")
    assert (review.value, review.origin, review.articles) == (2, "national", ("national-2025#17",))
    assert due("neijiang-2020", "catalog_update_review_days", TODAY) == date(2025, 9, 3)
    assert due("neijiang-2020", "catalog_update_days", TODAY, "function_change") == date(2025, 9, 15)
    assert due("neijiang-2020", "catalog_update_days", TODAY, "system_update_completed") == date(2025, 9, 22)
    policy = Policy("neijiang-2020", 1, TODAY)
    assert policy.days("catalog_update_extension_days", "function_change") == 5
    assert policy.days("catalog_update_extension_days", "system_update_completed") == 0
    assert add_workdays(date(2025, 9, 15), 5, official()).day == date(2025, 9, 22)
    old = Policy("neijiang-2020", 1, BEFORE)
    assert (old.days("catalog_update_review_days"), old.days("catalog_update_days", "function_change")) == (10, 15)
    assert old.effective("catalog_update_review_days").origin == "local"


@covers("R-OVR-043")
def test_jiangxi_requests_are_answered_extended_and_delivered_by_the_decree() -> None:
    start = date(2025, 9, 30)
    assert due("jiangxi-2017", "request_reply_days", start) == date(2025, 10, 21)
    assert due("jiangxi-2017", "delivery_days", start) == date(2025, 11, 4)
    policy = Policy("jiangxi-2017", 1, start)
    assert policy.days("request_reply_extension_days") == 10
    assert policy.text("request_extension_approver") == "same_level_authority"
    old = Policy("jiangxi-2017", 1, BEFORE)
    assert (old.days("request_reply_extension_days"), old.days("delivery_days")) == (0, None)


@covers(partly=["R-CAS-013"])
def test_inner_mongolia_keeps_its_own_numbers_where_the_decree_has_none() -> None:
    policy = Policy("inner-mongolia-2018", 1, TODAY)
    assert (policy.days("negotiation_days"), policy.days("coordination_days")) == (10, 30)
    assert policy.days("verification_feedback_days") == 5
    assert policy.list("verification_limit_covers") == ("verification", "correction", "feedback")
    assert Policy("jiangxi-2017", 1, BEFORE).days("verification_handle_days") is None
    assert Policy("jiangxi-2017", 1, TODAY).days("verification_handle_days") == 10
    assert Policy("jiangxi-2017", 1, TODAY).days("verification_feedback_days") is None
    assert Policy("jiangxi-2017", 1, TODAY).explain("verification_feedback_days").startswith("及时 — ")


def test_liyang_keeps_its_ban_and_gains_the_reason() -> None:
    policy = Policy("liyang-2020", 1, TODAY)
    assert policy.text("third_party_provision", "conditional") == "forbidden"
    assert policy.list("refusal_needs") == ("reason", "explicit_answer")


JX, IM, NJ, LY = LOCAL
NINE = (
    "title", "items", "provider", "format", "update_frequency",
    "share_type", "share_mode", "use_conditions", "classification_grade",
)  # fmt: skip
FIVE = ("use_basis", "use_scene", "use_scope", "share_mode", "use_period")
DECREE = ("law", "administrative_regulation", "state_council_decision")
ALL_FOUR = {
    "resource_machine_readable_only": False,
    "catalog_review_before_inclusion": "same_level_authority",
    "catalog_publication_body": "same_level_authority",
    "catalog_filing_required": "review",
    "catalog_update_days": 10,
    "catalog_update_extension_days": 5,
    "catalog_update_report_required": True,
    "catalog_update_review_days": 2,
    "withheld_definition": "express_prohibition",
    "self_made_conditions": "forbidden",
    "grading_in_catalog": True,
    "source_department": "designated",
    "unconditional_access": "direct_with_consents",
    "unconditional_reply_days": 0,
    "request_reply_days": 10,
    "request_reply_extension_days": 10,
    "refusal_for_incomplete_papers": "forbidden",
    "delivery_days": 20,
    "delivery_modes": ("system_docking", "front_end_node", "online_query", "batch_download"),
    "off_platform_delivery": "not_allowed",
    "negotiation_step": True,
    "dispute_cross_level_body": "common_superior_authority",
    "dispute_final_body": "authority_government",
    "withdrawal_prior_filing": True,
    "no_resubmission": "forbidden",
    "duplicate_collection_ban": True,
    "statutory_collection_only": True,
    "use_records": ("use_scene", "use_process", "use_effect", "storage", "destruction", "use_status"),
    "log_retention_years": 3,
    "use_record_retention_years": 3,
    "verification_handle_days": 10,
    "verification_extension_days": 0,
    "verification_limit_covers": ("verification", "correction", "feedback"),
    "systems_must_connect": True,
    "sharing_unit_required": True,
    "work_secret_excluded": True,
    "catalog_leader_approval": True,
    "consumer_head_consent": True,
    "provider_head_consent": True,
    "supplement_notice": "once_complete",
    "supplement_clock": "pause",
    "silence_is_consent": False,
}
BY_TEXT: list[tuple[str, str | None, dict[str, object]]] = [
    ("covers_classified_data", None, {JX: "inner_network", IM: "inner_network", NJ: "no", LY: "no"}),
    ("catalog_required_fields", None, {JX: (*NINE, "resource_class", "attributes"), IM: (*NINE, "guide_fields"),
        NJ: (*NINE, "metadata", "open_type"), LY: (*NINE, "resource_class", "attributes")}),
    ("catalog_update_triggers", None, {JX: (*DECREE, "function_change", "local_regulation"),
        IM: (*DECREE, "function_change", "local_regulation", "rule"),
        NJ: (*DECREE, "function_change", "local_regulation", "rule", "system_update_completed", "other_data_change"),
        LY: (*DECREE, "function_change", "local_regulation")}),
    ("catalog_update_days", "local_regulation", dict.fromkeys(LOCAL, 15)),
    ("catalog_update_days", "other_data_change", {JX: None, IM: None, NJ: 15, LY: None}),
    ("basis_required_for", "withheld", dict.fromkeys(LOCAL, ("reason", "basis"))),
    ("basis_required_for", "conditional", {JX: ("use_conditions", "basis"), IM: ("use_conditions", "basis"),
        NJ: ("use_conditions", "basis"), LY: ("use_conditions",)}),
    ("basis_ranks", "withheld", dict.fromkeys(LOCAL, DECREE)),
    ("basis_ranks", "conditional", {JX: (*DECREE, "local_regulation", "rule", "central_policy", "policy"),
        IM: (*DECREE, "local_regulation", "central_policy"), NJ: (*DECREE, "central_policy"), LY: ()}),
    ("restrictive_type_control", None, {JX: ("review", "determination"), IM: ("review", "determination"),
        NJ: ("review", "filing"), LY: ("review",)}),
    ("conditions_declared_at", None, {JX: ("entry",), IM: ("entry", "provision"), NJ: ("entry", "approval"),
        LY: ("entry",)}),
    ("request_elements", None, {JX: (*FIVE, "demand", "purpose"), IM: (*FIVE, "demand", "purpose"), NJ: FIVE,
        LY: (*FIVE, "demand", "purpose")}),
    ("refusal_needs", None, {JX: ("reason",), IM: ("reason",), NJ: ("reason", "basis"),
        LY: ("reason", "explicit_answer")}),
    ("negotiation_days", None, {JX: None, IM: 10, NJ: None, LY: None}),
    ("coordination_days", None, {JX: None, IM: 30, NJ: None, LY: None}),
    ("coordination_body", None, {JX: "same_level_authority", IM: "same_level_authority",
        NJ: "authority_with_departments", LY: "same_level_authority"}),
    ("third_party_provision", "unconditional", {JX: "written_consent", IM: "forbidden", NJ: "forbidden",
        LY: "forbidden"}),
    ("third_party_provision", "conditional", {JX: "written_consent", IM: "forbidden", NJ: "consent",
        LY: "forbidden"}),
    ("use_change_consent", "scope", dict.fromkeys(LOCAL, "provider_consent")),
    ("use_change_consent", "purpose", {JX: "provider_consent", IM: "forbidden", NJ: "provider_consent",
        LY: "forbidden"}),
    ("use_change_consent", "purpose_unconditional", {JX: "provider_consent", IM: "forbidden", NJ: "forbidden",
        LY: "forbidden"}),
    ("commercial_use_by_consumer", None, {JX: "forbidden", IM: "own_duties_only", NJ: "own_duties_only",
        LY: "own_duties_only"}),
    ("log_retention_years", "other", {JX: 0.5, IM: 2, NJ: 0.5, LY: 0.5}),
    ("verification_applicants", None, {JX: ("consumer",), IM: ("consumer",), NJ: ("consumer", "public_applicant"),
        LY: ("consumer",)}),
    ("verification_feedback_days", None, {JX: None, IM: 5, NJ: None, LY: None}),
    ("verification_extension_days", "public_applicant", {JX: 0, IM: 0, NJ: 10, LY: 0}),
    ("complaint_handling", None, {JX: ("complaint",), IM: ("complaint",), NJ: ("complaint", "objection"),
        LY: ("complaint",)}),
    ("own_platform_below", None, {JX: "no", IM: "existing_join", NJ: "no", LY: "no"}),
    ("new_exchange_system", None, {JX: "no", IM: "not_in_principle", NJ: "no", LY: "no"}),
    ("rectification_circumstances", None, {JX: 24, IM: 25, NJ: 28, LY: 26}),
]  # fmt: skip


@pytest.mark.parametrize("name", LOCAL)
@covers("R-OVR-043")
def test_what_is_effective_in_all_four_regions_is_what_the_table_of_precedence_says(name: str) -> None:
    for key, value in ALL_FOUR.items():
        assert effective(load(name), key, TODAY).value == value, key


@pytest.mark.parametrize(("parameter", "kind", "values"), BY_TEXT)
@covers("R-OVR-043")
def test_what_is_effective_by_region_is_what_the_table_of_precedence_says(
    parameter: str, kind: str | None, values: dict[str, object]
) -> None:
    assert {name: effective(load(name), parameter, TODAY, kind).value for name in LOCAL} == values


@given(st.sampled_from(LOCAL), st.sampled_from(sorted(parameters())), st.dates(CEILING_FROM, date(2049, 1, 1)))
def test_nothing_effective_is_laxer_than_the_decree(name: str, parameter: str, start: date) -> None:
    declared = parameters()[parameter]
    for kind in declared.kinds or [None]:
        national = load(DEFAULT).cell(parameter, kind).value
        found = effective(load(name), parameter, start, kind).value
        if national is None:
            continue
        if declared.rule in {"UNION", "ADD"} and isinstance(national, tuple) and isinstance(found, tuple):
            assert set(national) <= set(found)
        if declared.rule == "INTERSECT" and isinstance(national, tuple) and isinstance(found, tuple):
            assert set(found) <= set(national)
        if declared.rule in {"MIN", "MAX", "STRICT"}:
            assert found is not None
            assert strictness(declared, found) >= strictness(declared, national)


@given(st.sampled_from(LOCAL), st.sampled_from(sorted(parameters())), st.dates(date(2017, 1, 1), BEFORE))
def test_a_case_from_before_the_decree_keeps_what_the_local_text_says(name: str, parameter: str, start: date) -> None:
    for kind in parameters()[parameter].kinds or [None]:
        stated = load(name).cell(parameter, kind).value
        found = effective(load(name), parameter, start, kind)
        assert found.origin != "national"
        assert stated is None or found.value == stated
