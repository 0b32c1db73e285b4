"""What a change of a grade brings with it: it is kept with its reason, and lowering what is in force needs one (R-SEC-040)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor, Role
from jutong.kernel.errors import RuleBroken
from jutong.kernel.levels import label_of
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Entry, GradeChange
from jutong.slices.catalogue.queries.contents import content_of
from jutong.slices.catalogue.queries.specified import duties_at
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.catalogue.rules.grading import regraded


def refuse_unreasoned(case: Entry, content: Content, reason: str) -> None:
    """Refuse a content that lowers a grade in force and does not say why: RuleBroken."""
    if case.published_id is None or reason.strip():
        return
    if any(change.lower for change in regraded(content_of(case.published_id), content)):
        raise RuleBroken(
            N_("降低已发布目录或信息项的分级须说明理由：请在该目录的“数据分级”页修改并填写理由。"),
            field="security_level",
        )


def note_regraded(pairs: Iterable[tuple[Entry, Content, Content]], reason: str, *, by: Actor, at: datetime) -> None:
    """Keep what changed between the contents (old, new) of entries whose new version is numbered already."""
    GradeChange.objects.bulk_create(
        [
            GradeChange(
                entry=entry, version=entry.version, item=change.item, old=change.old, new=change.new,
                reason=reason.strip()[:500], account_name=by.name[:100], at=at,
            )
            for entry, old, new in pairs
            for change in regraded(old, new)
        ],
        batch_size=500,
    )  # fmt: skip


def head_only(case: Entry, content: Content, *, by: Actor, at: datetime) -> str:
    """Return why this reviewer may not pass an entry: its grade has the head of the authority review it (R-SEC-040)."""
    grades = duties_at(case, at).grades
    grade = grades.grade(content.security_level) if grades else None
    if grade is None or not grade.head_review or by.holds(Role.AUTHORITY_HEAD, department_id=case.authority_id):
        return ""
    return _("数据分级为“%s”，按现行分级目录由主管部门负责人审核。") % label_of(grade.code)
