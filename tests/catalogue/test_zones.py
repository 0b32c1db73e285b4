"""Classified and other catalogues are kept apart: nothing that is marked secret enters the outer network."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from covers import covers
from jutong.kernel import files
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import NotAllowed
from jutong.kernel.models import AuditEntry, PolicyAssignment, StoredFile
from jutong.kernel.settings import settings
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Entry, ImportRun
from jutong.slices.catalogue.rules.content import ItemContent
from published import content, published
from world import World

SECRET = "资源名称,摘要,涉密属性\n机密名册,秘密内容甲,涉密\n".encode()


@covers("R-CAT-015")
def test_what_is_marked_classified_is_neither_created_nor_imported_nor_queried_here_and_nothing_of_it_is_kept(
    world: World,
) -> None:
    officer = world.actor("civil.officer")
    given: dict[str, Any] = {"by": officer, "at": world.at, "provider_id": world.department("civil")}
    marked = ItemContent(name="密件号", type="C", classified=True)
    for wrong in (content("机密名册", secret="涉密"), content("机密名册", items=(marked,))):
        with pytest.raises(NotAllowed, match="不得在"):
            actions.compile_entry(content=wrong, **given)
    assert not Entry.objects.exists()
    with pytest.raises(NotAllowed, match="第 2 行标为涉密"):
        actions.upload(io.BytesIO(SECRET), "名册.csv", by=officer, at=world.at)
    assert (ImportRun.objects.count(), StoredFile.objects.count()) == (0, 0)
    kept = [one for one in (settings().home / "files").rglob("*") if one.is_file()]
    assert not [one for one in kept if SECRET in one.read_bytes()]
    refused = AuditEntry.objects.filter(outcome="refused")
    assert [row.verb for row in refused.order_by("id")] == ["catalog_entry.compile"] * 2 + ["catalogue.upload"]
    assert "秘密内容甲" not in "".join(str(row.__dict__) for row in refused)
    pk = published(world)
    Entry.objects.filter(pk=pk).update(zone="inner")
    answer = world.client("hr.clerk").get(f"/catalogue/{pk}/")
    assert (answer.status_code, "城乡低保对象信息" in answer.content.decode()) == (403, False)
    assert AuditEntry.objects.filter(outcome="refused", code="forbidden").count() == 4


@covers("R-CAT-015")
def test_the_inner_platform_holds_what_is_classified_and_nothing_else(
    world: World, monkeypatch: Any, tmp_path: Path
) -> None:
    PolicyAssignment.objects.create(
        region=world.region, profile="inner-mongolia-2018", effective_from=date(2010, 1, 1), assigned_at=world.at
    )
    outside = published(world, title="非涉密名册", share_type="unconditional")
    monkeypatch.setattr(settings(), "zone", "inner")
    officer, client = world.actor("civil.officer"), world.client("civil.officer")
    given: dict[str, Any] = {"by": officer, "at": world.at, "provider_id": world.department("civil")}
    with pytest.raises(NotAllowed, match="非涉密目录只能在政务外网平台编目"):
        actions.compile_entry(content=content("普通名册"), **given)
    assert client.get(f"/catalogue/{outside}/").status_code == 403
    assert "涉密属性" in client.get("/catalogue/new/").content.decode()
    inside = published(world, title="机密台账", share_type="unconditional", secret="state_secret")
    assert Entry.objects.get(pk=inside).zone == "inner"
    assert queries.marked_secret(inside)
    page = world.client("hr.clerk").get("/catalogue/?q=台账").content.decode()
    assert "机密台账" in page
    path = tmp_path / "名册.csv"
    rows = ("资源名称,摘要,涉密属性,提供单位", "机密名册,名册,涉密,民政局", "普通册,名册,非涉密,民政局")
    path.write_text("\n".join(rows), encoding="utf-8")
    run = actions.import_file(path, region=world.region, by=system_actor("test"), at=world.at)
    assert (run.accepted, run.refused, Entry.objects.get(import_run=run).zone) == (1, 1, "inner")
    assert "非涉密目录只能在政务外网平台编目" in str(run.reasons)
    actions.take_out(
        inside, by=world.actor("civil.secrecy"), at=world.at, kind="state_secret", document="密〔2026〕1号"
    )
    assert client.get(f"/catalogue/{inside}/").status_code == 403
    monkeypatch.setattr(settings(), "zone", "outer")
    assert client.get(f"/catalogue/{inside}/").status_code == 403
    assert client.get(f"/catalogue/{outside}/").status_code == 200


def test_where_the_profile_has_no_inner_platform_secrets_are_catalogued_nowhere(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(settings(), "zone", "inner")
    with pytest.raises(NotAllowed, match="没有政务内网平台"):
        actions.compile_entry(
            content=content("机密名册", secret="state_secret"), by=world.actor("civil.officer"), at=world.at,
            provider_id=world.department("civil"),
        )  # fmt: skip
    assert not Entry.objects.exists()


def test_bytes_that_another_file_holds_too_stay_when_one_is_discarded(world: World) -> None:
    officer = world.actor("civil.officer")
    first, second = (files.store(io.BytesIO(b"same"), "一.txt", by=officer, at=world.at) for _n in range(2))
    files.discard(first.id)
    assert b"".join(files.chunks(second.id)) == b"same"
    files.discard(second.id)
    assert not StoredFile.objects.exists()
