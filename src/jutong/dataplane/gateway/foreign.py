"""Calls of systems that sign as another platform wants it: proven by that pattern, bound to one grant, once.

Those patterns leave body and path open. So the control plane chooses one for a system by name, only with the addresses
that it calls from; a service id in the signature must be the grant's; and what no signature covers is not believed.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from jutong.dataplane import signatures
from jutong.dataplane.errors import NotAllowed, RuleBroken, Unauthenticated, Unregistered
from jutong.dataplane.gateway.calls import UNKNOWN, Call
from jutong.dataplane.signatures import Presented
from jutong.wire.bundle import Caller
from jutong.wire.grants import Grant

UNCOVERED = (b"x-jutong-person", b"x-jutong-service-item")


def presented(call: Call) -> Presented | None:
    """Return what a call claims in another platform's pattern, or None. `Unauthenticated` for half a signature."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in call.headers.items()}
    try:
        params = dict(parse_qsl(call.query.decode("ascii", "replace"), max_num_fields=100))
    except ValueError:
        return None
    return signatures.presented(headers, params)


def prove(call: Call, claim: Presented, caller: Caller | None, secret: str, *, tolerance_seconds: int) -> Caller:
    """Return the caller whose claim is right and who is registered to sign so; else raise `Unauthenticated`.

    caller: whoever the application key belongs to, None when nobody (`Unregistered`); secret: its key in 64 hexadecimal signs, anything for nobody.
    """
    if caller is None:
        raise Unregistered
    if caller.scheme != claim.scheme:
        caller, secret = None, "-"
    signatures.verify(claim, secret, at=call.at, window=tolerance_seconds)
    if caller is None or not caller.active:
        raise Unauthenticated(UNKNOWN)
    for name in UNCOVERED:
        if name in call.headers:
            raise RuleBroken(
                f"按 {claim.scheme.value} 方式签名的调用不能使用 {name.decode()}（签名未覆盖），请改用平台签名方式。"
            )
    call.once = f"{claim.scheme.value}.{claim.once}"
    call.service = claim.service
    call.foreign = signatures.names(claim.scheme)
    return caller


def bind(call: Call, grant: Grant) -> None:
    """Hold a foreign call against its grant: the service it signed for is this one; an only purpose needs no naming."""
    if call.service and call.service != grant.id:
        raise NotAllowed("签名中的服务标识不是本次调用的授权编号，请以授权编号为服务标识重新签名。")
    if not call.purpose and len(grant.purposes) == 1:
        call.purpose = grant.purposes[0]
