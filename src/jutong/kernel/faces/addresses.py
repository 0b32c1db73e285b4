"""Client addresses: where a request comes from, believing only the proxies that the settings name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.http import HttpRequest

from jutong.kernel.settings import settings

Network = IPv4Network | IPv6Network


@lru_cache(maxsize=16)
def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Read CIDRs (or single addresses); ValueError for one that is neither."""
    return tuple(ip_network(text.strip(), strict=False) for text in texts if text.strip())


def is_within(address: str, allowed: Iterable[Network]) -> bool:
    """Tell whether the address lies in one of the networks; what is no address lies in none."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in allowed)


def client_address(request: HttpRequest) -> str:
    """Return the caller's address.

    X-Forwarded-For is read from the right, and only through proxies listed in the setting `trusted_proxies` (CIDRs): the
    first address that is not a listed proxy is the caller. Without listed proxies the header is ignored.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    trusted = networks(tuple(settings().trusted_proxies))
    if not trusted or not is_within(direct, trusted):
        return direct
    header = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    forwarded = [part.strip() for part in header.split(",") if part.strip()]
    for address in reversed(forwarded):
        try:
            ip_address(address)
        except ValueError:
            return direct
        if not is_within(address, trusted):
            return address
    return forwarded[0] if forwarded else direct
