"""Classified and other catalogues are kept apart: nothing that is marked secret enters the outer network."""

from __future__ import annotations

import io
from typing import Any

import pytest

from covers import covers
from jutong.kernel import files
from jutong.kernel.errors import NotAllowed
from jutong.kernel.models import AuditEntry, StoredFile
from jutong.kernel.settings import settings
from jutong.slices.catalogue import actions
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


def test_bytes_that_another_file_holds_too_stay_when_one_is_discarded(world: World) -> None:
    officer = world.actor("civil.officer")
    first, second = (files.store(io.BytesIO(b"same"), "一.txt", by=officer, at=world.at) for _n in range(2))
    files.discard(first.id)
    assert b"".join(files.chunks(second.id)) == b"same"
    files.discard(second.id)
    assert not StoredFile.objects.exists()
