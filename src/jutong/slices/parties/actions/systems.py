"""Registered business systems: their call keys, addresses and connection (R-EXC-002, R-EXC-005, R-EXC-011)."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from jutong.crypto import sm2
from jutong.kernel import outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, RuleBroken, WrongState
from jutong.kernel.terms import N_, Zone
from jutong.slices.parties import events
from jutong.slices.parties.formats import trust
from jutong.slices.parties.models import BusinessSystem, Department
from jutong.slices.parties.rules import organisations
from jutong.slices.parties.rules.words import Connection
from jutong.slices.parties.workflow import KEY_HOLDERS, REGISTRARS, SYSTEM_KEEPERS

KEY_BYTES = 32
MOST_ADDRESSES = 20


@dataclass(frozen=True, slots=True)
class CallKey:
    """A system's new HMAC-SM3 key: `secret` (64 hexadecimal signs) is shown once and kept only sealed."""

    system_id: int
    key_id: str
    secret: str


def _addresses(texts: Sequence[str]) -> list[str]:
    if len(texts) > MOST_ADDRESSES:
        raise RuleBroken(_("来源地址最多 %d 个，请合并为网段。") % MOST_ADDRESSES, field="addresses")
    found = []
    for text in texts:
        try:
            found.append(str(ipaddress.ip_network(text.strip(), strict=False)))
        except ValueError:
            raise RuleBroken(
                _("来源地址“%s”不正确，请填写 IP 地址或网段，如 10.1.2.0/24。") % text[:50], field="addresses"
            ) from None
    return found


def _zone(code: str) -> Zone:
    try:
        return Zone(code)
    except ValueError:
        raise RuleBroken(_("网络区域“%s”不存在，请从列表中选择。") % code[:20], field="zone") from None


def _purpose(text: str) -> str:
    return organisations.check_text(text, most=200, field="purpose", needed=False)


def _new_key(system: BusinessSystem, at: datetime) -> str:
    """Give the system a fresh key, sealed to the data plane; returns it for showing once."""
    secret = secrets.token_bytes(KEY_BYTES)
    system.key_id = "bs" + secrets.token_hex(8)
    system.sealed_key = sm2.seal(trust.data_plane_key(), secret)
    system.key_made_at = at
    return secret.hex()


def _changed(system: BusinessSystem, by: Actor, at: datetime) -> None:
    payload = {"id": system.pk, "department_id": system.department_id, "active": system.active}
    outbox.publish(events.SYSTEM_CHANGED, f"business_system:{system.pk}", payload, at=at, by=by)


@action("parties.register_system", label=N_("登记业务系统"), allow=KEY_HOLDERS)
def register_system(
    *,
    department_id: int,
    name: str,
    purpose: str = "",
    zone: str = Zone.OUTER,
    addresses: Sequence[str] = (),
    by: Actor,
    at: datetime,
) -> CallKey:
    """Register a business system of a department; its call key comes back once. It starts as not connected."""
    if not Department.objects.filter(pk=department_id, active=True).exists():
        raise RuleBroken(_("所选部门不存在或已撤销，请重新选择。"), field="department_id")
    system = BusinessSystem(
        department_id=department_id,
        name=organisations.check_name(name, most=80),
        purpose=_purpose(purpose),
        zone=_zone(zone),
        addresses=_addresses(addresses),
        registered_at=at,
    )
    secret = _new_key(system, at)
    try:
        with transaction.atomic():
            system.save()
    except IntegrityError:
        raise Conflict(_("本部门已登记名为“%s”的业务系统，请勿重复登记。") % system.name) from None
    _changed(system, by, at)
    return CallKey(system.pk, system.key_id, secret)


@action("parties.change_system", label=N_("修改业务系统"), allow=KEY_HOLDERS, on=BusinessSystem)
def change_system(
    system: BusinessSystem, *, purpose: str, zone: str, addresses: Sequence[str], by: Actor, at: datetime
) -> None:
    """Change purpose, network zone and addresses."""
    system.purpose, system.zone, system.addresses = _purpose(purpose), _zone(zone), _addresses(addresses)
    system.save()
    _changed(system, by, at)


@action("parties.rotate_key", label=N_("更换调用密钥"), allow=KEY_HOLDERS, on=BusinessSystem)
def rotate_key(system: BusinessSystem, *, by: Actor, at: datetime) -> CallKey:
    """Give the system a new call key; the old one stops with the next bundle (within seconds)."""
    if not system.active:
        raise WrongState(_("业务系统“%s”已停用，请先启用。") % system.name)
    secret = _new_key(system, at)
    system.save()
    _changed(system, by, at)
    return CallKey(system.pk, system.key_id, secret)


@action("parties.disable_system", label=N_("停用业务系统"), allow=SYSTEM_KEEPERS | REGISTRARS, on=BusinessSystem)
def disable_system(system: BusinessSystem, *, by: Actor, at: datetime) -> None:
    """Switch a system off: its calls are refused from the next bundle on."""
    if not system.active:
        raise WrongState(_("业务系统“%s”已经停用。") % system.name)
    system.active, system.disabled_at = False, at
    system.save()
    _changed(system, by, at)


@action("parties.enable_system", label=N_("启用业务系统"), allow=REGISTRARS, on=BusinessSystem)
def enable_system(system: BusinessSystem, *, by: Actor, at: datetime) -> None:
    """Switch a system on again, by the platform's operator."""
    system.active, system.disabled_at = True, None
    system.save()
    _changed(system, by, at)


@action("parties.note_connection", label=N_("记录连接测试"), allow=REGISTRARS, on=BusinessSystem)
def note_connection(system: BusinessSystem, *, succeeded: bool, record: str, by: Actor, at: datetime) -> None:
    """Record a connection test; only one that succeeded makes the system connected (R-EXC-011)."""
    if not record.strip():
        raise WrongState(_("没有连通测试记录，不能标记为已接入，请先完成连通测试。"))
    system.connection_record = organisations.check_text(record, most=300, field="record")
    if succeeded:
        system.connection, system.connected_on = Connection.CONNECTED, beijing_day(at)
    system.save()
