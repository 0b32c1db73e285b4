"""Rules of the exchange: ways of a run, targets, files, and what a receipt proves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covers import covers
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.slices.exchange import rules
from jutong.wire.transfers import RunState, Tally

STATES = [str(state) for state in RunState]
AT = datetime(2026, 3, 2, tzinfo=UTC)


@given(st.sampled_from(STATES), st.sampled_from(STATES))
def test_a_report_leads_forward_or_nowhere(state: str, target: str) -> None:
    verbs = rules.way(state, target)
    order = [*rules.OPEN, "released"]
    if state not in rules.OPEN:
        assert verbs == ()
    elif target in {"rejected", "quarantined"}:
        assert len(verbs) == 1
    else:
        assert len(verbs) == max(0, order.index(target) - order.index(state))


def test_the_way_to_release_passes_every_state_of_w22() -> None:
    assert rules.way("queued", "released") == ("send", "receive", "validate", "release")


@pytest.mark.parametrize("name", ["people", "人员表", "_t1", "T" * 63])
def test_ordinary_names_are_targets(name: str) -> None:
    rules.check_target("public", name, "replace")


@pytest.mark.parametrize(
    "name",
    [
        "1t",
        "a-b",
        'a"b',
        "a;drop",
        "a b",
        "t" * 64,
        "表" * 22,
        "pg_class",
        "jutong_position",
        "information_schema",
        "ａ",
        "a\x00",
    ],
)
def test_other_names_are_refused_for_schema_and_table(name: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        rules.check_target("public", name, "replace")
    assert refused.value.field == "table"
    with pytest.raises(RuleBroken) as refused:
        rules.check_target(name, "t", "replace")
    assert refused.value.field == "schema"


def test_a_table_needs_a_name_and_an_empty_schema_is_the_targets_usual_one() -> None:
    with pytest.raises(RuleBroken) as refused:
        rules.check_target("public", "", "replace")
    assert refused.value.field == "table"
    rules.check_target("", "t", "replace")


@pytest.mark.parametrize(
    ("shape", "encoding"), [("pdf", "utf-8"), ("csv", "big5"), ("xlsx", "gb18030"), ("jsonl", "gb18030")]
)
def test_files_that_no_runner_writes_are_refused(shape: str, encoding: str) -> None:
    with pytest.raises(RuleBroken):
        rules.check_file(shape, encoding)


@covers(partly=["R-EXC-003"])
def test_a_mode_that_is_not_granted_is_refused_naming_those_that_are() -> None:
    with pytest.raises(WrongState) as refused:
        rules.check_mode("batch", ["online_query"])
    assert "联机查询" in refused.value.sentence
    rules.check_mode("table", ["system_docking"])


def test_a_grant_allows_orders_from_its_first_moment_until_before_its_last() -> None:
    until = AT + timedelta(days=1)
    rules.check_term("granted", AT, until, AT)
    for state, at in (("suspended", AT), ("granted", until), ("granted", AT - timedelta(seconds=1))):
        with pytest.raises(WrongState):
            rules.check_term(state, AT, until, at)


tallies = st.builds(Tally, st.integers(0, 3), st.sampled_from("abc"), st.sampled_from(["m", "n"]))


@given(tallies, tallies, st.booleans())
def test_only_equal_ends_that_say_so_are_reconciled(source: Tally, target: Tally, said: bool) -> None:
    assert (rules.unreconciled(source, target, said=said) == "") == (source == target and said)
