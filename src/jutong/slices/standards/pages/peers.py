"""Tables of peers' codes: which there are, one as a list and as a workbook, and a new one from a workbook."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_POST

from jutong.kernel import clock
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import Form, actor_of, done, page, posted, told
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.faces.forms import Line, Upload
from jutong.kernel.faces.navigation import Entry, Group, register
from jutong.kernel.terms import N_
from jutong.slices.standards import actions, queries
from jutong.slices.standards.formats import peers as sheets
from jutong.slices.standards.pages.policies import anyone
from jutong.slices.standards.workflow import PEER_KEEPERS


class PeerFile(Form):
    """A peer's table as a workbook."""

    peer = Line(label=_l("对方系统名称"), max_length=40)
    file = Upload(
        label=_l("代码对照表"), most_bytes=sheets.MOST_BYTES, help_text=_l("四列：方向、要素、原值、转换为；整张替换")
    )


def peers(request: HttpRequest) -> HttpResponse:
    """Show every peer's table; take a new one."""
    actor = actor_of(request)
    form = PeerFile(posted(request), posted_files(request))
    if form.is_bound and form.is_valid():
        with told(form):
            given = form.cleaned_data
            count = actions.import_peer_codes(given["file"], peer=given["peer"], by=actor, at=clock.now())
            return done(request, _("已保存 %d 条对照。") % count, to=reverse("peer", args=[given["peer"]]))
    may_keep = PEER_KEEPERS.permits(actor, None) is not None
    return page(
        request, "standards/peers.html", title=_("代码对照表"), rows=queries.peers(), form=form, may_keep=may_keep
    )


@require_GET
def peer(request: HttpRequest, name: str) -> HttpResponse:
    """Show one peer's table."""
    actor = actor_of(request)
    rows = list(queries.peer_lines(name))
    if not rows:
        raise NotThere(_("没有“%s”的代码对照表。") % name[:40])
    crumbs = [(_("代码对照表"), reverse("peers")), (name, "")]
    may_keep = PEER_KEEPERS.permits(actor, None) is not None
    return page(request, "standards/peer.html", title=name, rows=rows, may_keep=may_keep, crumbs=crumbs)


@require_GET
def export(request: HttpRequest, name: str) -> HttpResponseBase:
    """Answer with a peer's table as a workbook that can be changed and uploaded again."""
    actor_of(request)
    lines = [
        (sheets.DIRECTIONS[row.direction], row.element_label, row.given, row.becomes)
        for row in queries.peer_lines(name)
    ]
    return xlsx(_("代码对照表-%s.xlsx") % name, sheets.HEADERS, lines, sheet="代码对照表")


@require_POST
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Delete a peer's table."""
    actions.remove_peer(peer=name, by=actor_of(request), at=clock.now())
    return done(request, _("对照表已删除。"), to=reverse("peers"))


register(Entry(Group.ADMIN, N_("代码对照表"), "peers", "arrows-exchange", anyone, 97))

urlpatterns: list[URLPattern] = [
    path("peers", peers, name="peers"),
    path("peers/<str:name>", peer, name="peer"),
    path("peers/<str:name>/export", export, name="peer_export"),
    path("peers/<str:name>/remove", remove, name="peer_remove"),
]
