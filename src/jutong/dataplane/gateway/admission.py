"""What a proven caller may do under a grant: pure checks, default deny."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from jutong.dataplane.errors import Misuse, NotAllowed, RuleBroken, Unavailable
from jutong.dataplane.snapshots import Snapshot, inactive_reason, over
from jutong.wire.bundle import Caller, Endpoint, Mark, Mount, Source
from jutong.wire.grants import Condition, Grant, Mode

Body = TypeVar("Body")
INTERFACE = (Mode.ONLINE_QUERY, Mode.SYSTEM_DOCKING)
"""The local modes that national-2025#22 folds into "service interface" (R-EXC-024)."""
NONE_SUCH = "本业务系统没有这项授权，请核对授权编号，或先在平台申请共享。"
MOST_GRANTS = 20
DOWNLOAD = (Mode.BATCH_DOWNLOAD, Mode.FRONT_END_NODE)
"""The local modes under which a made file is fetched."""


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /v1/query: one key or several (item to value), optionally fewer items and further filters."""

    grant: str
    keys: dict[str, str] | list[dict[str, str]]
    items: tuple[str, ...] = ()
    filters: tuple[Condition, ...] = ()


class Confirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /v1/confirm: whether the record of `keys` carries these `facts` (item to claimed value)."""

    grant: str
    keys: dict[str, str]
    facts: dict[str, str]


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /v1/list: a page of at most `limit` records, after a cursor, optionally fewer items and filtered."""

    grant: str
    items: tuple[str, ...] = ()
    filters: tuple[Condition, ...] = ()
    after: str = ""
    limit: int = 100


class Several(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /v1/queries: one key, asked under the named grants, or under all that know it."""

    keys: dict[str, str]
    grants: tuple[str, ...] = ()


def decoded(body: bytes, kind: type[Body]) -> Body:
    """Read a JSON body, or raise `RuleBroken` naming the place that is wrong."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        place = str(error).partition(" - at `")[2].rstrip("`") or "$"
        raise RuleBroken(f"请求体 {place} 处缺少字段、字段多余或类型不对，请对照 /v1/openapi.json 修改。") from error
    except (ValueError, RecursionError) as error:
        raise RuleBroken("请求体不是正确的 UTF-8 JSON，请检查编码与格式。") from error


def keys_of(query: Query, *, most: int) -> list[dict[str, str]]:
    """Return the asked keys as a list of 1 to `most`."""
    keys = [query.keys] if isinstance(query.keys, dict) else query.keys
    if not keys:
        raise RuleBroken("keys 为空，请至少给出一个查询标识。")
    if len(keys) > most:
        raise RuleBroken(f"keys 有 {len(keys)} 个，一次最多 {most} 个，请分次查询或改用批量下载。")
    return keys


def usable_grants(snapshot: Snapshot, caller: Caller) -> list[Grant]:
    """Return every grant made out to the caller's system and department, active or not."""
    return [
        grant
        for grant in snapshot.grants.values()
        if grant.consumer_id == caller.department_id and caller.system_id in grant.systems
    ]


def admitted(
    snapshot: Snapshot, caller: Caller, grant_id: str, *, purpose: str, modes: Sequence[Mode], at: datetime
) -> Grant:
    """Return the grant when it is this caller's, in force, and allows mode and purpose; else raise `NotAllowed`.

    An unknown grant and another's grant get the same answer (R-EXC-005).
    """
    grant = snapshot.grants.get(grant_id)
    if grant is None:
        raise NotAllowed(NONE_SUCH)
    if grant.consumer_id != caller.department_id or caller.system_id not in grant.systems:
        raise Misuse(NONE_SUCH, "system", grant_id)
    check_in_force(grant, purpose=purpose, modes=modes, at=at)
    return grant


def check_in_force(grant: Grant, *, purpose: str, modes: Sequence[Mode], at: datetime) -> None:
    """Raise `NotAllowed` unless the grant is in force and allows one of the modes and the purpose.

    Under a grant that is suspended or over it is `Misuse`, which the centre counts: once is a mistake, more is none.
    """
    reason = inactive_reason(grant, at)
    if reason:
        raise Misuse(reason, "ended", grant.id) if over(grant, at) else NotAllowed(reason)
    if not any(mode in grant.modes for mode in modes):
        raise NotAllowed("授权的共享方式不包括本接口，请按授权的方式取得数据。")
    if purpose not in grant.purposes:
        allowed = "、".join(grant.purposes) or "无"
        raise Misuse(f"所填用途（X-Jutong-Purpose）不是授权的用途，授权的用途：{allowed}。", "purpose", grant.id)


def check_item(grant: Grant, service_item: str) -> None:
    """Refuse a call of the service portal that names no service item (R-EXC-021)."""
    if grant.portal and not service_item.strip():
        raise RuleBroken("本授权用于政务服务事项办理，请在 X-Jutong-Service-Item 中填写事项编号。")


def check_listing(grant: Grant, asked: Listing, *, most: int) -> None:
    """Refuse a listing that the grant does not allow, or a page of no or too many records."""
    if not grant.listing:
        raise NotAllowed("授权不包括逐页列出，请按查询标识查询，或由提供部门在接口规则中开放。")
    if not 1 <= asked.limit <= most:
        raise RuleBroken(f"limit 应为 1 至 {most}，请修改后重试。")


def grants_of(snapshot: Snapshot, caller: Caller, asked: Several, *, purpose: str, at: datetime) -> Sequence[str]:
    """Return the grants a unified query goes to: the named ones, else all of the caller's that can answer this key."""
    if len(asked.grants) > MOST_GRANTS or len(set(asked.grants)) != len(asked.grants):
        raise RuleBroken(f"grants 一次最多 {MOST_GRANTS} 个且不得重复，请分次查询。")
    if asked.grants:
        return asked.grants
    found = [
        grant.id
        for grant in usable_grants(snapshot, caller)
        if not inactive_reason(grant, at)
        and purpose in grant.purposes
        and set(INTERFACE) & set(grant.modes)
        and asked.keys.keys() <= set(grant.key_items)
    ]
    if not found:
        raise NotAllowed("本业务系统没有可按该标识查询的授权，请核对标识与用途，或先在平台申请共享。")
    return found[:MOST_GRANTS]


def mounted(snapshot: Snapshot, grant: Grant) -> tuple[Mount, Source]:
    """Return where the resource of a grant lies, or raise `Unavailable`."""
    mount = snapshot.mounts.get(grant.resource_id)
    source = snapshot.sources.get(mount.source_id) if mount else None
    if mount is None or source is None or not source.active:
        raise Unavailable("该资源的数据源未挂接或已停用，请联系数据提供部门。")
    return mount, source


def endpoint_of(grant: Grant, source: Source, name: str) -> Endpoint:
    """Return an endpoint that the grant opens and the source still has.

    One that is not granted is refused alike whether there is such an endpoint or not.
    """
    if name not in grant.endpoints:
        opened = "、".join(grant.endpoints) or "无"
        raise Misuse(f"接口“{name[:60]}”不在授权范围内，授权的接口：{opened}。", "item", grant.id)
    found = next((each for each in source.endpoints if each.name == name), None)
    if found is None:
        raise Unavailable(f"提供部门已撤下接口“{name}”，请联系数据提供部门。")
    return found


def endpoints_of(snapshot: Snapshot, grant: Grant) -> list[Endpoint]:
    """Return the endpoints that a grant opens and its source has, for a description."""
    mount = snapshot.mounts.get(grant.resource_id)
    source = snapshot.sources.get(mount.source_id) if mount else None
    return [each for each in source.endpoints if each.name in grant.endpoints] if source else []


def marks_for(snapshot: Snapshot, grant: Grant, keys: Sequence[Mapping[str, str]]) -> list[Mark]:
    """Return the marks (objection, under verification …) of the resource and of the asked records."""
    marks = snapshot.marks.get(grant.resource_id)
    if not marks:
        return []
    asked = {value for key in keys for value in key.values()}
    return [mark for mark in marks if not mark.key or mark.key in asked]
