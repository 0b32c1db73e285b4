"""Rows set aside that the provider puts right: which may be, what may be written, and how it is shown; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Role, Who
from jutong.kernel.errors import WrongState
from jutong.kernel.terms import N_
from jutong.slices.exchange.rules.terms import Terms
from jutong.wire.grants import Masking
from jutong.wire.transfers import OrderKind, Read

PROVIDER: Final = Who(
    "submitter", N_("提供部门数据专员或系统工程师"), (Role.DATA_OFFICER, Role.SYSTEM_ENGINEER), of="provider_id"
)
"""Who holds the truth about the rows: the consumer may see what was set aside, not change what it is given."""
MOST_CORRECTED: Final = 1_000
"""Rows of one upload, and of the order that delivers them."""
DRAFT_LIFE: Final = timedelta(days=1)
"""How long an upload waits for its confirmation before it is forgotten."""
LONGEST: Final = 4_000
"""Characters of a corrected value."""
INCREMENTAL: Final = (Read.WATERMARK, Read.CHANGES)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an uploaded sheet: where it stands, which row it means, its item and the value put right."""

    line: int
    row_id: int
    item: str
    value: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the row that a line means. content: the row itself was kept; done: it has been delivered since."""

    item: str
    content: bool
    done: bool


def check_run(state: str, kind: str, *, dirty: int) -> None:
    """Refuse corrections of a run that has not released its good rows, or set none aside."""
    if kind != OrderKind.TABLE or not dirty:
        raise WrongState(N_("该任务没有可更正的问题行。"))
    if state != "released":
        raise WrongState(N_("只有已放行的任务可以更正后补送问题行；请先处理该任务，或在来源更正后重新执行。"))


def check_newest(read: str, *, later: bool) -> None:
    """Refuse rows of a run after which the whole source was delivered again: they would be old, or there twice."""
    if later and read not in INCREMENTAL:
        raise WrongState(N_("该任务之后已重新执行并放行，问题行请在最近一次执行上更正。"))


def check_left(left: int, *, forgotten: bool) -> None:
    """Refuse where no row can be put right any more. forgotten: originals were kept long enough and are gone."""
    if left:
        return
    if forgotten:
        raise WrongState(N_("问题行的原文已过保留期并清除，请在来源更正后重新执行任务。"))
    raise WrongState(N_("没有可以更正后补送的问题行：都已补送，或须在来源更正后重新执行。"))


def writable(items: Iterable[Mapping[str, Any]], tested: set[str]) -> list[str]:
    """Return the granted items whose values can be put right here. tested: those that limit the rows."""
    return [each["item"] for each in items if each["item"] not in tested and each.get("masking") != Masking.KEYED_HASH]


def fault_of(line: Line, known: Known | None, items: Mapping[str, Mapping[str, Any]], tested: set[str]) -> str:
    """Return why a line cannot be delivered, or an empty text. items: granted ones; tested: those that limit the rows."""
    if known is None:
        return _("编号不是本任务的问题行，请使用从本任务导出的更正表。")
    item = items.get(line.item, {})
    unwritable = len(line.value) > LONGEST or any(ord(sign) < ord(" ") and sign not in "\t\n\r" for sign in line.value)
    tests = (
        (line.item != known.item, _("信息项与登记的不一致，请不要改动“更正后的值”以外的列。")),
        (known.done, _("该行已更正并补送，不能重复补送。")),
        (not known.content, _("该行的原文没有留存，请在来源更正后重新执行任务。")),
        (not item, _("该行的问题不在某个已授权的信息项上，请在来源更正后重新执行任务。")),
        (
            line.item in tested or item.get("masking") == Masking.KEYED_HASH,
            _("该信息项决定授权的行范围或以散列提供，请在来源更正后重新执行任务。"),
        ),
        (unwritable, _("更正后的值超过 4000 个字符，或含有控制字符，请修改。")),
    )
    return next((sentence for broken, sentence in tests if broken), "")


def shown(value: str) -> str:
    """Return a corrected value as it is kept: its first character and its length."""
    return value[:1] + "*" * min(len(value) - 1, 40)


def terms_of(agreed: Terms) -> Terms:
    """Return the terms under which corrected rows run: all of them, whatever is still wrong set aside again."""
    return Terms(most_dirty=MOST_CORRECTED, priority=agreed.priority)
