"""What a disposal must say; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_, Term

LONGEST_TEXT: Final = 2000
LONGEST_TERM: Final = 366
"""Days that a provider can leave for a disposal (default; the text names no number)."""
ARTICLE: Final = "national-2025#40(4)"
"""Not disposing of obtained data as required."""


class Instruction(Term):
    """What the provider requires to be done with a copy (R-SHR-046)."""

    DESTROY = "destroy", N_("销毁")
    RETURN = "return", N_("退还")
    SEAL = "seal", N_("封存")
    KEEP = "keep", N_("为特定职责留存")


class Method(Term):
    """What the consumer did with a copy."""

    DESTROYED = "destroyed", N_("已销毁")
    RETURNED = "returned", N_("已退还")
    SEALED = "sealed", N_("已封存")
    KEPT = "kept", N_("按要求留存")
    NOT_STORED = "not_stored", N_("未曾留存")


FITS: Final[Mapping[str, tuple[Method, ...]]] = {
    Instruction.DESTROY: (Method.DESTROYED, Method.NOT_STORED),
    Instruction.RETURN: (Method.RETURNED, Method.NOT_STORED),
    Instruction.SEAL: (Method.SEALED, Method.NOT_STORED),
    Instruction.KEEP: (Method.KEPT, Method.NOT_STORED),
}
"""The methods that carry out an instruction."""

GROUNDS: Final[Mapping[str, str]] = {
    "purpose_reached": N_("共享目的已实现"),
    "purpose_unreachable": N_("共享目的无法实现"),
    "no_longer_necessary": N_("为实现共享目的不再必要"),
    "expired": N_("使用时限届满"),
    "revoked": N_("授权已撤销"),
    "terminated": N_("共享已终止"),
    "secret_found": N_("数据因涉密取下"),
}
"""Why a use ended (W26)."""
OWN_GROUNDS: Final = ("purpose_reached", "purpose_unreachable", "no_longer_necessary")
"""The grounds that a consumer can state (national-2025#27)."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a consumer reports of copies disposed of."""

    method: str
    executed_on: date | None
    executor: str
    note: str = ""


def check_ground(ground: str) -> str:
    """Return the ground that a consumer states for ending a use; RuleBroken for none or one that is not its own."""
    if ground not in OWN_GROUNDS:
        raise RuleBroken(
            N_("请选择结束使用的情形：共享目的已实现、无法实现，或者为实现共享目的不再必要。"), field="ground"
        )
    return ground


def check_instruction(instruction: str, due_on: date | None, duty: str, *, today: date) -> tuple[str, date]:
    """Return an instruction and its day; RuleBroken for one that is none, lies in the past, or keeps for no stated duty."""
    remarks: dict[str, str] = {}
    if instruction not in set(Instruction):
        remarks["instruction"] = N_("请选择处置要求：销毁、退还、封存，或者为特定职责留存。")
    if due_on is None:
        remarks["due_on"] = N_("请填写完成处置的日期。")
    elif not 0 <= (due_on - today).days <= LONGEST_TERM:
        remarks["due_on"] = N_("完成处置的日期不得早于今天，也不得晚于一年之后，请修改。")
    if instruction == Instruction.KEEP and not duty.strip():
        remarks["duty"] = N_("要求留存的，请写明为哪一项职责留存。")
    if remarks or due_on is None:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    return instruction, due_on


def check_standing(instruction: str, days: int | None, duty: str) -> None:
    """Refuse an instruction said in advance without its days, or that keeps for no stated duty."""
    if instruction not in set(Instruction):
        raise RuleBroken(N_("请选择处置要求：销毁、退还、封存，或者为特定职责留存。"), field="instruction")
    if days is None or not 1 <= days <= LONGEST_TERM:
        raise RuleBroken(N_("请填写使用结束后几天内完成处置，1 至 366 天。"), field="days")
    if instruction == Instruction.KEEP and not duty.strip():
        raise RuleBroken(N_("要求留存的，请写明为哪一项职责留存。"), field="duty")


def check_copies(copies: Collection[int]) -> None:
    """Refuse a deed on no copy: what is proven is proven copy by copy (R-SHR-047)."""
    if not copies:
        raise RuleBroken(N_("请勾选所办理的副本，处置须逐份登记。"), field="copies")


def check_report(report: Report, *, proven: bool, today: date) -> None:
    """Refuse a report without method, executor, day or proof, or of a day to come (R-SHR-047)."""
    remarks: dict[str, str] = {}
    if report.method not in set(Method):
        remarks["method"] = N_("请选择处置方式。")
    if not report.executor.strip():
        remarks["executor"] = N_("请填写处置的执行人。")
    if report.executed_on is None:
        remarks["executed_on"] = N_("请填写处置的日期。")
    elif report.executed_on > today:
        remarks["executed_on"] = N_("处置日期不能晚于今天，请在处置之后登记。")
    if report.method in {Method.DESTROYED, Method.RETURNED, Method.SEALED} and not proven:
        remarks["proof"] = N_("请上传处置的证明文件。")
    if report.method in {Method.KEPT, Method.NOT_STORED} and not report.note.strip():
        remarks["note"] = N_("留存或者未曾留存的，请说明情况。")
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)


def check_method(instruction: str, method: str) -> None:
    """Refuse a method that does not carry out what the provider requires (national-2025#27)."""
    if method not in FITS.get(instruction, ()):
        raise RuleBroken(
            N_("处置方式与提供方的要求不符，请按要求处置后登记，或者与提供方协商变更要求。"), field="method"
        )


def check_reason(reason: str) -> str:
    """Return the reason for which a report is sent back; RuleBroken for none."""
    if not reason.strip():
        raise RuleBroken(N_("请写明退回的理由，使用方将看到这段文字。"), field="reason")
    return reason.strip()[:LONGEST_TEXT]
