"""The manual's page of workflows: every table of moves drawn and listed, and the limits that the clocks count, from the code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from jutong.cli.markdown import head, row

if TYPE_CHECKING:
    from jutong.kernel.workflow import Workflow

TITLE: Final = """# 流程图与期限

本页由 `make docs` 从代码生成，请勿手工修改；测试会比对。图、页面按钮和待办来自同一张流转表。
"""
DAY: Final = date(2026, 1, 1)
"""The day for which the limits are shown; every profile of today's is in force then."""


def render() -> str:
    """Return the whole page as Markdown; Django must be set up."""
    return TITLE + "\n" + "\n".join((*_workflows(), *_limits()))


def _workflows() -> Iterator[str]:
    from django.utils.translation import gettext

    from jutong.kernel.workflow import workflows

    for name, workflow in sorted(workflows().items()):
        yield f"## {gettext(workflow.title)} `{name}`"
        yield from _drawing(workflow)
        yield from _moves(workflow)
        yield from _clocks(workflow)
        yield ""


def _moves(workflow: Workflow[Any]) -> Iterator[str]:
    """Yield the table of moves; a move that the rules in force may take away is marked."""
    from django.utils.translation import gettext

    yield from head("按钮", "从", "到", "由谁", "时钟", "条件", "操作名")
    for move in workflow.moves:
        sources = "、".join(_state(workflow, state) for state in move.sources)
        clocks = "；".join(f"{_DEEDS[deed]}“{gettext(workflow.clocks[clock].label)}”" for deed, clock in move.clocks)
        condition = "视现行规则与事项而定" if move.when else ""
        who = gettext(move.who.label)
        yield row(gettext(move.label), sources, _state(workflow, move.target), who, clocks, condition, f"`{move.verb}`")


_DEEDS: Final = {"start": "起算", "stop": "停止", "pause": "暂停", "resume": "继续", "extend": "延长"}
_PLACES: Final = {"-": "（新建）", "=": "（不变）", "previous": "（回到原状态）"}


def _state(workflow: Workflow[Any], state: str) -> str:
    return _PLACES.get(state) or f"{workflow.state_label(state)} `{state}`"


def _clocks(workflow: Workflow[Any]) -> Iterator[str]:
    from django.utils.translation import gettext

    if not workflow.clocks:
        return
    yield from head("时钟", "期限参数", "最长延期", "提前提醒")
    for clock in workflow.clocks.values():
        parameter = f"`{clock.parameter}`" if isinstance(clock.parameter, str) else "按事项的种类取"
        if clock.given:
            parameter = "由主管部门发布的工作流程给出"
        if clock.wish:
            parameter = f"没有期限；内部目标 `{clock.wish}`"
        extension = f"`{clock.extension}`" if clock.extension else "不得延期"
        yield row(gettext(clock.label), parameter, extension, f"{clock.warn_days} 个工作日")


def _drawing(workflow: Workflow[Any]) -> Iterator[str]:
    """Yield the moves as a Mermaid state diagram; a move that stays or goes back is left to the table."""
    from django.utils.translation import gettext

    yield "\n```mermaid\nstateDiagram-v2"
    for state in dict.fromkeys(state for move in workflow.moves for state in (*move.sources, move.target)):
        if state not in _PLACES:
            yield f"    {state} : {workflow.state_label(state)}"
    lines: dict[tuple[str, str], list[str]] = {}
    for move in workflow.moves:
        for source in move.sources:
            if move.target not in {"=", "previous"}:
                start = "[*]" if source == "-" else source
                lines.setdefault((start, move.target), []).append(gettext(move.label))
    for (start, target), labels in lines.items():
        yield f"    {start} --> {target} : {'／'.join(dict.fromkeys(labels))}"
    yield "```"


def _limits() -> Iterator[str]:
    """Yield every limit in days under every shipped profile, as in force beside the decree."""
    from jutong.kernel.policy import SHIPPED, effective_all, load, parameters
    from jutong.kernel.policy.wording import sources, worded

    profiles = [load(name) for name in SHIPPED]
    found = {
        (one.parameter, one.kind, profile.name): one for profile in profiles for one in effective_all(profile, DAY)
    }
    yield "## 期限"
    yield f"\n各政策规则在 {DAY} 的有效值（与国家条例合并之后）；一个事项始终按开始时的规则办理。"
    yield from head("期限", *(profile.title for profile in profiles), "条例依据", "参数")
    for name, declared in parameters().items():
        if declared.type != "days":
            continue
        for kind in declared.kinds or [None]:
            label = f"{declared.zh}（{declared.kinds[kind]}）" if kind else declared.zh
            cells = [found[name, kind, profile.name] for profile in profiles]
            words = ("—" if cell.value is None else worded(declared, cell.value) for cell in cells)
            yield row(label, *words, sources(cells[0].articles), f"`{name}`")
