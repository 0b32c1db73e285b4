"""What a grant lets through, compiled once for gateway, transfer and batch: projection, row filter, masking.

A `Plan` is data, never SQL: an engine quotes its identifiers (they come from the mount) and binds its values (they come
from the grant or the caller, checked here against the kind of their item). Canonical text of a value, the same in every
engine: numbers and booleans (`true`, `false`) as PostgreSQL writes them, dates ISO, times ISO in Beijing wall time or
with their offset, binary as lower-case hex.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from jutong.dataplane import values
from jutong.dataplane.errors import Misuse, NotAllowed, RuleBroken, Unavailable
from jutong.dataplane.masking import mask
from jutong.dataplane.partitions import Cut
from jutong.wire.bundle import Mount
from jutong.wire.grants import Column, Condition, Grant, Kind, Masking, Operator
from jutong.wire.probe import Filter

LOOKUP_ROWS = 10_000
"""Rows one lookup may return; more is a batch."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """One row test: `values` are canonical texts checked against `kind`; one, many for IN, none for NULL tests.

    or_missing: a row without a value passes too.
    """

    item: str
    column: str
    kind: Kind
    operator: Operator
    values: tuple[str, ...] = ()
    or_missing: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read from one table: `fields` in order, rows passing all of `where`.

    For a lookup, `keys` are the asked records: one tuple of canonical texts each, in the order of `key_columns`.
    facts: what a confirmation claims. unique: the mount's key columns, for upserts. hash_key: of this grant, unsealed.
    cut: how a copy falls into partitions; parts: the names of the only ones that are read, all when empty.
    after: of a listing, the key (in the order of `key_columns`) behind which its page begins.
    grant, asked: the grant's id and the caller's own filters, for an engine that hands the question on in these words.
    """

    schema: str
    table: str
    fields: tuple[Column, ...]
    where: tuple[Predicate, ...] = ()
    key_columns: tuple[Column, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    facts: tuple[Predicate, ...] = ()
    unique: tuple[str, ...] = ()
    limit: int = 0
    hash_key: bytes = field(default=b"", repr=False)
    cut: Cut | None = None
    parts: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    grant: str = ""
    asked: tuple[Condition, ...] = ()

    @property
    def hashed(self) -> tuple[int, ...]:
        """Return the positions of fields that only the data plane can mask."""
        return tuple(n for n, found in enumerate(self.fields) if found.masking is Masking.KEYED_HASH)


def _mounted(mount: Mount, item: str) -> Column:
    """Return the column of an item at the source."""
    for column in mount.columns:
        if column.item == item:
            return column
    raise Unavailable(f"数据项“{item}”在数据源中没有对应的列，请联系提供部门修正资源挂接。")


def _fields(grant: Grant, mount: Mount, items: Sequence[str] = ()) -> tuple[Column, ...]:
    """Return the granted columns (or the asked ones of them) as mounted, with the grant's masking."""
    granted = {column.item: column for column in grant.columns}
    for item in items:
        if item not in granted:
            raise Misuse(f"数据项“{item}”不在授权范围内，请只查询已授权的数据项。", "item", grant.id)
    if len(set(items)) != len(items):
        raise RuleBroken("items 中有重复的数据项，每个数据项只写一次。")
    return tuple(
        replace_masking(_mounted(mount, column.item), column.masking)
        for column in ([granted[item] for item in items] or grant.columns)
    )


def replace_masking(column: Column, masking: Masking) -> Column:
    """Return the mounted column masked as the grant says."""
    return Column(item=column.item, column=column.column, kind=column.kind, masking=masking)


def _predicate(column: Column, condition: Condition) -> Predicate:
    """Check a condition's values and return it on its column."""
    checked = values.check_condition(column.item, column.kind, condition.operator, condition.values)
    return Predicate(column.item, column.column, column.kind, condition.operator, checked)


def _where(grant: Grant, mount: Mount, filters: Sequence[Condition]) -> tuple[Predicate, ...]:
    """Return the grant's row conditions and the caller's own, which may name unmasked granted items only."""
    shown = {column.item for column in grant.columns if column.masking is Masking.NONE}
    for condition in filters:
        if condition.item not in shown:
            raise NotAllowed(f"数据项“{condition.item}”未授权或已脱敏，不能作为筛选条件。")
    own = tuple(_predicate(_mounted(mount, found.item), found) for found in grant.conditions)
    asked = tuple(_predicate(_mounted(mount, found.item), found) for found in filters)
    for test in asked:
        if test.operator in (Operator.EQ, Operator.IN):
            _within(grant, own, test.item, test.values)
    return own + asked


def _within(grant: Grant, own: Sequence[Predicate], item: str, given: Sequence[str]) -> None:
    """Refuse to be asked for what the grant's own conditions leave out, such as another region (R-SHR-032)."""
    for test in own:
        if test.item == item and not all(
            values.passes(value, test.kind, test.operator, test.values) for value in given
        ):
            raise Misuse(f"所问的“{item}”超出授权的记录范围，请只查询授权范围内的记录。", "scope", grant.id)


def _keys(
    grant: Grant, mount: Mount, keys: Sequence[Mapping[str, str]]
) -> tuple[tuple[Column, ...], tuple[tuple[str, ...], ...]]:
    """Return the key columns and the checked key values; all keys of a call name the same items."""
    if not keys or not keys[0]:
        raise RuleBroken("keys 为空，请至少给出一个查询标识。")
    items = tuple(keys[0])
    for item in items:
        if item not in grant.key_items:
            raise NotAllowed(f"数据项“{item}”不是本授权的查询标识，可用的标识：{'、'.join(grant.key_items)}。")
    columns = tuple(_mounted(mount, item) for item in items)
    rows = []
    for key in keys:
        if key.keys() != keys[0].keys():
            raise RuleBroken("keys 中每个标识应包含相同的数据项，请分次查询。")
        rows.append(tuple(values.check(found.item, found.kind, key[found.item]) for found in columns))
    return columns, tuple(rows)


def compile_lookup(
    grant: Grant,
    mount: Mount,
    keys: Sequence[Mapping[str, str]],
    *,
    items: Sequence[str] = (),
    filters: Sequence[Condition] = (),
    hash_key: bytes = b"",
) -> Plan:
    """Return the plan of a single-record query (R-EXC-006): `keys` map key items to values, at least one.

    items: subset of the granted items, all when empty. hash_key: the grant's own key, already unsealed.
    Raises NotAllowed for what is not granted, RuleBroken for values of the wrong kind, Unavailable for a broken mount.
    """
    columns, asked = _keys(grant, mount, keys)
    return Plan(
        schema=mount.schema,
        table=mount.table,
        fields=_fields(grant, mount, items),
        where=_where(grant, mount, filters),
        key_columns=columns,
        keys=asked,
        limit=LOOKUP_ROWS,
        hash_key=hash_key,
        grant=grant.id,
        asked=tuple(filters),
    )


def compile_confirm(grant: Grant, mount: Mount, keys: Mapping[str, str], facts: Mapping[str, str]) -> Plan:
    """Return the plan of a confirmation (R-EXC-008): does the record of `keys` carry `facts`? It shows no field.

    facts: confirmable items (`grant.confirm_items`) to claimed values, at least one.
    """
    columns, asked = _keys(grant, mount, [keys])
    if not facts:
        raise RuleBroken("facts 为空，请至少给出一个待核对的数据项。")
    for item in facts:
        if item not in grant.confirm_items:
            raise NotAllowed(f"数据项“{item}”不可核对，可核对的数据项：{'、'.join(grant.confirm_items) or '无'}。")
    claimed = tuple(
        _predicate(_mounted(mount, item), Condition(item, Operator.EQ, (value,))) for item, value in facts.items()
    )
    return Plan(
        schema=mount.schema,
        table=mount.table,
        fields=(),
        where=_where(grant, mount, ()),
        key_columns=columns,
        keys=asked,
        facts=claimed,
        grant=grant.id,
    )


def compile_through(grant: Grant, mount: Mount, *, hash_key: bytes = b"") -> Plan:
    """Return the plan by which the answer of a department's interface is narrowed to what the grant shows."""
    return Plan(
        schema=mount.schema,
        table=mount.table,
        fields=_fields(grant, mount),
        where=_where(grant, mount, ()),
        limit=LOOKUP_ROWS,
        hash_key=hash_key,
        grant=grant.id,
    )


def compile_page(
    grant: Grant,
    mount: Mount,
    *,
    items: Sequence[str],
    filters: Sequence[Condition],
    after: tuple[str, ...],
    limit: int,
    hash_key: bytes = b"",
) -> Plan:
    """Return the plan of a page of records in the order of the mount's key; one record more than `limit` is asked for.

    Raises as `compile_lookup`; Unavailable where the mount names no key.
    """
    by_name = {column.column: column for column in mount.columns}
    columns = tuple(by_name.get(name, Column(name, name)) for name in mount.key_columns)
    if not columns:
        raise Unavailable("资源的挂接没有主键，无法逐页列出，请联系提供部门修正资源挂接。")
    if after and len(after) != len(columns):
        raise RuleBroken("资源的主键已变更，请留空 after 从头开始。")
    return Plan(
        schema=mount.schema,
        table=mount.table,
        fields=_fields(grant, mount, items),
        where=_where(grant, mount, filters),
        key_columns=columns,
        after=after,
        limit=limit + 1,
        hash_key=hash_key,
    )


def compile_copy(grant: Grant, mount: Mount, *, hash_key: bytes = b"") -> Plan:
    """Return the plan of everything the grant shows, for a table transfer or a batch file (R-EXC-007)."""
    plan = Plan(
        schema=mount.schema,
        table=mount.table,
        fields=_fields(grant, mount),
        where=_where(grant, mount, ()),
        unique=mount.key_columns,
        hash_key=hash_key,
    )
    names = [found.column for found in plan.fields]
    if len(set(names)) != len(names):
        raise Unavailable("授权中有两个数据项对应数据源的同一列，请提供部门修正资源挂接。")
    if plan.hashed and not hash_key:
        raise Unavailable("授权要求按密钥散列脱敏，但未收到散列密钥，请等待授权包更新后重试。")
    return plan


def compile_preview(
    schema: str, table: str, columns: Sequence[Column], limit: int, filters: Sequence[Filter] = ()
) -> Plan:
    """Return the plan of a masked preview; the keyed hash shows as nothing there, since no grant lends a key."""
    shown = tuple(
        replace_masking(found, Masking.SUPPRESS) if found.masking is Masking.KEYED_HASH else found for found in columns
    )
    where = tuple(
        _predicate(found.column, Condition(found.column.item, found.operator, found.values)) for found in filters
    )
    return Plan(schema=schema, table=table, fields=shown, where=where, limit=max(1, min(limit, 100)))


def with_keys(plan: Plan, keys: Sequence[tuple[str, ...]]) -> Plan:
    """Return the same lookup for other keys, so that concurrent lookups of one grant can be gathered into one."""
    return replace(plan, keys=tuple(keys))


def admits(plan: Plan, row: Mapping[str, str | None]) -> bool:
    """Tell whether a row (column to canonical text) passes the row filter, for engines that cannot be asked."""
    return all(
        (test.or_missing and row[test.column] is None)
        or values.passes(row[test.column], test.kind, test.operator, test.values)
        for test in plan.where
    )


def shape(plan: Plan, row: Mapping[str, str | None]) -> tuple[str | None, ...]:
    """Return a row's granted fields, masked, in the plan's order, for engines that cannot be asked."""
    return tuple(mask(found.masking, row[found.column], plan.hash_key) for found in plan.fields)
