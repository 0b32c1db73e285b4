"""Drafting and publishing compilation specifications: the national one is loaded, a local one may only add or tighten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import IO

import msgspec
from django.db.models import Max
from django.utils.translation import gettext as _

from jutong.kernel import outbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Channel, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotAllowed, RuleBroken, WrongState
from jutong.kernel.terms import N_
from jutong.slices.standards import events
from jutong.slices.standards.actions.policies import check_place
from jutong.slices.standards.formats import specifications as sheets
from jutong.slices.standards.models import SpecificationVersion
from jutong.slices.standards.queries.specifications import above, as_specification
from jutong.slices.standards.rules.specifications import check_specification, loosened
from jutong.slices.standards.workflow import SPECIFIERS
from jutong.wire.specification import Element, Specification

NATIONAL = "national"


def import_specification(source: IO[bytes], *, region: str, by: Actor, at: datetime) -> SpecificationVersion:
    """Draft a specification from a workbook as `sheets.write` makes it; see `draft_specification`."""
    given = sheets.read(source)
    return draft_specification(
        region=region,
        title=given.title,
        basis=given.basis,
        elements=given.elements,
        serial_digits=given.serial_digits,
        by=by,
        at=at,
    )


@action("standards.draft_specification", label=N_("起草目录编制规范"), allow=SPECIFIERS)
def draft_specification(
    *,
    region: str,
    title: str,
    elements: Sequence[Element],
    basis: str = "",
    serial_digits: int = 6,
    by: Actor,
    at: datetime,
) -> SpecificationVersion:
    """Keep the draft of a region's next version, in place of an earlier draft (R-CAT-027).

    region: empty for the national specification, which the platform operator loads; else the authority's head drafts.
    elements: every element of the level above and the region's own. RuleBroken names each element that cannot be used.
    """
    _check_who(region, by)
    title = title.strip()
    if not title or len(title) > 100 or len(basis) > 200:  # noqa: PLR2004 - the columns' widths
        raise RuleBroken(_("请填写规范名称（不超过 100 字）和发布文号（不超过 200 字）。"), field="title")
    given = Specification(
        reference="", title=title, basis=basis, region=region, serial_digits=serial_digits, elements=tuple(elements)
    )
    check_specification(given)
    number = _next_number(region)
    kept, _made = SpecificationVersion.objects.update_or_create(
        region=region,
        published_at=None,
        defaults={
            "number": number,
            "reference": f"{region or NATIONAL}@{number}",
            "title": title,
            "basis": basis.strip(),
            "serial_digits": serial_digits,
            "elements": msgspec.to_builtins(given.elements),
            "drafted_by": by.name[:100],
            "drafted_at": at,
        },
    )
    return kept


def _check_who(region: str, by: Actor) -> None:
    if region:
        check_place(region, by)
    elif by.channel is not Channel.SYSTEM and not by.holds(Role.PLATFORM_OPERATOR):
        raise NotAllowed(_("国家规范由平台管理员按国务院主管部门发布的文本导入，请填写地方规范的行政区划代码。"))


def _next_number(region: str) -> int:
    latest = SpecificationVersion.objects.filter(region=region, published_at__isnull=False).aggregate(n=Max("number"))
    return (latest["n"] or 0) + 1


@action("standards.publish_specification", label=N_("发布目录编制规范"), allow=SPECIFIERS, on=SpecificationVersion)
def publish_specification(
    draft: SpecificationVersion, *, effective_from: date, by: Actor, at: datetime
) -> SpecificationVersion:
    """Publish a draft; it is in force from `effective_from` on, what was in force before is superseded then (R-CAT-027).

    A local version is compared with what is above it on that day: RuleBroken names every element that it drops or
    loosens (R-CAT-050). WrongState when it was published before, Conflict when a later version is already published.
    """
    _check_who(draft.region, by)
    if draft.published_at is not None:
        raise WrongState(_("该规范已经发布，不能再改；如需调整请起草新版本。"))
    if effective_from < beijing_day(at) and by.channel is not Channel.SYSTEM:
        raise RuleBroken(_("生效日期不能早于今天，请修改。"), field="effective_from")
    later = SpecificationVersion.objects.filter(region=draft.region, effective_from__gte=effective_from).first()
    if later is not None:
        raise Conflict(
            _("“%(title)s”自 %(day)s 起生效，新版本的生效日期须晚于它，请修改。")
            % {"title": later.title, "day": later.effective_from}
        )
    if draft.region and (remarks := loosened(as_specification(draft), above(draft.region, effective_from))):
        raise RuleBroken("".join(remarks.values()), remarks=remarks)
    draft.effective_from = effective_from
    draft.published_at = at
    draft.published_by = by.name[:100]
    draft.save()
    payload = {"id": draft.pk, "reference": draft.reference, "region": draft.region}
    dated = {**payload, "effective_from": effective_from.isoformat()}
    outbox.publish(events.SPECIFICATION_PUBLISHED, f"specification:{draft.region}", dated, at=at, by=by)
    return draft


@action("standards.discard_specification", label=N_("删除规范草稿"), allow=SPECIFIERS, on=SpecificationVersion)
def discard_specification(draft: SpecificationVersion, *, by: Actor, at: datetime) -> None:
    """Delete a draft; what was published stays for ever, because entries name it (WrongState)."""
    _check_who(draft.region, by)
    if draft.published_at is not None:
        raise WrongState(_("已发布的规范被目录引用，不能删除。"))
    SpecificationVersion.objects.filter(pk=draft.pk).delete()
