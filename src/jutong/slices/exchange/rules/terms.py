"""How the runs of a task read, check and hold back, and what such terms must keep to; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_, Masking, Term
from jutong.wire.grants import Column, Kind
from jutong.wire.transfers import Check, OrderKind, Read, Split, SplitBy, TableMode, Watermark

MOST_DIRTY: Final = 1_000_000
MOST_ROWS_PER_SECOND: Final = 10_000_000
MOST_RUNS: Final = 100
MOST_BUCKETS: Final = 256
LONGEST_PREFIX: Final = 18
LONGEST_OVERLAP: Final = 31 * 86_400
"""Seconds, for times and dates; the same figure bounds the units of a number."""
MINUTES: Final = 24 * 60
WEEK: Final = "1234567"

GROWS: Final = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP})
_DATED: Final = frozenset({Kind.DATE, Kind.TIMESTAMP})
_SIZED: Final = {SplitBy.PREFIX: LONGEST_PREFIX, SplitBy.HASH: MOST_BUCKETS}


class Reading(Term):
    """Which rows one run takes (wire Read)."""

    FULL = "full", N_("全量读取")
    WATERMARK = "watermark", N_("按增长字段增量读取")
    CHANGES = "changes", N_("按源库变更日志（含删除）")
    COMPARE = "compare", N_("与目标表比对差异")


class Checking(Term):
    """How both ends are held against each other (wire Check)."""

    CONTENT = "content", N_("逐行内容校验和")
    STREAM = "stream", N_("传输字节摘要")


class Splitting(Term):
    """How a run is divided into partitions (wire SplitBy)."""

    VALUE = "value", N_("按取值")
    YEAR = "year", N_("按年")
    MONTH = "month", N_("按月")
    PREFIX = "prefix", N_("按前几个字符")
    HASH = "hash", N_("按散列分桶")


class Window(msgspec.Struct, frozen=True):
    """When runs may work, on nights or days that begin on the ISO weekdays in `days`.

    start, end: minutes of the Beijing day; an end before the start lies on the next day.
    """

    start: int
    end: int
    days: str = WEEK


class Terms(msgspec.Struct, frozen=True, omit_defaults=True):
    """The terms of a task's runs, as they are stored with the task and frozen into each run.

    division_item: of a back-flow, the item that holds the division; its plan cannot change it.
    """

    read: Read = Read.FULL
    watermark: Watermark | None = None
    check: Check = Check.CONTENT
    split: Split | None = None
    most_dirty: int = 0
    priority: int = 5
    rows_per_second: int = 0
    window: Window | None = None
    division_item: str = ""


PLAIN: Final = Terms()
"""What an order without further words means: everything, content checked, at once."""


def check_terms(terms: Terms, columns: Iterable[Column], *, kind: str, mode: str, keys: bool) -> None:
    """Refuse terms that the grant or the way of delivery does not allow: RuleBroken with a sentence per field.

    columns: the granted items. keys: whether the granted items identify a record.
    """
    remarks: dict[str, str] = {}
    granted = {column.item: column for column in columns}
    for name, sentence in (*_read_remarks(terms, granted, kind, mode, keys=keys), *_split_remarks(terms, granted),
                           *_file_remarks(terms, kind), *_limit_remarks(terms)):  # fmt: skip
        remarks.setdefault(name, sentence)
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)


def _plain_item(granted: dict[str, Column], item: str, label: str) -> str:
    """Return what is wrong with naming this item, or an empty text: it must be granted, and unmasked."""
    if item not in granted:
        return _("“%(label)s”应为授权范围内的信息项，请从列表中选择。") % {"label": label}
    if granted[item].masking is not Masking.NONE:
        return _("“%(label)s”不能使用已脱敏的信息项“%(item)s”，请换一个未脱敏的信息项。") % {
            "label": label,
            "item": item,
        }
    return ""


def _read_remarks(
    terms: Terms, granted: dict[str, Column], kind: str, mode: str, *, keys: bool
) -> Iterator[tuple[str, str]]:
    if terms.read is Read.FULL:
        return
    if kind != "table":
        yield "read", _("只有库表传输可以增量读取，文件请选择全量读取；文件夹交换每次只送新的和有变化的文件。")
        return
    if mode == TableMode.REPLACE:
        yield "read", _("整表替换只能全量读取，请把“写入方式”改为按主键更新或追加。")
    if terms.read in {Read.CHANGES, Read.COMPARE} and (mode != TableMode.UPSERT or not keys):
        yield "read", _("按变更日志或比对差异读取须按主键更新，且授权包含主键信息项；请修改写入方式或读取方式。")
    if terms.read is not Read.WATERMARK:
        return
    item = terms.watermark.item if terms.watermark else ""
    if fault := _plain_item(granted, item, _("增长字段")):
        yield "watermark_item", fault
    elif granted[item].kind not in GROWS:
        yield "watermark_item", _("“增长字段”应为数字、日期或时间类型的信息项，请换一个。")
    if terms.watermark and not 0 <= terms.watermark.overlap <= LONGEST_OVERLAP:
        yield "overlap", _("“回看范围”应在 0 至 2678400 之间（时间类为秒），请修改。")


def _split_remarks(terms: Terms, granted: dict[str, Column]) -> Iterator[tuple[str, str]]:
    if terms.split is None:
        return
    if fault := _plain_item(granted, terms.split.item, _("分区信息项")):
        yield "split_item", fault
        return
    if terms.split.by in {SplitBy.YEAR, SplitBy.MONTH} and granted[terms.split.item].kind not in _DATED:
        yield "split_by", _("按年或按月分区须选择日期或时间类型的信息项，请修改。")
    most = _SIZED.get(terms.split.by)
    if most and not 1 <= terms.split.size <= most:
        yield "split_size", _("“分区大小”应在 1 至 %(most)d 之间，请修改。") % {"most": most}


def _file_remarks(terms: Terms, kind: str) -> Iterator[tuple[str, str]]:
    if kind != OrderKind.FILES:
        return
    if terms.split is not None:
        yield "split_item", _("文件夹交换逐个文件核对，不设分区，请清空“分区信息项”。")
    if terms.most_dirty:
        yield "most_dirty", _("文件夹交换不逐行检查，“允许的问题行数”请填 0。")


def _limit_remarks(terms: Terms) -> Iterator[tuple[str, str]]:
    for name, label, value, least, most in (
        ("most_dirty", _("允许的问题行数"), terms.most_dirty, 0, MOST_DIRTY),
        ("priority", _("优先级"), terms.priority, 1, 9),
        ("rows_per_second", _("每秒行数上限"), terms.rows_per_second, 0, MOST_ROWS_PER_SECOND),
    ):
        if not least <= value <= most:
            yield (
                name,
                _("“%(label)s”应在 %(least)d 至 %(most)d 之间，请修改。")
                % {"label": label, "least": least, "most": most},
            )
    if terms.window and (fault := window_fault(terms.window)):
        yield "window", fault


def window_fault(window: Window) -> str:
    """Return what is wrong with a window, or an empty text."""
    if not (0 <= window.start < MINUTES and 0 <= window.end < MINUTES) or window.start == window.end:
        return _("“允许时段”的起止时间应为不同的时刻（如 22:00 至 06:00），请修改。")
    if not window.days or any(day not in WEEK for day in window.days):
        return _("“允许时段”至少要选择一天，请勾选星期。")
    return ""


def check_limits(most_runs: int, rows_per_second: int, hours: Window | None) -> dict[str, str]:
    """Return what is wrong with a source's limits, by field."""
    remarks = {}
    if not 0 <= most_runs <= MOST_RUNS:
        remarks["most_runs"] = _("“同时执行的任务数”应在 0 至 100 之间，0 为不限，请修改。")
    if not 0 <= rows_per_second <= MOST_ROWS_PER_SECOND:
        remarks["rows_per_second"] = _("“每秒行数上限”应在 0 至 10000000 之间，0 为不限，请修改。")
    if hours and (fault := window_fault(hours)):
        remarks["hours"] = fault
    return remarks
