"""What the registration of a data source or of a front-end node must keep to, and who may see one; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Protocol

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_, Term, Zone
from jutong.slices.sources.rules import options
from jutong.slices.sources.rules.nodes import (
    CODE_SHAPE,
    DOMESTIC,
    LONGEST_SILENCE,
    LONGEST_TITLE,
    MOST_ALGORITHMS,
    NodeLimits,
    NodeWish,
    check_algorithms,
    check_code,
    check_limits,
    check_placing,
    check_wish,
    check_zone,
)

__all__ = [
    # of `nodes`, asked for here
    "CODE_SHAPE",
    "DOMESTIC",
    "LONGEST_SILENCE",
    "LONGEST_TITLE",
    "MOST_ALGORITHMS",
    "NodeLimits",
    "NodeWish",
    "check_algorithms",
    "check_code",
    "check_limits",
    "check_placing",
    "check_wish",
    "check_zone",
]


class Engine(Term):
    """Kinds of databases that the data plane can read and write; the manual says which were tried against a server."""

    POSTGRESQL = "postgresql", N_("PostgreSQL")
    MYSQL = "mysql", N_("MySQL / MariaDB")
    SQLITE = "sqlite", N_("SQLite 文件")
    OCEANBASE = "oceanbase", N_("OceanBase（MySQL 模式）")
    TIDB = "tidb", N_("TiDB")
    DAMENG = "dameng", N_("达梦")
    KINGBASE = "kingbase", N_("人大金仓 KingbaseES")
    OPENGAUSS = "opengauss", N_("openGauss")
    ORACLE = "oracle", N_("Oracle")
    SQLSERVER = "sqlserver", N_("SQL Server")
    FILES = options.FILES, N_("文件（本机目录、SFTP、对象存储）")
    HTTP = options.HTTP, N_("HTTP 接口")


class Tls(Term):
    """How the connection is protected; the certificate is verified unless somebody decides otherwise."""

    VERIFY_FULL = "verify-full", N_("加密并核验证书")
    REQUIRE = "require", N_("加密，不核验证书")
    DISABLE = "disable", N_("不加密")


ENGINEERS: Final = Who("source_engineer", N_("本部门系统工程师"), (Role.SYSTEM_ENGINEER,), of="department_id")
READERS: Final = Who(
    "source_reader", N_("本部门系统工程师或数据专员"), (Role.SYSTEM_ENGINEER, Role.DATA_OFFICER), of="department_id"
)
OVERSEERS: Final = (Role.PLATFORM_OPERATOR, Role.AUDITOR)
"""Posts that see the data sources of every department, never their passwords."""

_KEEPERS: Final = (Role.SYSTEM_ENGINEER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
NODE_KEEPERS: Final = Who("node_keeper", N_("本部门系统工程师或共享工作机构负责人"), _KEEPERS, of="department_id")
NODE_OPERATORS: Final = Who("platform_operator", N_("平台管理员"), (Role.PLATFORM_OPERATOR,))
NODE_REVOKERS: Final = Who("security_admin", N_("安全管理员"), (Role.SECURITY_ADMIN,))
NODE_WATCHERS: Final = (*OVERSEERS, Role.SECURITY_ADMIN)
"""Posts that see the front-end nodes of every department."""

SECONDARY: Final = (Role.SYSTEM_ENGINEER, Role.DATA_OFFICER, *OVERSEERS)

HIGHEST_PORT: Final = 65_535
NAME_BYTES: Final = 63
"""PostgreSQL's limit for identifiers."""
PATH_BYTES: Final = 240
PORTS: Final[dict[str, int]] = {
    Engine.POSTGRESQL: 5432,
    Engine.MYSQL: 3306,
    Engine.SQLITE: 0,
    Engine.OCEANBASE: 2881,
    Engine.TIDB: 4000,
    Engine.DAMENG: 5236,
    Engine.KINGBASE: 54321,
    Engine.OPENGAUSS: 5432,
    Engine.ORACLE: 1521,
    Engine.SQLSERVER: 1433,
    Engine.FILES: 0,
    Engine.HTTP: 443,
}
"""The usual port of each engine, taken where none is stated; a file has none."""
LONGEST_SECRET: Final = 256
LONGEST_KEY: Final = 8000
"""Of a private key for SFTP, PEM."""
STORE_PORTS: Final = {"sftp": 22, "s3": 443}
LONGEST_STATEMENT: Final = 86_400
"""Seconds."""
LONGEST_CA: Final = 20_000

_LABEL: Final = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_SOCKET: Final = re.compile(r"/[A-Za-z0-9._/-]{1,200}")
_NUMBER: Final = re.compile(r"0[xX][0-9A-Fa-f]*|[0-9]+")
_PEM: Final = re.compile(r"(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+")


class Owned(Protocol):
    """Anything that belongs to a department."""

    @property
    def department_id(self) -> int:
        """The owning department."""


@dataclass(frozen=True, slots=True)
class Details:
    """A data source as an engineer states it. password: empty keeps the one stored. ca: PEM of the signing authority.

    port: 0 for the engine's usual one. An SQLite source has neither host, port, user nor password: `database` is the
    path of its file on the node. Of files it is the folder (S3: bucket and prefix). options: see `options.OPTIONS`.
    statement_seconds: the longest a reading statement may take, 0 for no limit. dedicated: over a dedicated network.
    """

    title: str
    host: str
    port: int
    database: str
    user: str
    password: str = field(default="", repr=False)
    engine: str = Engine.POSTGRESQL
    tls: str = Tls.VERIFY_FULL
    ca: str = ""
    zone: str = Zone.OUTER
    provides: bool = True
    receives: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    statement_seconds: int = 0
    dedicated: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a source is registered: our own database (host, port, name), and whether this is the demonstration."""

    host: str
    port: int
    database: str
    demo: bool


def looks_after(actor: Actor) -> bool:
    """Tell whether the actor has to do with data sources at all."""
    return actor.holds(*SECONDARY)


def looks_after_nodes(actor: Actor) -> bool:
    """Tell whether the actor has to do with front-end nodes at all."""
    return actor.holds(*_KEEPERS, *NODE_WATCHERS)


def sees(actor: Actor, source: Owned) -> bool:
    """Tell whether an actor may know of a source: people of its department, and those who oversee all."""
    if actor.account_id is None or actor.holds(*OVERSEERS):
        return True
    return source.department_id in actor.serves


def check(details: Details, around: Surroundings, *, new: bool) -> None:
    """Refuse a registration that breaks a rule: RuleBroken with a sentence per field. new: a password is required."""
    remarks: dict[str, str] = {}
    for name, sentence in _remarks(details, around, new=new):
        remarks.setdefault(name, sentence)
    if remarks:
        raise RuleBroken(next(iter(remarks.values())), remarks=remarks)


def _remarks(details: Details, around: Surroundings, *, new: bool) -> Iterator[tuple[str, str]]:
    if not details.title.strip() or len(details.title) > LONGEST_TITLE or not details.title.isprintable():
        yield "title", _("“名称”应为 1 至 %(most)d 个字，不含控制字符，请修改。") % {"most": LONGEST_TITLE}
    if details.engine not in set(Engine):
        yield "engine", _("“数据库类型”不在支持范围内，请从列表中选择。")
    yield from _place_remarks(details, around, new=new)
    for sentence in options.remarks(details.engine, details.options):
        yield "options", sentence
    yield from _protection_remarks(details, around)
    if not 0 <= details.statement_seconds <= LONGEST_STATEMENT:
        yield "statement_seconds", _("“语句时限”应在 0 至 86400 秒之间，0 为不限，请修改。")
    if not (details.provides or details.receives):
        yield "provides", _("请至少勾选一种用途：作为提供方来源，或作为使用方目标库。")


def is_file(engine: str) -> bool:
    """Tell whether a source of this engine is a file on the node, not a server."""
    return engine == Engine.SQLITE


def is_local(engine: str, told: Mapping[str, str]) -> bool:
    """Tell whether a source lies on the node itself: a file, or a folder there."""
    return is_file(engine) or (engine == Engine.FILES and told.get("store", "local") == "local")


def _place_remarks(details: Details, around: Surroundings, *, new: bool) -> Iterator[tuple[str, str]]:
    """Say what is wrong with where a source lies, by its kind."""
    if is_file(details.engine):
        yield from _file_remarks(details)
    elif is_local(details.engine, details.options):
        yield from _folder_remarks(details)
    elif details.engine in (Engine.FILES, Engine.HTTP):
        yield from _remote_remarks(details, around, new=new)
    else:
        yield from _server_remarks(details, around, new=new)


def _folder_remarks(details: Details) -> Iterator[tuple[str, str]]:
    """A folder of the node is named by its path alone; which may be used, the node itself decides."""
    path = details.database
    if not path.startswith("/") or ".." in path.split("/") or not path.isprintable() or len(path.encode()) > PATH_BYTES:
        yield "database", _("本机目录请在“数据库名”填写不超过 240 字节的绝对路径，不含“..”和控制字符。")
    if details.host or details.user or details.password:
        yield "host", _("本机目录请将主机地址、用户名和口令留空。")


def _remote_remarks(details: Details, around: Surroundings, *, new: bool) -> Iterator[tuple[str, str]]:
    """An SFTP server, an object store or an interface: an address, and a folder where it has one."""
    yield from _host_remarks(details, around)
    if details.host.startswith("/"):
        yield "host", _("“主机地址”应为域名或 IP 地址（如 10.1.2.3），不带端口和协议，请修改。")
    if not 1 <= details.port <= HIGHEST_PORT:
        yield "port", _("“端口”应为 1 至 65535 的整数，请修改。")
    path = details.database
    if details.engine == Engine.FILES and not path:
        yield "database", _("请在“数据库名”填写文件夹；对象存储填写“桶名/前缀”。")
    if len(path.encode("utf-8", "replace")) > PATH_BYTES or ".." in path.split("/") or not path.isprintable():
        yield "database", _("文件夹最长 240 个字节，不含“..”和控制字符，请修改。")
    if len(details.user.encode("utf-8", "replace")) > NAME_BYTES or not details.user.isprintable():
        yield "user", _("“%(label)s”应为 1 至 63 个字节，不含控制字符，请修改。") % {"label": _("用户名")}
    if len(details.password) > LONGEST_KEY or not details.password.replace("\n", "").replace("\r", "").isprintable():
        yield "password", _("“口令”或私钥最长 8000 个字符，不含控制字符，请修改。")
    if (
        new
        and not details.password
        and details.options.get("auth", "none" if details.engine == Engine.HTTP else "") != "none"
    ):
        yield "password", _("请填写口令、密钥或令牌；保存后加密存放，不再显示。")


def port_for(engine: str, port: int | None, told: Mapping[str, str] | None = None) -> int:
    """Return the stated port, or the engine's usual one; of files that of the store."""
    usual = STORE_PORTS.get((told or {}).get("store", ""), 0) if engine == Engine.FILES else PORTS.get(engine, 0)
    return port or usual


def place(engine: str, schema: str) -> str:
    """Return the schema that a name without one means: `public` in PostgreSQL, the registered database in MySQL.

    RuleBroken for a schema where the engine has none.
    """
    if engine == Engine.FILES:
        return schema or "."
    if is_file(engine) and schema:
        raise RuleBroken(_("SQLite 没有模式，请将“目标模式”留空。"), field="schema")
    return schema or ("public" if engine in (Engine.POSTGRESQL, Engine.KINGBASE, Engine.OPENGAUSS) else "")


def _server_remarks(details: Details, around: Surroundings, *, new: bool) -> Iterator[tuple[str, str]]:
    yield from _host_remarks(details, around)
    if not 1 <= details.port <= HIGHEST_PORT:
        yield "port", _("“端口”应为 1 至 65535 的整数，请修改。")
    for name, label in (("database", _("数据库名")), ("user", _("用户名"))):
        text: str = getattr(details, name)
        if not text or len(text.encode("utf-8", "replace")) > NAME_BYTES or not text.isprintable():
            yield name, _("“%(label)s”应为 1 至 63 个字节，不含控制字符，请修改。") % {"label": label}
    yield from _secret_remarks(details, new=new)


def _file_remarks(details: Details) -> Iterator[tuple[str, str]]:
    """A file is named by its path alone; where on the node it may lie, the node itself decides."""
    path = details.database
    if not path.startswith("/") or ".." in path.split("/") or not path.isprintable():
        yield "database", _("SQLite 数据源请在“数据库名”填写文件的绝对路径，不含“..”和控制字符。")
    elif len(path.encode("utf-8", "replace")) > PATH_BYTES:
        yield "database", _("文件路径最长 240 个字节，请缩短。")
    if details.host or details.user or details.password:
        yield "host", _("SQLite 数据源是节点上的文件，请将主机地址、用户名和口令留空。")


def _host_remarks(details: Details, around: Surroundings) -> Iterator[tuple[str, str]]:
    host = details.host
    if host.startswith("/"):
        if not _SOCKET.fullmatch(host) or ".." in host.split("/") or not around.demo:
            yield "host", _("“主机地址”不能是本机套接字，请填写数据库服务器的域名或 IP 地址。")
        elif (host, details.database) == (around.host, around.database):
            yield "host", _("不能把平台自身的数据库登记为数据源，请填写部门数据库。")
        return
    try:
        address: IPv4Address | IPv6Address | None = ip_address(host)
    except ValueError:
        address = None
    last = host.rstrip(".").rpartition(".")[2]
    if address is None and (not _HOST.fullmatch(host) or _NUMBER.fullmatch(last)):
        yield "host", _("“主机地址”应为域名或 IP 地址（如 10.1.2.3），不带端口和协议，请修改。")
        return
    if not around.demo and (_is_own_machine(address) or host.lower().endswith("localhost")):
        yield "host", _("“主机地址”不能是本机、链路本地或保留地址，请填写数据库服务器在政务网络中的地址。")
    same = host.lower() == around.host.lower() and details.port == around.port
    if same and (not around.demo or details.database == around.database):
        yield "host", _("不能把平台自身的数据库登记为数据源，请填写部门数据库。")


def _is_own_machine(address: IPv4Address | IPv6Address | None) -> bool:
    """Tell whether an address is one that no department's database can have."""
    plain = getattr(address, "ipv4_mapped", None) or address
    return plain is not None and bool(
        plain.is_loopback or plain.is_link_local or plain.is_unspecified or plain.is_multicast or plain.is_reserved
    )


def _secret_remarks(details: Details, *, new: bool) -> Iterator[tuple[str, str]]:
    if new and not details.password:
        yield "password", _("请填写数据库账号的口令；保存后加密存放，不再显示。")
    if len(details.password) > LONGEST_SECRET or not details.password.isprintable():
        yield "password", _("“口令”最长 256 个字符，不含控制字符，请修改。")


def _protected(details: Details) -> bool:
    """Tell whether nothing travels unprotected by the nature of the source: it is here, or SSH protects it."""
    return is_local(details.engine, details.options) or details.options.get("store") == "sftp"


def _protection_remarks(details: Details, around: Surroundings) -> Iterator[tuple[str, str]]:
    if details.zone not in set(Zone):
        yield "zone", _("“网络区域”应为政务外网或政务内网，请选择。")
    if details.tls not in set(Tls):
        yield "tls", _("“传输保护”不在可选范围内，请从列表中选择。")
    elif details.tls == Tls.DISABLE and not (around.demo or details.zone == Zone.INNER or _protected(details)):
        yield "tls", _("政务外网上的数据源不得使用不加密的连接，请选择加密方式。")
    if len(details.ca) > LONGEST_CA or (details.ca and not _PEM.fullmatch(details.ca.strip())):
        yield "ca", _("“CA 证书”应为 PEM 文本（以 BEGIN CERTIFICATE 开头），请重新粘贴。")
