"""Registered business systems: their call keys, addresses, and how they come onto the platform (R-EXC-005, W21)."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from jutong.crypto import sm2
from jutong.kernel import jurisdiction, outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, RuleBroken, WrongState
from jutong.kernel.terms import N_, Zone
from jutong.slices.parties import events
from jutong.slices.parties.formats import trust
from jutong.slices.parties.models import BusinessSystem, DedicatedNetwork, Department
from jutong.slices.parties.rules import access, organisations
from jutong.slices.parties.workflow import BUSINESS_SYSTEM, KEY_HOLDERS, REGISTRARS, SYSTEM_KEEPERS

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


def _give_key(system: BusinessSystem, secret: bytes, at: datetime) -> None:
    """Give the system a key, sealed to the data plane and kept nowhere else."""
    system.key_id = "bs" + secrets.token_hex(8)
    system.sealed_key = sm2.seal(trust.data_plane_key(), secret)
    system.key_made_at = at


def _changed(system: BusinessSystem, *, by: Actor, at: datetime) -> None:
    payload = {"id": system.pk, "department_id": system.department_id, "active": system.active}
    outbox.publish(events.SYSTEM_CHANGED, f"business_system:{system.pk}", payload, at=at, by=by)


def register_system(
    *,
    department_id: int,
    name: str,
    purpose: str = "",
    zone: str = Zone.OUTER,
    addresses: Sequence[str] = (),
    network: str = "",
    network_exception: str = "",
    hosting: str = "",
    cross_department: bool = True,
    signing: str = access.Signing.OWN,
    by: Actor,
    at: datetime,
) -> CallKey:
    """Register a business system of a department; its call key comes back once. It starts as not connected.

    network: what carries it, the zone's own network when left out; one that the profile does not name needs an exception
    (R-EXC-014). signing: how it signs its calls; another platform's way only with `addresses`. cross_department: it will share with other departments, so it must be connected before it is put into
    operation (R-EXC-012).
    """
    secret = secrets.token_bytes(KEY_BYTES)
    details = _details(purpose, zone, addresses, network, network_exception, hosting, signing)
    system = _register(
        department_id=department_id,
        name=name,
        details=details | {"cross_department": cross_department},
        secret=secret,
        by=by,
        at=at,
    )
    return CallKey(system.pk, system.key_id, secret.hex())


@BUSINESS_SYSTEM.opens("register", then=_changed)
def _register(
    *, department_id: int, name: str, details: dict[str, Any], secret: bytes, by: Actor, at: datetime
) -> BusinessSystem:
    """Register a system with the key that it will sign with."""
    department = Department.objects.filter(pk=department_id, active=True).first()
    if department is None:
        raise RuleBroken(_("所选部门不存在或已撤销，请重新选择。"), field="department_id")
    system = BusinessSystem(
        region=department.region_id,
        department_id=department_id,
        name=organisations.check_name(name, most=80),
        registered_at=at,
        **details,
    )
    if BusinessSystem.objects.filter(department_id=department_id, name=system.name).exists():
        raise Conflict(_("本部门已登记名为“%s”的业务系统，请勿重复登记。") % system.name)
    _check_network(system, at)
    _give_key(system, secret, at)
    return system


def _details(
    purpose: str, zone: str, addresses: Sequence[str], network: str, network_exception: str, hosting: str, signing: str
) -> dict[str, Any]:
    """Return the particulars of a system, checked."""
    known = _zone(zone)
    way = access.chosen(access.Signing, signing or access.Signing.OWN, field="signing", label=N_("签名方式"))
    access.check_signing(way, addresses)
    return {
        "signing": way,
        "purpose": _purpose(purpose),
        "zone": known,
        "addresses": _addresses(addresses),
        "network": access.chosen(access.Network, network or known, field="network", label=N_("承载网络")),
        "network_exception": _line(network_exception, "network_exception"),
        "hosting": _line(hosting, "hosting", most=100),
    }


def _line(text: str, field: str, *, most: int = 300) -> str:
    return organisations.check_text(text, most=most, field=field, needed=False)


def _check_network(system: BusinessSystem, at: datetime) -> None:
    """Refuse a network that the profile in force does not let the system run on (R-EXC-014, R-EXC-015)."""
    policy = jurisdiction.policy_for(system.region, beijing_day(at))
    if system.network != access.Network.DEDICATED:
        access.check_network(
            system.network, carried_by=policy.list("business_system_network"), exception=system.network_exception
        )
        return
    held = DedicatedNetwork.objects.filter(department_id=system.department_id).exclude(exception="").first()
    access.check_dedicated(policy.text("new_dedicated_network"), held.exception if held else system.network_exception)


@action("parties.change_system", label=N_("修改业务系统"), allow=KEY_HOLDERS, on=BusinessSystem)
def change_system(
    system: BusinessSystem,
    *,
    purpose: str,
    zone: str,
    addresses: Sequence[str],
    network: str = "",
    network_exception: str = "",
    hosting: str = "",
    cross_department: bool = True,
    signing: str = access.Signing.OWN,
    by: Actor,
    at: datetime,
) -> None:
    """Change what is registered of it; see `register_system`."""
    if system.state == "in_operation" and cross_department and system.connected_on is None:
        raise WrongState(_("该系统已投入运行但未接入平台，不能改为需要跨部门共享；请先完成接入。"))
    for name, value in _details(purpose, zone, addresses, network, network_exception, hosting, signing).items():
        setattr(system, name, value)
    system.cross_department = cross_department
    _check_network(system, at)
    system.save()
    _changed(system, by=by, at=at)


@action("parties.rotate_key", label=N_("更换调用密钥"), allow=KEY_HOLDERS, on=BusinessSystem)
def rotate_key(system: BusinessSystem, *, by: Actor, at: datetime) -> CallKey:
    """Give the system a new call key; the old one stops with the next bundle (within seconds)."""
    if not system.active:
        raise WrongState(_("业务系统“%s”已停用，请先启用。") % system.name)
    secret = secrets.token_bytes(KEY_BYTES)
    _give_key(system, secret, at)
    system.save()
    _changed(system, by=by, at=at)
    return CallKey(system.pk, system.key_id, secret.hex())


@action("parties.disable_system", label=N_("停用业务系统"), allow=SYSTEM_KEEPERS | REGISTRARS, on=BusinessSystem)
def disable_system(system: BusinessSystem, *, by: Actor, at: datetime) -> None:
    """Switch a system off: its calls are refused from the next bundle on."""
    if not system.active:
        raise WrongState(_("业务系统“%s”已经停用。") % system.name)
    system.active, system.disabled_at = False, at
    system.save()
    _changed(system, by=by, at=at)


@action("parties.enable_system", label=N_("启用业务系统"), allow=REGISTRARS, on=BusinessSystem)
def enable_system(system: BusinessSystem, *, by: Actor, at: datetime) -> None:
    """Switch a system on again, by the platform's operator; a retired one stays off."""
    if system.state == "retired":
        raise WrongState(_("业务系统“%s”已退役，不能再启用；需要时请重新登记。") % system.name)
    system.active, system.disabled_at = True, None
    system.save()
    _changed(system, by=by, at=at)


@BUSINESS_SYSTEM.action("test")
def note_test(system: BusinessSystem, *, record: str, by: Actor, at: datetime) -> None:
    """Record a test that has not connected it yet."""
    system.connection_record = organisations.check_text(record, most=300, field="record")


@BUSINESS_SYSTEM.action("connect")
def connect_system(
    system: BusinessSystem, *, transport: str, protection: str, record: str, by: Actor, at: datetime
) -> None:
    """Call it connected: a test succeeded over encrypted transport, and its protection is recorded (R-EXC-011, R-SEC-026)."""
    chosen = access.chosen(access.Transport, transport, field="transport", label=N_("传输保护"))
    access.check_docking(chosen, protection, record)
    system.transport = chosen
    system.protection = _line(protection, "protection")
    system.connection_record = organisations.check_text(record, most=300, field="record")
    system.connected_on = beijing_day(at)


@BUSINESS_SYSTEM.action("operate")
def operate_system(system: BusinessSystem, *, by: Actor, at: datetime) -> None:
    """Put it into operation; one that shares across departments must be connected first (R-EXC-012)."""
    access.check_operation(cross_department=system.cross_department, connected=system.connected_on is not None)
    system.operating_since = beijing_day(at)


@BUSINESS_SYSTEM.action("retire")
def retire_system(system: BusinessSystem, *, by: Actor, at: datetime) -> None:
    """Take it out of service for good: its calls are refused from the next bundle on."""
    system.active, system.disabled_at = False, at
    _changed(system, by=by, at=at)
