"""An entry: its page, its versions with what changed, its machine form."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.actors import Actor, Role
from jutong.kernel.faces import actor_of, page
from jutong.kernel.faces.downloads import safe_headers
from jutong.kernel.faces.pieces import Change, Fact, Happening
from jutong.kernel.terms import N_
from jutong.slices.catalogue import queries
from jutong.slices.catalogue.pages.editing import EDITS, remarked
from jutong.slices.catalogue.pages.forms import asked_number, place_of
from jutong.slices.catalogue.pages.understanding import understood
from jutong.slices.catalogue.queries.entries import EntryDetail, OpinionRow
from jutong.slices.catalogue.queries.versions import in_words, label_of
from jutong.slices.catalogue.workflow import ASSESSORS
from jutong.slices.catalogue.workflow.faults import REPORTER
from jutong.slices.standards import queries as standards

_GROUPS = {
    N_("基本信息"): (
        "title", "abstract", "resource_class", "category", "provider_unit", "format_class", "format_types", "format_note",
        "update_cycle", "released_on", "updated_on", "records", "domain", "industry", "keywords", "matter", "system",
        "link", "related_codes", "data_category", "security_level", "personal", "specification", "catalogue_level",
    ),
    N_("共享与开放"): (
        "share_type", "share_limit", "share_scope", "use_purposes", "share_conditions", "withheld_reason", "basis_rank",
        "basis_instrument", "basis_article", "basis_wording", "share_mode_class", "share_mode", "open_type",
        "open_conditions",
    ),
}  # fmt: skip


@require_GET
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an entry as its reader may see it, with the buttons that the workflow allows."""
    actor, at = actor_of(request), clock.now()
    seen = queries.entry(pk, actor=actor, at=at)
    return page(
        request,
        "catalogue/entry.html",
        title=seen.content.title,
        seen=seen,
        lacking=[(place_of(name), sentence) for name, sentence in seen.lacking],
        remarks=remarked(seen.sent_back),
        groups=[(_(name), _facts(seen, names)) for name, names in _GROUPS.items()] + _own_group(seen) + _origin(seen),
        happenings=[happening(opinion) for opinion in seen.opinions],
        understood=understood(actor, at, seen),
        may_edit=any(button.verb in EDITS for button in seen.buttons),
        buttons=[button for button in seen.buttons if button.verb not in EDITS],
        may_merge=any(button.verb in {"revise", "edit"} for button in seen.buttons) and seen.row.published,
        may_report=_may_report(seen, actor),
        may_copy=actor.holds(Role.DATA_OFFICER),
        may_assess=any(actor.holds(role, department_id=seen.row.provider_id) for role in ASSESSORS.roles),
        crumbs=[(_("目录"), reverse("catalogue")), (seen.row.code or _("未编码"), "")],
    )


def _may_report(seen: EntryDetail, actor: Actor) -> bool:
    """Tell whether the actor can report a condition that the entry does not list: for another department than its own."""
    own = (None, seen.row.provider_id)
    others = any(post.role in REPORTER.roles and post.department_id not in own for post in actor.posts)
    return others and seen.row.published and seen.row.share_type == "conditional"


def _facts(seen: EntryDetail, names: tuple[str, ...]) -> list[Fact]:
    facts = []
    for name in names:
        value = getattr(seen.content, name)
        if value not in (None, "", (), False):
            facts.append(Fact(label_of(name), in_words(name, value)))
    return facts


def _origin(seen: EntryDetail) -> list[tuple[str, list[Fact]]]:
    """Return where the data came from, when an upper department returned them (R-CAS-017)."""
    if (found := seen.returned) is None:
        return []
    source = reverse("catalogue_entry", args=[found.source_id])
    facts = [
        Fact(_("取得方式"), _("数据回流（%s）") % found.reference),
        Fact(_("来源部门"), found.source_provider),
        Fact(_("来源目录"), found.source_title, url=source),
        Fact(_("登记的职责"), found.duty),
        Fact(_("限定用途"), standards.purposes_in_words(found.purposes)),
    ]
    return [(_("数据来源"), facts)]


def _own_group(seen: EntryDetail) -> list[tuple[str, list[Fact]]]:
    """Return the elements without a place of their own; the kind of information leads to all entries of that kind."""
    kind = seen.content.extra.get("info_kind", "")
    alike = reverse("catalogue") + "?" + urlencode({"info_kind": kind})
    facts = [Fact(label, value, url=alike if name == "info_kind" else "") for name, label, value in seen.own]
    return [(_("补充要素"), facts)] if facts else []


def happening(opinion: OpinionRow) -> Happening:
    """Return an act on an entry as a point of its timeline."""
    notes = [opinion.number, opinion.text, *(f"{label_of(name)}：{text}" for name, text in opinion.remarks)]
    notes += [str(opinion.detail[name]) for name in ("secrecy", "personal_information") if opinion.detail.get(name)]
    return Happening(
        opinion.at,
        opinion.label,
        opinion.name,
        "\n".join(note for note in notes if note),
        "good" if opinion.passed else "wait",
    )


@require_GET
def versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an entry's versions and what changed between two of them."""
    actor = actor_of(request)
    rows = queries.versions(pk, actor=actor)
    new = asked_number(request, "new", rows[0].number)
    old = asked_number(request, "old", max(1, new - 1) if len(rows) > 1 else new)
    changes = [Change(d.label, d.old, d.new) for d in queries.difference(pk, old, new, actor=actor)]
    return page(
        request,
        "catalogue/versions.html",
        title=_("版本与差异"),
        rows=rows,
        old=old,
        new=new,
        changes=changes,
        crumbs=[
            (_("目录"), reverse("catalogue")),
            (_("目录详情"), reverse("catalogue_entry", args=[pk])),
            (_("版本与差异"), ""),
        ],
    )


@require_GET
def machine(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the machine form (JSON) of a published entry."""
    actor_of(request)
    body = msgspec.json.format(msgspec.json.encode(queries.machine_form(pk)))
    response = HttpResponse(body, content_type="application/json; charset=utf-8")
    safe_headers(response, f"catalogue-{pk}.json")
    return response


@require_GET
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a notice and what it published."""
    actor_of(request)
    found, meta = queries.notice(pk, number=asked_number(request))
    way = [(_("目录"), reverse("catalogue")), (_("目录通告"), "")]
    return page(request, "catalogue/notice.html", title=found.number, notice=found, meta=meta, crumbs=way)


@require_GET
def code(request: HttpRequest, code: str) -> HttpResponse:
    """Lead from a resource code to the entry's page: the entry's own or the one it was merged into."""
    actor_of(request)
    return redirect("catalogue_entry", pk=queries.at_code(code))
