"""Agreements in words: facts, how a version stands, and what changed between two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.faces.pieces import Change, Fact, Tab
from jutong.kernel.terms import N_
from jutong.slices.agreements import formats, queries
from jutong.slices.agreements.rules import ELEMENTS, Content, Line
from jutong.slices.standards import queries as standards

STANDINGS: Final = {
    "in_force": N_("现行"),
    "pending": N_("待签署"),
    "past": N_("历史"),
    "dropped": N_("未生效"),
}
LONGEST_VERSION: Final = 9


def asked_version(request: HttpRequest) -> int | None:
    """Return the version number in the address, or None."""
    text = request.GET.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_VERSION else None


def standing_in_words(standing: str, row: queries.AgreementRow) -> str:
    """Return how a version stands; one in force of an agreement that is over is what the agreement is."""
    if standing == "pending" and row.state == "draft":
        return row.state_label
    if standing == "in_force" and row.state not in {"active", "amending"}:
        return row.state_label
    return _(STANDINGS[standing])


def version_tabs(seen: queries.AgreementView) -> list[Tab]:
    """Return every version as a tab, the newest first."""
    return [
        Tab(
            _("第 %(number)d 版（%(standing)s）")
            % {"number": one.number, "standing": standing_in_words(one.standing, seen.row)},
            f"?version={one.number}",
            current=one.number == seen.shown.number,
        )
        for one in seen.versions
    ]


def elements(content: Content, kind: str) -> list[Fact]:
    """Return the elements of a version, in the order of the text."""
    return [
        Fact(_(label), formats.element(content, name))
        for name, label in ELEMENTS.items()
        if formats.shown(content, kind, name)
    ]


def case_facts(seen: queries.AgreementView) -> list[Fact]:
    """Return what stands about an agreement beside its text."""
    row, shown = seen.row, seen.shown
    facts = [
        Fact(_("编号"), row.number),
        Fact(_("种类"), row.kind_label),
        Fact(_("起草部门"), seen.drafted_by),
        Fact(_("主管部门"), seen.authority),
        Fact(_("剩余期限"), _("%d 天") % row.left, badge="wait" if row.left < NEAR else "")
        if row.left is not None
        else None,
        Fact(_("联合发文"), shown.content.joint_number) if shown.content.joint_number else None,
        Fact(_("确认人"), shown.attested_by) if shown.attested_by else None,
        Fact(_("修订原因"), shown.why) if shown.why else None,
        Fact(_("理由"), seen.reason) if seen.reason else None,
        Fact(_("内容摘要（SM3）"), shown.digest),
        Fact(_("适用规则"), jurisdiction.cited(seen.profile)),
    ]
    return [fact for fact in facts if fact is not None]


NEAR: Final = 31
"""Days to the end from which the rest of the term is shown as a warning."""


def changes(seen: queries.AgreementView) -> list[Change]:
    """Return what the version shown changed against the one before it."""
    return [] if seen.before is None else list(_changes(seen.before.content, seen.shown.content))


def _changes(old: Content, new: Content) -> Iterator[Change]:
    for name, label in ELEMENTS.items():
        yield Change(_(label), formats.element(old, name), formats.element(new, name))
    before = {side.department_id: side for side in old.sides}
    for side in new.sides:
        was = before.get(side.department_id)
        yield Change(
            _("%s：责任人与保密条款") % side.name,
            f"{was.responsible}\n{was.confidentiality}" if was else "",
            f"{side.responsible}\n{side.confidentiality}",
        )
    lines_before = {line.key: line for line in old.lines}
    lines_now = {line.key: line for line in new.lines}
    for key in dict.fromkeys((*lines_before, *lines_now)):
        was_line, is_line = lines_before.get(key), lines_now.get(key)
        named = is_line or was_line
        yield Change(
            _("授权：%(title)s → %(consumer)s") % {"title": named.title, "consumer": named.consumer} if named else "",
            _line_in_words(was_line),
            _line_in_words(is_line),
        )


def _line_in_words(line: Line | None) -> str:
    if line is None:
        return ""
    parts = (
        formats.items_in_words(line), formats.rows_in_words(line), formats.ways_in_words(line, standards.purposes_in_words),
    )  # fmt: skip
    return "\n".join(filter(None, parts))
