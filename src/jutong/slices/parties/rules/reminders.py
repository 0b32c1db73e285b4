"""When a reminder goes out, to which addresses it may, and what it says: nothing but number, title, due day and link."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_, Term

BEIJING: Final = ZoneInfo("Asia/Shanghai")
DIGEST_AT: Final = time(8, 30)
"""When the daily digest goes out on working days, Beijing time."""
DAY_HOURS: Final = 24
ATTEMPTS: Final = 6
"""Tries of one reminder."""
FAILURES: Final = 10
"""Failures of an address in a row after which it is paused."""
HTTPS_PORT: Final = 443
LONGEST_URL: Final = 300


class Kind(Term):
    """What a reminder is about."""

    NEW = "new", N_("新到事项")
    DUE_SOON = "due_soon", N_("即将到期")
    OVERDUE = "overdue", N_("已超期")


def check_hours(first: int, last: int) -> None:
    """Refuse quiet hours that are none (RuleBroken)."""
    if not (0 <= first < DAY_HOURS and 0 <= last < DAY_HOURS):
        raise RuleBroken(_("免打扰时段应为 0 至 23 点之间的整点，请修改。"), field="quiet_from")


def is_quiet(at: datetime, first: int, last: int) -> bool:
    """Tell whether a moment falls into the quiet hours from `first` to `last` o'clock, Beijing time, over midnight too."""
    hour = at.astimezone(BEIJING).hour
    if first == last:
        return False
    return first <= hour < last if first < last else hour >= first or hour < last


def goes_at(at: datetime, *, daily: bool, first: int, last: int, workday: Callable[[date], bool]) -> datetime:
    """Return when a reminder made at `at` goes out: at once, at the next digest, or when the quiet hours are over."""
    moment = _next_digest(at, workday) if daily else at
    local = moment.astimezone(BEIJING)
    if is_quiet(moment, first, last):
        end = local.replace(hour=last, minute=0, second=0, microsecond=0)
        moment = end if end > local else end + timedelta(days=1)
    return moment.astimezone(UTC)


def _next_digest(at: datetime, workday: Callable[[date], bool]) -> datetime:
    local = at.astimezone(BEIJING)
    day = local.date() if local.time() < DIGEST_AT else local.date() + timedelta(days=1)
    while not workday(day):
        day += timedelta(days=1)
    return datetime.combine(day, DIGEST_AT, tzinfo=BEIJING)


def retry_after(attempts: int) -> timedelta:
    """Return how long the next try waits: one minute, then twice as long each time, six hours at most."""
    return min(timedelta(minutes=1) * (1 << (attempts - 1)), timedelta(hours=6))


def check_url(url: str, hosts: Iterable[str]) -> str:
    """Return an address that reminders may be posted to; RuleBroken for any other.

    https only, a host that the platform's list of outgoing hosts names, no user and no fragment in it.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise RuleBroken(_("推送地址不正确，请填写完整的 https 地址。"), field="url") from None
    if (
        parts.scheme != "https"
        or not parts.hostname
        or len(text) > LONGEST_URL
        or any(ord(c) <= ord(" ") for c in text)
    ):
        raise RuleBroken(_("推送地址须为完整的 https 地址（不超过 300 字），请修改。"), field="url")
    if parts.username or parts.password or parts.fragment:
        raise RuleBroken(_("推送地址不得含有用户名、口令或“#”后的内容，请修改。"), field="url")
    if parts.hostname not in {host.lower() for host in hosts}:
        raise RuleBroken(
            _("主机“%s”不在平台允许访问的外部主机名单内，请联系系统管理员登记后再填写。") % parts.hostname, field="url"
        )
    if port not in (None, HTTPS_PORT) and port < 1024:  # noqa: PLR2004 - the system's own ports
        raise RuleBroken(_("推送地址的端口不可用，请使用 443 或 1024 以上的端口。"), field="url")
    return text


def reachable(address: str, networks: Iterable[str]) -> bool:
    """Tell whether a host's resolved address may be spoken to: a public one, or one in the networks that are allowed."""
    given = ip_address(address)
    mapped = getattr(given, "ipv4_mapped", None)
    if mapped is not None:
        given = mapped
    if any(given in ip_network(network, strict=False) for network in networks):
        return True
    return given.is_global and not given.is_multicast


def words(kind: Kind, number: str, title: str, due_day: date | None) -> str:
    """Return the one line that a reminder says."""
    said = _("%(kind)s：%(number)s %(title)s") % {"kind": _(kind.label), "number": number, "title": title}
    return said + (_("，期限 %s") % due_day if due_day else "")
