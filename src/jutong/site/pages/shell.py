"""The shell's own pages: errors, the language switch, and (in development) the sheet of template pieces."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from jutong.kernel.errors import NotAllowed, NotThere, Refusal, TooLarge
from jutong.kernel.faces.answers import is_api, problem, refused, wrong
from jutong.kernel.settings import settings


class Broken(Refusal):
    """A bug: nothing the person could have done better."""

    status = 500
    code = "internal_error"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, or 413 where the body held more fields or bytes than are read."""
    if isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        return refused(request, TooLarge(_("提交的字段或内容超过平台上限，请减少内容后分次提交。")))
    return refused(request, Refusal(_("请求的格式不正确，平台无法处理。")))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer 403."""
    return refused(request, NotAllowed(_("您没有进行此项操作的权限。")))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer 404, the same whether there is no such page or none that may be known."""
    return refused(request, NotThere(_("没有找到您要访问的页面或事项。")))


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 with the trace id, and nothing of the inside."""
    refusal = Broken(_("平台处理请求时发生内部错误。"))
    return problem(request, refusal) if is_api(request) else wrong(request, refusal.status, refusal.sentence)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer a post whose page is too old or not ours."""
    return refused(request, NotAllowed(_("页面已过期或请求来源不明，请刷新页面后重新提交。")))


switch_language = login_not_required(require_POST(set_language))

urlpatterns: list[URLPattern] = [path("language", switch_language, name="set_language")]
if settings().debug:
    from jutong.site.pages.pieces import sheet

    urlpatterns.append(path("_pieces", sheet, name="pieces"))
