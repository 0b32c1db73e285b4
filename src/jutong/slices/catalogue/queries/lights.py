"""How an entry stands in the catalogue, as lights: complete, refreshed by its cycle, used."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.clock import beijing_day
from jutong.kernel.panels import Light
from jutong.kernel.terms import UpdateCycle
from jutong.slices.catalogue.models import Entry, Pulse
from jutong.slices.catalogue.rules.liveliness import THIN_BELOW, UNUSED_AFTER

FULL: Final = 80
"""Percent of the helpful elements from which the light is green."""


def lights_of(case: Entry, at: datetime) -> tuple[Light, ...]:
    """Return the lights of a published entry that was read with its pulse; none for one that is not in force."""
    pulse: Pulse | None = getattr(case, "pulse", None)
    if pulse is None or case.published_id is None:
        return ()
    tone = "good" if pulse.completeness >= FULL else "wait" if pulse.completeness >= THIN_BELOW else "bad"
    whole = Light(_("目录完整度"), tone, _("有助于理解的要素已填 %d%%") % pulse.completeness)
    return whole, _fresh(pulse, at), _used(pulse, at)


def _fresh(pulse: Pulse, at: datetime) -> Light:
    label = _("新鲜度")
    words = {
        "cycle": _(UpdateCycle(pulse.cycle).label) if pulse.cycle else "",
        "day": pulse.refreshed_on or pulse.since,
    }
    if pulse.mounted:
        return Light(label, "good", _("在来源处实时读取，更新周期：%(cycle)s") % words)
    if pulse.due_on is None:
        return Light(label, "neutral", _("没有固定更新周期，最近更新 %(day)s") % words)
    if late := max(0, (beijing_day(at) - pulse.due_on).days):
        return Light(
            label, "bad", _("更新周期：%(cycle)s，最近更新 %(day)s，已超期 %(late)d 天") % {**words, "late": late}
        )
    return Light(label, "good", _("更新周期：%(cycle)s，最近更新 %(day)s") % words)


def _used(pulse: Pulse, at: datetime) -> Light:
    label = _("使用")
    if pulse.granted_at is not None:
        return Light(label, "good", _("最近一次授权：%s") % beijing_day(pulse.granted_at).isoformat())
    days = (beijing_day(at) - pulse.since).days
    return Light(label, "wait" if days > UNUSED_AFTER else "neutral", _("发布 %d 天，还没有部门取得授权") % days)
