"""Commands on the control plane's data: Django's own for the operator, and those of catalogue, policy and calendar."""

from __future__ import annotations

from datetime import datetime

import click

from jutong.cli import instance, roles
from jutong.cli.words import gettext as _
from jutong.cli.words import say


@click.command(
    help=_("执行 Django 管理命令，例如 jutong manage showmigrations。"),
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run one of Django's management commands as the owner of the schema."""
    with instance.opened() as ours:
        instance.load_django(ours, roles.OWNER)
        from django.core.management import execute_from_command_line

        execute_from_command_line(["jutong manage", *(arguments or ("help",))])


@click.group(help=_("政策依据：查看各地规章的参数。"))
def policy() -> None:
    """Hold the commands on policy profiles together."""


@policy.command(help=_("显示一个政策档案的全部参数、出处和依据。"))
@click.argument("name", default="national-2025")
@click.option("--effective", is_flag=True, help=_("显示与国家条例合并后的有效值。"))
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help=_("事项开始的日期（北京时间），默认今天。"))
def show(name: str, *, effective: bool, day: datetime | None) -> None:
    """Print one line per parameter: name, variant, value, origin, articles."""
    with instance.without_home():
        from jutong.kernel import clock
        from jutong.kernel.policy import table

        started = day.date() if day else clock.beijing_day(clock.now())
        for row in table(name, effective, started):
            variant = f"[{row.kind}]" if row.kind else ""
            say(f"{row.parameter}{variant}\t{row.value}\t{row.origin}\t{row.articles}")
