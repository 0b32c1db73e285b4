"""What a head reads before the end of a service is filed, and the authority before it takes note of it, from the telephone."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.agenda import Decision
from jutong.kernel.terms import N_
from jutong.slices.grants.models import ServiceChange


def _gist(case: ServiceChange) -> tuple[tuple[str, str], ...]:
    heard = list(case.consumers.values_list("result", flat=True))
    return (
        (N_("目录代码"), case.entry_code),
        (N_("提供方"), case.provider.short_name or case.provider.name),
        (N_("停止日期"), f"{case.stop_on:%Y-%m-%d}"),
        (N_("并入的目录"), case.successor),
        (N_("理由"), case.cause),
        (N_("使用方意见"), _words(heard)),
        (N_("备案编号"), case.number),
    )


def _words(heard: list[str]) -> str:
    if not heard:
        return ""
    said = {"agreed": heard.count("agreed"), "other": heard.count("disagreed")}
    return _("共 %(all)d 家，同意 %(agreed)d 家，不同意 %(other)d 家") % {"all": len(heard), **said}


def _fits(_actor: Actor, case: ServiceChange, verb: str) -> bool:
    return verb != "acknowledge" or not case.acknowledged_by


ENDING: Final = Decision(
    agree=("file", "file_directly", "acknowledge"), gist=_gist, back={"cancel": "reason"}, fits=_fits
)
