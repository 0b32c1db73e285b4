"""Commands on the control plane's data: Django's own for the operator, and those of catalogue, policy and calendar."""

from __future__ import annotations

import click

from jutong.cli import instance, roles
from jutong.cli.words import gettext as _


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
