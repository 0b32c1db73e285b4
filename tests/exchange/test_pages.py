"""Pages and API of the exchange, as browsers and programs use them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from covers import covers
from jutong.dataplane import identity
from jutong.kernel.settings import settings
from jutong.slices.exchange.models import Run
from reports import delivered, order_of, report, take
from sourceworld import granted, mounted, register
from world import World


@pytest.fixture
def ready(world: World, probe: Any, civil_db: str, hr_db: str) -> dict[str, Any]:
    grant = granted(world, mounted(world, register(world, "civil", civil_db)))
    target = register(world, "hr", hr_db, title="人社库", provides=False, receives=True)
    return {"grant_id": grant.pk, "source_id": target.pk, "schema": "public", "table": "dibao", "mode": "replace"}


def test_a_transfer_is_ordered_watched_and_proven_by_pages(
    world: World, ready: dict[str, Any], node: identity.Identity
) -> None:
    clerk = world.client("hr.clerk")
    assert "G-" in clerk.get(f"/exchange/new/table/?grant={ready['grant_id']}").content.decode()
    wrong = clerk.post("/exchange/new/table/", ready | {"table": "a;drop table b"})
    assert wrong.status_code == 422
    assert "“目标表”应以字母" in wrong.content.decode()
    answer = clerk.post("/exchange/new/table/", ready)
    assert answer.status_code == 303
    run = Run.objects.get()
    page = clerk.get(f"/exchange/runs/{run.pk}/").content.decode()
    assert f"/exchange/runs/{run.pk}/live/" in page
    assert "every 1s" in page
    assert clerk.post("/exchange/new/table/", ready).status_code == 409
    take(report(order_of(run), "sent", rows_done=10, rows_total=25))
    live = clerk.get(f"/exchange/runs/{run.pk}/live/", headers={"HX-Request": "true"}).content.decode()
    assert "40%" in live
    assert clerk.get(f"/exchange/runs/{run.pk}/proof/").status_code == 409
    delivered(run, node)
    page = clerk.get(f"/exchange/runs/{run.pk}/").content.decode()
    assert "every 1s" not in page
    assert "平台会签" in page
    live = clerk.get(f"/exchange/runs/{run.pk}/live/", headers={"HX-Request": "true"}).content.decode()
    assert "every 1s" not in live
    proof = clerk.get(f"/exchange/runs/{run.pk}/proof/")
    assert proof["Content-Disposition"].startswith("attachment")
    assert proof.getvalue().startswith(b"{")
    assert f"T-{run.pk:06d}" in clerk.get("/exchange/runs/?fold=released&q=低保").content.decode()
    assert world.client("civil.officer").get(f"/exchange/runs/{run.pk}/").status_code == 200
    for path in ("", "live/", "proof/", "manifest/"):
        assert world.client("police.clerk").get(f"/exchange/runs/{run.pk}/{path}").status_code == 404


def test_a_run_that_is_not_reconciled_is_red_and_can_be_repeated(
    world: World, ready: dict[str, Any], node: identity.Identity
) -> None:
    clerk = world.client("hr.clerk")
    clerk.post("/exchange/new/table/", ready)
    run = Run.objects.get()
    take(report(order_of(run), "quarantined", message="两端行数不一致（发送 25 行，接收 24 行）。"))
    page = clerk.get(f"/exchange/runs/{run.pk}/").content.decode()
    assert "jt-notice-bad" in page
    assert "两端行数不一致" in page
    assert "已放行" not in re.sub(r"<title>.*?</title>", "", page)
    assert clerk.post(f"/exchange/runs/{run.pk}/retry/").status_code == 303
    assert clerk.post(f"/exchange/runs/{run.pk}/retry/").status_code == 409
    assert clerk.post(f"/exchange/runs/{run.pk}/cancel/").status_code == 303
    assert clerk.post(f"/exchange/runs/{run.pk}/release/").status_code == 404
    assert world.client("police.clerk").post(f"/exchange/runs/{run.pk}/cancel/").status_code == 404
    assert world.client("civil.officer").post(f"/exchange/runs/{run.pk}/cancel/").status_code == 403


@covers(partly=["R-EXC-007"])
def test_a_batch_is_ordered_and_fetched_with_a_form_that_goes_to_the_gateway(
    world: World, ready: dict[str, Any], node: identity.Identity
) -> None:
    clerk = world.client("hr.clerk")
    bad = clerk.post(
        "/exchange/new/batch/", {"grant_id": ready["grant_id"], "file_format": "xlsx", "encoding": "gb18030"}
    )
    assert bad.status_code == 422
    given = {"grant_id": ready["grant_id"], "file_format": "csv", "encoding": "gb18030"}
    assert clerk.post("/exchange/new/batch/", given).status_code == 303
    run = Run.objects.get()
    from jutong.kernel import clock

    Run.objects.update(expires_at=clock.now().replace(year=clock.now().year + 1))
    delivered(run, node, artefact_digest="ab" * 32, bytes=99)
    assert "城乡低保对象信息" in clerk.get("/exchange/batches/").content.decode()
    assert b"sm3" in clerk.get(f"/exchange/runs/{run.pk}/manifest/").getvalue()
    page = clerk.get(f"/exchange/runs/{run.pk}/").content.decode()
    assert "数据校核" in page
    answer = clerk.post(f"/exchange/runs/{run.pk}/ticket/", {"purpose": "data_verification"})
    assert f'action="{settings().gateway_origin}/v1/tickets"' in answer.content.decode()
    assert re.search(r'name="ticket" value="[A-Za-z0-9_-]{100,}"', answer.content.decode())
    assert clerk.post(f"/exchange/runs/{run.pk}/ticket/", {"purpose": ""}).status_code == 422
    assert clerk.get(f"/exchange/runs/{run.pk}/ticket/").status_code == 405
    assert world.client("police.clerk").post(f"/exchange/runs/{run.pk}/ticket/", {"purpose": "x"}).status_code == 404


def test_somebody_elses_grant_is_not_among_the_choices(world: World, ready: dict[str, Any]) -> None:
    police = world.client("police.clerk")
    assert "没有可用的授权" in police.get("/exchange/new/batch/").content.decode()
    assert (
        police.post(
            "/exchange/new/batch/", {"grant_id": ready["grant_id"], "file_format": "csv", "encoding": "utf-8"}
        ).status_code
        == 422
    )
    assert not Run.objects.exists()


@covers(partly=["R-EXC-005"])
def test_the_api_orders_follows_and_refuses(world: World, ready: dict[str, Any], node: identity.Identity) -> None:
    client = world.client("hr.engineer")

    def post(path: str, body: Any = None) -> Any:
        return client.post(f"/api/v1/exchange/{path}", body, content_type="application/json")

    made = post("runs/table", ready)
    assert made.status_code == 201, made.content.decode()
    key = made.json()["row"]["id"]
    assert post("runs/table", ready).status_code == 409
    assert post("runs/table", ready | {"table": "a b"}).json()["remarks"].keys() == {"table"}
    assert post("runs/table", ready | {"grant_id": 2**60}).status_code == 422
    assert post("runs/table", ready | {"grant_id": 999_999}).status_code == 404
    assert post("runs/batch", {"grant_id": ready["grant_id"], "format": "pdf"}).status_code == 422
    delivered(Run.objects.get(pk=key), node)
    found = client.get(f"/api/v1/exchange/runs/{key}").json()
    assert (found["row"]["state"], found["proven"], len(found["receipts"])) == ("released", True, 3)
    assert client.get("/api/v1/exchange/runs?fold=released&kind=table").json()["total"] == 1
    assert client.get(f"/api/v1/exchange/runs/{key}/proof").status_code == 200
    assert client.get(f"/api/v1/exchange/runs/{key}/manifest").status_code == 409
    assert post(f"runs/{key}/cancel").status_code == 409
    assert post(f"runs/{key}/ticket", {"purpose": "x"}).status_code == 409
    assert world.client("police.clerk").get(f"/api/v1/exchange/runs/{key}").status_code == 404
    batch = post("runs/batch", {"grant_id": ready["grant_id"], "format": "jsonl"})
    assert batch.status_code == 201
    assert post(f"runs/{batch.json()['row']['id']}/cancel").json()["row"]["cancelled"] is True
