"""What drivers of other databases say of a row that a table does not take: which constraint, which column, never a value."""

from __future__ import annotations

import re

from jutong.dataplane.dirty import RowRefused

FOREIGN = "不满足目标表的外键"
_TOLD: tuple[tuple[str, str, str], ...] = (
    # SQLSTATE of PostgreSQL's relatives · words of Oracle, SQL Server, 达梦 · reason
    ("23503", r"ORA-0229[12]|FOREIGN KEY constraint|违反引用约束", FOREIGN),
    ("23505", r"ORA-00001|UNIQUE KEY|PRIMARY KEY constraint|duplicate key|违反.*唯一性约束", "唯一键与其他行重复"),
    ("23502", r"ORA-01400|ORA-01407|value NULL into column|违反.*非空约束", "目标列不允许为空"),
    ("23514", r"ORA-02290|CHECK constraint|违反\s*CHECK\s*约束", "不满足目标表的约束"),
    ("22001", r"ORA-12899|would be truncated|字符串截断|超出定义长度", "目标列的长度不够"),
    (
        "22",
        r"ORA-01438|ORA-01722|ORA-018\d\d|ORA-01426|[Oo]verflow error|Conversion failed|数据溢出|类型转换",
        "与目标列的类型不符或超出范围",
    ),
    ("23", r"与约束冲突", "与目标表的约束冲突"),
    ("P0001", r"ORA-20\d\d\d", "目标表的触发器拒绝了该行"),
)
_CLASSES = {"IntegrityError": "与目标表的约束冲突", "DataError": "与目标列的类型不符或超出范围"}
"""The kinds of the DB-API for such errors, where a driver keeps to them and says nothing that is known."""

_NAME = r"[\w$#]{1,128}"
_CONSTRAINT = re.compile(
    rf"constraint \((?:{_NAME}\.)?({_NAME})\) violated|constraint [\"'](?:{_NAME}\.)?({_NAME})[\"']|约束\[({_NAME})\]"
)
_COLUMN = re.compile(rf"\"{_NAME}\"\.\"{_NAME}\"\.\"({_NAME})\"|column '({_NAME})'|列\[({_NAME})\]")


def row_refused(error: Exception, title: str) -> RowRefused | None:
    """Return the refusal of a row for what stands in it; None for an error of another kind.

    Names are taken from the driver's own fields where it has them (`diag`), else from its words; the words stay out,
    since they may quote data.
    """
    told = " ".join(part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in error.args)
    state = getattr(error, "pgcode", None) or ""
    known = (
        reason for code, words, reason in _TOLD if state.startswith(code) or (not state and re.search(words, told))
    )
    reason = next(known, "") or _CLASSES.get(type(error).__name__, "")
    if not reason:
        return None
    diag = getattr(error, "diag", None)
    column = getattr(diag, "column_name", None) or ("" if reason is FOREIGN else _first(_COLUMN, told))
    constraint = getattr(diag, "constraint_name", None) or _first(_CONSTRAINT, told)
    named = f"{reason} {constraint}".rstrip()
    place = f"（列 {column}）" if column else ""
    return RowRefused(f"数据源“{title}”拒绝了数据：{named}{place}，请核对约束与数据。", named, column)


def _first(pattern: re.Pattern[str], told: str) -> str:
    found = pattern.search(told)
    return next((name for name in found.groups() if name), "") if found else ""
