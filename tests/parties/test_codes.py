"""Credit codes and division codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covers import covers
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import Level
from jutong.slices.parties.rules import codes

FIRST17 = st.builds(
    lambda a, b, c: a + b + c,
    st.text(codes.SIGNS, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(codes.SIGNS, min_size=9, max_size=9),
)


@pytest.mark.parametrize("code", ["91350100M000100Y43", "911100000000000000", "91110000802100433B"])
def test_published_credit_codes_are_judged_by_their_check_digit(code):
    good = codes.check_digit(code[:17]) == code[17]
    assert good == (code != "911100000000000000")
    if good:
        assert codes.check_uscc(code) == code
    else:
        with pytest.raises(RuleBroken, match="校验位不正确"):
            codes.check_uscc(code)


@given(FIRST17)
def test_a_code_with_its_own_check_digit_is_accepted_however_it_was_typed(first):
    code = first + codes.check_digit(first)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code.lower())
    assert codes.check_uscc(f" {wide[:9]} {wide[9:]} ") == code


@given(FIRST17, st.integers(0, 17), st.sampled_from(codes.SIGNS))
def test_one_wrong_sign_is_always_found(first, place, sign):
    code = first + codes.check_digit(first)
    if code[place] == sign:
        return
    with pytest.raises(RuleBroken):
        codes.check_uscc(code[:place] + sign + code[place + 1 :])


@given(st.text(max_size=30))
def test_any_text_is_a_code_or_a_refusal_naming_the_field(text):
    try:
        length = len(codes.check_uscc(text))
    except RuleBroken as refusal:
        length = 18 if refusal.field == "uscc" else 0
    assert length == 18


@covers(partly=["R-OVR-001"])
@pytest.mark.parametrize(
    ("code", "level", "above"),
    [
        ("510000", Level.PROVINCE, ()),
        ("511000", Level.CITY, ("510000",)),
        ("511002", Level.COUNTY, ("511000", "510000")),
        ("511002001", Level.TOWN, ("511002", "511000", "510000")),
        ("511002001001", Level.TOWN, ("511002001", "511002", "511000", "510000")),
    ],
)
def test_a_division_code_says_its_level_and_what_lies_above(code, level, above):
    assert codes.level_of(codes.check_region_code(code)) is level
    assert codes.above(code) == above


@pytest.mark.parametrize("code", ["", "51100", "5110022", "011000", "51100a", "５１１０００x"])
def test_a_division_code_of_another_shape_is_refused(code):
    with pytest.raises(RuleBroken, match="行政区划代码"):
        codes.check_region_code(code)
