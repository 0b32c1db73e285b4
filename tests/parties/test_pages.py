"""Every page of the slice, for everybody; and the journeys of the administrators and departments through them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from covers import covers
from jutong.kernel.settings import settings
from jutong.slices.parties import actions, pages, queries
from jutong.slices.parties.models import (
    Account,
    ApiKey,
    BusinessSystem,
    Delegation,
    IdentityLink,
    LegacyExchange,
    Person,
    PostHeld,
)

OPEN = {"sign_in", "second_factor", "oidc", "oidc_callback", "certificate"}
PEOPLE = ("market.head", "hr.clerk", "authority.operator", "admin.security")


@pytest.fixture
def city(world, monkeypatch):
    """The city with one thing of every kind that has a page."""
    monkeypatch.setattr(settings(), "rate_per_minute", 0)
    world.system("market")
    market, head = world.department("market"), world.actor("market.head")
    actions.file_rules(
        department_id=market,
        kind="management",
        title="制度",
        file=SimpleUploadedFile("a.txt", b"text"),
        by=head,
        at=world.at,
    )
    actions.set_unit_role(department_id=market, kind="secrecy", name="保密办", duties="审查", by=head, at=world.at)
    actions.issue_api_key(name="程序", days=9, by=head, at=world.at)
    actions.list_legacy(department_id=market, title="旧平台", by=head, at=world.at)
    day = world.at.date()
    actions.delegate(
        queries.posts(person_id=world.person("market.head"))[0].id, to_id=world.person("market.clerk"), since=day,
        until=day, by=head, at=world.at,
    )  # fmt: skip
    actions.link_identity(
        world.account("market.head"),
        kind="oidc",
        issuer="https://i",
        subject="s",
        by=world.actor("admin.security"),
        at=world.at,
    )
    return world


def addresses(world):
    """Every address of the slice by name, with ids of the market department's things."""
    market = world.department("market")
    ids = {
        "departments": market, "people": world.person("market.officer"), "accounts": world.account("market.officer"),
        "posts": PostHeld.objects.get(person_id=world.person("market.officer")).pk, "sectors": queries.sectors()[0].id,
        "systems": BusinessSystem.objects.get().pk, "me/keys": ApiKey.objects.get().pk,
        "me/delegations": Delegation.objects.get().pk, "me/reminders": 1, "links": IdentityLink.objects.get().pk, "imports": 1,
        "access/<slug:register>": LegacyExchange.objects.get().pk,
    }  # fmt: skip
    found = {}
    for pattern in pages.urlpatterns:
        route = str(pattern.pattern)
        kwargs = {}
        if "<int:pk>" in route:
            kwargs["pk"] = ids[route.partition("/<int:pk>")[0]]
        if "<slug:register>" in route:
            kwargs["register"] = "legacy"
        if "<slug:verb>" in route:
            kwargs["verb"] = "plan" if "register" in kwargs else "test"
        if "<int:rules>" in route:
            kwargs["rules"] = queries.internal_rules(market)[0].id
        found[pattern.name] = reverse(pattern.name, kwargs=kwargs)
    return found


@covers(partly=["R-SEC-001"])
def test_every_page_sends_strangers_to_the_door(city):
    client = city.signed_out()
    for name, address in addresses(city).items():
        answer = client.get(address)
        if name in OPEN:
            assert answer.status_code in {200, 302, 303, 401, 404}, name
        else:
            assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/parties/sign-in"), name
            assert client.post(address).status_code in {302, 401}, name


@pytest.mark.parametrize("key", PEOPLE)
def test_no_page_breaks_for_anybody(city, key):
    client = city.client(key)
    for name, address in addresses(city).items():
        if name in {"sign_out", "oidc"}:
            continue
        answer = client.get(address)
        assert answer.status_code < 500, (name, answer.status_code)
        for nonsense in ("?q=%00&page=x&state=%27&role=z&region=%FF&department=999999999999999999999", "?page=99999"):
            assert client.get(address + nonsense).status_code < 500, name


@pytest.mark.parametrize("key", PEOPLE)
def test_empty_and_rubbish_posts_never_break_a_page(city, key):
    client = city.client(key)
    for name, address in addresses(city).items():
        if name in {"sign_out", "password_change", "person_end", "account_disable"}:
            continue
        for body in ({}, {"name": "\x00", "code": "０" * 99, "page": "x", "file": "no file", "pk": "1", "region": "'"}):
            answer = client.post(address, body)
            assert answer.status_code < 500, (name, answer.status_code)


@covers(partly=["R-OVR-006", "R-OVR-042"])
def test_a_department_page_names_posts_gaps_and_former_holders(city):
    actions.appoint(city.person("market.leader"), role="principal", by=city.actor("admin.security"), at=city.at)
    text = city.client("market.head").get(reverse("department", args=[city.department("market")])).content.decode()
    assert "尚未登记齐全" in text
    assert "历任" in text
    assert Person.objects.get(pk=city.person("market.principal")).name in text


def test_other_departments_people_and_systems_are_not_on_the_page(city):
    text = city.client("hr.clerk").get(reverse("department", args=[city.department("market")])).content.decode()
    assert "业务办理系统" not in text
    assert "报送人员" not in text
    assert (
        "业务办理系统"
        in city.client("market.clerk").get(reverse("department", args=[city.department("market")])).content.decode()
    )


@covers(partly=["R-OVR-008"])
def test_a_person_is_reported_confirmed_given_an_account_and_a_post_page_by_page(world):
    liaison, operator = world.client("market.liaison"), world.client("authority.operator")
    department = world.department("market")
    answer = liaison.post(
        reverse("person_report", args=[department]), {"name": "新来的", "phone": "０８３２－１２３４５６７"}
    )
    assert answer.status_code == 303
    person = Person.objects.get(name="新来的")
    assert person.phone == "0832-1234567"
    assert liaison.post(reverse("person_confirm", args=[person.pk])).status_code == 403
    assert operator.post(reverse("person_confirm", args=[person.pk])).status_code == 303
    account = {"username": "xinlai", "password": "Shuangjiang-2026"}
    assert operator.post(reverse("person_activate", args=[person.pk]), account).status_code == 303
    security = world.client("admin.security")
    assert operator.post(reverse("appoint", args=[person.pk]), {"role": "clerk"}).status_code == 403
    assert security.post(reverse("appoint", args=[person.pk]), {"role": "clerk"}).status_code == 303
    assert security.post(reverse("appoint", args=[person.pk]), {"role": "security_admin"}).status_code == 422
    entered = world.signed_out().post("/parties/sign-in", account)
    assert entered.url == "/parties/password"


def test_a_form_sent_twice_is_done_once(world):
    client = world.client("market.liaison")
    address = reverse("person_report", args=[world.department("market")])
    token = "a" * 30
    assert client.post(address, {"name": "双击", "once_token": token}).status_code == 303
    assert client.post(address, {"name": "双击", "once_token": token}).status_code == 409
    assert Person.objects.filter(name="双击").count() == 1


def test_a_call_key_is_shown_once_on_the_page(world):
    world.system("hr")
    client = world.client("market.engineer")
    answer = client.post(
        reverse("system_new", args=[world.department("market")]),
        {"name": "办件系统", "zone": "outer", "addresses": "10.1.0.0/16\n10.2.3.4"},
    )
    secret = dict(answer.context["secrets"])["调用密钥（HMAC-SM3，十六进制）"]
    assert answer.status_code == 200
    assert len(secret) == 64
    system = BusinessSystem.objects.get(name="办件系统")
    assert secret not in client.get(reverse("system", args=[system.pk])).content.decode()
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_the_accounts_page_is_the_administrators(world):
    for key in ("market.head", "authority.operator", "audit.auditor"):
        assert world.client(key).get(reverse("accounts")).status_code == 403
    text = world.client("admin.audit").get(reverse("accounts") + "?all=1&q=market").content.decode()
    assert "market.head" in text
    assert (
        world.client("admin.audit").post(reverse("account_disable", args=[world.account("market.head")])).status_code
        == 403
    )
    assert (
        world.client("admin.security").post(reverse("account_disable", args=[world.account("market.head")])).status_code
        == 303
    )
    assert not Account.objects.get(username="market.head").is_active


def test_the_demo_offers_accounts_at_the_door_and_nothing_else_does(world, monkeypatch):
    assert "market.principal" not in world.signed_out().get("/parties/sign-in").content.decode()
    monkeypatch.setattr(settings(), "demo", True)
    assert "admin.audit" in world.signed_out().get("/parties/sign-in").content.decode()


def test_where_everybody_needs_a_second_factor_posts_wait_for_it(world, monkeypatch):
    monkeypatch.setattr(settings(), "second_factor", True)
    assert world.actor("market.head").posts == frozenset()
    Account.objects.filter(username="market.head").update(totp_on=True)
    assert world.actor("market.head").posts


def test_who_asks_costs_at_most_three_statements(world, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        world.actor("market.head")


def test_lists_ask_the_database_a_fixed_number_of_times(world, django_assert_max_num_queries):
    actor = world.actor("authority.operator")
    with django_assert_max_num_queries(3):
        assert len(queries.people_page(actor, size=200)[0]) > 40
    with django_assert_max_num_queries(2):
        queries.departments_page(size=100)
