"""A plan as MySQL text: identifiers quoted from the mount, every value a hexadecimal literal, never text of its own.

A hexadecimal literal is digits only, whatever the session's mode makes of quotes and backslashes, so a value cannot
become SQL; numbers and dates are checked against their kind before.
"""

# ruff: noqa: S608 - every name is quoted by `quoted`, every value written by `literal`
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jutong.dataplane import values
from jutong.dataplane.engines.mysql.types import BINARIES, CHARACTERS
from jutong.dataplane.engines.types import Type
from jutong.dataplane.masking import MYSQL, expression
from jutong.dataplane.partitions import MOST_PARTS, Cut
from jutong.dataplane.policy import Plan, Predicate
from jutong.wire.grants import Column, Kind, Masking, Operator
from jutong.wire.transfers import SplitBy

COMPARE = {
    Operator.EQ: "=",
    Operator.NE: "<>",
    Operator.LT: "<",
    Operator.LE: "<=",
    Operator.GT: ">",
    Operator.GE: ">=",
}
ESCAPES = (("\\\\", "\\\\\\\\"), ("\\t", "\\\\t"), ("\\n", "\\\\n"), ("\\r", "\\\\r"))
"""What ends a cell or a line, and what stands for it, as string literals of MySQL."""

BETWEEN, MISSING = b"\xff", b"\xfe"
"""Two bytes that no text in UTF-8 holds: what stands between two cells, and for a missing value."""


@dataclass(frozen=True, slots=True)
class Native:
    """A column's own type: `full` as declared, `base` the bare word, what it can hold."""

    full: str
    base: str
    neutral: Type


Natives = Mapping[str, Native]
"""Column name to its type."""


def quoted(name: str) -> str:
    """Return an identifier quoted for MySQL."""
    return "`" + name.replace("`", "``") + "`"


def qualified(schema: str, table: str) -> str:
    """Return schema (a database, here) and table quoted."""
    return f"{quoted(schema)}.{quoted(table)}" if schema else quoted(table)


def literal(text: str) -> str:
    """Return a text as a literal made of hexadecimal digits."""
    return f"_utf8mb4 x'{text.encode().hex()}'"


def _two(number: str) -> str:
    """Return a whole number with two digits at least."""
    return f"concat(if({number} < 10, '0', ''), cast({number} as char))"


def _floating(column: str) -> str:
    """Return a double as PostgreSQL writes it: MySQL's shortest digits, another place where the exponent begins."""
    text = f"cast({column} as char)"
    mantissa, power = f"substring_index({text}, 'e', 1)", f"cast(substring_index({text}, 'e', -1) as signed)"
    written = f"concat({mantissa}, 'e', if({power} < 0, '-', '+'), {_two(f'abs({power})')})"
    plain = f"cast(abs({column}) as char)"
    digits = f"trim(both '0' from replace({plain}, '.', ''))"
    small = f"1 + char_length(substring_index({plain}, '.', -1)) - char_length({digits})"
    large = f"char_length(substring_index({plain}, '.', 1)) - 1"
    moved = (
        f"concat(if({column} < 0, '-', ''), left({digits}, 1), if(char_length({digits}) > 1, '.', ''), "
        f"substring({digits}, 2), if(abs({column}) < 1, 'e-', 'e+'), "
        f"{_two(f'if(abs({column}) < 1, {small}, {large})')})"
    )
    return (
        f"(case when {column} = 0 then '0' when abs({column}) >= 1e-4 and abs({column}) < 1e15 then {text} "
        f"when locate('e', {text}) > 0 then {written} else {moved} end)"
    )


def _time(column: str, native: Native) -> str:
    """Return a time without the zeros behind its fraction; with Beijing's offset where it has a zone."""
    text = f"cast({column} as char)"
    if "(" in native.full:
        text = f"trim(trailing '.' from trim(trailing '0' from {text}))"
    return f"concat({text}, '+08')" if native.neutral.zoned else text


def canonical(column: str, native: Native) -> str:
    """Return the expression for a column's canonical text; `column` is quoted already."""
    kind = native.neutral
    if kind.kind is Kind.BOOLEAN:
        return f"(case {column} + 0 when 1 then 'true' when 0 then 'false' else cast({column} + 0 as char) end)"
    if kind.floating:
        return _floating(f"cast({column} as double)" if native.base == "float" else column)
    if kind.kind in (Kind.INTEGER, Kind.NUMBER):
        plain = "zerofill" not in native.full and native.base not in ("bit", "year")
        return f"cast({column}{'' if plain else ' + 0'} as char)"
    if native.base in BINARIES:
        return f"lower(hex({column}))"
    if kind.kind is Kind.TIMESTAMP:
        return _time(column, native)
    return f"convert({column} using utf8mb4)" if native.base in CHARACTERS else f"cast({column} as char)"


def _exact(column: str, native: Native) -> str:
    """Return a text column's bytes in UTF-8, so that it compares by code point and a blank behind counts."""
    return f"cast({canonical(column, native)} as binary)"


def _value(test: Predicate, native: Native, value: str) -> str:
    """Return a value as it is compared with a column of this type; `RuleBroken` when it is none."""
    kind = native.neutral
    checked = values.check(test.item, kind.kind, value)
    if kind.kind is Kind.BOOLEAN:
        return "1" if checked == "true" else "0"
    if kind.kind is Kind.BINARY:
        return f"x'{checked}'"
    if kind.floating:
        return f"cast({literal(checked)} as double)"
    if kind.kind in (Kind.INTEGER, Kind.NUMBER):
        return checked.removeprefix("+")
    if kind.kind in (Kind.DATE, Kind.TIMESTAMP):
        return f"cast({literal(checked)} as {'date' if kind.kind is Kind.DATE else 'datetime(6)'})"
    return f"x'{checked.encode().hex()}'"


def _text(test: Predicate, column: str, native: Native) -> str:
    """Return a test on a text column: by its bytes, and where they must be equal also by an index it may have."""
    exact = _exact(column, native)
    given = [_value(test, native, value) for value in test.values]
    if test.operator in (Operator.EQ, Operator.IN):
        indexed = f"{column} in ({', '.join(map(literal, test.values))})"
        return f"({indexed} and {exact} in ({', '.join(given)}))"
    return f"{exact} {COMPARE[test.operator]} {given[0]}"


def predicate(test: Predicate, natives: Natives) -> str:
    """Return one row test on table `t`."""
    tested = _tested(test, natives)
    return f"({tested} or t.{quoted(test.column)} is null)" if test.or_missing else tested


def _tested(test: Predicate, natives: Natives) -> str:
    column, native = f"t.{quoted(test.column)}", natives[test.column]
    if test.operator is Operator.IS_NULL:
        return f"{column} is null"
    if test.operator is Operator.NOT_NULL:
        return f"{column} is not null"
    if test.operator is Operator.PREFIX:
        text = canonical(column, native)
        starts = (f"cast(left({text}, {len(v)}) as binary) = x'{v.encode().hex()}'" for v in test.values)
        return f"({' or '.join(starts)})"
    if native.neutral.kind is Kind.TEXT:
        return _text(test, column, native)
    given = [_value(test, native, value) for value in test.values]
    if test.operator is Operator.IN:
        return f"{column} in ({', '.join(given)})"
    return f"{column} {COMPARE[test.operator]} {given[0]}"


def conjunction(tests: Sequence[Predicate], natives: Natives) -> str:
    """Return all tests joined by AND."""
    return " and ".join(["true", *(predicate(test, natives) for test in tests)])


def asked(plan: Plan, natives: Natives) -> str:
    """Return the test for the rows of all keys: any of the columns' values together."""
    rows = []
    for key in plan.keys:
        pairs = zip(plan.key_columns, key, strict=True)
        tests = (Predicate(column.item, column.column, column.kind, Operator.EQ, (value,)) for column, value in pairs)
        rows.append(" and ".join(predicate(test, natives) for test in tests))
    if len(plan.key_columns) == 1:
        column = plan.key_columns[0]
        listed = tuple(key[0] for key in plan.keys)
        return predicate(Predicate(column.item, column.column, column.kind, Operator.IN, listed), natives)
    return f"({' or '.join(f'({row})' for row in rows)})"


def shown(field: Column, natives: Natives) -> str:
    """Return a field as masked canonical text; a keyed hash leaves the source as plain text, for the data plane."""
    text = canonical(f"t.{quoted(field.column)}", natives[field.column])
    if field.masking in (Masking.NONE, Masking.KEYED_HASH):
        return text
    return expression(field.masking, f"{text} collate utf8mb4_bin", MYSQL)


def line(plan: Plan, natives: Natives, texts: Sequence[str]) -> str:
    """Return a row's texts as one line of bytes: escaped as a whole where a cell may hold what ends one.

    Between its cells and for a missing value stand `BETWEEN` and `MISSING`, which the reader puts into tabs and backslash-N:
    the server escapes once a row, not once a cell.
    """
    cells = ", ".join(f"ifnull(cast({text} as binary), x'{MISSING.hex()}')" for text in texts)
    written = f"concat_ws(x'{BETWEEN.hex()}', {cells})"
    if all(_plain(field, natives[field.column]) for field in plan.fields):
        return written
    for sign, instead in ESCAPES:
        written = f"replace({written}, '{sign}', '{instead}')"
    return written


def _plain(field: Column, native: Native) -> bool:
    """Tell whether a field's text can hold nothing that ends a cell."""
    return native.neutral.kind is not Kind.TEXT and field.masking in (Masking.NONE, Masking.KEYED_HASH)


def digest(texts: Sequence[str]) -> str:
    """Return the 56-bit number of a row of canonical texts as decimal digits, by the portable method."""
    sizes = ", ".join(f"ifnull(char_length({text}), '-')" for text in texts)
    row = f"concat(concat_ws(':', {sizes}), ';', concat_ws('', {', '.join(texts)}))"
    return f"conv(left(sha2({row}, 256), 14), 16, 10)"


def summed(number: str, rows: str) -> str:
    """Return count and sum over rows with the given number; a row too long for the server has none and is counted."""
    return f"select count(*), cast(ifnull(sum(cast({number} as unsigned)), 0) as char), count({number}) from {rows}"


def source(plan: Plan, natives: Natives) -> str:
    """Return the table of a plan with its row filter."""
    return f"{qualified(plan.schema, plan.table)} t where {conjunction(plan.where, natives)}"


def copied(plan: Plan, natives: Natives) -> str:
    """Return the rows of a copy: of the asked keys and of the named partitions only, where there are any."""
    rows = source(plan, natives)
    if plan.keys:
        rows += f" and {asked(plan, natives)}"
    if plan.cut and plan.parts:
        rows += f" and {among(shown(plan.fields[plan.cut.place], natives), plan.cut, plan.parts)}"
    return rows


def partition(text: str, cut: Cut) -> str:
    """Return the bytes of a row's partition, as `Cut.name` says it; `text`: the field's canonical text."""
    if cut.by is SplitBy.YEAR:
        found = f"substring_index({text}, '-', 1)"
    elif cut.by is SplitBy.MONTH:
        found = f"trim(trailing '-' from substring_index({text}, '-', 2))"
    elif cut.by is SplitBy.PREFIX:
        found = f"left({text}, {cut.size:d})"
    elif cut.by is SplitBy.HASH:
        number = f"cast(conv(left(sha2({text}, 256), 14), 16, 10) as unsigned)"
        found = f"if(char_length({text}) > 0, cast(mod({number}, {cut.size:d}) as char), '')"
    else:
        found = text
    return f"cast(ifnull({found}, '') as binary)"


def among(text: str, cut: Cut, names: Sequence[str]) -> str:
    """Return the test that a row lies in one of these partitions."""
    return f"{partition(text, cut)} in ({', '.join(_bytes(name) for name in names)})"


def _bytes(text: str) -> str:
    """Return the bytes of a text as a literal; nothing at all is written in quotes, since x'' counts as a number."""
    return f"x'{text.encode().hex()}'" if text else "''"


def summed_by(number: str, part: str, rows: str) -> str:
    """Return partition, count, sum and rows that have a number; one partition too many at most."""
    question = summed(number, rows).removeprefix("select ")
    return f"select {part} as part, {question} group by part limit {MOST_PARTS + 1}"


def select_texts(plan: Plan, natives: Natives, *, keys: bool = False) -> str:
    """Return the plan's rows as canonical texts; `keys`: of the asked keys, their own texts first."""
    texts = [canonical(f"t.{quoted(column.column)}", natives[column.column]) for column in plan.key_columns] * keys
    texts += [shown(field, natives) for field in plan.fields]
    where = f" and {asked(plan, natives)}" if keys else ""
    limit = f" limit {plan.limit + keys:d}" if plan.limit else ""
    return f"select {', '.join(texts)} from {source(plan, natives)}{where}{limit}"


def select_lines(plan: Plan, natives: Natives, *, summed: bool) -> str:
    """Return the plan's rows as one line each, with the row's number beside it where it is `summed`."""
    texts = [shown(field, natives) for field in plan.fields]
    number = f", {digest(texts)}" if summed else ""
    return f"select {line(plan, natives, texts)}{number} from {copied(plan, natives)}"


def select_facts(plan: Plan, natives: Natives) -> str:
    """Return the confirmation: how many records the key has, and how many of them carry all facts."""
    facts = conjunction(plan.facts, natives)
    return f"select count(*), count(nullif({facts}, 0)) from {source(plan, natives)} and {asked(plan, natives)}"
