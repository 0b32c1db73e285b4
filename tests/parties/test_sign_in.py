"""Signing in with name and password, the second factor, and the change of the password."""

import itertools
from datetime import timedelta

import pyotp
import pytest

from covers import covers
from jutong.kernel import clock, keys
from jutong.kernel.models import AuditEntry
from jutong.kernel.settings import settings
from jutong.slices.parties import actions
from jutong.slices.parties.models import Account
from world import PASSWORD

DOOR = "/parties/sign-in"


def enter(client, username, password, **more):
    return client.post(DOOR, {"username": username, "password": password, **more})


@pytest.fixture
def client(world):
    world.password("market.clerk")
    return world.signed_out()


@covers(partly=["R-SEC-001"])
def test_the_right_password_lets_in_and_leads_to_the_page_that_was_wanted(client):
    wanted = client.get("/parties/people")
    assert wanted.status_code == 302
    assert wanted.url.startswith(DOOR)
    answer = enter(client, " Market.Clerk ", PASSWORD, next="/parties/people")
    assert (answer.status_code, answer.url) == (303, "/parties/people")
    assert client.get("/parties/people").status_code == 200


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/x", "/\\evil.example", "javascript:alert(1)", "evil"]
)
def test_after_signing_in_nobody_is_sent_away_from_the_site(client, target):
    assert enter(client, "market.clerk", PASSWORD, next=target).url == "/"


def test_unknown_wrong_switched_off_and_locked_get_the_same_answer(world, client):
    world.password("market.head")
    Account.objects.filter(username="market.head").update(is_active=False)
    world.password("market.liaison")
    Account.objects.filter(username="market.liaison").update(locked_until=clock.now() + timedelta(minutes=5))
    answers = [
        enter(client, "nobody", PASSWORD),
        enter(client, "market.clerk", "wrong-Wrong-1"),
        enter(client, "market.head", PASSWORD),
        enter(client, "market.liaison", PASSWORD),
        enter(client, "market.officer", ""[:0] or "x"),
    ]
    sentences = {str(answer.context["form"].non_field_errors()) for answer in answers}
    assert {answer.status_code for answer in answers} == {401}
    assert len(sentences) == 1


def test_passwords_are_kept_as_argon2_hashes():
    from jutong.site import settings as product

    assert product.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def test_an_unknown_account_costs_one_password_check_too(world, client, monkeypatch):
    from jutong.slices.parties.actions import signing_in

    spent = []
    monkeypatch.setattr(signing_in, "make_password", spent.append)
    enter(client, "nobody", "some-Password-1")
    enter(client, "market.officer", "some-Password-1")  # an account without usable password
    assert spent == ["some-Password-1"] * 2


def test_too_many_failures_lock_and_the_security_administrator_unlocks(world, client):
    for _attempt in range(settings().lock_failures):
        assert enter(client, "market.clerk", "wrong-Wrong-1").status_code == 401
    assert enter(client, "market.clerk", PASSWORD).status_code == 401
    actions.unlock(world.account("market.clerk"), by=world.actor("admin.security"), at=world.at)
    assert enter(client, "market.clerk", PASSWORD).status_code == 303


def test_a_lock_ends_by_itself_and_success_clears_the_count(world, client):
    for _attempt in range(settings().lock_failures - 1):
        enter(client, "market.clerk", "wrong-Wrong-1")
    assert enter(client, "market.clerk", PASSWORD).status_code == 303
    assert Account.objects.get(username="market.clerk").failures == 0
    Account.objects.filter(username="market.clerk").update(locked_until=clock.now() - timedelta(seconds=1))
    assert enter(world.signed_out(), "market.clerk", PASSWORD).status_code == 303


@covers(partly=["R-SEC-001"])
def test_sign_ins_and_failures_are_in_the_audit_with_name_and_address(client):
    enter(client, "ghost", "whatever-1A")
    enter(client, "market.clerk", PASSWORD)
    failed, entered = AuditEntry.objects.filter(verb="parties.sign_in").order_by("id")
    assert (failed.actor_name, failed.outcome, failed.code, failed.address) == (
        "ghost",
        "refused",
        "unauthenticated",
        "127.0.0.1",
    )
    assert (entered.actor_name, entered.outcome) == ("market.clerk", "success")


def test_too_many_tries_from_one_address_are_stopped(client, monkeypatch):
    monkeypatch.setattr(settings(), "sign_in_rate_per_minute", 5)
    answers = [enter(client, f"user{number}", "x").status_code for number in range(7)]
    assert answers == [401] * 5 + [429] * 2


def test_the_session_changes_its_key_at_the_door(client):
    client.get(DOOR)
    before = client.session.session_key
    enter(client, "market.clerk", PASSWORD)
    assert client.session.session_key != before


def test_a_first_or_worn_password_is_changed_before_anything_else(world, client):
    Account.objects.filter(username="market.clerk").update(must_change=True)
    assert enter(client, "market.clerk", PASSWORD).url == "/parties/password"
    assert client.get("/parties/people").url == "/parties/password"
    assert client.get("/api/v1/parties/me").status_code == 403
    new = {"old_password": PASSWORD, "new_password": "Qiufen-2026-xin", "again": "Qiufen-2026-xin"}
    assert client.post("/parties/password", new).status_code == 303
    assert client.get("/parties/people").status_code == 200
    Account.objects.filter(username="market.clerk").update(password_changed_at=clock.now() - timedelta(days=91))
    assert enter(world.signed_out(), "market.clerk", "Qiufen-2026-xin").url == "/parties/password"


@pytest.mark.parametrize(
    ("old", "new", "again", "field"),
    [
        ("wrong", "Qiufen-2026-xin", "Qiufen-2026-xin", "old_password"),
        (PASSWORD, "Qiufen-2026-xin", "Qiufen-2026-xyz", "again"),
        (PASSWORD, "short-1A", "short-1A", "new_password"),
        (PASSWORD, PASSWORD, PASSWORD, "new_password"),
    ],
)
def test_a_bad_change_of_password_is_refused_beside_its_field(world, client, old, new, again, field):
    enter(client, "market.clerk", PASSWORD)
    answer = client.post("/parties/password", {"old_password": old, "new_password": new, "again": again})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert new.encode() not in answer.content


def test_the_last_passwords_are_not_used_again(world, client):
    from jutong.kernel.errors import RuleBroken

    account, by = world.account("market.clerk"), world.actor("market.clerk")
    used = [PASSWORD, *(f"Lichun-{number}-Aa" for number in range(5))]
    for old, new in itertools.pairwise(used):
        actions.change_password(account, old=old, new=new, by=by, at=world.at)
    with pytest.raises(RuleBroken, match="最近"):
        actions.change_password(account, old=used[-1], new=used[1], by=by, at=world.at)


def test_changing_the_password_ends_every_other_session(world, client):
    other = world.signed_out()
    for one in (client, other):
        enter(one, "market.clerk", PASSWORD)
    new = {"old_password": PASSWORD, "new_password": "Qiufen-2026-xin", "again": "Qiufen-2026-xin"}
    assert client.post("/parties/password", new).status_code == 303
    assert client.get("/parties/me").status_code == 200
    assert other.get("/parties/me").status_code == 302


def test_nobody_changes_anothers_password_and_a_reset_is_the_security_administrators(world):
    from jutong.kernel.errors import NotAllowed, NotThere

    with pytest.raises(NotThere):
        actions.change_password(
            world.account("market.clerk"), old="a", new="b", by=world.actor("market.head"), at=world.at
        )
    for key in ("admin.system", "admin.audit", "market.head", "authority.operator"):
        with pytest.raises(NotAllowed):
            actions.reset_password(
                world.account("market.clerk"), password="Qiufen-2026-xin", by=world.actor(key), at=world.at
            )
    actions.reset_password(
        world.account("market.clerk"), password="Qiufen-2026-xin", by=world.actor("admin.security"), at=world.at
    )
    assert Account.objects.get(username="market.clerk").must_change


def test_signing_out_ends_the_session(world, client):
    enter(client, "market.clerk", PASSWORD)
    assert client.post("/parties/sign-out").status_code == 303
    assert client.get("/parties/me").status_code == 302
    assert client.get("/parties/sign-out").status_code in {302, 405}


# ---- second factor ----


@pytest.fixture
def seeded(world):
    """A second factor that is switched on; returns its seed."""
    world.password("market.clerk")
    account, by = world.account("market.clerk"), world.actor("market.clerk")
    address = actions.prepare_second_factor(account, by=by, at=clock.now())
    seed = pyotp.parse_uri(address).secret
    earlier = clock.now() - timedelta(seconds=60)
    actions.confirm_second_factor(account, code=pyotp.TOTP(seed).at(earlier), by=by, at=earlier)
    return seed


def test_with_a_second_factor_the_password_alone_opens_nothing(world, seeded):
    client = world.signed_out()
    assert enter(client, "market.clerk", PASSWORD, next="/parties/me").url == "/parties/second-factor"
    assert client.get("/parties/me").status_code == 302
    assert client.get("/api/v1/parties/me").status_code == 401
    assert client.post("/parties/second-factor", {"code": "000000"}).status_code == 401
    code = pyotp.TOTP(seeded).at(clock.now())
    answer = client.post("/parties/second-factor", {"code": f"{code[:3]} {code[3:]}"})
    assert (answer.status_code, answer.url) == (303, "/parties/me")
    assert client.get("/parties/me").status_code == 200


def test_a_code_works_once(world, seeded):
    code = pyotp.TOTP(seeded).at(clock.now())
    first, second = world.signed_out(), world.signed_out()
    for client in (first, second):
        enter(client, "market.clerk", PASSWORD)
    assert first.post("/parties/second-factor", {"code": code}).status_code == 303
    assert second.post("/parties/second-factor", {"code": code}).status_code == 401


def test_wrong_codes_lock_the_account_even_with_the_password_in_between(world, seeded):
    for _attempt in range(settings().lock_failures):
        client = world.signed_out()
        enter(client, "market.clerk", PASSWORD)
        client.post("/parties/second-factor", {"code": "000000"})
    assert enter(world.signed_out(), "market.clerk", PASSWORD).status_code == 401


def test_the_seed_lies_concealed(world, seeded):
    stored = bytes(Account.objects.get(username="market.clerk").totp_secret)
    assert seeded.encode() not in stored
    assert keys.reveal(stored).decode() == seeded


def test_the_second_factor_is_set_up_on_the_page_with_a_picture(world):
    client = world.client("market.head")
    assert b"data:image" not in client.get("/parties/me/second-factor").content
    shown = client.post("/parties/me/second-factor", {})
    assert b"data:image/svg+xml" in shown.content
    seed = pyotp.parse_uri(shown.context["address"]).secret
    assert client.post("/parties/me/second-factor", {"code": "123"}).status_code == 422
    assert client.post("/parties/me/second-factor", {"code": pyotp.TOTP(seed).at(clock.now())}).status_code == 303
    assert Account.objects.get(username="market.head").totp_on
