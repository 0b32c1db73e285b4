"""`jutong audit`: export the trail, verify it in the database, or an export on a machine that knows public keys only."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jutong.cli import instance
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _

if TYPE_CHECKING:
    from jutong.kernel.audit.verify import Report

FAULTS_SHOWN = 50
LONGEST_PATH = 200
PUBLIC_KEY_SIGNS = 128


@click.group(help=_("审计：导出和校验审计链。"))
def audit() -> None:
    """Hold the commands on the audit trail together."""


@audit.command(
    help=_("校验审计链：在线校验数据库，或用 --export 离线校验导出文件；用 --proof 离线校验交付证明（只需公钥）。")
)
@click.option(
    "--export", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=_("导出文件；不填则校验数据库。")
)
@click.option(
    "--proof", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=_("交付证明文件，离线校验。")
)
@click.option("--public", metavar="HEX", help=_("离线校验时平台的 SM2 公钥（128 位十六进制）。"))
@click.option("--node", "nodes", multiple=True, metavar="NAME=HEX", help=_("离线校验时各节点的公钥，可重复。"))
def verify(export: Path | None, proof: Path | None, public: str | None, nodes: tuple[str, ...]) -> None:
    """Verify entries, seals and shipped chain files; exit code 1 and a line for each fault when anything was touched."""
    if proof is not None:
        if public is None:
            raise click.UsageError(_("离线校验需要 --public"))
        _proven(proof, check_key("--public", public), dict(_named(pair) for pair in nodes))
        return
    if export is None:
        report = instance.with_site(check_database)()
    elif public is None:
        raise click.UsageError(_("离线校验需要 --public"))
    else:
        report = _offline(export, check_key("--public", public), dict(_named(pair) for pair in nodes))
    for fault in report.faults[:FAULTS_SHOWN]:
        say(f"{fault.kind:10} {fault.sentence}")
    say(
        _("审计条目 {entries}，封存 {seals}，网关与节点链文件 {segments}").format(
            entries=report.entries, seals=report.seals, segments=report.segments
        )
    )
    if not report.ok:
        raise Stopped(
            _("审计链校验未通过：发现 {count} 处问题。").format(count=len(report.faults)),
            _("请保留现场，并报告审计管理员。"),
        )
    say(_("审计链校验通过（ok）。"))


@audit.command(help=_("导出整条审计链（每行一个 JSON），可在另一台机器上用公钥校验。"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@instance.with_site
def export(file: Path) -> None:
    """Write the whole trail to a new file and print its SM3 and the public key to verify it with."""
    from jutong.kernel import clock, keys
    from jutong.kernel.actors import system_actor
    from jutong.kernel.audit import purge

    try:
        digest = purge.export_trail(by=system_actor("jutong audit export"), at=clock.now(), path=file)
    except FileExistsError as error:
        raise Stopped(_("文件 {path} 已存在。").format(path=file), _("请换一个文件名，导出不覆盖已有文件。")) from error
    except OSError as error:
        raise Stopped(_("无法写入 {path}。").format(path=file), _("请检查目录是否存在、权限与磁盘空间。")) from error
    say(_("已导出到 {path}。").format(path=file))
    say(f"SM3 {digest}")
    say(_("公钥 {key}").format(key=keys.instance().public.hex()))


@audit.command(help=_("溯源：由外泄的 CSV 文件或片段（200 行以上，保持原有次序）查出是按哪项授权交付的。"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--encoding", default="utf-8-sig", show_default=True, help=_("文件编码，如 gb18030。"))
@instance.with_site
def trace(file: Path, encoding: str) -> None:
    """Print the grants whose watermark the order of the rows shows; exit code 1 where none does."""
    from jutong.dataplane.errors import RuleBroken
    from jutong.dataplane.transfer import marking
    from jutong.slices.grants import queries as grants

    try:
        with file.open(encoding=encoding, newline="") as lines:
            rows: list[list[str | None]] = [[*row] for row in csv.reader(lines) if row and not row[0].startswith("# ")]
        # An empty cell is a missing value or an empty text: a CSV does not say which, and the two are marked differently.
        readings = ([[cell or None for cell in row] for row in rows], rows)
        found = {name for reading in readings for name in marking.traced(reading, grants.canaries())}
    except (RuleBroken, UnicodeError, LookupError, csv.Error) as error:
        reason = error.sentence if isinstance(error, RuleBroken) else str(error)
        raise Stopped(
            _("文件无法用于溯源：{reason}").format(reason=reason), _("请核对编码，并提供更长的片段。")
        ) from error
    if not found:
        raise Stopped(_("没有发现溯源水印。"), _("文件可能未加水印，或行的次序已被打乱。"))
    for name in sorted(found):
        say(_("按授权 {name} 交付").format(name=name))


@audit.command(help=_("离线核验电子凭证：文书、证照、合同的来源、时间，及内容是否被改动（只需节点公钥）。"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--code", required=True, help=_("证明码，或存有证明码的文件。"))
@click.option("--node", "nodes", multiple=True, required=True, metavar="NAME=HEX", help=_("节点的公钥，可重复。"))
def document(file: Path, code: str, nodes: tuple[str, ...]) -> None:
    """Check a document against its proof; neither a home nor a database nor Django is touched. Exit code 1 for a fault."""
    from jutong.client import documents

    kept = Path(code)
    given = kept.read_text(encoding="ascii", errors="replace") if len(code) < LONGEST_PATH and kept.is_file() else code
    keys = {name: bytes.fromhex(key) for name, key in (_named(pair) for pair in nodes)}
    verdict = documents.verify(file.read_bytes(), given, keys)
    for fault in verdict.faults:
        say(fault)
    if not verdict.ok or verdict.proof is None:
        raise Stopped(_("电子凭证核验不通过。"), _("请保留文件和证明码，并向提供部门核实。"))
    said = verdict.proof
    say(
        _("电子凭证核验通过（ok）：{title}（{code}），{at} 由节点 {node} 交付，追踪编号 {trace}。").format(
            title=said.title, code=said.code, at=said.at.isoformat(), node=said.node, trace=said.trace
        )
    )


def _proven(proof: Path, public: str, nodes: dict[str, str]) -> None:
    """Check the proof of a delivery; neither a home nor a database nor Django is touched."""
    from jutong.client import proofs

    keys = {name: bytes.fromhex(key) for name, key in nodes.items()}
    verdict = proofs.verify(proof.read_bytes(), bytes.fromhex(public), keys)
    for fault in verdict.faults:
        say(fault)
    if not verdict.ok:
        raise Stopped(_("交付证明校验未通过。"), _("请保留该文件，并向平台管理员核实公钥与任务。"))
    say(
        _("交付证明校验通过（ok）：任务 {order}，{rows} 行，{parts} 个分区。").format(
            order=verdict.order_id, rows=verdict.rows, parts=verdict.parts
        )
    )


def check_database() -> Report:
    """Return the report on the database of this instance; Django is set up."""
    from jutong.kernel import keys, nodes
    from jutong.kernel.audit import verify as verifier

    return verifier.online(keys.instance().public.hex(), nodes.PublicKeys())


def _offline(export: Path, public: str, nodes: dict[str, str]) -> Report:
    """Return the report on an exported file; neither a home nor a database is touched."""
    with instance.without_home():
        from jutong.kernel.audit import verify as verifier

        with export.open("rb") as lines:
            return verifier.offline(lines, public, _ByNode(nodes))


class _ByNode:
    """Public keys given on the command line; that of "local" also answers for the writer "local-2"."""

    def __init__(self, keys: dict[str, str]) -> None:
        self.keys = keys

    def get(self, writer: str) -> str | None:
        """Return the key of a chain's writer."""
        from jutong.kernel.nodes import node_of

        node = node_of(writer, self.keys)
        return self.keys[node] if node else None


def _named(pair: str) -> tuple[str, str]:
    name, equals, key = pair.partition("=")
    if not name or not equals:
        raise click.BadParameter(_("应为 名称=公钥"), param_hint="--node")
    return name, check_key("--node", key)


def check_key(option: str, text: str) -> str:
    """Return a public key as 128 hexadecimal signs; a leading 04 is taken off."""
    key = text.strip().lower()
    key = key.removeprefix("04") if len(key) > PUBLIC_KEY_SIGNS else key
    if len(key) != PUBLIC_KEY_SIGNS or any(sign not in "0123456789abcdef" for sign in key):
        raise click.BadParameter(_("不是 128 位十六进制的 SM2 公钥"), param_hint=option)
    return key
