"""What an order may ask for, how a run goes on, and when a receipt proves a delivery; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Role, Who
from jutong.kernel.errors import NotAllowed, RuleBroken, WrongState
from jutong.kernel.terms import MODE_LABELS, N_, DeliveryMode, Term
from jutong.slices.exchange.rules.terms import PLAIN, Terms
from jutong.wire.grants import Column, Masking
from jutong.wire.nodes import NodePass
from jutong.wire.transfers import Check, OrderKind, Read, Receipt, RunState, TableMode, Tally

CONSUMER: Final = Who(
    "consumer",
    N_("使用部门经办人、数据专员或系统工程师"),
    (Role.CLERK, Role.DATA_OFFICER, Role.SYSTEM_ENGINEER),
    of="consumer_id",
)

ORDERERS: Final = Who("orderer", CONSUMER.label, CONSUMER.roles)
"""The same posts in any department: where the grant, and with it the department, is only known within the action."""
SOURCE_OWNER: Final = Who("source_owner", N_("数据源所属部门的系统工程师"), (Role.SYSTEM_ENGINEER,), of="department_id")
SOURCE_OWNERS: Final = Who("source_owners", SOURCE_OWNER.label, SOURCE_OWNER.roles)

ARTEFACT_LIFE: Final = timedelta(days=7)
"""How long a batch file can be fetched, if its grant does not end before."""
TICKET_LIFE: Final = timedelta(seconds=55)
"""How long a download ticket is good; the gateway takes none older than 60 seconds."""
NAME_BYTES: Final = 63
FOLDERS: Final = "files"
"""The engine of file stores: a local folder, SFTP or S3."""


class Kind(Term):
    """Ways of delivery that a person orders (national-2025#22; the local modes are mapped onto them, R-EXC-024)."""

    TABLE = "table", N_("批量交换（库表传输）")
    BATCH = "batch", N_("文件下载（批量文件）")
    FILES = "files", N_("批量交换（文件夹）")


class Mode(Term):
    """How rows enter the target table."""

    REPLACE = "replace", N_("整表替换")
    UPSERT = "upsert", N_("按主键更新")
    APPEND = "append", N_("追加")


class Format(Term):
    """Formats of a batch file."""

    CSV = "csv", N_("CSV 表格")
    XLSX = "xlsx", N_("Excel 工作簿")
    JSONL = "jsonl", N_("JSON 行")
    PARQUET = "parquet", N_("Parquet 列式文件")


class Encoding(Term):
    """Encodings of a batch file; all but CSV are UTF-8."""

    UTF8 = "utf-8", N_("UTF-8")
    GB18030 = "gb18030", N_("GB18030")


class Trigger(Term):
    """What set a run off."""

    PERSON = "person", N_("人工发起")
    SCHEDULE = "schedule", N_("按计划")
    AFTER = "after", N_("前一任务放行后")
    UPDATE = "update", N_("数据更新后")


MODES_FOR: Final[Mapping[str, tuple[DeliveryMode, ...]]] = {
    OrderKind.TABLE: (DeliveryMode.FRONT_END_NODE, DeliveryMode.SYSTEM_DOCKING),
    OrderKind.BATCH: (DeliveryMode.BATCH_DOWNLOAD,),
    OrderKind.FILES: (DeliveryMode.FRONT_END_NODE, DeliveryMode.SYSTEM_DOCKING),
}
"""Delivery modes under which a kind of order may run; the runner asks for the same."""

OPEN: Final = ("queued", "sent", "received", "validated")
"""States in which a runner has work to do."""
_WAY: Final = (*OPEN, "released")
_VERBS: Final = {"sent": "send", "received": "receive", "validated": "validate", "released": "release"}
_ENDS: Final = {"rejected": "reject", "quarantined": "quarantine"}

_NAME: Final = re.compile(r"[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_\u4e00-\u9fff]*")
_NO_FOLDER: Final = frozenset('\\"*?<>|:')
_RESERVED: Final = frozenset({"information_schema", "jutong_position"})


@dataclass(frozen=True, slots=True)
class Plan:
    """How a task is to run: its terms; by a schedule (cron), after another task's release, after the data's update."""

    terms: Terms = PLAIN
    cron: str = ""
    after_task_id: int | None = None
    after_update: bool = False


def check_mode(kind: str, modes: Collection[str]) -> None:
    """Refuse a delivery that the grant does not offer, naming what it offers (R-EXC-003)."""
    if set(MODES_FOR[kind]) & set(modes):
        return
    offered = "、".join(_(MODE_LABELS[DeliveryMode(mode)]) for mode in modes)
    needed = "、".join(_(MODE_LABELS[mode]) for mode in MODES_FOR[kind])
    raise WrongState(
        _("该授权提供的方式为：%(offered)s，不含%(needed)s；请按已授权的方式获取，或另行申请。")
        % {"offered": offered or _("无"), "needed": needed}
    )


def check_term(state: str, valid_from: datetime, valid_until: datetime, at: datetime) -> None:
    """Refuse an order under a grant that is not in force now."""
    if state != "granted":
        raise WrongState(N_("该授权已暂停或终止，不能据以获取数据。"))
    if at < valid_from:
        raise WrongState(N_("该授权尚未开始，请在使用时限内发起。"))
    if at >= valid_until:
        raise WrongState(N_("该授权的使用时限已届满，请重新申请。"))


def table_name(schema: str, table: str) -> str:
    """Return a table's name as people read it: with its schema, where its database has schemas."""
    return f"{schema}.{table}" if schema else table


def check_target(schema: str, table: str, mode: str) -> None:
    """Refuse names that no ordinary table has, and unknown modes; an empty schema is the target's usual one."""
    for field, label, text in (("schema", _("目标模式"), schema), ("table", _("目标表"), table)):
        if field == "schema" and not text:
            continue
        if not _NAME.fullmatch(text) or len(text.encode()) > NAME_BYTES:
            raise RuleBroken(
                N_("“%(label)s”应以字母、汉字或下划线开头，只含字母、数字、汉字、下划线，最长 63 字节，请修改。"),
                field=field,
                label=label,
            )
        if text.lower().startswith(("pg_", "jutong_", "sqlite_")) or text.lower() in _RESERVED:
            raise RuleBroken(
                N_("“%(label)s”不能使用系统保留的名称“%(text)s”，请换一个。"), field=field, label=label, text=text
            )
    if mode not in set(TableMode):
        raise RuleBroken(N_("“写入方式”不在可选范围内，请从列表中选择。"), field="mode")


def check_file(file_format: str, encoding: str) -> None:
    """Refuse formats and encodings that runners do not write."""
    if file_format not in set(Format):
        raise RuleBroken(N_("“文件格式”不在可选范围内，请从列表中选择。"), field="format")
    if encoding not in set(Encoding):
        raise RuleBroken(N_("“文件编码”不在可选范围内，请从列表中选择。"), field="encoding")
    if file_format != Format.CSV and encoding != Encoding.UTF8:
        raise RuleBroken(N_("只有 CSV 可以选择 GB18030 编码，请改用 UTF-8 或 CSV。"), field="encoding")


def check_folder(folder: str) -> str:
    """Return the target folder of exchanged files without outer blanks and slashes; empty means the target's own folder.

    RuleBroken for a name that leaves its place, is hidden, or is too long.
    """
    name = folder.strip().strip("/")
    parts = name.split("/") if name else []
    if any(not part or not part.isprintable() or part.startswith(".") or set(part) & _NO_FOLDER for part in parts):
        raise RuleBroken(
            N_("“目标文件夹”应为相对路径，每层不能为空、以点开头，也不能含反斜杠、引号、星号等字符，请修改。"),
            field="folder",
        )
    if len(name) > NAME_BYTES:
        raise RuleBroken(N_("“目标文件夹”最长 63 个字符，请缩短。"), field="folder")
    return name


def check_whole(columns: Iterable[Column], mounted: Collection[str], *, conditions: bool) -> None:
    """Refuse file exchange under a grant that shows less than everything: a file is handed over as it is, or not at all.

    columns: the granted ones; mounted: every column of the resource; conditions: whether the grant limits the rows.
    """
    if conditions:
        raise WrongState(N_("该授权限定了行范围，文件不能原样交换；请改用库表传输或批量下载。"))
    granted = tuple(columns)
    if any(column.masking is not Masking.NONE for column in granted):
        raise WrongState(N_("该授权要求脱敏，文件不能原样交换；请改用库表传输或批量下载。"))
    if {column.column for column in granted} != set(mounted):
        raise WrongState(N_("该授权只含部分信息项，文件不能原样交换；请改用库表传输或批量下载。"))


def check_folders(source_engine: str, target_engine: str) -> None:
    """Refuse file exchange where an end is no file store."""
    if source_engine != FOLDERS:
        raise RuleBroken(N_("该资源不在文件数据源上，不能按文件夹交换；请改用库表传输或批量下载。"), field="grant_id")
    if target_engine != FOLDERS:
        raise RuleBroken(N_("文件夹交换的去向应为本部门的文件数据源，请另选。"), field="source_id")


def way(state: str, target: str) -> tuple[str, ...]:
    """Return the verbs that lead a run from `state` to what a runner reports; empty when it is there or past it.

    A runner that died and came back may report a later state at once, and an earlier one again.
    """
    if state not in OPEN:
        return ()
    if target in _ENDS:
        return (_ENDS[target],)
    if target not in _WAY:
        return ()
    return tuple(_VERBS[step] for step in _WAY[_WAY.index(state) + 1 : _WAY.index(target) + 1])


def led(side: str, state: RunState) -> RunState:
    """Return the state to which a half's report leads its run: a sender that is done has sent, and no more."""
    return RunState.SENT if side == "sender" and state is RunState.RELEASED else state


def apart(sender: Receipt, receiver: Receipt) -> str:
    """Return the sentence saying that what one node handed over is not what the other was given, or an empty text."""
    if sender.target != receiver.source:
        return _("发送端送出的与接收端收到的行数或校验和不同，数据已隔离，原有数据保持不变。")
    return ""


def foreign(receipt: Receipt, *, order_id: str, grant_id: str, digest: str) -> str:
    """Return the sentence saying why a receipt is not of this order, or an empty text."""
    if (receipt.order_id, receipt.grant_id) != (order_id, grant_id):
        return _("回执所列的任务或授权与本次任务不符，数据已隔离。")
    if receipt.request_digest != digest:
        return _("回执所列的请求摘要与本次任务不符，数据已隔离。")
    return ""


def unreconciled(source: Tally, target: Tally, *, said: bool) -> str:
    """Return the sentence saying how two ends differ, or an empty text; `said`: the receipt calls itself reconciled."""
    if source.rows != target.rows:
        return _("两端行数不一致（发送 %(sent)d 行，接收 %(arrived)d 行），数据已隔离，原有数据保持不变。") % {
            "sent": source.rows,
            "arrived": target.rows,
        }
    if (source.checksum, source.method) != (target.checksum, target.method) or not said:
        return _("两端行数一致，但内容校验未通过，数据已隔离，原有数据保持不变。")
    return ""


def check_reach(kind: str, source_node: str, target_node: str) -> None:
    """Refuse an order that no data plane can carry out: one of them reaches both ends, or two front-end nodes one each.

    source_node, target_node: the front-end node behind which the end sits; empty for the data plane beside the centre.
    """
    if kind == OrderKind.BATCH and source_node:
        raise RuleBroken(
            N_("该资源位于前置机之后，中心不能生成批量文件；请由提供部门通过前置机的文件交换发送。"), field="grant_id"
        )
    if kind != OrderKind.BATCH and bool(source_node) != bool(target_node):
        raise RuleBroken(
            N_("资源与目标只有一端在前置机之后，不能直接交换；请把另一端也登记在其部门的前置机之后。"),
            field="source_id",
        )


def check_between(modes: Collection[str], terms: Terms, *, corrects: bool) -> None:
    """Refuse what no parcel carries between two front-end nodes. modes: of the grant; corrects: delivers corrected rows."""
    if DeliveryMode.FRONT_END_NODE not in modes:
        raise WrongState(N_("资源与目标在两台前置机之后，须按前置机共享交换，而该授权不含这种方式，请另行申请。"))
    if corrects:
        raise WrongState(
            N_("两台前置机之间的任务不能补送更正后的行；请提供部门在来源更正后重新执行任务。"),
        )
    if terms.read in {Read.CHANGES, Read.COMPARE}:
        raise RuleBroken(
            N_("变更日志和比对差异不能在两台前置机之间进行；请改用全量读取或按增长字段增量读取。"), field="read"
        )
    if terms.check is Check.STREAM:
        raise RuleBroken(N_("两台前置机之间只能按内容核对；请把“核对方式”改为逐行内容校验和。"), field="check")
    if terms.most_dirty:
        raise RuleBroken(
            N_("两台前置机之间不隔离问题行；“允许的问题行数”请填 0，由提供部门在来源更正。"), field="most_dirty"
        )


def check_route(sender: NodePass, receiver: NodePass) -> None:
    """Refuse a parcel between nodes with no route: inner and outer zone never reach each other (R-EXC-016)."""
    if sender.zone != receiver.zone:
        raise NotAllowed(N_("发送与收件前置机不在同一网络区域，内外网之间不设通路。"))
    if not receiver.active:
        raise NotAllowed(N_("收件前置机未签收、已暂停或已停用，没有可用的通路。"))
