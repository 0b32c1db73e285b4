"""How a grant is delivered: what of an interface may be called, and how batch files are marked and sealed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from jutong.crypto import CryptoRefused, sm2
from jutong.kernel import keys
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.errors import RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.grants import rules
from jutong.slices.grants.actions.versions import new_version
from jutong.slices.grants.models import Grant
from jutong.slices.grants.queries.delivering import endpoints_of
from jutong.slices.grants.workflow import CONSUMER_HEAD, PROVIDER_HEAD, may_know

CANARY_BYTES = 32


@action("grants.set_interface", label=N_("设置接口使用方式"), allow=PROVIDER_HEAD, on=Grant, visible=may_know)
def set_interface(
    grant: Grant, *, by: Actor, at: datetime, listing: bool, portal: bool, endpoints: Sequence[str] = ()
) -> None:
    """Say how the interface may be used: records listed page by page, each call for a named service item (R-EXC-021).

    endpoints: names of the calls of the department's own interface that are passed through (R-EXC-005); none others are.
    A new version of the grant. WrongState for one that ended, RuleBroken where nothing would change.
    """
    rules.check_endpoints(endpoints, [each.name for each in endpoints_of(grant.resource_id)])
    _set(grant, {"listing": listing, "portal": portal, "endpoints": sorted(set(endpoints))}, by, at)


@action("grants.set_marks", label=N_("设置批量文件标记"), allow=PROVIDER_HEAD, on=Grant, visible=may_know)
def set_marks(grant: Grant, *, by: Actor, at: datetime, marked: bool, notice: str) -> None:
    """Say whether batch files carry a traceable order of rows, and the notice that stands visibly in them (GB/T 39477).

    The provider decides, because a leaked copy is its data. Files made before stay as they are. Refusals as above.
    """
    wanted: dict[str, Any] = {"marked": marked, "notice": rules.check_notice(notice)}
    if marked and not grant.canary:
        wanted["canary"] = keys.conceal(secrets.token_hex(CANARY_BYTES).encode())
    _set(grant, wanted, by, at)


@action("grants.set_receiver", label=N_("设置批量文件接收公钥"), allow=CONSUMER_HEAD, on=Grant, visible=may_know)
def set_receiver(grant: Grant, *, by: Actor, at: datetime, receiver_key: str) -> None:
    """Name the consumer's SM2 public key (hex) to which the key of each batch file is sealed; empty for none (R-SEC-026).

    The consumer decides, because only it can open them then: a lost private key makes files unreadable. Refusals as above,
    RuleBroken for what is no point of the curve.
    """
    given = receiver_key.strip().lower()
    if given:
        try:
            given = sm2.public_hex(sm2.public_from_hex(given))
        except (CryptoRefused, ValueError) as error:
            raise RuleBroken(
                _("“接收公钥”应为 SM2 公钥的十六进制（128 位，或以 04 开头的 130 位），请由密钥持有人重新导出。"),
                field="receiver_key",
            ) from error
    _set(grant, {"receiver_key": given}, by, at)


def _set(grant: Grant, wanted: dict[str, Any], by: Actor, at: datetime) -> None:
    if grant.state not in ("granted", "suspended"):
        raise WrongState(_("授权已结束，交付方式不能再调整。"))
    if all(getattr(grant, name) == value for name, value in wanted.items()):
        raise RuleBroken(_("交付方式没有变化，无需保存。"))
    for name, value in wanted.items():
        setattr(grant, name, value)
    grant.version += 1
    grant.save(update_fields=[*wanted, "version"])
    new_version(grant, by=by, at=at, state=None)
