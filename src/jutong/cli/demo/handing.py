"""What departments of the demo city hand in and hand over as files: a folder of scans, and a list filled in with Excel."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import openpyxl

from jutong.cli.demo import loading
from jutong.cli.demo.resources import content
from jutong.cli.demo.town import Town, person, registered

PURPOSE: Final = "data_verification"
TRAINED: Final = "职业技能培训补贴发放名册"
FILES: Final = "企业登记档案目录"


def files(town: Town) -> int:
    """Scanned files of the market bureau go from its folder into the labour bureau's, each with its digest."""
    from jutong.slices.datacentre import actions as datacentre
    from jutong.slices.datacentre.actions import Mapped
    from jutong.slices.exchange import actions, queries
    from jutong.slices.sources.actions import Details

    here, there = town.folder / "market", town.folder / "hr"
    for folder in (here, there):
        folder.mkdir(parents=True, exist_ok=True)
    heads = ("统一社会信用代码", "档案名称", "页数")
    for month in range(1, 7):
        lines = [",".join(heads), *(f"91369002MA{month}{n:07d},设立登记档案,{n % 30 + 4}" for n in range(200))]
        (here / f"2026年{month}月.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    entry = _published(town, "market", FILES, heads)

    def stated(title: str, place: Path, **more: Any) -> Details:
        return Details(title=title, host="", port=0, database=str(place), user="", engine="files", **more)

    source = registered(town, "market", stated("登记档案文件夹", here))
    mapping = [Mapped(head, head, key=head == heads[0]) for head in heads]
    datacentre.mount(
        by=person(town, "market.officer"), at=town.at, resource_id=entry, source_id=source, schema=".", table="*.csv",
        mapping=mapping,
    )  # fmt: skip
    grant = _asked(town, entry, heads)
    target = registered(town, "hr", stated("档案接收文件夹", there, provides=False, receives=True))
    run = actions.order_files(
        by=person(town, "hr.engineer"), at=town.at, grant_id=grant, source_id=target, folder="企业档案"
    )
    return queries.run(run.pk, person(town, "hr.engineer")).row.id


def _published(town: Town, department: str, title: str, heads: tuple[str, ...], **more: Any) -> int:
    """Publish an unconditional entry of text items, whose first is the key; one that is there already stays."""
    from jutong.slices.catalogue import actions, queries
    from jutong.slices.catalogue.actions import ItemContent

    found, _meta = queries.entries_of(person(town, f"{department}.officer"), text=title)
    if known := next((row.id for row in found if row.title == title), None):
        return known
    items = more.pop("items", None) or tuple(
        ItemContent(name=head, column=head, type="C", length=60, key=number == 0) for number, head in enumerate(heads)
    )
    plain = content(title, 0)
    open_ = {"share_type": "unconditional", "personal": False, "share_limit": "", "share_scope": "", "use_purposes": (),
             "share_conditions": "", "open_type": "conditional", "open_conditions": "经实名登记后开放"}  # fmt: skip
    changed = msgspec.structs.replace(plain, items=items, **{**open_, "share_mode": "database", **more})
    ids = loading.submitted(town.city, department, [changed], town.at)
    reviewer = person(town, "data.reviewer")
    actions.review_entries(ids, by=reviewer, at=town.at)
    actions.publish_entries(ids, by=reviewer, at=town.at)
    return ids[0]


def _asked(town: Town, entry: int, heads: tuple[str, ...]) -> int:
    """The labour bureau asks for an entry whole, and gets it; returns the grant."""
    from jutong.kernel.clock import beijing_day
    from jutong.slices.grants import queries as grants
    from jutong.slices.sharing import actions

    consumer = town.city.departments["hr"]
    if held := grants.between(consumer, entry):
        return held.id
    at, today, modes = town.at, beijing_day(town.at), ("front_end_node",)
    asked = actions.Asked(
        resource_id=entry, items=heads, key_items=(heads[0],), modes=modes, purposes=(PURPOSE,),
        use_basis="《社会保险法》第五十七条", use_scene="办理单位参保登记时核对设立档案", use_scope="参保登记科室内部使用",
        duty="社会保险登记", use_from=today, use_until=today + timedelta(days=365), declared=True,
    )  # fmt: skip
    case = actions.write_request(asked=asked, by=person(town, "hr.clerk"), at=at)
    actions.consent(case, by=person(town, "hr.head"), at=at)
    actions.file_request(case, by=person(town, "hr.clerk"), at=at)
    items = tuple(actions.GrantedItem(head) for head in heads)
    reply = actions.Reply(agree=True, items=items, key_items=(heads[0],), modes=modes, purposes=(PURPOSE,))
    actions.prepare_reply(case, reply=reply, by=person(town, "market.officer"), at=at)
    actions.agree(case, by=person(town, "market.head"), at=at)
    held = grants.between(consumer, entry)
    return held.id if held else 0


# -- submissions ----------------------------------------------------------------------------------------------------------


def hand_in(town: Town) -> None:
    """The labour bureau hands in a list by Excel: nine rows go in, three come back."""
    from jutong.slices.catalogue.actions import ItemContent
    from jutong.slices.exchange import actions, queries

    items = (
        ItemContent(name="补贴编号", column="code", type="C", length=10, key=True),
        ItemContent(name="培训工种", column="trade", type="C", length=30),
        ItemContent(name="技能等级", column="grade", type="C", length=1, code_table="职业技能等级代码",
                    value_range="1 高级技师；2 技师；3 高级工；4 中级工；5 初级工"),
        ItemContent(name="发放日期", column="paid_on", type="D"),
        ItemContent(name="补贴金额", column="amount", type="N"),
    )  # fmt: skip
    entry = _published(
        town, "hr", TRAINED, (), items=items, share_mode="file", format_class="spreadsheet", format_types=("xlsx",),
        update_cycle="monthly",
    )  # fmt: skip
    officer = person(town, "hr.officer")
    if queries.submissions(officer)[0]:
        return
    book = openpyxl.Workbook()
    trades = ("电工", "焊工", "养老护理员", "育婴员")
    rows: list[list[Any]] = [
        [f"BT26{n:04d}", trades[n % 4], str(n % 5 + 1), date(2026, 3, n + 1), 800 + 50 * n] for n in range(12)
    ]
    rows[3][2], rows[7][3], rows[9][4] = "9", "三月初八", "一千二"
    for row in ([item.name for item in items], *rows):
        book.active.append(row)
    held = io.BytesIO()
    book.save(held)
    held.seek(0)
    actions.submit_batch(by=officer, at=town.at, resource_id=entry, source=held, name="三月补贴发放.xlsx")
