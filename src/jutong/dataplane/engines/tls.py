"""TLS to a data source: a resolved address is connected to, the name that was asked for is verified."""

from __future__ import annotations

import ssl
from typing import Any

from jutong.dataplane.errors import RuleBroken
from jutong.wire.bundle import Access


class NamedContext(ssl.SSLContext):
    """TLS to a resolved address, verified against the name that was asked for."""

    name = ""

    def wrap_socket(self, *arguments: Any, **named: Any) -> ssl.SSLSocket:
        """Check the certificate against `name`, not against the address."""
        return super().wrap_socket(*arguments, **(named | {"server_hostname": self.name}))

    def wrap_bio(self, *arguments: Any, **named: Any) -> ssl.SSLObject:
        """Check the certificate against `name`, not against the address."""
        return super().wrap_bio(*arguments, **(named | {"server_hostname": self.name}))


def tls_context(access: Access) -> ssl.SSLContext | bool:
    """Return the TLS context for an access: verify-full (default), require (encrypted, unverified), or disable.

    options["ca"]: a PEM text of the authority that signed the server's certificate; the system's own otherwise.
    """
    if access.tls == "disable" or access.host.startswith("/"):
        return False
    if access.tls not in ("verify-full", "require"):
        raise RuleBroken("数据源的 TLS 方式应为 verify-full、require 或 disable，请重新选择。")
    context = NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.name = access.host
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if access.tls == "require":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    try:
        context.load_default_certs() if "ca" not in access.options else context.load_verify_locations(
            cadata=access.options["ca"]
        )
    except (ssl.SSLError, ValueError) as error:
        raise RuleBroken("数据源的 CA 证书不是有效的 PEM 文本，请重新上传。") from error
    return context
