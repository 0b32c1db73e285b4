"""The collection duty list: lists, one with its lines and figures, deriving and issuing it, and registered collections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.actors import Actor, Role
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import Form, actor_of, done, page, posted, signed, told
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Day, Line, Paragraph
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text, line_of
from jutong.slices.catalogue.pages.narrowing import of_department
from jutong.slices.catalogue.pages.sources import Nothing, act, moved, tabs
from jutong.slices.catalogue.rules.duties import FULFILMENT
from jutong.slices.parties import queries as parties

_STAFF: Final = {Role.DATA_OFFICER, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY}


class Issue(Form):
    """By which decision a list is issued, and from when on it holds."""

    document = Line(label=gettext_lazy("文号"), max_length=100)
    effective_on = Day(label=gettext_lazy("执行日期"))


class Collect(Form):
    """What a department is going to collect, for what and by which basis."""

    department_id = forms.TypedChoiceField(label=gettext_lazy("采集部门"), coerce=int)
    items = Paragraph(label=gettext_lazy("信息项"), max_length=4000, help_text=gettext_lazy("每行一个"))
    purpose = Paragraph(label=gettext_lazy("采集目的"), max_length=500)
    basis = Line(label=gettext_lazy("采集依据"), max_length=300)

    def __init__(self, choices: list[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department_id"].choices = choices  # type: ignore[attr-defined]

    def clean_items(self) -> list[str]:
        """Return one name per line."""
        return [line for line in self.cleaned_data["items"].split("\n") if line.strip()]


_FORMS: Final[dict[str, type[Form]]] = {"issue": Issue, "rederive": Nothing}
_ACTS: Final[dict[str, Callable[..., Any]]] = {"issue": actions.issue_duties, "rederive": actions.rederive}


@require_GET
def lists(request: HttpRequest) -> HttpResponse:
    """List the duty lists; the authority derives one for its region."""
    actor = actor_of(request)
    rows, meta = queries.duty_lists(actor, number=asked_number(request))
    regions = [(code, parties.region_name(code)) for code in queries.derivable(actor, clock.now())]
    return page(
        request,
        "catalogue/duty_lists.html",
        title=_("采集责任清单"),
        tabs=tabs("catalogue_duties"),
        rows=rows,
        meta=meta,
        regions=regions,
    )


@require_POST
def derive(request: HttpRequest) -> HttpResponse:
    """Derive the duty list of a region."""
    made = actions.derive_duties(by=signed(request), at=clock.now(), region=line_of(request.POST.get("region", ""), 12))
    return done(request, _("已按现行目录分解。"), to=reverse("catalogue_duty_list", args=[made.pk]))


@require_GET
def duty_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one list: figures per department, and its lines."""
    actor, at = actor_of(request), clock.now()
    asked = _asked(request)
    seen = queries.duty_list(pk, actor=actor, at=at)
    rows, meta = queries.duties(pk, actor=actor, at=at, number=asked_number(request), **asked)
    return page(
        request,
        "catalogue/duty_list.html",
        title=_("%(region)s采集责任清单第 %(number)d 版") % {"region": seen.row.region_name, "number": seen.row.number},
        seen=seen,
        rows=rows,
        meta=meta,
        narrowed=of_department(asked["department"]),
        standings=[(code, _(label)) for code, label in FULFILMENT.items()],
        crumbs=[(_("采集责任清单"), reverse("catalogue_duties")), (str(seen.row.number), "")],
        **asked,
    )


def _asked(request: HttpRequest) -> dict[str, Any]:
    """Return how a list's lines are narrowed."""
    return {
        "department": asked_number(request, "department", 0),
        "text": asked_text(request, "q"),
        "conflicts": asked_text(request, "conflicts") == "1",
        "standing": asked_text(request, "standing"),
    }


def deed(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show the form of a move of a list, or make the move."""
    if verb not in _FORMS:
        raise NotThere(_("没有“%s”这项操作，请刷新页面后重试。") % verb[:40])
    seen = queries.duty_list(pk, actor=actor_of(request), at=clock.now())
    back, form = reverse("catalogue_duty_list", args=[pk]), _FORMS[verb](posted(request))
    return moved(request, verb, pk, form, _ACTS[verb], seen.buttons, back, lead=seen.row.region_name)


@require_GET
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer with a list's lines as Excel."""
    actor, at = actor_of(request), clock.now()
    rows = queries.duty_lines(pk, actor=actor, at=at, **_asked(request))
    headers = [
        _("信息项"), _("责任部门"), _("采集方式"), _("更新周期"), _("目录"), _("代码"), _("落实情况"), _("应更新日期"),
        _("多部门采集"),
    ]  # fmt: skip
    name = _("采集责任清单-%s.xlsx") % f"{beijing_day(at):%Y%m%d}"
    return xlsx(name, headers, _cells(rows), sheet=_("采集责任清单"))


def _cells(rows: Iterator[queries.DutyRow]) -> Iterator[list[object]]:
    for row in rows:
        yield [
            row.name, row.department, row.how, row.cycle_label, row.title, row.code, row.fulfilment_label, row.due_on,
            "、".join(row.rivals),
        ]  # fmt: skip


@require_GET
def collections(request: HttpRequest) -> HttpResponse:
    """List registered collections."""
    actor = actor_of(request)
    rows, meta = queries.collections(actor, number=asked_number(request))
    return page(
        request,
        "catalogue/collections.html",
        title=_("采集登记"),
        tabs=tabs("catalogue_collections"),
        rows=rows,
        meta=meta,
        may_register=bool(_own(actor)),
    )


def _own(actor: Actor) -> list[tuple[int, str]]:
    mine = {post.department_id for post in actor.posts if post.role in _STAFF and post.department_id is not None}
    return sorted((pk, row.name) for pk, row in parties.departments(mine).items())


def register(request: HttpRequest) -> HttpResponse:
    """Register a collection; items that are another department's are refused with where to obtain them."""
    form = Collect(_own(actor_of(request)), posted(request))
    back = reverse("catalogue_collections")
    if form.is_bound and form.is_valid():
        with told(form):
            actions.register_collection(by=signed(request), at=clock.now(), **form.cleaned_data)
            return done(request, _("已登记，所列信息项由本部门采集。"), to=back)
    return act(request, _("登记采集"), form, back, lead=_("登记前自动核对采集责任清单和数源目录。"))
