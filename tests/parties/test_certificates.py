"""Signing in with SM2 certificates of listed authorities, and signatures under acts of legal effect."""

import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from covers import covers
from jutong.crypto import sm2
from jutong.kernel import clock, signing
from jutong.kernel.errors import RuleBroken
from jutong.kernel.settings import settings
from jutong.slices.parties import actions, queries
from jutong.slices.parties.models import Department
from sm2_authority import SIGNED_WITH_SM2, Authority, _name, der, integer, utc_time

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def pem(certificate):
    return x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM).decode()


class Token:
    """A person's certificate and key."""

    def __init__(self, authority, **changes):
        self.pair = sm2.generate()
        self.certificate = authority.issue("张三", self.pair.public, **changes)

    def sign(self, statement):
        return sm2.sign(self.pair.private, statement, public=self.pair.public)


@pytest.fixture
def authorities(world, monkeypatch, tmp_path):
    both = [Authority("甲认证中心"), Authority("乙认证中心")]
    for number, authority in enumerate(both):
        (tmp_path / f"{number}.cer").write_bytes(authority.certificate())
    monkeypatch.setattr(settings(), "certificate_authorities", tmp_path)
    with clock.frozen(NOW):
        yield both


def linked(world, authority, key="market.clerk", **changes):
    token = Token(authority, **changes)
    actions.register_certificate(
        world.account(key), certificate=token.certificate, by=world.actor("admin.security", at=NOW), at=NOW
    )
    return token


def enter(client, token, statement=None):
    shown = client.get("/parties/certificate").content.decode()
    challenge = re.search(r"jutong-sign-in\|[^<\s]+", shown).group().replace("&#x27;", "'")
    signature = token.sign((statement or challenge).encode())
    return client.post("/parties/certificate", {"certificate": pem(token.certificate), "signature": signature.hex()})


@covers("R-SEC-003")
def test_a_certificate_of_either_listed_authority_lets_in(world, authorities):
    for authority, key in zip(authorities, ("market.clerk", "market.head"), strict=True):
        token = linked(world, authority, key)
        client = world.signed_out()
        assert enter(client, token).status_code == 303
        assert client.get("/api/v1/parties/me").json()["account_id"] == world.account(key)


@covers("R-SEC-003")
def test_unlisted_expired_and_revoked_certificates_stay_out(world, authorities, tmp_path):
    unlisted = Token(Authority("外面的中心"))
    assert enter(world.signed_out(), unlisted).status_code == 401
    good = linked(world, authorities[0], serial=0x77)
    with clock.frozen(datetime(2027, 2, 1, tzinfo=UTC)):
        assert enter(world.signed_out(), good).status_code == 401
    assert enter(world.signed_out(), good).status_code == 303
    (tmp_path / "0.crl").write_bytes(revocation_list(authorities[0], 0x77))
    assert enter(world.signed_out(), good).status_code == 401


def revocation_list(authority, serial):
    entry = der(0x30, integer(serial), utc_time(NOW))
    tbs = der(0x30, integer(1), SIGNED_WITH_SM2, _name(authority.name), utc_time(NOW), der(0x30, entry))
    signature = sm2.sign(authority.pair.private, tbs, public=authority.pair.public)
    return der(0x30, tbs, SIGNED_WITH_SM2, der(0x03, b"\0", signature))


def test_the_holder_must_sign_this_sessions_challenge(world, authorities):
    token = linked(world, authorities[0])
    assert enter(world.signed_out(), token, "jutong-sign-in|another").status_code == 401
    thief = Token(authorities[0])
    thief.certificate = token.certificate
    assert enter(world.signed_out(), thief).status_code == 401


def test_a_challenge_is_used_once_and_runs_out(world, authorities):
    token, client = linked(world, authorities[0]), world.signed_out()
    shown = client.get("/parties/certificate")
    form = {"certificate": pem(token.certificate), "signature": token.sign(shown.context["statement"].encode()).hex()}
    with clock.frozen(datetime(2026, 6, 1, 0, 6, tzinfo=UTC)):
        assert client.post("/parties/certificate", form).status_code == 200  # a new challenge is shown
    assert client.get("/parties/me").status_code == 302


def test_a_good_certificate_that_is_linked_to_nobody_stays_out(world, authorities):
    assert enter(world.signed_out(), Token(authorities[0])).status_code == 401


def test_a_proxys_word_counts_only_from_a_listed_proxy(world, authorities, monkeypatch):
    token = linked(world, authorities[0])
    header = {"HTTP_X_CLIENT_CERTIFICATE": quote(pem(token.certificate))}
    assert world.signed_out().get("/parties/certificate", **header).status_code == 200
    monkeypatch.setattr(settings(), "trusted_proxies", ["127.0.0.1/32"])
    assert world.signed_out().get("/parties/certificate", **header).status_code == 303


@pytest.mark.parametrize(
    "text", ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_rubbish_for_a_certificate_is_refused(world, authorities, text):
    client = world.signed_out()
    client.get("/parties/certificate")
    assert client.post("/parties/certificate", {"certificate": text, "signature": "zz"}).status_code in {401, 422}


# ---- signatures under acts ----


def signed(world, token, statement, signature=None, key="market.clerk"):
    signature = token.sign(statement) if signature is None else signature
    by = world.actor(key, at=NOW).signing(signature)
    actions.verify_signature(
        statement, department_id=world.department("market"), subject="sharing_request:1", by=by, at=NOW
    )


@covers(partly=["R-SEC-002"])
def test_a_signature_holds_until_the_record_is_changed(world, authorities):
    token = linked(world, authorities[0])
    said = signing.statement("sharing_request.agree", "sharing_request:1", "ab" * 32)
    signed(world, token, said)
    assert [row.holds for row in queries.signatures("sharing_request:1", said)] == [True]
    changed = signing.statement("sharing_request.agree", "sharing_request:1", "cd" * 32)
    assert [row.holds for row in queries.signatures("sharing_request:1", changed)] == [False]


@covers(partly=["R-SEC-002"])
def test_where_a_signature_is_required_none_or_a_wrong_one_is_refused(world, authorities):
    token = linked(world, authorities[0])
    signed(world, token, b"said", b"")
    Department.objects.filter(pk=world.department("market")).update(signature_required=True)
    for signature in (b"", b"x" * 64, Token(authorities[0]).sign(b"said")):
        with pytest.raises(RuleBroken, match="签名"):
            signed(world, token, b"said", signature)
    with pytest.raises(RuleBroken, match="尚未登记签名证书"):
        signed(world, token, b"said", key="market.head")
    signed(world, token, b"said")
