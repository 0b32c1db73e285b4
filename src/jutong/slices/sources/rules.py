"""What the registration of a data source or of a front-end node must keep to, and who may see one; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Protocol

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.errors import NotAllowed, RuleBroken, Unauthenticated
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_, Term, Zone


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
}
"""The usual port of each engine, taken where none is stated; a file has none."""
LONGEST_TITLE: Final = 80
LONGEST_SECRET: Final = 256
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
    path of its file on the node.
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
    yield from _file_remarks(details) if is_file(details.engine) else _server_remarks(details, around, new=new)
    yield from _protection_remarks(details, around)
    if not (details.provides or details.receives):
        yield "provides", _("请至少勾选一种用途：作为提供方来源，或作为使用方目标库。")


def is_file(engine: str) -> bool:
    """Tell whether a source of this engine is a file on the node, not a server."""
    return engine == Engine.SQLITE


def port_for(engine: str, port: int | None) -> int:
    """Return the stated port, or the engine's usual one."""
    return port or PORTS.get(engine, 0)


def place(engine: str, schema: str) -> str:
    """Return the schema that a name without one means: `public` in PostgreSQL, the registered database in MySQL.

    RuleBroken for a schema where the engine has none.
    """
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


def _protection_remarks(details: Details, around: Surroundings) -> Iterator[tuple[str, str]]:
    if details.zone not in set(Zone):
        yield "zone", _("“网络区域”应为政务外网或政务内网，请选择。")
    if details.tls not in set(Tls):
        yield "tls", _("“传输保护”不在可选范围内，请从列表中选择。")
    elif details.tls == Tls.DISABLE and not (around.demo or details.zone == Zone.INNER or is_file(details.engine)):
        yield "tls", _("政务外网上的数据源不得使用不加密的连接，请选择加密方式。")
    if len(details.ca) > LONGEST_CA or (details.ca and not _PEM.fullmatch(details.ca.strip())):
        yield "ca", _("“CA 证书”应为 PEM 文本（以 BEGIN CERTIFICATE 开头），请重新粘贴。")


DOMESTIC: Final = ("SM2", "SM3", "SM4", "SM9", "ZUC")
"""How the names of domestic algorithms begin (GB/T 32918, 32905, 32907, 38635, 33133)."""
CODE_SHAPE: Final = re.compile(r"([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9a-f]{16}")
"""A one-time code: 80 random bits in Crockford's base 32, then the key id of the centre that it is good for."""
MOST_ALGORITHMS: Final = 20
_HOURS: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
LONGEST_SILENCE: Final = 86_400


@dataclass(frozen=True, slots=True)
class NodeWish:
    """What a department asks for. address_note: where the machine stands, in words."""

    title: str
    zone: str = Zone.OUTER
    address_note: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class NodeLimits:
    """What an operator lets a node keep to, see `wire.nodes.NodeConfig`; `queue_gigabytes`: of its outbox."""

    bytes_per_second: int = 0
    window_from: str = ""
    window_to: str = ""
    heartbeat_seconds: int = 20
    silent_seconds: int = 90
    queue_gigabytes: int = 50
    tunnel: bool = True


def check_wish(wish: NodeWish, policy: Policy) -> None:
    """Refuse an application without a name, or for a zone that the region's rules have no platform in (R-EXC-016)."""
    if not 1 <= len(wish.title) <= LONGEST_TITLE or not wish.title.isprintable():
        raise RuleBroken(
            _("“名称”应为 1 至 %(most)d 个字，不含控制字符，请修改。") % {"most": LONGEST_TITLE}, field="title"
        )
    check_zone(wish.zone, policy)


def check_zone(zone: str, policy: Policy) -> None:
    """Refuse a zone outside `network_zones` of the profile (jiangxi-2017#7, liyang-2020#13, neijiang-2020#21)."""
    zones = policy.list("network_zones")
    if zone not in set(Zone) or zone not in zones:
        known = "、".join(_(Zone(code).label) for code in zones if code in set(Zone))
        raise RuleBroken(
            _("现行政策规则（%(profile)s）只在%(zones)s设有平台，请为前置机选择其中的网络区域。")
            % {"profile": policy.reference, "zones": known},
            field="zone",
        )


def check_algorithms(
    encryption: Sequence[str], authentication: Sequence[str], policy: Policy, accepted: Sequence[str]
) -> None:
    """Refuse a node whose algorithms do not do (R-SEC-006).

    Where the profile prescribes national cryptography (jiangxi-2017#5(4)) one of encryption and authentication has to
    be domestic. Elsewhere `accepted` decides, a setting: empty for any.
    """
    offered = [*encryption, *authentication]
    domestic = any(name.upper().startswith(DOMESTIC) for name in offered)
    if policy.text("domestic_cryptography") == "required" and not domestic:
        raise NotAllowed(
            _(
                "现行政策规则（%(profile)s）要求以国产密码进行加密保护或安全认证，该前置机两者都未提供，已拒绝连接；请启用 SM2、SM4 等算法后重试。"
            )
            % {"profile": policy.reference}
        )
    if accepted and not set(offered) & set(accepted):
        raise NotAllowed(
            _("前置机提供的密码算法不在平台接受的范围内（%(names)s），已拒绝连接；请启用其中一种后重试。")
            % {"names": "、".join(accepted)}
        )


def check_limits(limits: NodeLimits) -> None:
    """Refuse limits that no node could keep to."""
    if not 0 <= limits.bytes_per_second <= 10**11:
        raise RuleBroken(_("“带宽上限”应为 0（不限）至 100000000000 字节每秒，请修改。"), field="bytes_per_second")
    if bool(limits.window_from) != bool(limits.window_to):
        raise RuleBroken(_("“传输时段”的起止时间应同时填写或同时留空，请修改。"), field="window_from")
    for name in ("window_from", "window_to"):
        if (value := getattr(limits, name)) and not _HOURS.fullmatch(value):
            raise RuleBroken(_("“传输时段”应写成 22:00 这样的时间，请修改。"), field=name)
    if not 1 <= limits.heartbeat_seconds <= limits.silent_seconds // 2 or limits.silent_seconds > LONGEST_SILENCE:
        raise RuleBroken(_("“离线判定”应至少为心跳间隔的两倍，且不超过 86400 秒，请修改。"), field="silent_seconds")
    if not 1 <= limits.queue_gigabytes <= 100_000:  # noqa: PLR2004 - 100 TB
        raise RuleBroken(_("“待发队列上限”应为 1 至 100000 GB，请修改。"), field="queue_gigabytes")


def check_code(*, known: bool, fresh: bool) -> None:
    """Refuse an enrolment whose one-time code is unknown or over; one sentence for both, so that nobody learns which."""
    if not (known and fresh):
        raise Unauthenticated(_("签收码无效、已使用或已过期，请由本部门在平台重新生成签收码。"))


def check_placing(*, same_department: bool, same_zone: bool, working: bool) -> None:
    """Refuse to place a data source behind a node that cannot serve it (R-EXC-016)."""
    if not same_department:
        raise RuleBroken(_("数据源只能置于本部门的前置机之后，请重新选择。"), field="node")
    if not same_zone:
        raise RuleBroken(
            _("数据源与前置机不在同一网络区域，内外网之间不设通路，请选择同一区域的前置机。"), field="node"
        )
    if not working:
        raise RuleBroken(_("该前置机尚未签收或已停用，请先完成签收。"), field="node")
