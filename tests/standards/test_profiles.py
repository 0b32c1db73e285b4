"""Which policy profile holds in a region, and what it says."""

from datetime import date, timedelta

import pytest

from covers import covers
from jutong.kernel import jurisdiction, policy
from jutong.kernel.actors import system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken
from jutong.kernel.models import AuditEntry, PolicyAssignment
from jutong.slices.standards import actions, queries


@pytest.fixture(autouse=True)
def _fresh_rules():
    """Versions of a profile never change in use; tests make other ones under the same name."""
    jurisdiction._policy.cache_clear()


def assign(world, key="authority.chief", **given):
    today = beijing_day(world.at)
    usual = {"region": "511000", "profile": "neijiang-2020", "effective_from": today, "confirm": True}
    return actions.assign_profile(**(usual | given), by=world.actor(key), at=world.at)


@covers("R-OVR-044")
def test_a_fresh_installation_runs_the_decree(world):
    assert queries.policy_in_force("511000", world.at).reference == "national-2025@1"
    assert queries.assignments(world.at) == []


@covers("R-OVR-044")
def test_a_local_profile_needs_the_confirmation_and_is_in_the_audit(world):
    with pytest.raises(RuleBroken, match="请勾选确认") as refused:
        assign(world, confirm=False)
    assert refused.value.field == "confirm"
    assert not PolicyAssignment.objects.exists()
    assign(world)
    assert queries.policy_in_force("511000", world.at).reference == "neijiang-2020@1"
    outcomes = list(AuditEntry.objects.filter(verb="standards.assign_profile").values_list("outcome", flat=True))
    assert outcomes == ["refused", "success"]


def test_the_regions_below_follow_unless_they_have_their_own(world):
    assign(world)
    assert queries.policy_in_force("511002", world.at).reference == "neijiang-2020@1"
    assert queries.policy_in_force("510000", world.at).reference == "national-2025@1"


def test_the_authority_decides_for_its_own_regions_only(world):
    from jutong.slices.parties import actions as parties

    for key in ("market.head", "authority.operator", "authority.reviewer", "admin.system", "admin.audit"):
        with pytest.raises(NotAllowed):
            assign(world, key)
    assign(world, region="511002")
    parties.name_authority(
        region="511002", department_id=world.department("county"), by=world.actor("authority.operator"), at=world.at
    )
    with pytest.raises(NotAllowed, match="不是"):
        assign(world, region="511002", effective_from=beijing_day(world.at) + timedelta(days=1))
    with pytest.raises(RuleBroken, match="主管部门"):
        assign(world, region="510000")
    assign(world, "admin.security", region="510000")


@covers(partly=["R-OVR-043"])
def test_a_region_may_be_stricter_than_the_decree_and_never_laxer(world):
    with pytest.raises(RuleBroken):
        assign(world, profile="national-2025", overrides={"request_reply_days": 15})
    row = assign(world, profile="national-2025", overrides={"request_reply_days": 5})
    assert row.version == 2
    held = jurisdiction.policy_for("511000", beijing_day(world.at)).effective("request_reply_days")
    assert (held.value, held.origin) == (5, "stricter")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"profile": "nowhere"}, "profile"),
        ({"region": "999999"}, "region"),
        ({"effective_from": date(2020, 1, 1)}, "effective_from"),
        ({"overrides": {"no_such": 1}}, "no_such"),
        ({"overrides": {"request_reply_days": "ten"}}, "request_reply_days"),
    ],
)
def test_bad_assignments_are_refused_by_field(world, given, field):
    with pytest.raises(RuleBroken) as refused:
        assign(world, **given)
    assert field in {refused.value.field, *refused.value.remarks}
    assert not PolicyAssignment.objects.exists()


def test_one_day_has_one_profile_and_going_back_is_possible_later(world):
    today = beijing_day(world.at)
    assign(world, profile="national-2025")
    with pytest.raises(Conflict):
        assign(world)
    assign(world, effective_from=today + timedelta(days=1))
    assign(world, profile="national-2025", effective_from=today + timedelta(days=2))
    held = [jurisdiction.policy_for("511000", today + timedelta(days=n)).reference for n in range(3)]
    assert held == ["national-2025@1", "neijiang-2020@1", "national-2025@1"]


@covers(partly=["R-OVR-043"])
def test_a_case_keeps_the_rules_of_the_day_it_started(world):
    actions.assign_profile(
        region="511000", profile="neijiang-2020", effective_from=date(2020, 1, 1), confirm=True,
        by=system_actor("setup"), at=world.at,
    )  # fmt: skip
    before = jurisdiction.policy_for("511000", date(2025, 7, 31))
    after = jurisdiction.policy_for("511000", date(2025, 9, 1))
    assert before.reference == after.reference == "neijiang-2020@1"
    assert after.effective("catalog_update_review_days").origin in {"national", "local"}
    assert before.effective("catalog_update_review_days").origin == "local"


def test_profiles_are_shown_compared_and_unknown_ones_not_there(world):
    day = beijing_day(world.at)
    assert [row.name for row in queries.profiles()] == list(policy.SHIPPED)
    rows = queries.compare("national-2025", "neijiang-2020", day)
    assert rows[0].differs
    assert not rows[-1].differs
    assert queries.compare("national-2025", "national-2025", day)[0].differs is False
    with pytest.raises(NotThere):
        queries.profile_table("nowhere", effective=True, day=day)


def test_the_pages_show_and_assign(world):
    client = world.client("authority.chief")
    assert client.get("/standards/policy").status_code == 200
    assert client.get("/standards/policy/neijiang-2020").status_code == 200
    assert client.get("/standards/policy/neijiang-2020?text=1").status_code == 200
    assert client.get("/standards/policy/neijiang-2020?other=national-2025").status_code == 200
    assert client.get("/standards/policy/nowhere").status_code == 404
    assert client.get("/standards/policy/neijiang-2020?other=nowhere").status_code == 404
    later = {
        "region": "511000",
        "profile": "neijiang-2020",
        "effective_from": "2099-01-01",
        "overrides": "request_reply_days=５",
    }
    assert client.post("/standards/policy/assign", later).status_code == 422  # not confirmed
    rubbish = client.post("/standards/policy/assign", later | {"overrides": "rubbish", "confirm": "on"})
    assert "参数名=值" in rubbish.content.decode()
    good = later | {"overrides": "request_reply_days=5", "confirm": "on"}
    assert client.post("/standards/policy/assign", good).status_code == 303
    assert PolicyAssignment.objects.get().overrides == {"request_reply_days": 5}
    assert client.get("/standards/policy").status_code == 200


def test_the_api_shows_and_assigns(world):
    client = world.client("authority.chief")
    assert len(client.get("/api/v1/standards/profiles").json()) == 6
    assert client.get("/api/v1/standards/profiles/neijiang-2020?effective=false").status_code == 200
    assert client.get("/api/v1/standards/profiles/nowhere").status_code == 404
    assert client.get("/api/v1/standards/policy").json()["reference"] == "national-2025@1"
    body = {"region": "511000", "profile": "neijiang-2020", "effective_from": "2099-01-01", "confirm": True}
    answer = client.post("/api/v1/standards/assignments", body, content_type="application/json")
    assert answer.status_code == 201
    assert client.get("/api/v1/standards/assignments").json()[0]["profile"] == "neijiang-2020"
    other = body | {"effective_from": "2099-01-02", "confirm": False}
    assert client.post("/api/v1/standards/assignments", other, content_type="application/json").status_code == 422
    stranger = world.client("market.head").post("/api/v1/standards/assignments", body, content_type="application/json")
    assert stranger.status_code == 403
