"""What a password must be like."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.kernel.errors import RuleBroken
from jutong.slices.parties.rules import passwords

NAMES = ["zhang.wei", "张伟", "13800000000"]


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("Ab1!", "长度"),
        ("A" * 129, "长度"),
        ("abcdefghijkl", "三类"),
        ("abcdefgh1234", "三类"),
        ("Zhang.Wei-2026", "用户名"),
        ("Ab1!张伟xxxxxxx", None),
        ("Xx-13800000000", "电话"),
        ("Abcdef12345\x07", "控制字符"),
    ],
)
def test_a_poor_password_is_refused_with_the_reason(password, why):
    if why is None:
        passwords.check_password(password, names=NAMES, least=10)
        return
    with pytest.raises(RuleBroken, match=why):
        passwords.check_password(password, names=NAMES, least=10)


@given(st.text(max_size=140))
def test_whatever_is_accepted_is_long_mixed_and_without_the_name(password):
    try:
        passwords.check_password(password, names=NAMES, least=10)
    except RuleBroken:
        return
    else:
        assert 10 <= len(password) <= 128
        assert passwords.classes_of(password) >= 3
        assert "zhang.wei" not in password.lower()


def test_a_password_runs_out_after_its_days():
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert passwords.expired(None, at, days=90)
    assert not passwords.expired(at - timedelta(days=89), at, days=90)
    assert passwords.expired(at - timedelta(days=90), at, days=90)
