"""Finding: synonyms, sound and slips, what comes first, kept searches, tree, map, and an entry for machines."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import rdflib
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from pyshacl import validate

from covers import covers
from jutong.kernel import outbox
from jutong.kernel.actors import system_actor
from jutong.kernel.errors import NotAllowed, NotThere, RuleBroken
from jutong.kernel.models import InboxItem
from jutong.slices.catalogue import actions, queries, search
from jutong.slices.catalogue.models import Listing, Notice, Tally
from jutong.slices.catalogue.rules.content import ItemContent
from jutong.slices.catalogue.rules.listing import HOT_FROM
from jutong.slices.catalogue.rules.words import SHELVED
from jutong.slices.catalogue.search.hits import Scope, hits
from published import published
from world import World

SHAPES = Path(__file__).with_name("dcat-ap-3.ttl")


def titles(world: World, text: str, **more: Any) -> list[str]:
    return [row.title for row in search.search(text, actor=world.actor("market.clerk"), **more).found]


def sheet_of(answer: Any) -> Any:
    return openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active


@pytest.fixture
def city(world: World) -> dict[str, int]:
    """Publish a handful of entries as three departments would."""
    return {
        title: published(world, provider, title=title)
        for provider, title in (
            ("police", "居民身份证签发信息"),
            ("market", "食品经营许可证信息"),
            ("market", "在册市场主体名单"),
            ("civil", "不动产登记簿信息"),
            ("civil", "养老机构设立备案"),
        )
    }


@pytest.mark.parametrize(
    ("typed", "found", "meant"),
    [
        ("身份证号", "居民身份证签发信息", ""),
        ("企业名单", "在册市场主体名单", ""),
        ("房产登记", "不动产登记簿信息", ""),
        ("budongchan", "不动产登记簿信息", "不动产"),
        ("sipinjinyin", "食品经营许可证信息", "食品 经营"),
        ("bdcdj", "不动产登记簿信息", "不动产 登记"),
        ("食品经营许克证", "食品经营许可证信息", "食品经营许可证"),
        ("不动产登计", "不动产登记簿信息", "不动产登记"),
        ("名单 市场 在册", "在册市场主体名单", ""),
        ("簿", "不动产登记簿信息", ""),
    ],
)
def test_what_was_meant_is_found(world: World, city: dict[str, int], typed: str, found: str, meant: str) -> None:
    results = search.search(typed, actor=world.actor("market.clerk"))
    assert results.found[0].title == found
    assert results.meant.replace(" ", "") == meant.replace(" ", "")
    page = world.client("market.clerk").get("/catalogue/", {"q": typed}).content.decode()
    assert (f"按“{results.meant}”检索" in page) == bool(meant)


def test_a_question_that_no_entry_answers_whole_is_answered_in_part_and_says_so(
    world: World, city: dict[str, int]
) -> None:
    page = world.client("market.clerk").get("/catalogue/", {"q": "养老 备案 宇航员"}).content.decode()
    assert "养老机构设立备案" in page
    assert "以下结果只含部分关键词" in page


def test_of_equal_answers_the_used_one_comes_first_and_falls_back_after_a_year(world: World) -> None:
    first, second = (published(world, title=f"殡葬设施信息{sign}") for sign in "甲乙")
    assert titles(world, "殡葬设施") == ["殡葬设施信息乙", "殡葬设施信息甲"]
    outbox.publish("grants.used", "grant:1", {"id": 1, "resource_id": first, "day": "2026-03-02"}, at=world.at)
    world.drain()
    assert titles(world, "殡葬设施") == ["殡葬设施信息甲", "殡葬设施信息乙"]
    late = world.at + timedelta(days=366)
    actions.note_mounted(second, active=True, at=late)
    actions.note_granted([first], at=world.at)
    actions.restand_the_aged(at=late)
    assert titles(world, "殡葬设施") == ["殡葬设施信息乙", "殡葬设施信息甲"]


def test_every_filter_narrows_and_a_chosen_facet_counts_as_if_unchosen(world: World, city: dict[str, int]) -> None:
    market = world.department("market")
    results = search.search("", actor=world.actor("hr.clerk"), chosen={"provider_id": [str(market)]})
    assert {row.provider_id for row in results.found} == {market}
    counts = {v.label: v.count for f in results.facets if f.name == "provider_id" for v in f.values}
    assert counts == {"内江市市场监督管理局": 2, "内江市民政局": 2, "内江市公安局": 1}
    for name in ("class_code", "domain", "share_type", "share_mode", "format_class", "region", "resource_class"):
        narrowed = search.search("登记簿", actor=world.actor("hr.clerk"), chosen={name: ["没有'这个\\值"]})
        assert narrowed.found == (), name
    (row,) = search.search(
        "登记簿", actor=world.actor("hr.clerk"), chosen={"region": ["511000"], "class_code": ["307"]}
    ).found
    assert row.title == "不动产登记簿信息"


def test_beyond_what_is_ranked_counts_are_approximate_and_the_page_says_so(
    world: World, city: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jutong.slices.catalogue.search.hits.RANKED", 2)
    results = search.search("信息", actor=world.actor("market.clerk"))
    assert (results.page.total, results.page.capped, results.approximate) == (2, True, True)
    assert "为约数" in world.client("market.clerk").get("/catalogue/", {"q": "信息"}).content.decode()


@pytest.mark.parametrize(("enough", "among"), [(1, True), (0, False)])
def test_where_few_of_those_counted_are_used_more_used_ones_are_looked_for(
    world: World, monkeypatch: pytest.MonkeyPatch, enough: int, among: bool
) -> None:
    monkeypatch.setattr("jutong.slices.catalogue.search.hits.RANKED", 1)
    monkeypatch.setattr("jutong.slices.catalogue.search.hits._HOT_TOO", enough)
    ids = {published(world, title=f"殡葬设施信息{sign}") for sign in "甲乙丙丁"}
    shelved = sorted(ids, key=lambda pk: next(n for n, (mask, place) in enumerate(SHELVED) if pk & mask == place))
    actions.note_granted([shelved[-1]], at=world.at)
    results = search.search("殡葬设施", actor=world.actor("market.clerk"), size=4)
    assert results.approximate
    assert (results.found[0].id == shelved[-1]) == among


def test_of_those_counted_used_ones_are_judged_whatever_their_words_weigh(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [published(world, title=title) for title in ("殡葬设施信息", "殡葬设施名录")]
    ids.append(published(world, title="乡镇公益设施台账", abstract="各乡镇公益设施，包括殡葬服务站。"))
    Listing.objects.filter(pk=ids[-1]).update(standing=HOT_FROM)
    monkeypatch.setattr("jutong.slices.catalogue.search.hits.RANKED", 2)
    monkeypatch.setattr("jutong.slices.catalogue.search.hits._HOT_TOO", 1)
    seen = hits(Scope("true"), "'殡葬'", {}, best=1)
    assert (seen.hot, seen.capped) == (1, True)
    assert {hit.entry_id for hit in seen.best} == {max(ids[:2]), ids[-1]}
    assert len(hits(Scope("true"), "'名录'", {}, best=1).best) == 1


@given(entry_id=st.integers(min_value=1, max_value=2**62))
def test_every_entry_stands_on_one_shelf_of_the_index(entry_id: int) -> None:
    assert sum(entry_id & mask == place for mask, place in SHELVED) == 1


@pytest.mark.parametrize("looked_through", [1, 5_000])
def test_many_entries_with_a_chosen_value_come_newest_first_whichever_way_they_are_found(
    world: World, city: dict[str, int], monkeypatch: pytest.MonkeyPatch, looked_through: int
) -> None:
    monkeypatch.setattr("jutong.slices.catalogue.search.hits.RANKED", 2)
    monkeypatch.setattr("jutong.slices.catalogue.search.results._LOOKED_THROUGH", looked_through)
    for place, pk in enumerate(sorted(city.values(), reverse=True)):
        Listing.objects.filter(pk=pk).update(released_on=world.at.date() - timedelta(days=place % 3))
    rows = Listing.objects.filter(region="511000").order_by("-released_on", "-pk").values_list("pk", flat=True)
    pages = [
        search.search(
            "", actor=world.actor("hr.clerk"), chosen={"region": ["511000"]}, number=number, size=1, facets=False
        )
        for number in (1, 2)
    ]
    assert [row.id for page in pages for row in page.found] == list(rows[:2])
    assert pages[0].page.capped


def test_tallies_follow_every_change_and_are_joined(
    world: World, city: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted() -> int:
        return search.search("", actor=world.actor("market.clerk")).page.total or 0

    assert counted() == Listing.objects.filter(in_force=True).count() == 5
    actions.withdraw(city["养老机构设立备案"], by=system_actor("test"), at=world.at, reason="停用")
    assert counted() == 4
    rows = Tally.objects.count()
    monkeypatch.setattr("jutong.slices.catalogue.search.tallies.MOST_ROWS", 1)
    assert actions.join_counts(at=world.at) == rows > Tally.objects.count()
    assert counted() == 4
    by_department = {twig.label: twig.entries for twig in search.directory("department") if twig.depth}
    assert by_department["内江市民政局"] == 1


def test_synonyms_are_kept_on_the_page_and_by_excel(world: World, city: dict[str, int]) -> None:
    keeper, clerk = world.client("authority.reviewer"), world.client("market.clerk")
    assert titles(world, "颐养") == []
    answer = keeper.post("/catalogue/synonyms/", {"sets": "颐养=养老 # 试用\n身份证＝公民身份号码"})
    assert answer.status_code == 303, answer.content.decode()
    assert titles(world, "颐养") == ["养老机构设立备案"]
    refused = keeper.post("/catalogue/synonyms/", {"sets": "颐养=养老\n养老=安老"})
    assert "“养老”同时出现在第 1 组和第 2 组" in refused.content.decode()
    sheet = b"".join(clerk.get("/catalogue/synonyms/export/").streaming_content)
    book = openpyxl.load_workbook(io.BytesIO(sheet))
    assert [cell.value for cell in book.active[2]] == ["试用", "颐养", "养老"]
    book.active.append([None, "簿册", "登记簿"])
    changed = io.BytesIO()
    book.save(changed)
    file = SimpleUploadedFile("同义词.xlsx", changed.getvalue())
    assert keeper.post("/catalogue/synonyms/", {"sets": "", "file": file}).status_code == 303
    assert titles(world, "簿册") == ["不动产登记簿信息"]
    with pytest.raises(NotAllowed):
        actions.keep_synonyms(by=world.actor("market.clerk"), at=world.at, sets=[])
    assert "颐养 = 养老" in clerk.get("/catalogue/synonyms/").content.decode()


def test_a_kept_search_tells_its_owner_in_the_same_pump(world: World) -> None:
    client = world.client("market.clerk")
    kept = {"q": "殡葬", "name": "殡葬", "share_type": ["conditional"], "subscribed": "1"}
    assert client.post("/catalogue/saved/", kept).status_code == 303
    (row,) = queries.saved_searches(world.actor("market.clerk"))
    published(world, title="殡葬设施信息")
    published(world, title="殡葬无条件共享信息", share_type="unconditional")
    world.drain()
    told = InboxItem.objects.get(account_id=world.account("market.clerk"), title__contains="殡葬")
    assert told.title == "订阅“殡葬”有 1 条新发布或有变化的目录"
    assert queries.saved_searches(world.actor("market.clerk"))[0].fresh == 1
    assert client.get(f"/catalogue/saved/{row.id}/")["Location"].startswith("/catalogue/?q=%E6%AE%A1")
    assert queries.saved_searches(world.actor("market.clerk"))[0].fresh == 0
    assert client.post(f"/catalogue/saved/{row.id}/do/unsubscribe/").status_code == 303
    published(world, title="殡葬服务价格")
    world.drain()
    assert InboxItem.objects.filter(account_id=world.account("market.clerk"), title__contains="殡葬").count() == 1
    assert world.client("hr.clerk").post(f"/catalogue/saved/{row.id}/do/forget/").status_code == 404
    with pytest.raises(NotThere):
        queries.saved_search(row.id, actor=world.actor("hr.clerk"))
    with pytest.raises(RuleBroken, match="先输入关键词"):
        actions.save_search(by=world.actor("hr.clerk"), at=world.at, name="空", text="", chosen={})
    assert client.post(f"/catalogue/saved/{row.id}/do/forget/").status_code == 303
    assert queries.saved_searches(world.actor("market.clerk")) == []


def test_a_system_keeps_searches_by_the_api_for_its_caller_alone(world: World) -> None:
    client, base = world.client("market.clerk"), "/api/v1/catalogue/saved"
    kept = {"name": "殡葬", "q": "殡葬", "share_type": ["conditional"]}
    made = client.post(base, kept, content_type="application/json").json()
    assert (made["subscribed"], made["chosen"]) == (True, {"share_type": ["conditional"]})
    published(world, title="殡葬设施信息")
    world.drain()
    assert [row["fresh"] for row in client.get(base).json()] == [1]
    assert client.get("/api/v1/catalogue/?" + made["address"]).json()["total"] == 1
    one = f"{base}/{made['id']}"
    assert client.post(f"{one}/seen").json()["fresh"] == 0
    assert client.put(one, {"subscribed": False}, content_type="application/json").json()["subscribed"] is False
    stranger = world.client("hr.clerk")
    assert [stranger.get(one).status_code, stranger.post(f"{one}/seen").status_code, stranger.delete(one).status_code] == [
        404, 404, 404,
    ]  # fmt: skip
    assert (client.delete(one).status_code, client.get(base).json()) == (204, [])


def test_the_tree_leads_from_class_to_entries(world: World, city: dict[str, int]) -> None:
    client = world.client("hr.clerk")
    for kind in search.TREES:
        page = client.get("/catalogue/tree/", {"by": kind})
        assert page.status_code == 200
        for twig in search.directory(kind):
            if twig.parameter:
                chosen = {twig.parameter: [twig.value]}
                assert search.search("", actor=world.actor("hr.clerk"), chosen=chosen).page.total == twig.entries, twig
        told = client.get("/api/v1/catalogue/tree", {"by": kind}).json()
        assert [(one["label"], one["entries"]) for one in told] == [
            (t.label, t.entries) for t in search.directory(kind)
        ]
    steps = [(twig.value, twig.depth, twig.entries) for twig in search.directory("class")]
    assert steps[:3] == [("3", 0, 5), ("307", 1, 5), ("307001", 2, 5)]


def test_a_large_tree_is_shown_place_by_place(
    world: World, city: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jutong.slices.catalogue.search.tree.UNFOLDED", 3)
    whole = search.directory("class")
    shown = [(twig.value, closed) for twig, closed in search.folded(whole)]
    assert shown == [("3", True)]
    shown = [(twig.value, closed) for twig, closed in search.folded(whole, "307")]
    assert shown == [("3", False), ("307", False), ("307001", True)]
    page = world.client("hr.clerk").get("/catalogue/tree/", {"by": "class", "open": "307"}).content.decode()
    assert ("?by=class&amp;open=307001" in page, whole[-1].label in page) == (True, False)


def test_the_map_shows_who_gives_what_to_whom_and_what_is_used_together(world: World, city: dict[str, int]) -> None:
    one, other = city["食品经营许可证信息"], city["在册市场主体名单"]
    for number, entry in ((1, one), (2, other)):
        given = {
            "id": number, "version": 1, "resource_id": entry, "provider_id": world.department("market"),
            "consumer_id": world.department("hr"), "case_ref": "",
        }  # fmt: skip
        outbox.publish("grants.version_opened", f"grant:{number}", given, at=world.at)
    world.drain()
    (flow,) = queries.flows()
    assert (flow.provider, flow.consumer, flow.entries) == ("内江市市场监督管理局", "内江市人力资源和社会保障局", 2)
    assert [row.entry_id for row in queries.used_together(one)] == [other]
    client = world.client("hr.clerk")
    assert "谁向谁提供什么" in client.get("/catalogue/map/").content.decode()
    address = f"/catalogue/map/{flow.provider_id}/{flow.consumer_id}/"
    assert "在册市场主体名单" in client.get(address).content.decode()
    told = client.get("/api/v1/catalogue/map", {"department": flow.consumer_id}).json()
    assert (told["total"], told["rows"][0]["consumer"], told["rows"][0]["grants"]) == (1, flow.consumer, 2)
    told = client.get(f"/api/v1{address.rstrip('/')}").json()
    assert {row["entry_id"] for row in told["rows"]} == {one, other}
    ended = {**given, "verb": "revoke", "from": "granted", "to": "revoked", "ground": "revoked"}
    outbox.publish("grant.revoked", "grant:2", ended, at=world.at)
    world.drain()
    assert queries.flows()[0].entries == 1
    notice = Notice.objects.order_by("pk").values_list("pk", flat=True)[0]
    sheets = [
        (f"/catalogue/finding/lists/notice/?id={notice}", 2), ("/catalogue/finding/lists/imports/", 1),
        ("/catalogue/finding/lists/review/", 1),
        ("/catalogue/finding/export/map/", 2), (f"{address}export/", 2), ("/catalogue/finding/export/tree/?by=domain", 1),
        ("/catalogue/finding/export/results/?q=%E4%BF%A1%E6%81%AF", 4),
    ]  # fmt: skip
    for address, rows in sheets:
        assert sheet_of(client.get(address)).max_row == rows, address


def test_a_sheet_of_the_best_results_says_that_there_are_more(
    world: World, city: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (search, search.hits, search.results):
        monkeypatch.setattr(module, "RANKED", 2)
    sheet = sheet_of(world.client("hr.clerk").get("/catalogue/finding/export/results/", {"q": "信息"}))
    assert str(sheet.cell(sheet.max_row, 2).value).startswith(f"只列出最相关的 {sheet.max_row - 2} 条")


def test_related_entries_share_items_the_rarest_first(world: World) -> None:
    rare = (ItemContent(name="骨灰存放证编号", type="C", length=20), ItemContent(name="墓穴号", type="C", length=10))
    one = published(world, title="骨灰寄存信息", items=rare)
    other = published(world, title="公墓墓穴信息", items=(*rare, ItemContent(name="姓名", type="C", length=50)))
    published(world, title="低保金发放信息")
    (found,) = search.related(one)
    assert (found.entry_id, found.items) == (other, ("墓穴号", "骨灰存放证编号"))
    page = world.client("market.clerk").get(f"/catalogue/{one}/related/", headers={"HX-Request": "true"})
    assert "公墓墓穴信息" in page.content.decode()


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
def test_an_entry_is_quoted_and_harvested_as_dcat_ap_3(world: World, city: dict[str, int]) -> None:
    pk = city["不动产登记簿信息"]
    client = world.client("market.clerk")
    page = client.get(f"/catalogue/{pk}/").content.decode()
    assert "内江市民政局. 不动产登记簿信息[DB/OL]. 3070010003/000001，第 1 版" in page
    assert "http://testserver/catalogue/code/3070010003/000001" in page
    shapes = rdflib.Graph().parse(SHAPES)
    for address in (f"/catalogue/{pk}/dcat/", "/catalogue/feed/"):
        answer = client.get(address)
        assert answer["Content-Type"].startswith("application/ld+json")
        graph = rdflib.Graph().parse(data=answer.content, format="json-ld")
        conforms, _graph, text = validate(graph, shacl_graph=shapes, inference="none")
        assert conforms, text
    datasets = set(graph.subjects(rdflib.RDF.type, rdflib.DCAT.Dataset))
    assert len(datasets) == 5
    broken = rdflib.Graph().parse(data=answer.content, format="json-ld")
    broken.remove((None, rdflib.DCTERMS.title, None))
    assert not validate(broken, shacl_graph=shapes)[0]
    lines = b"".join(client.get(f"/catalogue/{pk}/items/").streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines[1].startswith("公民身份号码,id_number,C,18")
    assert client.get("/catalogue/999999/dcat/").status_code == 404


@covers("R-CAT-043")
def test_search_by_the_api_says_what_it_did(world: World, city: dict[str, int]) -> None:
    answer = world.client("market.clerk").get("/api/v1/catalogue/", {"q": "bdcdj"}).json()
    assert [row["title"] for row in answer["found"]] == ["不动产登记簿信息"]
    assert (answer["total"], answer["capped"], answer["partial"]) == (1, False, False)
    assert answer["meant"].replace(" ", "") == "不动产登记"
