"""A field of the wrong shape is named with a sentence in the reader's language, never pydantic's own words."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from django.utils import translation
from pydantic import BaseModel, Field, ValidationError

from jutong.kernel.faces import shapes
from jutong.kernel.terms import Purpose


class Body(BaseModel):
    title: str = Field("题", min_length=1, max_length=3)
    days: Annotated[int, Field(ge=1, le=9)] = 1
    purpose: Purpose = next(iter(Purpose))
    items: list[str] = Field([], max_length=1)


@pytest.mark.parametrize(
    ("values", "chinese", "english"),
    [
        ({"title": "一二三四"}, "最多 3 个字，请精简。", "At most 3 characters; please shorten it."),
        ({"title": 5}, "应为文本。", "It must be text."),
        ({"days": "x"}, "应为整数。", "It must be a whole number."),
        ({"days": 10}, "不能大于 9。", "It must not be greater than 9."),
        ({"items": ["a", "b"]}, "最多 1 项，请分次提交。", "At most 1 items; please submit them in parts."),
        ({"items": {}}, "应为列表。", "It must be a list."),
    ],
)
def test_each_fault_is_told_in_the_readers_language(values: dict[str, Any], chinese: str, english: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Body(**values)
    (finding,) = refused.value.errors()
    assert shapes.sentence(finding) == chinese
    with translation.override("en"):
        assert shapes.sentence(finding) == english


def test_a_wrong_code_is_told_the_right_ones_and_the_unforeseen_is_told_too() -> None:
    with pytest.raises(ValidationError) as refused:
        Body(purpose="nonsense")
    assert shapes.sentence(refused.value.errors()[0]).startswith("取值只能是 ")
    assert shapes.sentence({"type": "callable_type"}) == "格式或取值不符合接口要求，请核对接口说明。"
