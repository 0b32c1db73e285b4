"""A change of a published entry is a case of its own: why, what changed, which duty it meets, when it came into force."""

from __future__ import annotations

import io

import openpyxl

from covers import covers
from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.models import Revision
from published import ASSESSED, content, published
from world import World


@covers(partly=["R-CAT-007"])
def test_a_change_shows_why_what_is_different_and_when_it_came_into_force(world: World) -> None:
    pk, officer = published(world), world.actor("civil.officer")
    client = world.client("civil.officer")
    assert client.post(f"/catalogue/{pk}/do/revise/", {"note": ""}).status_code == 422
    update = actions.register_change(
        by=world.actor("civil.head"), at=world.at, provider_id=world.department("civil"), kind="function_change",
        event_on=beijing_day(world.at), occasion="内编发〔2026〕12号", entries=[pk],
    )  # fmt: skip
    actions.revise(pk, by=officer, at=world.at, note="职责划入社会救助")
    actions.edit_entry(pk, by=officer, at=world.at, content=content(abstract="含社会救助对象"))
    case = Revision.objects.get(entry=pk)
    seen = queries.revision(case.pk, actor=officer)
    assert (seen.row.reason, seen.row.state, seen.row.old, seen.row.new) == ("职责划入社会救助", "revising", 1, 2)
    assert [(row.label, row.new) for row in seen.changes] == [("信息资源摘要", "含社会救助对象")]
    assert seen.duties == ((update.pk, "内编发〔2026〕12号"),)
    assert queries.require_published(pk).version == 1
    actions.assess(pk, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
    actions.leader_approve(pk, by=world.actor("civil.leader"), at=world.at)
    actions.submit(pk, by=officer, at=world.at)
    reviewer = world.actor("authority.reviewer")
    actions.review(pk, by=reviewer, at=world.at)
    actions.publish(pk, by=reviewer, at=world.at)
    done = queries.revision(case.pk, actor=reviewer)
    assert (done.row.state_label, done.row.done_at) == ("已生效", world.at)
    assert [row.label for row in done.opinions][-2:] == ["审核", "发布"]
    page = client.get(f"/catalogue/revisions/{case.pk}/").content.decode()
    assert "内编发〔2026〕12号" in page
    assert world.client("police.officer").get(f"/catalogue/revisions/{case.pk}/").status_code == 404
    book = client.get("/catalogue/revisions/export/")
    rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(book.streaming_content))).active.values)  # type: ignore[attr-defined]
    assert rows[1][4] == "职责划入社会救助"
