"""Lists of the catalogue as Excel, where the page that shows the list has nothing more to say about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel import clock
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.kernel.faces import actor_of
from jutong.kernel.faces.downloads import xlsx
from jutong.kernel.paging import LARGEST, every
from jutong.slices.catalogue import queries
from jutong.slices.catalogue.pages.forms import asked_number, asked_text


@require_GET
def export(request: HttpRequest, what: str) -> HttpResponseBase:
    """Answer with a list as it is filtered on its page: what waits for review, a notice's entries, the actor's imports."""
    actor = actor_of(request)
    if what == "review":
        waiting = _waiting(request, actor)
        cells = ([*line, row.limit.due_day if row.limit else None] for row in waiting for line in _entries([row]))
        return xlsx(_("待审核目录.xlsx"), [*_entry_headers(), _("期限")], cells)
    if what == "notice":
        pk = asked_number(request, "id", 0)
        name, _meta = queries.notice(pk)
        return xlsx(f"{name.number}.xlsx", _entry_headers(), _entries(_announced(pk)))
    if what == "imports":
        headers = [_("文件"), _("时间"), _("总数"), _("新增"), _("更新"), _("无变化"), _("退回"), _("完成时间")]
        runs = every(lambda number: queries.import_runs(actor, number=number, size=LARGEST))
        lines = (
            [r.file_name, r.at, r.total, r.accepted, r.updated, r.unchanged, r.refused, r.finished_at] for r in runs
        )
        return xlsx(_("目录导入记录.xlsx"), headers, lines)
    raise NotThere(_("没有这种导出格式，请从页面上的按钮导出。"))


def _waiting(request: HttpRequest, actor: Actor) -> Iterator[queries.EntryRow]:
    state, text = asked_text(request, "state"), asked_text(request, "q")
    department = asked_number(request, "department", 0)
    return every(
        lambda number: queries.review_queue(
            actor, at=clock.now(), state=state, text=text, department=department, number=number, size=LARGEST
        )
    )


def _announced(notice_id: int) -> Iterator[queries.EntryRow]:
    pages = 1
    number = 1
    while number <= pages:
        found, meta = queries.notice(notice_id, number=number)
        yield from found.entries
        number, pages = number + 1, meta.pages


def _entry_headers() -> list[str]:
    return [_("代码"), _("名称"), _("提供部门"), _("共享类型"), _("状态"), _("版本"), _("最近修改")]


def _entries(rows: Iterable[queries.EntryRow]) -> Iterator[list[object]]:
    for row in rows:
        yield [row.code, row.title, row.provider_name, row.share_label, row.state_label, row.version, row.changed_at]
