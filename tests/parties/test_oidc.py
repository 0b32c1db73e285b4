"""Signing in through an existing identity provider, against a real one on loopback."""

import time

import httpx
import pytest
from joserfc.jwk import RSAKey

import oidc_provider
from covers import covers
from jutong.kernel.errors import Conflict, NotAllowed
from jutong.kernel.settings import settings
from jutong.slices.parties import actions
from jutong.slices.parties.models import Account


@pytest.fixture
def provider(world, monkeypatch, tmp_path):
    with oidc_provider.running() as provider:
        secret = tmp_path / "secret"
        secret.write_text(provider.client_secret + "\n")
        for name, value in {
            "oidc_issuer": provider.url, "oidc_client_id": provider.client_id, "oidc_client_secret_file": secret,
            "web_origin": "http://testserver", "demo": True,
        }.items():  # fmt: skip
            monkeypatch.setattr(settings(), name, value)
        link(world, provider)
        yield provider


def link(world, provider, key="market.clerk", subject="sub-1"):
    actions.link_identity(
        world.account(key),
        kind="oidc",
        issuer=provider.url,
        subject=subject,
        by=world.actor("admin.security"),
        at=world.at,
    )


def sent_back(client, wanted="/parties/me"):
    """Go to the provider as a browser does, and return the address it sends the browser back to."""
    away = client.get(f"/parties/oidc?next={wanted}")
    assert away.status_code == 302
    return httpx.get(away.url, trust_env=False).headers["location"]


@covers(partly=["R-SEC-003"])
def test_whom_the_provider_vouches_for_comes_in(world, provider):
    client = world.signed_out()
    assert "统一身份认证" in client.get("/parties/sign-in").content.decode()
    answer = client.get(sent_back(client))
    assert (answer.status_code, answer.url) == (303, "/parties/me")
    assert client.get("/api/v1/parties/me").json()["account_id"] == world.account("market.clerk")


def test_an_identity_that_is_linked_to_nobody_stays_out(world, provider):
    provider.subject = "somebody-else"
    client = world.signed_out()
    assert client.get(sent_back(client)).status_code == 401
    assert client.get("/parties/me").status_code == 302


def test_a_switched_off_account_stays_out(world, provider):
    Account.objects.filter(pk=world.account("market.clerk")).update(is_active=False)
    client = world.signed_out()
    assert client.get(sent_back(client)).status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "other"},
        {"nonce": "old"},
        {"exp": int(time.time()) - 3600},
        {"sub": None},
        {"nonce": None},
    ],
    ids=["issuer", "audience", "nonce", "expired", "no-subject", "no-nonce"],
)
def test_a_token_that_is_not_for_us_and_now_is_refused(world, provider, claims):
    provider.claims = claims
    client = world.signed_out()
    assert client.get(sent_back(client)).status_code == 401
    assert client.get("/parties/me").status_code == 302


def test_a_token_signed_with_another_key_is_refused(world, provider):
    provider.key = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
    client = world.signed_out()
    assert client.get(sent_back(client)).status_code == 401


def test_a_callback_that_this_browser_did_not_begin_is_refused(world, provider):
    begun, other = world.signed_out(), world.signed_out()
    back = sent_back(begun)
    assert other.get(back).status_code == 401
    assert begun.get(back.replace("state=", "state=x")).status_code == 401
    assert begun.get(back).status_code == 401  # the first try used it up


def test_a_code_works_once(world, provider):
    client = world.signed_out()
    back = sent_back(client)
    assert client.get(back).status_code == 303
    assert world.signed_out().get(back).status_code == 401


def test_a_provider_that_claims_another_name_or_does_not_answer_is_unavailable(world, provider, monkeypatch):
    provider.issuer = "https://evil.example"
    assert world.signed_out().get("/parties/oidc").status_code == 503
    monkeypatch.setattr(settings(), "oidc_issuer", "http://127.0.0.1:9")
    assert world.signed_out().get("/parties/oidc").status_code == 503


def test_outside_the_demo_the_provider_must_speak_tls(world, provider, monkeypatch):
    monkeypatch.setattr(settings(), "demo", False)
    answer = world.signed_out().get("/parties/oidc")
    assert answer.status_code == 503
    assert "https" in answer.content.decode()


def test_without_a_provider_there_is_no_such_page(world, monkeypatch):
    monkeypatch.setattr(settings(), "oidc_issuer", "")
    assert world.signed_out().get("/parties/oidc").status_code == 404


def test_only_the_security_administrator_links_and_an_identity_is_one_account(world, provider):
    with pytest.raises(Conflict):
        link(world, provider, "market.head")
    with pytest.raises(NotAllowed):
        actions.link_identity(
            world.account("market.head"),
            kind="oidc",
            issuer=provider.url,
            subject="s2",
            by=world.actor("admin.system"),
            at=world.at,
        )
