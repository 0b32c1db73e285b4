"""The `jutong` command: which sub-commands there are, each loaded only when it is called, and how it says no."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from jutong.cli.words import gettext as _
from jutong.cli.words import joined

# name: module:attribute. A module of the command line imports Django, the slices and the data plane in its functions
# only, so that `jutong node` runs on a machine of a department without loading any of the control plane.
COMMANDS = {
    "setup": "jutong.cli.serve:setup",
    "establish": "jutong.cli.founding:establish",
    "serve": "jutong.cli.serve:serve",
    "status": "jutong.cli.serve:status",
    "worker": "jutong.cli.serve:worker",
    "doctor": "jutong.cli.doctor:doctor",
    "backup": "jutong.cli.backup:backup",
    "restore": "jutong.cli.restore:restore",
    "keys": "jutong.cli.rotation:keys",
    "node": "jutong.cli.node:node",
    "catalogue": "jutong.cli.data:catalogue",
    "policy": "jutong.cli.data:policy",
    "calendar": "jutong.cli.data:calendar",
    "audit": "jutong.cli.audit:audit",
    "archive": "jutong.cli.archive:archive",
    "demo": "jutong.cli.demo.command:demo",
    "manage": "jutong.cli.data:manage",
}


class LazyGroup(click.Group):
    """A group that imports a sub-command when it is asked for."""

    def __init__(self, *, table: dict[str, str], help: str, name: str) -> None:  # noqa: A002 - click's word
        super().__init__(name=name, help=help)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, or None for a name that is not in the table."""
        del ctx
        if cmd_name not in self.table:
            return None
        module, _colon, attribute = self.table[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        return command if isinstance(command, click.Command) else None


def group() -> LazyGroup:
    """Return the whole command, for `main`, for the manual and for tests."""
    return LazyGroup(name="jutong", table=COMMANDS, help=_("聚通：政务数据共享交换平台。"))


def main() -> None:
    """Run the command line: exit code 0, 1 for a refusal, 2 for wrong arguments; never a traceback for either."""
    try:
        group().main(prog_name="jutong", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.UsageError as error:
        stop(usage_sentence(error), code=2)
    except click.ClickException as error:
        stop(error.format_message(), code=1)
    except (click.Abort, KeyboardInterrupt):
        stop(_("已中断。"), code=130)
    except BrokenPipeError:
        sys.exit(1)  # the reader, `head` say, has gone
    except Exception as error:
        sentence = getattr(error, "sentence", None)  # a Refusal of the kernel or of the data plane
        if sentence is None:
            raise
        stop(str(sentence), code=1)


def stop(sentence: str, *, code: int) -> None:
    """Print the sentence on the error channel and end with that code."""
    click.echo(_("错误：") + sentence, err=True)
    sys.exit(code)


def usage_sentence(error: click.UsageError) -> str:
    """Return one sentence naming the argument and what is wrong, and where to read on; click's own are English."""
    path = error.ctx.command_path if error.ctx else "jutong"
    return joined(_complaint(error), _("用法见 {command} --help。").format(command=path))


def _complaint(error: click.UsageError) -> str:
    """Return what is wrong with the arguments."""
    if isinstance(error, click.NoSuchOption):
        return _("没有选项 {name}。").format(name=error.option_name)
    if isinstance(error, click.exceptions.NoSuchCommand):
        return _("没有命令 {name}。").format(name=error.command_name)
    if isinstance(error, click.BadParameter):
        name = error.param.get_error_hint(error.ctx) if error.param and error.ctx else error.param_hint
        if isinstance(error, click.MissingParameter):
            return _("缺少参数 {name}。").format(name=name)
        return _("参数 {name} 的值不对：{detail}。").format(name=name, detail=expected(error))
    if isinstance(error, click.BadOptionUsage):
        return _("选项 {name} 用法不对。").format(name=error.option_name)
    return _("命令或参数不对：{detail}。").format(detail=error.message.rstrip(".。"))


def expected(error: click.BadParameter) -> str:
    """Return what a value should have been; click says so in English, our own commands in Chinese."""
    kind = error.param.type if error.param else None
    if isinstance(kind, click.DateTime):
        return _("应为日期，例如 2026-01-31")
    if isinstance(kind, click.Path | click.File):
        return _("文件不存在或不可读")
    if isinstance(kind, click.types.IntParamType | click.types.FloatParamType):
        return _("应为数字，且在允许的范围内")
    if isinstance(kind, click.Choice):
        return _("应为 {choices} 之一").format(choices="、".join(map(str, kind.choices)))
    return error.message.rstrip(".。")
