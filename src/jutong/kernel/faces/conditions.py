"""Row conditions in forms: which rows are asked for or given, as rows of item, comparison and values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from jutong.kernel.terms import OPERATOR_LABELS
from jutong.wire.grants import Condition, Operator

NULL_TESTS: Final = frozenset({Operator.IS_NULL, Operator.NOT_NULL})
CONDITION_ROWS: Final = 4
LONGEST_VALUES: Final = 2000


class ConditionsField:
    """Row conditions, as rows of item, operator and values named ``condition-<row>-item`` and so on."""

    def __init__(
        self, items: Sequence[str], data: Mapping[str, Any] | None, initial: Sequence[Mapping[str, Any]]
    ) -> None:
        self.items = list(items)
        self.operators = [(str(operator), _(label)) for operator, label in OPERATOR_LABELS.items()]
        self.rows = self._posted(data) if data is not None else self._initial(initial)
        self.errors: list[str] = []

    @property
    def given(self) -> bool:
        """Whether a row says anything: then the rows are shown unfolded."""
        return any(item or values.strip() for _row, item, _operator, values in self.rows)

    @staticmethod
    def _posted(data: Mapping[str, Any]) -> list[tuple[int, str, str, str]]:
        found = []
        for row in range(20):
            parts = [str(data.get(f"condition-{row}-{part}", "")) for part in ("item", "operator", "values")]
            if row < CONDITION_ROWS or any(parts):
                found.append((row, parts[0], parts[1], parts[2][:LONGEST_VALUES]))
        return found

    @staticmethod
    def _initial(initial: Sequence[Mapping[str, Any]]) -> list[tuple[int, str, str, str]]:
        given = [(str(one["item"]), str(one["operator"]), "、".join(one.get("values", ()))) for one in initial]
        given += [("", "", "")] * max(1, CONDITION_ROWS - len(given))
        return [(row, *parts) for row, parts in enumerate(given)]

    def conditions(self) -> tuple[Condition, ...]:
        """Return the filled rows as conditions; what is wrong stands in `errors`."""
        found = []
        for row, item, operator, text in self.rows:
            if not item and not text.strip():
                continue
            if item not in self.items or operator not in set(Operator):
                self.errors.append(_("第 %d 行条件请选择信息项和比较方式。") % (row + 1))
                continue
            values = () if operator in NULL_TESTS else _values(text, many=operator == Operator.IN)
            found.append(Condition(item, Operator(operator), values))
        return tuple(found)


def _values(text: str, *, many: bool) -> tuple[str, ...]:
    if not many:
        return (text.strip(),)
    for sign in "，,；;\n\t ":
        text = text.replace(sign, "、")
    return tuple(part for part in text.split("、") if part)


def condition_in_words(item: str, operator: str, values: Iterable[str]) -> str:
    """Return a row condition as people read it: 状态 等于 在业."""
    return " ".join(filter(None, (item, _(OPERATOR_LABELS[Operator(operator)]), _("、").join(values))))


def conditions_in_words(conditions: Iterable[Condition]) -> str:
    """Return row conditions, one a line."""
    return "\n".join(condition_in_words(one.item, one.operator, one.values) for one in conditions)
