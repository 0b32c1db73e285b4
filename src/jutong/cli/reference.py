"""The generated part of the manual: settings, commands, actions and events on one page, workflows on another."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from pydantic_settings import BaseSettings

from jutong.cli import drawings, instance
from jutong.cli import main as command_line
from jutong.cli.markdown import head, row
from jutong.cli.words import say

CLI_SETTINGS = {
    "JUTONG_WEB_BIND": ("127.0.0.1:8000", "网页服务的监听地址。"),
    "JUTONG_POSTGRES_PORT": ("自动选择", "内置数据库的端口；首次启动时选定并保留。"),
    "JUTONG_OWNER_DATABASE_URL": ("同 JUTONG_DATABASE_URL", "自备数据库时，表结构所有者的连接地址，仅用于迁移和授权。"),
    "JUTONG_WEB_WORKERS": ("1", "jutong serve 运行的网页进程数。"),
    "JUTONG_GATEWAY_WORKERS": ("1", "jutong serve 和 jutong node run 运行的网关进程数。"),
    "JUTONG_RUNNERS": ("1", "jutong serve 和 jutong node run 运行的传输进程数。"),
    "JUTONG_BACKUP_FOLDER": ("（空）", "备份所在目录，jutong doctor 据此检查最近一份备份的时间。"),
    "JUTONG_LANGUAGE": ("zh", "命令行的语言：zh 或 en。"),
}
HEAD = """# 参考：设置、命令、操作、事件

本页由 `make docs` 从代码生成，请勿手工修改；测试会比对。流程见 [workflows.md](workflows.md)。
"""


def render() -> str:
    """Return the whole page as Markdown; Django must be set up."""
    parts: tuple[Callable[[], Iterator[str]], ...] = (_settings, _commands, _actions, _events)
    return HEAD + "\n" + "\n".join(line for part in parts for line in part())


def _settings() -> Iterator[str]:
    """Yield the settings of each plane and of the command line."""
    from jutong.dataplane.settings import Settings as DataPlane
    from jutong.kernel.settings import Settings as ControlPlane

    yield "## 设置（环境变量）"
    planes: tuple[tuple[str, type[BaseSettings]], ...] = (("控制面", ControlPlane), ("数据面", DataPlane))
    for title, settings in planes:
        yield f"\n### {title}"
        yield from head("名称", "默认值", "含义")
        for name, field in settings.model_fields.items():
            default = "见含义" if field.default_factory else field.default
            yield row(
                f"`JUTONG_{name.upper()}`", f"`{default}`" if default not in ("", None) else "（空）", field.description
            )
    yield "\n### 命令行"
    yield from head("名称", "默认值", "含义")
    for name, (default, meaning) in CLI_SETTINGS.items():
        yield row(f"`{name}`", default, meaning)


def _commands() -> Iterator[str]:
    """Yield every command with its arguments and options."""
    yield "\n## 命令"
    yield from head("命令", "作用", "参数")
    group = command_line.group()
    yield from _commands_of(group, click.Context(group, info_name="jutong"))


def _commands_of(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from _commands_of(command, inner)
            continue
        shown = (one.get_help_record(inner) or (one.human_readable_name, "") for one in command.params)
        arguments = "；".join(f"`{name}` {meaning}".strip() for name, meaning in shown)
        yield row(f"`{inner.command_path}`", command.help, arguments)


def _actions() -> Iterator[str]:
    """Yield the writes that are no transition."""
    from django.utils.translation import gettext

    import jutong.site.urls  # noqa: F401 - what only a page does is declared once the pages are loaded
    from jutong.kernel.actions import actions

    yield "\n## 其他操作"
    yield from head("操作", "名称", "由谁", "说明")
    for name, face in sorted(actions().items()):
        yield row(f"`{name}`", gettext(face.label), gettext(face.allow.label), face.says)


def _events() -> Iterator[str]:
    """Yield the events: those of the workflows by rule, and those that the slices' `events` declare."""
    from jutong.kernel.workflow import workflows

    yield "\n## 事件"
    yield "\n每次流程转换都发布事件 `流程.到达的状态`，内容含 id、verb、from、to 和该事项的其他编号。"
    yield from head("事件", "出处")
    for name, workflow in sorted(workflows().items()):
        states = sorted({move.target for move in workflow.moves} - {"previous", "="})
        yield row("、".join(f"`{name}.{state}`" for state in states), f"流程 {name}")
    for name, place, meaning in sorted(_declared_events()):
        yield row(f"`{name}`", f"{place}：{meaning}")


def _declared_events() -> Iterator[tuple[str, str, str]]:
    """Yield name, slice and meaning of each constant in a slice's `events`; the meaning stands in the line below it."""
    folder = Path(__file__).parents[1] / "slices"
    for file in (*folder.glob("*/events.py"), *folder.glob("*/events/*.py")):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        for statement, below in zip(body, [*body[1:], None], strict=True):
            value = getattr(statement, "value", None)
            if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(value, ast.Constant):
                said = below.value if isinstance(below, ast.Expr) else None
                meaning = str(said.value) if isinstance(said, ast.Constant) else ""
                yield str(value.value), file.relative_to(folder).parts[0], " ".join(meaning.split())


PAGES: dict[str, Callable[[], str]] = {"reference.md": render, "workflows.md": drawings.render}
"""The generated pages by file name."""


if __name__ == "__main__":
    with instance.without_home():
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        for page, written in PAGES.items():
            (folder / page).write_text(written() + "\n", encoding="utf-8")
            say(str(folder / page))
