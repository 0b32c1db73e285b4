"""What back-flow demands (national-2025#24): who needs what for which duty, no further condition, nothing unaccounted; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Role, Who
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.terms import N_, Purpose
from jutong.slices.exchange.rules.schedule import check_cron
from jutong.wire.grants import Kind
from jutong.wire.transfers import Receipt

_HEADS: Final = (Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
LOWER: Final = Who(
    "lower_department", N_("下级部门共享工作机构负责人或数据专员"), (*_HEADS, Role.DATA_OFFICER), of="consumer_id"
)
LOWER_OFFICER: Final = Who("lower_officer", N_("下级部门数据专员"), (Role.DATA_OFFICER,), of="consumer_id")
UPPER_HEAD: Final = Who("upper_department", N_("上级部门共享工作机构负责人"), _HEADS, of="provider_id")
LISTERS: Final = Who(
    "upper_officers", N_("上级部门数据专员或系统工程师"), (Role.DATA_OFFICER, Role.SYSTEM_ENGINEER), of="provider_id"
)
"""Who sees the records that no division claims, to complete them."""
LONGEST_TEXT: Final = 1000
PURPOSES: Final = (Purpose.ADMINISTRATIVE_BASIS,)
"""What returned data may be used for: the duty they are returned for."""

RUNNING: Final = ("running", "changed")
"""States in which a back-flow runs by its schedule."""
PHASES: Final = {
    "selected": N_("已按区划选取"),
    "sent": N_("已发送"),
    "received": N_("已接收"),
    "reconciled": N_("已核对一致"),
    "gap_reported": N_("已报告缺口"),
    "repaired": N_("已补齐"),
    "rejected": N_("未执行"),
}
"""How far the run of a period has come, in the words of back-flow (W27)."""
_OF_RUN: Final = {
    "queued": "selected", "sent": "sent", "received": "received", "validated": "reconciled", "released": "reconciled",
    "quarantined": "gap_reported",
}  # fmt: skip


def phase(state: str, *, repaired: bool) -> str:
    """Return the phase of a run. state: as an exchange task has it; repaired: divisions that lacked were sent again."""
    return "repaired" if repaired and state in {"validated", "released"} else _OF_RUN.get(state, "rejected")


def reference(backflow_id: int) -> str:
    """Return how the grant of an arrangement names what it came from."""
    return f"backflow:{backflow_id}"


def numbered(backflow_id: int) -> str:
    """Return what people call a back-flow."""
    return f"H-{backflow_id:06d}"


def check_regulated(rule: str) -> None:
    """Refuse back-flow where the profile in force knows none."""
    if rule in ("", "not_regulated"):
        raise WrongState(N_("现行政策规则没有规定数据回流，请按共享申请办理。"))


def check_levels(*, below: bool) -> None:
    """Refuse back-flow to a department that does not lie below the provider's area."""
    if not below:
        raise RuleBroken(
            N_("数据只回流给提供部门行政区域内的下级政府部门；同级或上级部门请按共享申请办理。"), field="resource_id"
        )


def check_need(duty: str, items: Sequence[str], division_item: str, kinds: dict[str, Kind]) -> None:
    """Refuse a need without duty, with items that the entry has not, or without the item that holds the division."""
    if not duty.strip() or len(duty) > LONGEST_TEXT:
        raise RuleBroken(N_("“履职依据”应为 1 至 1000 个字，请填写本部门据以使用该数据的职责。"), field="duty")
    if not items or any(item not in kinds for item in items):
        raise RuleBroken(N_("“信息项”应从目录所列信息项中至少选择一个。"), field="items")
    if division_item not in items or kinds[division_item] is not Kind.TEXT:
        raise RuleBroken(
            N_("“行政区划信息项”应为所选信息项中的一个文本项，如户籍行政区划代码，请重新选择。"), field="division_item"
        )


def check_arrangement(cron: str, security: str) -> str:
    """Return the schedule of an arrangement, or refuse one without schedule or security measures; nothing else is asked."""
    if not security.strip() or len(security) > LONGEST_TEXT:
        raise RuleBroken(N_("“安全措施”应为 1 至 1000 个字，请填写。"), field="security")
    if not (checked := check_cron(cron)):
        raise RuleBroken(N_("请填写“回流计划”：五段（分 时 日 月 周），如 30 2 * * *。"), field="cron")
    return checked


def check_evidence(condition: str, evidence: str) -> None:
    """Refuse the report of a further condition that says neither which nor from what it is seen."""
    for name, label, text in (
        ("condition", _("附加的限制条件"), condition), ("evidence", _("依据材料"), evidence),
    ):  # fmt: skip
        if not text.strip() or len(text) > LONGEST_TEXT:
            raise RuleBroken(N_("“%(label)s”应为 1 至 1000 个字，请填写。"), field=name, label=label)


def unaccounted(receipt: Receipt, prefixes: Collection[str], moved_away: Collection[str], *, repaired: bool) -> str:
    """Return why a receipt does not account for a back-flow division by division, or an empty text.

    repaired: the run moved only some divisions again, so its parts need not be the whole.
    """
    if not receipt.parts and receipt.target.rows:
        return _("回执没有按行政区划列出行数，不能证明回流完整，数据已隔离。")
    if not repaired and sum(part.target.rows for part in receipt.parts) != receipt.target.rows:
        return _("各行政区划的行数之和与总行数不一致，不能证明回流完整，数据已隔离。")
    names = [part.name for part in receipt.parts]
    foreign = [name for name in names if not name.startswith(tuple(prefixes)) or name in moved_away]
    if foreign:
        return _("回流数据含有本行政区域以外的行政区划（%s），数据已隔离。") % "、".join(foreign[:5])
    return ""
