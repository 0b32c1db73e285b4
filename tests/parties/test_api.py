"""The management API's door and the slice's endpoints."""

from datetime import timedelta

import pytest

from covers import covers
from jutong.kernel import clock
from jutong.kernel.errors import NotThere, RuleBroken, TooMany
from jutong.slices.parties import actions, queries
from jutong.slices.parties.models import ApiKey, BusinessSystem, Person

ME = "/api/v1/parties/me"


def issued(world, key="market.head", days=30):
    return actions.issue_api_key(name="报表程序", days=days, by=world.actor(key), at=clock.now())


def bearer(text):
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}


@covers(partly=["R-SEC-001"])
@pytest.mark.parametrize(
    "path",
    ["/me", "/departments", "/departments/1", "/departments/1/gaps", "/people", "/people/1", "/systems", "/systems/1"],
)
def test_without_identity_every_endpoint_is_unauthenticated(world, path):
    answer = world.signed_out().get("/api/v1/parties" + path)
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"


def test_a_key_acts_with_its_owners_posts_and_its_use_is_noted(world):
    key = issued(world)
    answer = world.signed_out().get(ME, **bearer(key.text))
    assert answer.status_code == 200
    assert answer.json()["account_id"] == world.account("market.head")
    assert {post["role"] for post in answer.json()["posts"]} == {"sharing_unit_head"}
    assert queries.api_keys(world.account("market.head"), clock.now())[0].last_used_at is not None


def test_only_the_digest_of_a_key_is_stored(world):
    key = issued(world)
    row = ApiKey.objects.get(pk=key.id)
    assert key.text.startswith("jt_")
    assert key.text not in {row.digest, row.prefix}
    assert len(row.digest) == 64


def test_unknown_expired_revoked_keys_and_those_of_people_who_left_are_refused(world):
    client = world.signed_out()
    expired, revoked, gone = issued(world), issued(world), issued(world, "market.clerk")
    ApiKey.objects.filter(pk=expired.id).update(expires_at=clock.now() - timedelta(seconds=1))
    actions.revoke_api_key(revoked.id, by=world.actor("market.head"), at=clock.now())
    actions.end(world.person("market.clerk"), by=world.actor("market.liaison"), at=clock.now())
    for header in (
        bearer("jt_x"),
        bearer(expired.text),
        bearer(revoked.text),
        bearer(gone.text),
        bearer("密钥"),
        {"HTTP_AUTHORIZATION": "Basic abc"},
    ):
        assert client.get(ME, **header).status_code == 401


def test_a_bad_key_is_not_saved_by_a_good_session(world):
    assert world.client("market.head").get(ME, **bearer("jt_x")).status_code == 401


def test_a_session_needs_the_csrf_token_to_change_anything(world):
    client = world.client("market.liaison", csrf=True)
    assert client.get(ME).status_code == 200
    body = {"department_id": world.department("market"), "name": "某人"}
    assert client.post("/api/v1/parties/people", body, content_type="application/json").status_code == 403
    client.get("/parties/me")
    token = client.cookies["csrftoken"].value
    answer = client.post(
        "/api/v1/parties/people", body, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert answer.status_code == 201


def test_keys_belong_to_one_person_are_limited_and_have_a_term(world):
    key = issued(world)
    with pytest.raises(NotThere):
        actions.revoke_api_key(key.id, by=world.actor("market.clerk"), at=world.at)
    for days in (0, 367):
        with pytest.raises(RuleBroken):
            issued(world, days=days)
    for _more in range(9):
        issued(world)
    with pytest.raises(TooMany):
        issued(world)


def test_people_are_scoped_to_the_callers_department(world):
    own = world.client("hr.clerk").get("/api/v1/parties/people?size=200").json()["items"]
    assert {person["department_id"] for person in own} == {world.department("hr")}
    everyone = world.client("authority.operator").get("/api/v1/parties/people?size=200").json()
    assert everyone["page"]["total"] == Person.objects.count()
    assert world.client("hr.clerk").get(f"/api/v1/parties/people/{world.person('market.clerk')}").status_code == 404


def test_reporting_a_person_for_another_department_is_forbidden_and_bad_input_named(world):
    client = world.client("hr.liaison")
    other = {"department_id": world.department("market"), "name": "某人"}
    assert client.post("/api/v1/parties/people", other, content_type="application/json").status_code == 403
    own = {"department_id": world.department("hr"), "name": "", "phone": "x"}
    answer = client.post("/api/v1/parties/people", own, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "query", ["q=%00", "page=0", "page=x", "size=9999", "department_id=99999999999999999999", "region=%27"]
)
def test_nonsense_in_addresses_is_refused_and_never_breaks(world, query):
    client = world.client("authority.operator")
    for path in ("people", "departments", "systems"):
        assert client.get(f"/api/v1/parties/{path}?{query}").status_code in {200, 422}


@covers(partly=["R-EXC-005"])
def test_a_system_is_registered_by_api_and_its_key_comes_once(world):
    world.system("market", "一号系统")
    client = world.client("market.engineer")
    body = {"department_id": world.department("market"), "name": "二号系统", "addresses": ["10.1.2.3"]}
    answer = client.post("/api/v1/parties/systems", body, content_type="application/json")
    assert answer.status_code == 201
    made = answer.json()
    seen = client.get(f"/api/v1/parties/systems/{made['system_id']}").json()
    assert seen["key_id"] == made["key_id"]
    assert "secret" not in seen
    assert "sealed_key" not in seen
    assert client.post(f"/api/v1/parties/systems/{made['system_id']}/disable").status_code == 204
    assert not BusinessSystem.objects.get(pk=made["system_id"]).active
    assert world.client("hr.engineer").get(f"/api/v1/parties/systems/{made['system_id']}").status_code == 404
