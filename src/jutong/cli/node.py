"""`jutong node`: the data plane alone, on a front-end node (前置机) inside a department's network; no Django here."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jutong.cli import home, serve
from jutong.cli.supervisor import Supervisor
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _

if TYPE_CHECKING:
    from jutong.dataplane.node.app import FrontEnd


@click.group(help=_("前置机：只运行数据面，不需要控制面的数据库。"))
def node() -> None:
    """Hold the commands of a front-end node together."""


@node.command(help=_("用一次性签收码签收本前置机：自行生成密钥，向平台换取证书与配置。"))
@click.option("--centre", required=True, metavar="URL", help=_("平台网站地址，如 https://share.example.gov.cn。"))
@click.option("--code", required=True, help=_("本部门在平台生成的签收码，24 小时内有效，只能使用一次。"))
def enrol(centre: str, code: str) -> None:
    """Sign for this machine as a front-end node; nothing but the public key and proofs leave it."""
    from datetime import UTC, datetime

    from jutong.dataplane.errors import Refusal
    from jutong.dataplane.node import enrolment

    at = home.find().create()
    try:
        folder = enrolment.enrol(centre, code, at.root, at=datetime.now(UTC))
    except Refusal as refusal:
        raise Stopped(refusal.sentence, _("请核对平台地址与签收码后重试。")) from refusal
    say(_("已签收：节点 {node}，目录 {path}。请执行 jutong node run 启动。").format(node=folder.name, path=folder))


@node.command(help=_("启动本前置机（未签收的节点则启动其网关、探测和传输进程），按 Ctrl-C 停止。"))
def run() -> None:
    """Run the front-end node that signed on this machine, until SIGTERM or Ctrl-C.

    A node without certificate, whose folder the operator brought, runs gateway, probe and runner: a data plane of its own.
    """
    from jutong.dataplane.node import app
    from jutong.dataplane.settings import Settings

    if name := _signed():
        home.find().create()
        say(
            _("前置机 {node} 已启动，状态页 http://{status}。按 Ctrl-C 停止。").format(
                node=name, status=Settings().status_bind
            )
        )
        sys.exit(app.main(name))

    settings = Settings()
    missing = [name for name in ("secret", "key.json", "control.pub") if not (settings.node_folder / name).exists()]
    if missing:
        raise Stopped(
            _("节点 {node} 缺少文件 {names}。").format(node=settings.node, names="、".join(missing)),
            _("请向平台运营方领取后放入 {path}。").format(path=settings.node_folder),
        )
    at = home.find().create()
    where = {"gateway": settings.gateway_bind, "probe": settings.probe_bind}
    environment = {
        "JUTONG_HOME": str(at.root),
        "JUTONG_NODE": settings.node,
        "JUTONG_KEY_PASSPHRASE_FILE": os.environ.get(
            "JUTONG_KEY_PASSPHRASE_FILE", str(settings.node_folder / "passphrase")
        ),
    }
    say(_("节点 {node} 已启动：网关 http://{gateway}。按 Ctrl-C 停止。").format(node=settings.node, **where))
    asyncio.run(Supervisor(serve.plane_children(where, environment), logs=at.logs, say=say).run())


def _signed() -> str:
    """Return the name of the node that signed here: the one that JUTONG_NODE names, else the only one."""
    from jutong.dataplane.node import app

    found = app.enrolled(home.find().root)
    wanted = os.environ.get("JUTONG_NODE", "")
    if wanted:
        return wanted if wanted in found else ""
    if len(found) > 1:
        raise Stopped(
            _("本机签收了多台前置机：{names}。").format(names="、".join(found)), _("请用 JUTONG_NODE 指明其中一台。")
        )
    return found[0] if found else ""


@node.command(help=_("显示本前置机的状态；未运行时返回 1。"))
def status() -> None:
    """Print what the running node says of itself on its loopback address."""
    import httpx
    import msgspec

    from jutong.dataplane.node.status import Status, lines
    from jutong.dataplane.settings import Settings

    try:
        answer = httpx.get(f"http://{Settings().status_bind}/status.json", timeout=5, trust_env=False)
        found = msgspec.json.decode(answer.raise_for_status().content, type=Status)
    except (httpx.HTTPError, msgspec.MsgspecError) as error:
        raise Stopped(_("前置机没有运行。"), _("请执行 jutong node run。")) from error
    for label, value in lines(found):
        say(f"{label}：{value}")


@node.command(help=_("把待发的包裹与回执导出到目录，经网闸或光盘送往另一前置机。"))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Copy waiting parcels and receipts into a folder; the queue stays until a receipt comes back."""
    from jutong.dataplane.node import carrying

    parcels, receipts = carrying.export(_offline().boxes, folder)
    say(
        _("已导出 {parcels} 个包裹、{receipts} 份回执到 {path}。").format(
            parcels=parcels, receipts=receipts, path=folder
        )
    )


@node.command("import", help=_("从目录导入包裹与回执；重复导入不会重复落地，缺少的包裹会列出编号。"))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def take_in(folder: Path) -> None:
    """Verify and land the parcels of a folder and take its receipts; exit code 1 where any was refused or is missing."""
    from jutong.dataplane.errors import Refusal
    from jutong.dataplane.node import carrying

    try:
        found = carrying.take_in(_offline().parcels, folder)
    except Refusal as refusal:
        raise Stopped(refusal.sentence, _("请核对导入目录后重试。")) from refusal
    say(
        _("新落地 {landed} 个包裹，此前已落地 {known} 个，收到回执 {cleared} 份。").format(
            landed=len(found.landed), known=len(found.known), cleared=len(found.cleared)
        )
    )
    for parcel, why in found.refused:
        say(_("拒收 {parcel}：{why}").format(parcel=parcel, why=why))
    for sender, numbers in found.missing.items():
        say(
            _("缺少前置机 {sender} 的第 {numbers} 号包裹。").format(sender=sender, numbers="、".join(map(str, numbers)))
        )
    if found.refused or found.missing:
        sys.exit(1)


def _offline() -> FrontEnd:
    """Return the node that signed here, its last bundle loaded, without starting it."""
    from jutong.dataplane.errors import Refusal
    from jutong.dataplane.node import app

    name = _signed()
    if not name:
        raise Stopped(_("本机还没有签收前置机。"), _("请先执行 jutong node enrol。"))
    try:
        found = app.FrontEnd(app.settings_of(name))
    except Refusal as refusal:
        raise Stopped(refusal.sentence, _("请核对节点目录后重试。")) from refusal
    found.bundles.load()
    return found


@node.command(hidden=True, help=_("运行传输进程（由 serve 和 node run 启动）。"))
def runner() -> None:
    """Run the transfers of the node that JUTONG_NODE names; started by the supervisor."""
    from jutong.dataplane.transfer.runner import main

    sys.exit(main())
