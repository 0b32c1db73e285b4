"""The catalogue's interface for departments' own systems."""

from __future__ import annotations

from typing import Any

import msgspec
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from covers import covers
from jutong.slices.catalogue import actions
from jutong.slices.catalogue.models import Entry
from published import ASSESSED, content, published
from world import World

BASE = "/api/v1/catalogue"


def body(**changes: Any) -> dict[str, Any]:
    given = msgspec.to_builtins(content(**changes))
    return {name: value for name, value in given.items() if name not in {"specification", "catalogue_level"}}


def send(client: Client, method: str, path: str, data: Any) -> Any:
    return getattr(client, method)(BASE + path, data, content_type="application/json")


@covers("R-CAT-017")
def test_a_departments_system_compiles_updates_and_reads_its_own_entries(world: World) -> None:
    client = world.client("civil.officer")
    made = send(client, "post", "/", body())
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert made.json()["state"] == "draft"
    changed = send(client, "put", f"/{pk}?version=1", body(abstract="改过"))
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert changed.json()["content"]["abstract"] == "改过"
    assert send(client, "put", f"/{pk}?version=1", body(abstract="再改")).status_code == 409
    assert world.signed_out().get(f"{BASE}/{pk}").status_code == 401
    assert send(world.client("market.officer"), "put", f"/{pk}", body()).status_code == 404
    for odd in ({"title": 1}, {"title": "a" * 300}, {"title": "\x00"}, {}, {"title": "好", "items": [{"length": -1}]}):
        assert send(client, "put", f"/{pk}", odd).status_code == 422, odd
    assert client.get(f"{BASE}/{10**17}").status_code == 422
    assert client.get(f"{BASE}/999999").status_code == 404
    assert send(client, "post", f"/{pk}/submit", {}).status_code == 409
    actions.assess(pk, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(pk, by=world.actor("civil.leader"), at=world.at)
    assert send(client, "post", f"/{pk}/submit", {}).json()["state"] == "submitted"


def test_forbidden_changes_of_a_published_entry_are_said_so(world: World) -> None:
    pk = published(world)
    assert send(world.client("market.officer"), "put", f"/{pk}", body()).status_code in {403, 409}
    machine = world.client("market.clerk").get(f"{BASE}/{pk}/machine").json()
    assert machine["title"] == "城乡低保对象信息"
    assert machine["provider_uscc"] is not None


def test_search_answers_with_counts_and_keeps_to_its_scope(world: World) -> None:
    pk = published(world)
    actions.compile_entry(
        by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"), content=content("低保草稿")
    )
    clerk = world.client("market.clerk")
    found = clerk.get(f"{BASE}/", {"q": "低保"}).json()
    assert ([row["id"] for row in found["found"]], found["total"]) == ([pk], 1)
    assert {facet["name"] for facet in found["facets"]} >= {"share_type", "provider_id"}
    assert clerk.get(f"{BASE}/", {"q": "低保", "scope": "all"}).json()["total"] == 1
    assert world.client("civil.officer").get(f"{BASE}/", {"q": "低保", "scope": "own"}).json()["total"] == 2
    assert world.client("authority.reviewer").get(f"{BASE}/", {"q": "低保", "scope": "all"}).json()["total"] == 2
    assert clerk.get(f"{BASE}/", {"share_type": "x'; drop table", "provider_id": "abc"}).json()["total"] == 0
    assert clerk.get(f"{BASE}/", {"q": "'\\ & | ! <->"}).json()["total"] == 0
    assert clerk.get(f"{BASE}/", {"page": 0}).status_code == 422


def test_a_file_is_imported_through_the_interface(world: World) -> None:
    client = world.client("civil.officer")
    file = SimpleUploadedFile("a.csv", "标题,摘要\n甲资源,一\n甲 资源,二\n".encode())
    made = client.post(f"{BASE}/import", {"file": file})
    assert made.status_code == 201, made.content
    run = made.json()
    assert run["mapping"] == {"title": "标题", "abstract": "摘要"}
    assert send(client, "post", f"/import/{run['id']}/start", {"mapping": {"title": "没有"}}).status_code == 422
    assert send(client, "post", f"/import/{run['id']}/start", {}).status_code == 202
    assert send(client, "post", f"/import/{run['id']}/start", {}).status_code == 409
    world.drain()
    done = client.get(f"{BASE}/import/{run['id']}").json()
    assert (done["accepted"], done["refused"]) == (1, 1)
    assert world.client("market.officer").get(f"{BASE}/import/{run['id']}").status_code == 404
    assert Entry.objects.count() == 1
    exported = client.get(f"{BASE}/export/guide")
    assert exported.status_code == 200
    assert client.get(f"{BASE}/export/other").status_code == 422
