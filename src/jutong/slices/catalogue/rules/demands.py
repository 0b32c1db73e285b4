"""Demands for data: what one must state, what an answer must give, the steps of matching, and what blocks a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_

SCOPES: Final = {
    "external": N_("其他部门"),
    "internal": N_("本部门内部"),
    "central_local": N_("本部门中央与地方之间"),
}
"""Where the wanted data lies (national-project-opinion#6, R-CAT-030)."""
MOST_ITEMS: Final = 100
LENGTHS: Final = {"wanted": 200, "contents": 2000, "duty": 500, "basis": 300}
MOST_DAYS: Final = 60
"""Longest limit that a matching procedure can set, in working days."""
MOST_STEPS: Final = 12


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a department wants: data, its basic content, items, likely provider (optional), duty served and its basis."""

    scope: str
    wanted: str
    contents: str
    duty: str
    basis: str
    items: tuple[str, ...] = ()
    provider_id: int | None = None

    def tidy(self) -> Wanted:
        """Return it without blanks around, each item once."""
        return Wanted(
            self.scope.strip(),
            self.wanted.strip(),
            self.contents.strip(),
            self.duty.strip(),
            self.basis.strip(),
            tuple(dict.fromkeys(name.strip() for name in self.items if name.strip())),
            self.provider_id,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a matching procedure: what, by whom, within what time, on which form."""

    name: str
    owner: str
    limit: str = ""
    form: str = ""


STANDARD_STEPS: Final = (
    Step(N_("登记需求"), N_("需求部门"), N_("随时"), N_("数据需求表（平台填报或 Excel 导入）")),
    Step(N_("查找现有目录，分派可能的提供部门"), N_("主管部门"), "", ""),
    Step(N_("研究答复：关联已有目录、编制目录或者说明不能提供"), N_("提供部门"), "", ""),
    Step(N_("发布目录并使数据可以获取，或者通过共享申请提供"), N_("提供部门"), "", N_("目录、共享申请")),
    Step(N_("以目录、申请或者理由办结"), N_("主管部门"), "", ""),
)
"""What the platform itself does, offered to an authority that writes its procedure."""
_MISSING: Final = {
    "wanted": N_("请写明需要的数据。"),
    "contents": N_("请写明所需数据的基本内容。"),
    "duty": N_("请写明该数据服务的职责。"),
    "basis": N_("请写明履行该职责的依据。"),
}


def check_wanted(given: Wanted, *, consumer_id: int) -> Wanted:
    """Return a demand as it is kept, or refuse it with a remark per field (R-CAT-028, R-CAT-030).

    Wanted data, basic content, the duty served and its basis are needed; the provider is another department, or the
    own one for a demand inside the department.
    """
    kept = given.tidy()
    remarks = (
        {} if kept.scope in SCOPES else {"scope": N_("请选择需求范围：其他部门、本部门内部、本部门中央与地方之间。")}
    )
    remarks |= {name: sentence for name, sentence in _MISSING.items() if not getattr(kept, name)}
    for name, most in LENGTHS.items():
        if len(getattr(kept, name)) > most:
            remarks[name] = N_("内容过长，请精简后重新填写。")
    if len(kept.items) > MOST_ITEMS or any(len(name) > LENGTHS["wanted"] for name in kept.items):
        remarks["items"] = N_("信息项最多 100 个，每个不超过 200 字。")
    if sentence := misplaced(kept.scope, consumer_id, kept.provider_id):
        remarks["provider_id"] = sentence
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)
    return kept


def misplaced(scope: str, consumer_id: int, provider_id: int | None) -> str:
    """Say what is wrong with the provider of a demand of this scope; empty where nothing is."""
    if provider_id is None:
        return ""
    if scope == "internal" and provider_id != consumer_id:
        return N_("本部门内部的需求，提供部门应为本部门；向其他部门提出的，请改选需求范围。")
    if scope != "internal" and provider_id == consumer_id:
        return N_("提供部门不能是需求部门自己；本部门内部的需求，请改选需求范围。")
    return ""


def check_steps(steps: Iterable[Step], answer_days: int | None) -> tuple[Step, ...]:
    """Return the steps of a procedure; refuse one without steps, a step without name or owner, or an odd limit (R-SHR-039)."""
    kept = [
        Step(step.name.strip()[:200], step.owner.strip()[:100], step.limit.strip()[:100], step.form.strip()[:200])
        for step in steps
        if any((step.name.strip(), step.owner.strip(), step.limit.strip(), step.form.strip()))
    ]
    if not 1 <= len(kept) <= MOST_STEPS:
        raise RuleBroken(N_("请填写工作流程的步骤，1 至 12 步。"), field="steps")
    for place, step in enumerate(kept, start=1):
        if not step.name or not step.owner:
            raise RuleBroken(N_("第 %(step)d 步缺少步骤名称或责任方，请补充。"), field="steps", step=place)
    if answer_days is not None and not 1 <= answer_days <= MOST_DAYS:
        raise RuleBroken(N_("研究答复时限为 1 至 60 个工作日，不设时限请留空。"), field="answer_days")
    return tuple(kept)


def likeliest(named: int | None, holders: Sequence[int], declined: Iterable[int]) -> int | None:
    """Return the department a demand is given to without asking the authority.

    The one that the consumer named, else the one that alone provides the wanted items; none that declined before.
    """
    refused = set(declined)
    if named is not None:
        return None if named in refused else named
    left = [holder for holder in dict.fromkeys(holders) if holder not in refused]
    return left[0] if len(left) == 1 else None
