"""What the control plane last said, merged from a full bundle and its deltas; frozen, replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Final, TypeVar

import msgspec

from jutong.dataplane.book import beijing_day
from jutong.dataplane.book.base import BEIJING
from jutong.dataplane.errors import Conflict, Unavailable
from jutong.wire.bundle import Bundle, Caller, Mark, Mount, Source
from jutong.wire.grants import Grant
from jutong.wire.nodes import NodePass

Entry = TypeVar("Entry")
INNER: Final = "inner"
BARRED: Final = "barred"
"""The state of a grant that may be in force elsewhere, but is refused by this data plane whatever the centre says."""
CLASSIFIED: Final = "该资源标有涉密标记，只能在政务内网提供；本节点不属于政务内网，已拒绝，请按保密规定处理。"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Grants by id, mounts and marks by resource, sources by id, callers by key id, nodes by name; till `valid_until`."""

    instance: str
    serial: int
    issued_at: datetime
    valid_until: datetime
    grants: Mapping[str, Grant] = field(default_factory=dict)
    mounts: Mapping[str, Mount] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    callers: Mapping[str, Caller] = field(default_factory=dict)
    marks: Mapping[str, tuple[Mark, ...]] = field(default_factory=dict)
    nodes: Mapping[str, NodePass] = field(default_factory=dict)

    def check_fresh(self, at: datetime) -> None:
        """Refuse (`Unavailable`) once the bundle is too old to be believed."""
        if at >= self.valid_until:
            until = self.valid_until.astimezone(BEIJING)
            raise Unavailable(
                f"与控制面失去联系，授权信息已于 {until:%Y-%m-%d %H:%M:%S} 过期，暂停服务，恢复联系后自动继续。"
            )

    def renewal_due(self, at: datetime) -> bool:
        """Tell whether half of the bundle's life is over, so that a full one should be fetched."""
        return at >= self.issued_at + (self.valid_until - self.issued_at) / 2

    def ended_grants(self, at: datetime) -> list[str]:
        """Return the ids of grants that ended, ran out by `at`, or are barred here."""
        gone = ("ended", BARRED)
        return [grant.id for grant in self.grants.values() if grant.state in gone or grant.valid_until <= at]


def inactive_reason(grant: Grant, at: datetime) -> str:
    """Return the sentence why nothing may flow under a grant now, or nothing when it may."""
    if grant.state == BARRED:
        return grant.reason
    if grant.state != "active":
        state = "已暂停" if grant.state == "suspended" else "已终止"
        reason = grant.reason.rstrip("。")
        return f"授权{state}：{reason}。" if reason else f"授权{state}，请联系数据提供部门。"
    if at < grant.valid_from:
        return f"授权自 {beijing_day(grant.valid_from)} 起生效，目前尚未生效。"
    if at >= grant.valid_until:
        return f"授权已于 {grant.valid_until.astimezone(BEIJING):%Y-%m-%d %H:%M} 到期，请重新申请。"
    return ""


def over(grant: Grant, at: datetime) -> bool:
    """Tell whether a grant is suspended or has ended: whoever calls under it then is without right, and was told so."""
    return grant.state in {"suspended", "ended"} or (grant.state == "active" and at >= grant.valid_until)


def barred(snapshot: Snapshot, zone: str) -> Snapshot:
    """Return what a data plane of a zone goes by: whatever is marked classified is barred outside the inner one (R-EXC-016).

    A data plane that does not know its zone takes itself for one of the outer.
    """
    if zone == INNER or not any(grant.classified for grant in snapshot.grants.values()):
        return snapshot
    kept = {
        name: msgspec.structs.replace(grant, state=BARRED, reason=CLASSIFIED) if grant.classified else grant
        for name, grant in snapshot.grants.items()
    }
    return replace(snapshot, grants=kept)


def merged(current: Snapshot | None, bundle: Bundle) -> Snapshot:
    """Return the state after a bundle: a full one replaces all, a delta replaces and removes entries by id.

    Ids: grant, source: id; mount: resource; mark: resource/kind/key (or the resource for all of its marks); caller: the
    system – a delta that names a system carries all its keys, so an exchanged key dies at once.
    Raises `Conflict` for a bundle older than what is known, and for a delta that does not join on.
    """
    if current and bundle.issued_at < current.issued_at:
        raise Conflict("收到的授权包早于已有的授权包，已拒绝。")
    if bundle.full:
        base = Snapshot(bundle.instance, bundle.serial, bundle.issued_at, bundle.valid_until)
    elif current and bundle.since <= current.serial <= bundle.serial:
        base = current
    else:
        raise Conflict("收到的授权包增量与已有的授权包不衔接，需要取完整的授权包。")
    gone = {kind: frozenset(ids) for kind, ids in bundle.removed.items()}
    return replace(
        base,
        serial=bundle.serial,
        issued_at=bundle.issued_at,
        valid_until=bundle.valid_until,
        grants=_kept(base.grants, gone.get("grants")) | {grant.id: grant for grant in bundle.grants},
        mounts=_kept(base.mounts, gone.get("mounts")) | {mount.resource_id: mount for mount in bundle.mounts},
        sources=_kept(base.sources, gone.get("sources")) | {source.id: source for source in bundle.sources},
        callers=_callers(base, bundle, gone.get("callers", frozenset())),
        marks=_marks(base, bundle, gone.get("marks", frozenset())),
        nodes=_kept(base.nodes, gone.get("nodes")) | {node.name: node for node in bundle.nodes},
    )


def _kept(entries: Mapping[str, Entry], gone: Iterable[str] | None) -> dict[str, Entry]:
    return {name: entry for name, entry in entries.items() if name not in (gone or ())}


def _callers(base: Snapshot, bundle: Bundle, gone: frozenset[str]) -> dict[str, Caller]:
    named = gone | {caller.system_id for caller in bundle.callers}
    kept = {
        key_id: caller
        for key_id, caller in base.callers.items()
        if caller.system_id not in named and key_id not in gone
    }
    return kept | {caller.key_id: caller for caller in bundle.callers}


def _marks(base: Snapshot, bundle: Bundle, gone: frozenset[str]) -> dict[str, tuple[Mark, ...]]:
    if not bundle.marks and not gone:
        return dict(base.marks)

    def name(mark: Mark) -> str:
        return f"{mark.resource_id}/{mark.kind}/{mark.key}"

    by_name = {name(mark): mark for mark in chain(*base.marks.values(), bundle.marks)}
    found: dict[str, tuple[Mark, ...]] = {}
    fresh = {name(mark) for mark in bundle.marks}
    for known, mark in by_name.items():
        if known in fresh or (known not in gone and mark.resource_id not in gone):
            found[mark.resource_id] = (*found.get(mark.resource_id, ()), mark)
    return found
