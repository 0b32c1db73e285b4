"""The procedures whose days can be worked out beforehand: their limits in order, each a parameter of the profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jutong.kernel.terms import N_


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a procedure. follows: counts from the end of the one before, else from the start. kind: a variant."""

    label: str
    parameter: str
    follows: bool = True
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure. start: what its first day is, in words; workflow: of the cases it is about."""

    label: str
    start: str
    limits: tuple[Limit, ...]


PROCEDURES: Final[Mapping[str, Procedure]] = {
    "request": Procedure(
        N_("有条件共享申请"),
        N_("收到申请"),
        (Limit(N_("答复申请"), "request_reply_days"), Limit(N_("提供数据"), "delivery_days")),
    ),
    "unconditional": Procedure(
        N_("无条件共享申请"),
        N_("收到申请"),
        (Limit(N_("答复申请"), "unconditional_reply_days"), Limit(N_("提供数据"), "delivery_days")),
    ),
    "dispute": Procedure(
        N_("共享争议"),
        N_("提出协商"),
        (Limit(N_("协商"), "negotiation_days"), Limit(N_("协调"), "coordination_days")),
    ),
    "catalog_update": Procedure(
        N_("目录更新（部门职责变化）"),
        N_("情形发生"),
        (
            Limit(N_("更新目录"), "catalog_update_days", kind="function_change"),
            Limit(N_("审核更新"), "catalog_update_review_days"),
        ),
    ),
    "catalog_update_regulation": Procedure(
        N_("目录更新（地方性法规调整）"),
        N_("情形发生"),
        (
            Limit(N_("更新目录"), "catalog_update_days", kind="local_regulation"),
            Limit(N_("审核更新"), "catalog_update_review_days"),
        ),
    ),
    "catalog_update_system": Procedure(
        N_("目录更新（信息系统更新完成）"),
        N_("情形发生"),
        (
            Limit(N_("更新目录"), "catalog_update_days", kind="system_update_completed"),
            Limit(N_("审核更新"), "catalog_update_review_days"),
        ),
    ),
    "verification": Procedure(
        N_("校核（部门提出）"),
        N_("发现问题"),
        (
            Limit(N_("反馈问题"), "verification_feedback_days"),
            Limit(N_("校核处理"), "verification_handle_days", kind="consumer"),
        ),
    ),
    "verification_public": Procedure(
        N_("校核（公众提出）"),
        N_("收到申请"),
        (Limit(N_("校核处理"), "verification_handle_days", kind="public_applicant"),),
    ),
    "objection": Procedure(
        N_("异议"),
        N_("收到异议材料"),
        (
            Limit(N_("异议标注"), "objection_mark_days"),
            Limit(N_("主管部门决定"), "objection_own_decision_days", follows=False),
            Limit(N_("转交部门"), "objection_transfer_days", follows=False),
            Limit(N_("部门决定并告知"), "objection_department_days"),
        ),
    ),
    "open_correction": Procedure(
        N_("开放目录更正"), N_("收到更正申请"), (Limit(N_("更正答复"), "open_correction_days"),)
    ),
}
"""By code, in the order of the form."""
