"""Requests and replies in words: conditions, masking, share types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from jutong.kernel.terms import ShareType
from jutong.slices.sharing.pages.forms import OPERATORS
from jutong.wire.grants import Operator


def share_type_label(code: str) -> str:
    """Return the translated name of a share type."""
    return _(ShareType(code).label) if code in set(ShareType) else code


def conditions_in_words(conditions: Iterable[Mapping[str, Any]]) -> str:
    """Return row conditions one a line: 状态 等于 在业."""
    return "\n".join(
        " ".join(
            filter(None, [str(one["item"]), _(OPERATORS[Operator(one["operator"])]), "、".join(one.get("values", ()))])
        )
        for one in conditions
    )
