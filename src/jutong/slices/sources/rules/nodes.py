"""What front-end nodes must keep to: names, zones, algorithms, limits; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import NotAllowed, RuleBroken, Unauthenticated
from jutong.kernel.policy import Policy
from jutong.kernel.terms import Zone

LONGEST_TITLE: Final = 80
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
