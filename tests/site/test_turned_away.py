"""Calls without identity or right are refused, and the trail names the caller and what was called (R-SEC-001)."""

from __future__ import annotations

import pytest

from covers import covers
from jutong.kernel.faces import turned_away
from jutong.kernel.models import AuditEntry
from world import World

FORBIDDEN = 403


def newest() -> AuditEntry:
    return AuditEntry.objects.latest("id")


@covers("R-SEC-001")
@pytest.mark.parametrize(
    ("path", "channel"), [("/api/v1/grants/", "api"), ("/grants/", "page"), ("/internal/usage", "node")]
)
def test_a_call_without_identity_is_unauthenticated_and_written_down(world: World, path: str, channel: str) -> None:
    client = world.signed_out()
    answer = client.post(path) if channel == "node" else client.get(path)
    assert answer.status_code in {401, 302}
    entry = newest()
    assert (entry.verb, entry.outcome, entry.code) == ("access.refused", "refused", "unauthenticated")
    assert (entry.actor_id, entry.address, entry.subject_id, entry.channel) == (None, "127.0.0.1", path, channel)


@covers("R-SEC-001")
def test_a_call_without_the_right_is_forbidden_and_written_down_with_the_caller(world: World) -> None:
    clerk = world.client("hr.clerk")
    assert clerk.get("/audit/").status_code == FORBIDDEN
    entry = newest()
    assert (entry.code, entry.actor_id, entry.subject_id) == ("forbidden", world.account("hr.clerk"), "/audit/")
    assert clerk.get("/catalogue/import/1/").status_code in {403, 404}
    before = AuditEntry.objects.count()
    body = {"resource_id": 1}
    refused = clerk.post("/api/v1/sharing/standing", body, content_type="application/json")
    assert refused.status_code == FORBIDDEN
    entry = newest()
    assert (entry.verb, entry.actor_id) == ("sharing.give_standing_consent", world.account("hr.clerk"))
    assert AuditEntry.objects.count() == before + 1, "an act that was refused is written down once"


def test_a_flood_is_answered_and_no_longer_written_down(world: World) -> None:
    client = world.signed_out()
    for _call in range(turned_away.MOST_A_MINUTE + 30):
        assert client.get("/api/v1/grants/").status_code in {401, 429}
    assert AuditEntry.objects.filter(verb="access.refused").count() <= 2 * turned_away.MOST_A_MINUTE


def test_the_audit_page_names_it_in_words(world: World) -> None:
    world.signed_out().get("/grants/")
    page = world.client("audit.auditor").get("/audit/").content.decode()
    assert "访问被拒" in page
    assert "未登录" in page
