"""The words that stand with data in doubt, wherever it is served: Chinese, as the data plane's own sentences."""

from __future__ import annotations

from typing import Final

from jutong.kernel.terms import N_
from jutong.slices.correction.rules.terms import MarkKind

_WORDS: Final = {
    MarkKind.VERIFICATION: N_("该数据正在校核（%(numbers)s）"),
    MarkKind.OBJECTION: N_("该数据存在异议（%(numbers)s），正在处理。"),
    MarkKind.CORRECTED: N_("该数据已更正（%(numbers)s）；此前取得的，请在“更正通知”中领取更正内容。"),
}
AS_USUAL: Final = N_("；办事人已提供合法有效证明材料的，请照常办理，不得拒绝、推诿或要求办理信息更正手续。")


def words(kind: MarkKind, numbers: list[str], *, as_usual: bool) -> str:
    """Return the sentence of a mark. as_usual: the profile has business handled as usual meanwhile."""
    text = _WORDS[kind] % {"numbers": "、".join(numbers)}
    if kind is not MarkKind.VERIFICATION:
        return text
    return text + (AS_USUAL if as_usual else "。")
