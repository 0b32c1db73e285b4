"""Commands on the control plane's data: Django's own for the operator, and those of catalogue, policy and calendar."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

import click

from jutong.cli import instance, roles
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
REASONS_SHOWN = 10


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


@click.group(help=_("目录：批量导入目录文件。"))
def catalogue() -> None:
    """Hold the commands on the catalogue together."""


@catalogue.command("import", help=_("导入目录文件（JSON、CSV 或 Excel）：正确的存为草稿，其余连同原因退回。"))
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--region", required=True, metavar="CODE", help=_("目录所属的行政区划代码，例如 511000。"))
@click.option("--mapping", type=FILE, help=_("列对应关系（JSON：要素名到列名）；不填则使用自动识别的结果。"))
@click.option("--encoding", default="", help=_("文本文件的编码，例如 gb18030；不填则自动识别。"))
@click.option("--errors", type=click.Path(file_okay=False, path_type=Path), help=_("存放退回行工作簿的目录。"))
@instance.with_site
def import_catalogue(
    files: tuple[Path, ...], region: str, mapping: Path | None, encoding: str, errors: Path | None
) -> None:
    """Import files one by one; a line for each with its counts, then the commonest reasons for what came back."""
    from jutong.kernel import clock
    from jutong.kernel import files as kept
    from jutong.kernel.actors import system_actor
    from jutong.slices.catalogue import actions

    chosen = _mapping(mapping)
    for path in files:
        by = system_actor("jutong catalogue import")
        run = actions.import_file(path, region=region, by=by, at=clock.now(), mapping=chosen, encoding=encoding)
        say(
            _("{name}：共 {total} 条，新增 {accepted}，更新 {updated}，无变化 {unchanged}，退回 {refused}。").format(
                name=path.name,
                total=run.total,
                accepted=run.accepted,
                updated=run.updated,
                unchanged=run.unchanged,
                refused=run.refused,
            )
        )
        for reason, times in run.reasons[:REASONS_SHOWN]:
            say(f"  {times:6} {reason}")
        if errors and run.error_file_id:
            errors.mkdir(parents=True, exist_ok=True)
            target = errors / f"{path.stem}-{_('退回行')}.xlsx"
            shutil.copyfile(kept.path(run.error_file_id), target)
            say(f"  {target}")


def _mapping(path: Path | None) -> dict[str, str] | None:
    """Return the mapping {element: header} that a JSON file holds."""
    if path is None:
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(header, str) for header in found.values()):
        raise Stopped(
            _("{path} 不是列对应关系文件。").format(path=path), _('请写成 JSON，例如 {"title": "信息资源名称"}。')
        )
    return found


@click.group(help=_("工作日历：导入国务院公布的以后年度放假安排。"))
def calendar() -> None:
    """Hold the commands on the working-day calendar together."""


@calendar.command("import", help=_("导入日历文件（CSV 或 Excel，三列：日期、休或班、名称），并重新计算暂定的期限。"))
@click.argument("file", type=FILE)
@instance.with_site
def import_calendar(file: Path) -> None:
    """Load the calendar of later years and print which years it announced and how many due days moved."""
    from jutong.kernel import clock
    from jutong.kernel.actors import system_actor
    from jutong.slices.standards import actions

    with file.open("rb") as source:
        loaded = actions.import_calendar(source, by=system_actor("jutong calendar import"), at=clock.now())
    say(
        _("已导入 {years} 年的 {days} 天，重新计算了 {clocks} 个暂定期限。").format(
            years="、".join(map(str, loaded.years)), days=loaded.days, clocks=loaded.clocks
        )
    )
