"""Signatures of other platforms: vectors worked out by hand with openssl, and what an incoming call may not do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from covers import covers
from jutong.dataplane.errors import RuleBroken, Unauthenticated
from jutong.dataplane.signatures import Scheme, Signed, presented, sign, verify

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
NONCE = "a1b2c3d4"


def signed(scheme: Scheme, at: datetime = AT) -> Signed:
    return sign(scheme, app_key="app-07", secret="s3cret", at=at, service="svc-1", nonce=NONCE)


def test_each_platforms_vector() -> None:
    """Made with: printf %s TEXT | openssl dgst -sha256 [-hmac s3cret] (-md5 for Zhejiang)."""
    assert signed(Scheme.NATIONAL).headers == {
        "gjgxjhpt_rid": "app-07",
        "gjgxjhpt_sid": "svc-1",
        "gjgxjhpt_rtime": "1772415000000",
        "gjgxjhpt_sign": "kyZIJ426EunC7sf+6aW/I+2heqg+3NCQbiXZY9xkWY8=",
    }
    assert signed(Scheme.GUANGDONG).headers == {
        "x-tif-paasid": "app-07",
        "x-tif-serviceId": "svc-1",
        "x-tif-timestamp": "1772415000",
        "x-tif-nonce": NONCE,
        "x-tif-signature": "3d037c0b5b52005f7c41a84b071a96c27d6017bdfd3f182968963cca5082617c",
    }
    assert signed(Scheme.ZHEJIANG).params == {
        "appKey": "app-07",
        "requestTime": "1772415000000",
        "sign": "de0b0b4b36790d073ce54f9a071bd99e",
    }


@covers(partly=["R-EXC-005"])
@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_call_signed_by_the_pattern_is_taken_and_no_other(scheme: Scheme) -> None:
    made = signed(scheme)
    call = presented({name.lower(): value for name, value in made.headers.items()}, made.params)
    assert call is not None
    assert (call.scheme, call.app_key) == (scheme, "app-07")
    verify(call, "s3cret", at=AT + timedelta(seconds=299))
    for secret, at in (("other", AT), ("s3cret", AT + timedelta(seconds=301)), ("s3cret", AT - timedelta(seconds=301))):
        with pytest.raises(Unauthenticated):
            verify(call, secret, at=at)


def test_upper_case_hex_is_the_same_signature() -> None:
    made = signed(Scheme.GUANGDONG).headers
    made["x-tif-signature"] = made["x-tif-signature"].upper()
    call = presented({name.lower(): value for name, value in made.items()}, {})
    assert call is not None
    verify(call, "s3cret", at=AT)
    assert call.once == NONCE


def test_what_is_missing_is_named() -> None:
    headers = {name.lower(): value for name, value in signed(Scheme.GUANGDONG).headers.items()}
    del headers["x-tif-nonce"]
    with pytest.raises(Unauthenticated, match="x-tif-nonce"):
        presented(headers, {})
    with pytest.raises(RuleBroken, match="gjgxjhpt_sid"):
        sign(Scheme.NATIONAL, app_key="a", secret="s", at=AT)
    assert presented({}, {}) is None


@pytest.mark.parametrize("moment", ["", "abc", "１２３", "-5", "9" * 400])
def test_a_moment_that_is_no_time_is_refused(moment: str) -> None:
    made = signed(Scheme.ZHEJIANG).params | {"requestTime": moment}
    with pytest.raises(Unauthenticated):
        taken(made)


def taken(params: dict[str, str]) -> None:
    call = presented({}, params)
    assert call is not None
    verify(call, "s3cret", at=AT)
