"""The census of information resources: its six quantities, and how what departments type for them is read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.catalogue.rules.text import title_key

QUANTITIES: Final[Mapping[str, str]] = {
    "stored_volume": N_("存储总量（G）"),
    "stored_records": N_("结构化信息记录总数（万）"),
    "shared_volume": N_("已共享的数据存储量（G）"),
    "shared_records": N_("已共享的结构化记录数（万）"),
    "opened_volume": N_("已开放的数据存储量（G）"),
    "opened_records": N_("已开放的结构化记录数（万）"),
}
"""The six numbers that a national census asks of each resource, with their units."""
SHORT: Final[Mapping[str, str]] = {
    "stored_volume": N_("存储（G）"),
    "stored_records": N_("记录（万）"),
    "shared_volume": N_("已共享（G）"),
    "shared_records": N_("已共享（万）"),
    "opened_volume": N_("已开放（G）"),
    "opened_records": N_("已开放（万）"),
}
"""The same as the headings of a narrow column."""
KINDS: Final[Mapping[str, str]] = {
    "proposed": N_("待确认"),
    "confirmed": N_("已确认"),
    "missing": N_("目录中没有"),
    "gone": N_("资源已不存在"),
}
"""What a line of a declaration is: figures proposed from the catalogue, confirmed by the department, a resource that
the catalogue lacks, or an entry whose resource is no longer there."""
PLACES: Final = 4
"""Digits kept behind the point."""
MOST: Final = Decimal(10) ** 10
MOST_MISSING: Final = 5_000
"""Resources that one department can declare as missing in one census."""
LONGEST: Final = timedelta(days=366)
"""How far ahead the last day of a census may lie."""
_SAID: Final = re.compile(r"(-?\d+(?:\.\d+)?)(.*)", re.DOTALL)
_VOLUME: Final = {"k": -2, "m": -1, "g": 0, "t": 1, "p": 2}
_COUNT: Final = {
    "": Decimal("0.0001"),
    "百": Decimal("0.01"),
    "千": Decimal("0.1"),
    "万": Decimal(1),
    "亿": Decimal(10_000),
}


def read_quantity(name: str, cell: object) -> Decimal | None:
    """Return a quantity as it was typed, None for an empty cell.

    Full-width digits, spaces, thousands separators and the column's own unit are read as they are meant. RuleBroken for
    what is no number from 0 on, and for another unit than the column's: the sentence says which number to type.
    """
    said = "".join(unicodedata.normalize("NFKC", "" if cell is None else str(cell)).split()).replace(",", "")
    if not said:
        return None
    found = _SAID.fullmatch(said)
    factor = _factor(name, found[2]) if found else None
    if found is None or factor is None:
        raise RuleBroken(N_("只填数字，不能填“%(said)s”，请改正。"), field=name, said=said[:20])
    number = Decimal(found[1])
    if factor != 1:
        meant = plain(round(number * factor, PLACES))
        raise RuleBroken(
            N_("单位以表头为准，“%(said)s”请换算后填 %(number)s。"), field=name, said=said[:20], number=meant
        )
    if not 0 <= number < MOST:
        raise RuleBroken(N_("应在 0 至 100 亿之间，“%(said)s”请核对。"), field=name, said=said[:20])
    return round(number, PLACES)


def _factor(name: str, unit: str) -> Decimal | None:
    """Return what a number with this unit is to be multiplied by, None for words that are no unit."""
    if not unit:
        return Decimal(1)
    if name.endswith("_volume"):
        power = _VOLUME.get(unit.lower().removesuffix("b").removesuffix("i"))
        return None if power is None else Decimal(1024) ** power
    return _COUNT.get(unit.removesuffix("记录").removesuffix("条").removesuffix("个"))


def plain(number: Decimal) -> str:
    """Return a number without exponent and without needless zeros."""
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


def check_quantities(cells: Mapping[str, object]) -> dict[str, Decimal | None]:
    """Return the six quantities of a resource. RuleBroken with a remark per column; shared and opened are parts of stored."""
    read: dict[str, Decimal | None] = {}
    remarks: dict[str, str] = {}
    for name in QUANTITIES:
        try:
            read[name] = read_quantity(name, cells.get(name))
        except RuleBroken as refusal:
            remarks[name] = refusal.sentence
    for part in ("shared", "opened"):
        for what in ("volume", "records"):
            whole, some = read.get(f"stored_{what}"), read.get(f"{part}_{what}")
            if some is not None and (whole is None or some > whole):
                remarks.setdefault(f"{part}_{what}", N_("不能大于总量，总量也须填写，请核对。"))
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    return read


def check_census(title: str, counted_on: date | None, due_on: date | None, *, today: date) -> tuple[date, date]:
    """Return the day of the figures and the last day; refuse a census without name or days, or whose days lie wrong."""
    remarks: dict[str, str] = {}
    if not title.strip():
        remarks["title"] = N_("请填写普查名称。")
    if counted_on is None or counted_on > today:
        remarks["counted_on"] = N_("请填写数据截止日期，不能晚于今天。")
    if due_on is None or not today < due_on <= today + LONGEST:
        remarks["due_on"] = N_("填报期限应在明天至一年之内，请修改。")
    if remarks or counted_on is None or due_on is None:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    return counted_on, due_on


def check_later(due_on: date | None, present: date, *, today: date) -> date:
    """Return the new last day of a census; it can only be moved later, within a year."""
    if due_on is None or not present < due_on <= today + LONGEST:
        raise RuleBroken(N_("新的填报期限应晚于现期限，且在一年之内，请修改。"), field="due_on")
    return due_on


def check_title(title: str) -> tuple[str, str]:
    """Return a missing resource's name and the key under which names are compared; RuleBroken for none."""
    name = " ".join(title.split())[:200]
    key = title_key(name)
    if not key:
        raise RuleBroken(N_("请填写信息资源名称。"), field="title")
    return name, key
