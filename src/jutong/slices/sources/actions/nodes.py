"""What people do with front-end nodes: apply, allocate, configure, suspend, revoke, retire."""

from __future__ import annotations

import dataclasses
import secrets
from datetime import datetime

from django.db import IntegrityError
from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.kernel import inbox, jurisdiction, outbox
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.parties import queries as parties
from jutong.slices.sources import events
from jutong.slices.sources.models import FrontEndNode
from jutong.slices.sources.rules import NodeLimits, NodeWish, check_limits, check_wish, check_zone
from jutong.slices.sources.workflow import FRONT_END_NODE

LONGEST_NOTE = 500


def apply_for(*, by: Actor, at: datetime, department_id: int, wish: NodeWish) -> FrontEndNode:
    """Apply for a front-end node at the department's edge (jiangxi-2017#14, national-2025#22).

    RuleBroken for a zone without a platform under the region's rules; Conflict for a name already used.
    """
    try:
        return _apply(by=by, at=at, department_id=department_id, wish=wish)
    except IntegrityError:
        raise Conflict(N_("本部门已有同名的前置机，请换一个名称。")) from None


def _ask_operator(node: FrontEndNode, *, by: Actor, at: datetime) -> None:
    title = _("%(department)s申请前置机“%(title)s”，请分配") % {
        "department": node.department.name,
        "title": node.title,
    }
    inbox.tell(title=title, role=Role.PLATFORM_OPERATOR, link=reverse("sources_node", args=[node.pk]), at=at)


@FRONT_END_NODE.opens("apply", then=_ask_operator)
def _apply(*, by: Actor, at: datetime, department_id: int, wish: NodeWish) -> FrontEndNode:
    department = parties.department(department_id)
    check_wish(wish, jurisdiction.policy_for(department.region, beijing_day(at)))
    return FrontEndNode(
        region=department.region,
        department_id=department_id,
        title=wish.title,
        zone=wish.zone,
        address_note=wish.address_note[:200],
        purpose=wish.purpose[:LONGEST_NOTE],
        applied_at=at,
    )


@FRONT_END_NODE.action("withdraw")
def withdraw(node: FrontEndNode, *, by: Actor, at: datetime, note: str = "") -> None:
    """The department needs the node no longer."""
    _end(node, at, note)


@FRONT_END_NODE.action("decline")
def decline(node: FrontEndNode, *, by: Actor, at: datetime, note: str) -> None:
    """The operator does not allocate a node and says why."""
    _end(node, at, _told(note))


@FRONT_END_NODE.action("allocate")
def allocate(node: FrontEndNode, *, by: Actor, at: datetime, note: str = "") -> None:
    """Give the node its name; the department then signs for it with a one-time code."""
    check_zone(node.zone, node.policy)
    node.name = f"n{node.pk}x{secrets.token_hex(3)}"
    node.allocated_at, node.remark = at, note.strip()[:LONGEST_NOTE]
    node.config = dataclasses.asdict(NodeLimits())


@FRONT_END_NODE.action("configure")
def configure(node: FrontEndNode, *, by: Actor, at: datetime, limits: NodeLimits) -> None:
    """Change what the node keeps to: bandwidth, hours, heartbeat, queue; it takes it over with its next heartbeat."""
    check_limits(limits)
    node.config = dataclasses.asdict(limits)
    node.config_revision += 1
    payload = {"id": node.pk, **node.event_payload()}
    outbox.publish(events.NODE_CONFIGURED, f"node:{node.pk}", payload, at=at, by=by)


@FRONT_END_NODE.action("suspend")
def suspend(node: FrontEndNode, *, by: Actor, at: datetime, note: str) -> None:
    """Keep the node out for a while: its calls are refused at once, its certificate stays."""
    node.remark = _told(note)


@FRONT_END_NODE.action("resume")
def resume(node: FrontEndNode, *, by: Actor, at: datetime, note: str = "") -> None:
    """Let a suspended node in again."""
    node.remark = note.strip()[:LONGEST_NOTE]


@FRONT_END_NODE.action("revoke")
def revoke(node: FrontEndNode, *, by: Actor, at: datetime, note: str) -> None:
    """Revoke the node's certificate: every call of it is refused from now on, and for good (R-EXC-004)."""
    _end(node, at, _told(note))


@FRONT_END_NODE.action("retire")
def retire(node: FrontEndNode, *, by: Actor, at: datetime, note: str) -> None:
    """Take the node out of service. RuleBroken while data sources still sit behind it."""
    if node.sources.filter(active=True).exists():
        raise RuleBroken(_("仍有在用的数据源置于该前置机之后，请先改接或停用这些数据源。"))
    _end(node, at, _told(note))


def _told(note: str) -> str:
    if not note.strip():
        raise RuleBroken(_("请说明理由，申请部门将看到这段文字。"), field="note")
    return note.strip()


def _end(node: FrontEndNode, at: datetime, note: str) -> None:
    """Forget what only a working node needs; its public key and certificate stay, for what it signed."""
    node.remark, node.ended_at = note.strip()[:LONGEST_NOTE], at
    node.secret, node.code_digest, node.code_until, node.silent = b"", "", None, False
