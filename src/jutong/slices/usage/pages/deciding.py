"""What a head reads before deciding on misuse or accepting the proof of a disposal from the telephone."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.agenda import Decision
from jutong.kernel.terms import N_
from jutong.slices.usage.models import Disposal, MisuseCase
from jutong.slices.usage.rules.disposals import Method
from jutong.slices.usage.rules.terms import Ground

LAST_NOTES: Final = ("report", "refusal", "decision")
"""What was said last in a case of misuse, as far as a decision rests on it."""


def _misuse(case: MisuseCase) -> tuple[tuple[str, str], ...]:
    said = case.notes.filter(sort__in=LAST_NOTES).order_by("-pk").first()
    return (
        (N_("案件编号"), case.number),
        (N_("使用方"), case.consumer.short_name or case.consumer.name),
        (N_("情况"), case.text),
        (N_("认定的情形"), _(Ground(case.ground).label) if case.ground else ""),
        (N_("整改要求"), case.demand),
        (N_("整改期限"), f"{case.limit_day:%Y-%m-%d}" if case.limit_day else ""),
        (N_("最近一次报告或意见"), said.text if said else ""),
    )


def _misuse_fits(_actor: Actor, case: MisuseCase, verb: str) -> bool:
    """Offer what the state of the rectification asks for: a report to verify or send back, a refusal to act upon."""
    if verb in {"verify", "send_back"}:
        return case.reported_at is not None
    return verb != "find_insufficient" or (case.refused_at is not None and case.reported_at is None)


def _disposal(case: Disposal) -> tuple[tuple[str, str], ...]:
    return (
        (N_("使用方"), case.consumer.short_name or case.consumer.name),
        (N_("副本"), case.copy_title),
        (N_("处置方式"), _(Method(case.method).label) if case.method else ""),
        (N_("处置日期"), f"{case.executed_on:%Y-%m-%d}" if case.executed_on else ""),
        (N_("执行人"), case.executor),
        (N_("证明"), case.proof.name if case.proof else ""),
        (N_("说明"), case.note),
    )


MISUSE: Final = Decision(
    agree=("verify", "find_insufficient", "restore", "terminate"),
    gist=_misuse,
    back={"dismiss": "reason", "send_back": "text"},
    says={"verify": "text", "find_insufficient": "text", "restore": "decision", "terminate": "decision"},
    opens=("suspend",),
    fits=_misuse_fits,
)
DISPOSAL: Final = Decision(agree=("accept",), gist=_disposal)
