"""What drivers of other databases say of a row that a table does not take: which constraint, which column, never a value."""

from __future__ import annotations

import re

from jutong.dataplane.dirty import RowRefused

_NAME = r"[\w$#.]{1,128}"
_TOLD: tuple[tuple[str, str, str], ...] = (
    # words of the server (PostgreSQL's relatives by SQLSTATE, Oracle, SQL Server, 达梦)          what it is        reason
    (r"\b23503\b|ORA-02291|ORA-02292|FOREIGN KEY constraint|违反引用约束", "foreign", "不满足目标表的外键"),
    (
        r"\b23505\b|ORA-00001|UNIQUE KEY|PRIMARY KEY constraint|duplicate key|违反.*唯一性约束",
        "unique",
        "唯一键与其他行重复",
    ),
    (r"\b23502\b|ORA-01400|ORA-01407|value NULL into column|违反.*非空约束", "null", "目标列不允许为空"),
    (r"\b23514\b|ORA-02290|CHECK constraint|违反\s*CHECK\s*约束", "check", "不满足目标表的约束"),
    (r"\b22001\b|ORA-12899|would be truncated|字符串截断|超出定义长度", "length", "目标列的长度不够"),
    (
        r"\b22[0-9A-Z]{3}\b|ORA-01438|ORA-01722|ORA-018[0-9]{2}|ORA-01426|[Oo]verflow|Conversion failed|数据溢出|类型转换",
        "value",
        "与目标列的类型不符或超出范围",
    ),
    (r"\bP0001\b|ORA-2[0-9]{4}\b", "trigger", "目标表的触发器拒绝了该行"),
)
_CONSTRAINT = re.compile(
    rf"constraint \((?:{_NAME}\.)?({_NAME})\) violated|constraint [\"'](?:{_NAME}\.)?({_NAME})[\"']|约束\[({_NAME})\]"
)
_COLUMN = re.compile(
    rf"\"{_NAME}\"\.\"{_NAME}\"\.\"({_NAME})\"|, column '({_NAME})'|into column '({_NAME})'|列\[({_NAME})\]|column \"({_NAME})\""
)


def row_refused(error: Exception, title: str) -> RowRefused | None:
    """Return the refusal of a row for what stands in it; None for an error of another kind.

    Names are taken from the driver's own fields where it has them (`diag`), else from its words; the words stay out.
    """
    told = f"{getattr(error, 'pgcode', None) or getattr(error, 'sqlstate', None) or ''} {error}"
    kind = type(error).__name__
    found = next((each for each in _TOLD if re.search(each[0], told)), None)
    if found is None and kind not in ("IntegrityError", "DataError"):
        return None
    reason = found[2] if found else "与目标表的约束冲突" if kind == "IntegrityError" else "与目标列的类型不符或超出范围"
    diag = getattr(error, "diag", None)
    constraint = getattr(diag, "constraint_name", None) or _first(_CONSTRAINT, told)
    column = getattr(diag, "column_name", None) or _first(_COLUMN, told)
    if constraint:
        reason += f" {constraint}"
    place = f"（列 {column}）" if column else ""
    return RowRefused(f"数据源“{title}”拒绝了数据：{reason}{place}，请核对约束与数据。", reason, column)


def _first(pattern: re.Pattern[str], told: str) -> str:
    found = pattern.search(told)
    return next((name for name in found.groups() if name), "") if found else ""
