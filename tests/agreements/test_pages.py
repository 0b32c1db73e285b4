"""Agreements on their pages and through the interface: written, read, signed with an own certificate, printed, checked."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docx
import pytest
from agreement_world import STATED, TERMS, active, digest, drafted, line, written

from covers import covers
from jutong.crypto import sm2
from jutong.kernel import clock
from jutong.slices.agreements import actions, queries
from jutong.slices.agreements.models import Agreement
from jutong.slices.catalogue.models import Entry
from jutong.slices.parties import actions as parties
from published import published
from sm2_authority import Authority
from world import World

Sign = Callable[[bytes], bytes]


@pytest.fixture(autouse=True)
def _then(world: World) -> Iterator[None]:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    with clock.frozen(world.at):
        yield


@pytest.fixture
def certified(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Sign]:
    """Give a person a signing certificate and let the department demand signatures; the answer signs with its key."""
    from jutong.kernel.settings import settings

    authority = Authority("甲认证中心")
    (tmp_path / "1.cer").write_bytes(authority.certificate())
    monkeypatch.setattr(settings(), "certificate_authorities", tmp_path)

    def give(key: str) -> Sign:
        pair, account = sm2.generate(), world.account(key)
        certificate = authority.issue(key, pair.public, serial=account)
        parties.register_certificate(account, certificate=certificate, by=world.actor("admin.security"), at=world.at)
        department = world.department(key.partition(".")[0])
        parties.change_department(department, signature_required=True, by=world.actor("admin.system"), at=world.at)
        return lambda said: sm2.sign(pair.private, said, public=pair.public)

    return give


def form(**changes: Any) -> dict[str, Any]:
    """What a browser posts for a whole text."""
    days = {name: STATED[name].isoformat() for name in ("since", "until")}
    sides = {
        "party-0": "内江市民政局", "responsible-0": "王伟", "secrecy-0": TERMS,
        "party-1": "市人社局", "responsible-1": "李娜", "secrecy-1": TERMS,
    }  # fmt: skip
    return {**STATED, **days, **sides, **changes}


def text(answer: Any) -> str:
    """A page's text."""
    return html.unescape(answer.content.decode())


def test_an_agreement_is_written_and_concluded_by_its_pages(world: World, certified: Callable[[str], Sign]) -> None:
    officer = world.client("civil.officer")
    refused = officer.post("/agreements/new/sharing/", form(**{"party-1": "没有的局"}))
    assert (refused.status_code, "没有找到部门“没有的局”" in text(refused)) == (422, True)
    made = officer.post("/agreements/new/sharing/", form(frequency=""))
    url = made["Location"]
    case = Agreement.objects.get()
    assert url == f"/agreements/{case.pk}/"
    sent = officer.post(f"{url}send/")
    assert (sent.status_code, "协议缺少“更新频度”" in text(sent)) == (422, True)
    assert officer.post(f"{url}edit/", form()).status_code == 303
    code = Entry.objects.get(pk=published(world)).code
    where = f"{url}lines/?code={code}&consumer={world.department('hr')}"
    assert "收入" in text(officer.get(where))
    chosen = {
        "item-0": "none",
        "item-1": "name",
        "key_items": ["公民身份号码"],
        "modes": ["online_query"],
        "purposes": ["administrative_basis"],
    }
    assert officer.post(where, chosen).status_code == 303
    assert officer.post(f"{url}send/").status_code == 303
    head, sign = world.client("hr.head"), certified("hr.head")
    page = head.get(url)
    shown = re.search(r'name="digest" value="([0-9a-f]{64})"', text(page))
    assert shown
    said = re.search(r"jutong-act\|[^<”\"]+", text(page))
    assert said, "the page shows what is to be signed"
    assert head.post(f"{url}sign/", {"digest": shown[1]}).status_code == 422
    own = {"digest": shown[1], "signature": sign(said[0].encode()).hex()}
    assert head.post(f"{url}sign/", own).status_code == 303
    assert world.client("civil.head").post(f"{url}sign/", {"digest": "ab" * 32}).status_code in {409, 422}
    assert world.client("civil.head").post(f"{url}sign/", {"digest": digest(case)}).status_code == 303
    world.drain()
    proof = queries.proof(case.pk, None, world.actor("hr.head"))
    assert proof.holds
    assert {one.department: one.own_holds for one in proof.lines} == {
        "内江市民政局": None, "内江市人力资源和社会保障局": True
    }  # fmt: skip
    assert "全部签署有效" in text(head.get(f"{url}proof/"))
    assert "生效" in text(head.get(url))


@covers(partly=["R-SHR-027"])
def test_an_agreement_is_printed_as_pdf_and_word_with_all_that_was_agreed(world: World) -> None:
    case = active(world, line(world, published(world)))
    client = world.client("hr.clerk")
    pdf = b"".join(client.get(f"/agreements/{case.pk}/paper.pdf"))
    assert pdf.startswith(b"%PDF-")
    answer = client.get(f"/agreements/{case.pk}/paper.docx")
    opened = docx.Document(io.BytesIO(b"".join(answer)))
    cells = {cell.text for table in opened.tables for row in table.rows for cell in row.cells}
    assert {STATED["content"], STATED["schedule"], "civil负责人", TERMS, "2025-06-01 — 2027-02-28"} <= cells
    assert any(cell.startswith("公民身份号码、姓名（") for cell in cells)
    assert world.client("market.clerk").get(f"/agreements/{case.pk}/paper.pdf").status_code == 404
    assert client.get(f"/agreements/{case.pk}/paper.exe").status_code == 404
    assert f'href="/agreements/{case.pk}/"' in text(client.get(f"/catalogue/{Entry.objects.get().pk}/"))


def test_two_versions_stand_side_by_side_and_the_list_finds_what_waits(world: World) -> None:
    case = active(world)
    amended = written(world, quantity="约 13 万条")
    actions.amend(case.pk, by=world.actor("hr.officer"), at=world.at, written=amended, why="人数增加")
    page = text(world.client("civil.head").get(f"/agreements/{case.pk}/"))
    assert "<del>约 12 万条</del>" in page
    assert "<ins>约 13 万条</ins>" in page
    old = text(world.client("hr.clerk").get(f"/agreements/{case.pk}/?version=1"))
    assert "约 12 万条" in old
    assert "约 13 万条" not in old
    assert world.client("hr.clerk").get(f"/agreements/{case.pk}/?version=9").status_code == 404
    drafted(world, "civil", "market")
    listed = text(world.client("hr.head").get("/agreements/?side=unsigned"))
    assert case.number in listed
    assert "XY-2026-000002" not in listed
    assert world.client("hr.head").get("/agreements/export.xlsx?state=amending").status_code == 200
    todo = text(world.client("hr.head").get("/"))
    assert STATED["name"] in todo


def test_the_interface_refuses_with_the_same_sentences(world: World) -> None:
    def call(person: str, path: str, body: Any = None) -> Any:
        return world.client(person).post(f"/api/v1/agreements{path}", body, "application/json")

    sides = [
        {"department_id": world.department(key), "responsible": "王伟", "confidentiality": TERMS}
        for key in ("civil", "hr")
    ]
    stated = {**STATED, "since": "2026-03-01", "until": "2027-02-28", "frequency": ""}
    alone = call("civil.officer", "", {"kind": "sharing", "stated": stated, "sides": sides[:1]})
    assert (alone.status_code, "至少须有两个当事方" in alone.json()["detail"]) == (422, True)
    made = call("civil.officer", "", {"kind": "sharing", "stated": stated, "sides": sides})
    assert made.status_code == 200
    pk = made.json()["row"]["id"]
    lacking = call("hr.clerk", f"/{pk}/send")
    assert (lacking.status_code, "更新频度" in lacking.json()["detail"]) == (422, True)
    whole = {"stated": {**stated, "frequency": "每日"}, "sides": sides}
    assert call("hr.clerk", f"/{pk}/revise", whole).status_code == 200
    shown = call("hr.clerk", f"/{pk}/send").json()["shown"]
    assert call("market.head", f"/{pk}/sign", {"digest": shown["digest"]}).status_code == 404
    assert call("hr.clerk", f"/{pk}/sign", {"digest": shown["digest"]}).status_code == 403
    assert call("hr.head", f"/{pk}/sign", {"digest": made.json()["shown"]["digest"]}).status_code == 409
    assert call("hr.head", f"/{pk}/sign", {"digest": shown["digest"]}).json()["row"]["unsigned"] == ["内江市民政局"]
