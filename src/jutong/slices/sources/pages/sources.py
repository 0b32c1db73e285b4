"""Pages of data sources: list, one source with its tables and columns, registering, changing, placing, testing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock, faces
from jutong.kernel.clock import BEIJING
from jutong.kernel.errors import NotAllowed
from jutong.kernel.faces import downloads, forms, pieces
from jutong.kernel.paging import LARGEST, every
from jutong.kernel.terms import Term, Zone
from jutong.slices.sources import actions, queries
from jutong.slices.sources.queries import SourceRow
from jutong.slices.sources.rules import (
    ENGINEERS,
    LONGEST_CA,
    LONGEST_KEY,
    LONGEST_STATEMENT,
    LONGEST_TITLE,
    NAME_BYTES,
    PATH_BYTES,
    Details,
    Engine,
    Tls,
    options,
    port_for,
)


def worded(term: type[Term]) -> Callable[[], list[tuple[str, str]]]:
    """Return the choices of a term in the reader's language, made when a form is."""
    return lambda: [(code, _(label)) for code, label in term.choices()]


class SourceForm(forms.Form):
    """What an engineer states about a data source."""

    title = forms.Line(label=gettext_lazy("名称"), max_length=LONGEST_TITLE)
    engine = django_forms.ChoiceField(label=gettext_lazy("数据库类型"), choices=worded(Engine))
    host = forms.Code(
        label=gettext_lazy("主机地址"),
        max_length=253,
        required=False,
        help_text=gettext_lazy("域名或 IP 地址，不带端口和协议；连接由数据面发起。SQLite 文件留空。"),
    )
    port = forms.Whole(
        label=gettext_lazy("端口"),
        min_value=1,
        max_value=65535,
        required=False,
        help_text=gettext_lazy("留空即为该类数据库的常用端口，如 PostgreSQL 5432、MySQL 3306、达梦 5236。"),
    )
    database = forms.Line(
        label=gettext_lazy("数据库名"),
        max_length=PATH_BYTES,
        required=False,
        help_text=gettext_lazy(
            "Oracle 填服务名；SQLite 填节点上文件的绝对路径，须在管理员允许的目录内；文件数据源填文件夹，HTTP 接口留空。"
        ),
    )
    user = forms.Line(label=gettext_lazy("用户名"), max_length=NAME_BYTES, required=False)
    password = django_forms.CharField(
        label=gettext_lazy("口令"),
        max_length=LONGEST_KEY,
        strip=False,
        required=False,
        widget=django_forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("以 SM4 加密保存，不再显示；修改其他内容时留空即保持原口令。"),
    )
    options = forms.Paragraph(
        label=gettext_lazy("访问参数"),
        max_length=8000,
        required=False,
        help_text=gettext_lazy(
            "仅文件数据源和 HTTP 接口需要，每行一项“名称=值”，如 store=sftp、host_key=ssh-ed25519 AAAA…、encoding=gb18030；path=/api/people、rows=/data/list、auth=bearer、key.id_no=idCard。"
        ),
    )
    zone = django_forms.ChoiceField(label=gettext_lazy("网络区域"), choices=worded(Zone))
    tls = django_forms.ChoiceField(label=gettext_lazy("传输保护"), choices=worded(Tls))
    ca = forms.Paragraph(
        label=gettext_lazy("CA 证书（PEM）"),
        max_length=LONGEST_CA,
        required=False,
        help_text=gettext_lazy("数据库证书由自建 CA 签发时粘贴；留空则使用系统信任的 CA。"),
    )
    statement_seconds = forms.Whole(
        label=gettext_lazy("语句时限（秒）"),
        min_value=0,
        max_value=LONGEST_STATEMENT,
        required=False,
        help_text=gettext_lazy(
            "单条读取语句最长执行多久，超过即由数据库中止；整表读取也是一条语句。留空或 0 为不限。SQLite、达梦、文件和 HTTP 接口不适用。"
        ),
    )
    dedicated = django_forms.BooleanField(label=gettext_lazy("经业务专网连接"), required=False)
    provides = django_forms.BooleanField(
        label=gettext_lazy("作为提供方来源：可在其上挂接资源"), required=False, initial=True
    )
    receives = django_forms.BooleanField(label=gettext_lazy("作为使用方目标库：可接收按授权传输的数据"), required=False)

    def details(self) -> Details:
        """Return what was filled in."""
        given = self.cleaned_data
        told = options.parsed(given["options"])
        port = port_for(given["engine"], given["port"], told)
        most = given["statement_seconds"] or 0
        return Details(**given | {"port": port, "options": told, "statement_seconds": most})


@require_GET
def listed(request: HttpRequest) -> HttpResponseBase:
    """Show the data sources of the departments the person belongs to; with `format=xlsx` as Excel."""
    actor = faces.actor_of(request)
    text = request.GET.get("q", "")[:100]
    if request.GET.get("format") == "xlsx":
        return _sheet(every(lambda one: queries.sources(actor, text=text, number=one, size=LARGEST)))
    rows, meta = queries.sources(actor, text=text, number=_number(request))
    return faces.page(
        request,
        "sources/list.html",
        title=_("数据源"),
        rows=rows,
        meta=meta,
        text=text,
        may_register=_engineers(request),
    )


def _sheet(rows: Iterable[SourceRow]) -> HttpResponseBase:
    headers = [_("名称"), _("所属部门"), _("数据库类型"), _("主机地址"), _("数据库名"), _("网络区域"), _("用途"), _("前置机"),
               _("连接测试"), _("测试时间"), _("应答时间（毫秒）"), _("最近提示"), _("状态")]  # fmt: skip
    words = {None: _("未测试"), True: _("连接成功"), False: _("连接失败")}
    lines = (
        (r.title, r.department_name, r.engine_label, r.address, r.database, _(Zone(r.zone).label), _("、").join(_uses(r)),
         r.node_title, words[r.tested_ok], r.tested_at, r.tested_ms, r.tested_message, _("在用") if r.active else _("已停用"))
        for r in rows
    )  # fmt: skip
    return downloads.xlsx("data-sources.xlsx", headers, lines)


def _uses(row: SourceRow) -> list[str]:
    return [_("提供方来源")] * row.provides + [_("使用方目标库")] * row.receives


def _number(request: HttpRequest) -> int:
    given = request.GET.get("page", "1")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 7 else 1  # noqa: PLR2004 - pages


def _engineers(request: HttpRequest) -> bool:
    from jutong.kernel.actors import Role

    actor = faces.actor_of(request)
    return actor.holds(Role.SYSTEM_ENGINEER, department_id=actor.department_id)


@require_GET
def shown(request: HttpRequest, source_id: int) -> HttpResponse:
    """Show one data source: what its last test said, and how it answered the tests before."""
    row = queries.source(source_id, faces.actor_of(request))
    checks = queries.checks(source_id)
    context: dict[str, Any] = {"source": row, "facts": _facts(row), "checks": checks, "drawn": _latency(checks)}
    return faces.page(request, "sources/detail.html", title=row.title, crumbs=_crumbs(row), **context)


def _latency(checks: list[queries.CheckRow]) -> pieces.Chart | None:
    """Return how long the source took to answer, oldest first; none before there are two tests that succeeded."""
    good = [one for one in reversed(checks) if one.ok]
    if len(good) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    labels = [f"{one.at.astimezone(BEIJING):%m-%d %H:%M}" for one in good]
    taken = pieces.Series(_("应答时间"), [one.milliseconds for one in good])
    return pieces.Chart(_("连接测试的应答时间"), labels, [taken], "line", unit=_("毫秒"))


def _crumbs(row: SourceRow, last: str = "") -> list[tuple[str, str]]:
    here = reverse("sources_detail", args=[row.id])
    return [(_("数据源"), reverse("sources_list")), (row.title, here if last else ""), *([(last, "")] if last else [])]


def _facts(row: SourceRow) -> list[pieces.Fact]:
    return [
        pieces.Fact(_("所属部门"), row.department_name),
        pieces.Fact(_("数据库类型"), row.engine_label),
        pieces.Fact(_("主机地址"), row.address or "—"),
        pieces.Fact(_("数据库名"), row.database),
        pieces.Fact(_("用户名"), row.user or "—"),
        pieces.Fact(_("口令"), _("已加密保存，不显示")),
        pieces.Fact(_("传输保护"), _(row.tls_label)),
        pieces.Fact(_("网络区域"), _(Zone(row.zone).label)),
        pieces.Fact(_("业务专网"), _("经业务专网连接") if row.dedicated else _("否")),
        pieces.Fact(_("语句时限（秒）"), row.statement_seconds or _("不限")),
        pieces.Fact(_("用途"), "、".join(_uses(row))),
        *([pieces.Fact(_("访问参数"), "；".join(options.written(row.options).splitlines()))] if row.options else []),
        pieces.Fact(_("前置机"), row.node_title or _("无，由平台数据面直接连接")),
    ]


def register(request: HttpRequest) -> HttpResponse:
    """Register a data source of the person's own department."""
    actor = faces.actor_of(request)
    if request.method == "GET" and not _engineers(request):
        raise NotAllowed(_("您没有进行该操作的权限：需要%s。") % _(ENGINEERS.label))
    form = SourceForm(faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            source = actions.register(
                by=actor, at=clock.now(), department_id=actor.department_id or 0, details=form.details()
            )
            return faces.done(request, _("数据源已登记，请测试连接。"), to=reverse("sources_detail", args=[source.pk]))
    crumbs = [(_("数据源"), reverse("sources_list")), (_("登记数据源"), "")]
    return faces.page(request, "sources/form.html", title=_("登记数据源"), crumbs=crumbs, form=form)


def change(request: HttpRequest, source_id: int) -> HttpResponse:
    """Change a data source; an empty password keeps the stored one."""
    actor = faces.actor_of(request)
    row = queries.source(source_id, actor)
    if request.method == "GET" and ENGINEERS.permits(actor, row) is None:
        raise NotAllowed(_("您没有进行该操作的权限：需要%s。") % _(ENGINEERS.label))
    form = SourceForm(faces.posted(request), initial=_initial(row))
    if form.is_valid():
        with faces.told(form):
            actions.change(source_id, by=actor, at=clock.now(), details=form.details())
            return faces.done(request, _("已保存，请重新测试连接。"), to=reverse("sources_detail", args=[source_id]))
    title = _("修改数据源")
    return faces.page(request, "sources/form.html", title=title, crumbs=_crumbs(row, title), form=form, source=row)


def _initial(row: SourceRow) -> dict[str, Any]:
    given = {name: getattr(row, name) for name in SourceForm.base_fields if name != "password"}
    return given | {"port": row.port or None, "options": options.written(row.options)}


class PlaceForm(forms.Form):
    """Behind which node a source sits."""

    node_id = django_forms.TypedChoiceField(label=gettext_lazy("前置机"), coerce=int, empty_value=None, required=False)

    def __init__(self, data: Any, nodes: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        offered = [("", _("不经前置机，由平台数据面直接连接")), *((str(pk), title) for pk, title in nodes)]
        self.fields["node_id"].choices = offered  # type: ignore[attr-defined]


def place(request: HttpRequest, source_id: int) -> HttpResponse:
    """Place a source behind a front-end node of its department, or before it again."""
    actor = faces.actor_of(request)
    row = queries.source(source_id, actor)
    if request.method == "GET" and ENGINEERS.permits(actor, row) is None:
        raise NotAllowed(_("您没有进行该操作的权限：需要%s。") % _(ENGINEERS.label))
    offered = queries.working_nodes(row.department_id, row.zone)
    form = PlaceForm(faces.posted(request), offered, initial={"node_id": row.node_id or ""})
    if form.is_valid():
        with faces.told(form):
            actions.place(source_id, by=actor, at=clock.now(), node_id=form.cleaned_data["node_id"])
            return faces.done(request, _("已保存，请重新测试连接。"), to=reverse("sources_detail", args=[source_id]))
    title = _("置于前置机之后")
    return faces.page(request, "sources/form.html", title=title, crumbs=_crumbs(row, title), form=form, source=row)


@require_POST
def test(request: HttpRequest, source_id: int) -> HttpResponse:
    """Test the connection; the result stands on the source's page."""
    source = actions.test_connection(source_id, by=faces.actor_of(request), at=clock.now())
    said = _("连接测试已完成：成功。") if source.tested_ok else _("连接测试已完成：未成功，原因见下。")
    return faces.done(request, said, to=reverse("sources_detail", args=[source_id]))


@require_POST
def disable(request: HttpRequest, source_id: int) -> HttpResponse:
    """Stop using a data source."""
    note = request.POST.get("note", "")[:1000]
    actions.disable(source_id, by=faces.actor_of(request), at=clock.now(), note=note)
    return faces.done(request, _("数据源已停用。"), to=reverse("sources_detail", args=[source_id]))


@require_POST
def enable(request: HttpRequest, source_id: int) -> HttpResponse:
    """Use a disabled data source again."""
    actions.enable(source_id, by=faces.actor_of(request), at=clock.now())
    return faces.done(request, _("数据源已启用。"), to=reverse("sources_detail", args=[source_id]))


@require_GET
def tables(request: HttpRequest, source_id: int) -> HttpResponse:
    """Show the tables and views that the source's account can see."""
    actor = faces.actor_of(request)
    found = queries.tables(source_id, actor)
    row = queries.source(source_id, actor)
    title = _("表与视图")
    return faces.page(request, "sources/tables.html", title=title, crumbs=_crumbs(row, title), source=row, tables=found)


@require_GET
def columns(request: HttpRequest, source_id: int) -> HttpResponse:
    """Show the columns of one table (GET parameters schema and table)."""
    actor = faces.actor_of(request)
    wanted = {name: request.GET.get(name, "").replace("\x00", "") for name in ("schema", "table")}
    found = queries.schema(source_id, actor, **wanted)
    row = queries.source(source_id, actor)
    title = ".".join(filter(None, (found.schema, found.name)))
    return faces.page(request, "sources/columns.html", title=title, crumbs=_crumbs(row, title), source=row, table=found)


urlpatterns = [
    path("", listed, name="sources_list"),
    path("new/", register, name="sources_register"),
    path("<int:source_id>/", shown, name="sources_detail"),
    path("<int:source_id>/change/", change, name="sources_change"),
    path("<int:source_id>/place/", place, name="sources_place"),
    path("<int:source_id>/test/", test, name="sources_test"),
    path("<int:source_id>/disable/", disable, name="sources_disable"),
    path("<int:source_id>/enable/", enable, name="sources_enable"),
    path("<int:source_id>/tables/", tables, name="sources_tables"),
    path("<int:source_id>/columns/", columns, name="sources_columns"),
]
