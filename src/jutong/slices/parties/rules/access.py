"""How business systems come onto the platform (W21): networks, transport, support, sides of an incident; what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.terms import N_, Term


class Network(Term):
    """The network that carries a business system (R-EXC-014, R-EXC-015)."""

    OUTER = "outer", N_("政务外网")
    INNER = "inner", N_("政务内网")
    INTERNET = "internet", N_("互联网")
    DEDICATED = "dedicated", N_("业务专网")


class Transport(Term):
    """How a docking system protects what it sends (R-SEC-026)."""

    TLS = "tls", N_("TLS 加密")
    TLCP = "tlcp", N_("国密 TLCP 加密")
    PLAIN = "plain", N_("明文")


class Signing(Term):
    """How a system signs its calls of the gateway: as the platform wants it, or as another platform does."""

    OWN = "own", N_("平台签名（HMAC-SM3，覆盖请求体）")
    NATIONAL = "national", N_("国家平台方式（HMAC-SHA256）")
    GUANGDONG = "guangdong", N_("粤政方式（SHA-256，带随机数）")
    ZHEJIANG = "zhejiang", N_("浙江方式（MD5）")


class SupportKind(Term):
    """What a department may ask the technical support group for (R-EXC-022)."""

    ACCESS = "access", N_("接入支持")
    SECURITY = "security", N_("安全支持")
    GRADED_PROTECTION = "graded_protection", N_("等级保护支持")


class Side(Term):
    """Who answers for an incident: exactly one (R-SEC-028)."""

    PLATFORM = "platform", N_("平台运行单位")
    PROVIDER = "provider", N_("提供部门")
    CONSUMER = "consumer", N_("使用部门")


NO_NEW_DEDICATED: Final = "not_in_principle"
"""Value of the profile parameter `new_dedicated_network` that leaves dedicated networks to exceptions of the State."""


def chosen(term: type[Term], code: str, *, field: str, label: str) -> str:
    """Return a code of a list; RuleBroken naming the list otherwise."""
    if code not in {member.value for member in term}:
        raise RuleBroken(N_("“%(label)s”不在可选范围内，请从列表中选择。"), field=field, label=label)
    return code


def check_network(network: str, *, carried_by: Sequence[str], exception: str) -> None:
    """Refuse a network on which the profile does not let business systems run, unless an exception is recorded.

    carried_by: the profile's `business_system_network`; empty where no text regulates it.
    """
    if carried_by and network not in carried_by and not exception:
        raise RuleBroken(
            N_("现行政策规则要求业务系统部署在规定的政务网络上；确需部署在其他网络的，请填写例外依据。"),
            field="network",
        )


def check_dedicated(rule: str, exception: str) -> None:
    """Refuse a dedicated network under a profile that builds none in principle (neijiang-2020#21), unless the State provides."""
    if rule == NO_NEW_DEDICATED and not exception:
        raise RuleBroken(
            N_("现行政策规则原则上不再使用业务专网；国家另有规定的，请先由主管部门登记例外依据，否则请改用政务外网。"),
            field="network",
        )


def check_signing(signing: str, addresses: Sequence[str]) -> None:
    """Refuse another platform's signature, which covers neither body nor path, for a system that may call from anywhere."""
    if signing != Signing.OWN and not addresses:
        raise RuleBroken(
            N_("该签名方式不覆盖请求内容，须限定来源地址；请填写业务系统的 IP 地址或网段，或改用平台签名。"),
            field="addresses",
        )


def check_docking(transport: str, protection: str, record: str) -> None:
    """Refuse to call a system connected without encrypted transport, protection record and test record (R-EXC-011, R-SEC-026)."""
    if transport == Transport.PLAIN:
        raise RuleBroken(N_("对接系统只提供明文传输，不能接入；请启用 TLS 或国密 TLCP 后重新联调。"), field="transport")
    if not protection.strip():
        raise WrongState(N_("没有登记网络与数据安全防护情况（如等级保护备案），不能标记为已接入，请先补充。"))
    if not record.strip():
        raise WrongState(N_("没有连通测试记录，不能标记为已接入，请先完成连通测试。"))


def check_operation(*, cross_department: bool, connected: bool) -> None:
    """Refuse to put a system into operation that shares across departments and is not connected (R-EXC-012)."""
    if cross_department and not connected:
        raise WrongState(N_("该系统需要跨部门共享数据，但尚未接入平台，不能投入运行；请先完成接入。"))


def late(due: date | None, done: date | None, today: date) -> bool:
    """Tell whether a step is past its day and not done; the day itself is not late."""
    return due is not None and done is None and due < today
