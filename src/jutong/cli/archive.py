"""`jutong archive`: write what is due as packages and purge it, list packages, verify one with the public key alone."""

from __future__ import annotations

from pathlib import Path

import click

from jutong.cli import instance
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _


@click.group(help=_("归档：期满清除前写出签名的归档包，列出和校验归档包。"))
def archive() -> None:
    """Hold the commands on the archive together."""


@archive.command(help=_("把期满的记录写成归档包，回读校验后再清除；后台任务也会定期这样做。"))
@instance.with_site
def run() -> None:
    """Archive and purge everything that is due; what cannot be written stays."""
    from jutong.kernel import archive as kept
    from jutong.kernel import clock

    gone = 0
    while done := kept.keep_and_purge(clock.now()):
        gone += done
    left = kept.standing(clock.now())
    say(_("已归档并清除 {count} 条，目录 {folder}。").format(count=gone, folder=left.folder))
    if left.waiting:
        raise Stopped(
            _("仍有 {count} 条期满记录没有归档，未予清除。").format(count=left.waiting),
            _("请检查归档目录是否可写、空间是否足够。"),
        )


@archive.command(name="list", help=_("列出归档包：编号、文件、内容、记录数与 SM3 摘要。"))
@instance.with_site
def listed() -> None:
    """Print a line for each package, the newest first."""
    from jutong.kernel import archive as kept

    for row in kept.packages(most=10_000):
        say(f"{row.number}  {row.name}  {row.title}  {row.records}  {row.digest}")


@archive.command(help=_("离线校验一个归档包：签名、清单、每条记录与附件的摘要（只需公钥）。"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--public", metavar="HEX", required=True, help=_("平台的 SM2 公钥（128 位十六进制）。"))
def verify(file: Path, public: str) -> None:
    """Check a package against the public key; neither a home nor a database is touched. Exit code 1 for a fault."""
    from jutong.cli.audit import check_key

    key = check_key("--public", public)
    with instance.without_home():
        from jutong.kernel import archive as kept

        faults = kept.verify(file, key)
    for fault in faults:
        say(fault)
    if faults:
        raise Stopped(_("归档包校验未通过。"), _("请保留该文件，并向平台管理员核实公钥。"))
    say(_("归档包校验通过（ok）。"))
