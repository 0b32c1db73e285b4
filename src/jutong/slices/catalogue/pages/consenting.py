"""What a head reads before an entry, an assessment or more time for an update is agreed to from the telephone."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.agenda import Decision
from jutong.kernel.terms import N_, ShareType
from jutong.slices.catalogue.models import Assessment, CatalogUpdate, Entry


def _entry(case: Entry) -> tuple[tuple[str, str], ...]:
    return (
        (N_("目录代码"), case.code or ""),
        (N_("提供方"), case.provider_name),
        (N_("共享类型"), _(ShareType(case.share_type).label) if case.share_type else ""),
    )


def _assessment(case: Assessment) -> tuple[tuple[str, str], ...]:
    return ((N_("目录条目"), case.entry.title), (N_("提供方"), case.provider.name), (N_("结论"), case.conclusion))


def _update(case: CatalogUpdate) -> tuple[tuple[str, str], ...]:
    asked = case.extension_asked
    return (
        (N_("提供方"), case.provider.short_name or case.provider.name),
        (N_("变化的依据"), case.occasion),
        (N_("申请延长（工作日）"), str(asked.get("days", ""))),
        (N_("延长的理由"), str(asked.get("reason", ""))),
    )


def _days_asked(case: CatalogUpdate) -> int:
    return int(case.extension_asked.get("days", 0))


ENTRY: Final = Decision(agree=("leader_approve",), gist=_entry)
ASSESSMENT: Final = Decision(agree=("approve",), gist=_assessment)
UPDATE: Final = Decision(
    agree=("extend",),
    gist=_update,
    back={"refuse_extension": "reason"},
    reads={"extend": ("days", _days_asked)},
)
