"""What stands in a consumer's ledger; pure."""

from __future__ import annotations

from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_, Term

MOST_OWN: Final = 500
"""Copies and holders a consumer can add to one ledger."""
CALLS: Final = "calls"
"""The source of the copy that answers of the interface make together."""


class CopyKind(Term):
    """How a copy came about."""

    BATCH = "batch", N_("批量文件")
    TABLE = "table", N_("库表")
    FILES = "files", N_("文件夹")
    INTERFACE = "interface", N_("接口查询结果")
    OWN = "own", N_("自行登记的副本")


class HolderKind(Term):
    """Who uses the data inside the consumer."""

    SYSTEM = "system", N_("业务系统")
    PERSON = "person", N_("人员")


def check_copy(title: str, storage: str) -> None:
    """Refuse an own copy without a name or a place."""
    if not title.strip():
        raise RuleBroken(N_("请填写副本的名称。"), field="title")
    if not storage.strip():
        raise RuleBroken(N_("请填写副本的存放位置，如机房、服务器和库名。"), field="storage")


def check_storage(storage: str) -> str:
    """Return where a copy lies; RuleBroken for nothing."""
    if not storage.strip():
        raise RuleBroken(N_("请填写副本的存放位置，如机房、服务器和库名。"), field="storage")
    return storage.strip()


def check_holder(kind: str, name: str) -> None:
    """Refuse a holder that is neither a system nor a person, or has no name."""
    if kind not in set(HolderKind):
        raise RuleBroken(N_("请选择登记的是业务系统还是人员。"), field="kind")
    if not name.strip():
        raise RuleBroken(N_("请填写使用数据的业务系统或者人员的名称。"), field="name")


def check_room(count: int) -> None:
    """Refuse to let a ledger grow without end by hand."""
    if count >= MOST_OWN:
        raise RuleBroken(N_("一项授权最多自行登记 %(most)d 条，请合并登记。"), field="title", most=MOST_OWN)
