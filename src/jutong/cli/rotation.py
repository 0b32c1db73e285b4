"""`jutong keys`: who signs now and before, a new key for the instance or its node, and what to do when one is lost."""

from __future__ import annotations

import click

from jutong.cli import home, instance, serve
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _


@click.group(help=_("密钥：查看、轮换，以及丢失后的更换。"))
def keys() -> None:
    """Hold the commands on keys together."""


@keys.command("list", help=_("显示平台的现用公钥和历次交接。"))
@instance.with_site
def listed() -> None:
    """Print the public key in force and every handover."""
    from jutong.crypto import sm2
    from jutong.kernel import handovers
    from jutong.kernel import keys as held

    say(_("现用公钥 {key}").format(key=held.instance().public.hex()))
    for one in handovers.stored():
        old, new = (sm2.key_id(bytes.fromhex(public)) for public in (one.old_public, one.new_public))
        say(_("{owner}：{old} → {new}（{kind}）").format(owner=one.owner, old=old, new=new, kind=one.kind))


@keys.command(help=_("轮换密钥：instance 平台密钥（可在运行中），node 本机数据面节点的密钥（须先停止）。"))
@click.argument("what", type=click.Choice(["instance", "node"]))
@click.option("--reason", required=True, help=_("更换原因，写入交接声明和审计。"))
def rotate(what: str, reason: str) -> None:
    """Let a new key follow; the old one signs it in, and what it signed before stays believed."""
    if what == "node" and serve.holder(home.find()):
        raise Stopped(_("聚通正在运行，节点密钥不能在运行中更换。"), _("请先停止 jutong serve。"))
    say(_("新公钥 {key}").format(key=_rotated(what, reason)))
    say(_("请备份新密钥（jutong backup --keys），并把新公钥发给离线校验审计的单位。"))


@instance.with_site
def _rotated(what: str, reason: str) -> str:
    from jutong.kernel import clock, handovers
    from jutong.kernel.actors import system_actor

    by, at = system_actor("jutong keys rotate"), clock.now()
    if what == "node":
        return handovers.rotate_node(by=by, at=at, node=instance.NODE, reason=reason)
    return handovers.rotate_instance(by=by, at=at, reason=reason)


@keys.command("replace-lost", help=_("平台密钥丢失后启用新密钥；数据源口令等用旧密钥加密的内容须重新录入。"))
@click.option("--reason", required=True, help=_("丢失经过，写入交接声明和审计。"))
@click.confirmation_option(prompt=_("旧密钥加密的内容将无法再打开，确定更换吗？"))
@instance.with_site
def replace_lost(*, reason: str) -> None:
    """Put a new key in the place of one that is lost; nodes elsewhere have to be told its public key by hand."""
    from jutong.kernel import clock, handovers
    from jutong.kernel.actors import system_actor

    public = handovers.replace_lost(by=system_actor("jutong keys replace-lost"), at=clock.now(), reason=reason)
    say(_("新公钥 {key}").format(key=public))
    say(_("请重新录入数据源口令，重新发放动态口令和调用密钥，并把新公钥写入各前置机的 control.pub。"))
