"""Answers: a page, a fragment, a redirect after a deed, and the same refusal for people, HTMX and the API."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from jutong.kernel.errors import Refusal, RuleBroken, TooMany, Unauthenticated
from jutong.kernel.faces import turned_away
from jutong.kernel.terms import N_

SEE_OTHER: Final = 303
BROKEN: Final = 500
BARE: Final = "bare_page"
"""Attribute of a request whose error page is drawn without asking the database."""

Answer = TypeVar("Answer", bound=HttpResponse)

TITLES: Final[dict[int, str]] = {
    400: N_("请求无法理解"),
    401: N_("需要登录"),
    403: N_("没有权限"),
    404: N_("没有找到"),
    405: N_("不支持这种操作方式"),
    409: N_("与当前状态冲突"),
    413: N_("内容过大"),
    422: N_("填写内容不符合规则"),
    429: N_("操作过于频繁"),
    500: N_("平台内部错误"),
    503: N_("服务暂不可用"),
}
REMEDIES: Final[dict[int, str]] = {
    400: N_("请返回上一页，核对地址或填写内容后重新提交。"),
    401: N_("请登录后重试；登录超时的，重新登录后可继续办理。"),
    403: N_("如确因履职需要，请联系本部门共享工作机构或安全管理员调整岗位权限。"),
    404: N_("请核对地址，或从左侧菜单、目录检索重新进入；该事项也可能不在您的可见范围内。"),
    405: N_("请从页面上的按钮进行操作，不要直接修改地址。"),
    409: N_("请刷新页面查看最新状态后再操作；该事项可能已由他人办理。"),
    413: N_("请拆分文件或减少内容后重新提交。"),
    422: N_("请按提示修改后重新提交。"),
    429: N_("请稍候一分钟再试。"),
    500: N_("问题已记录。请稍后重试；仍不成功的，请将页面下方的追踪编号告知平台运维人员。"),
    503: N_("请稍后重试；持续不可用的，请联系平台运维人员。"),
}


def posted(request: HttpRequest) -> QueryDict | None:
    """Return the posted data for a form, or None when nothing was posted.

    HTMX sends the CSRF token in a header, so a form whose fields are all optional may post an empty body: `request.POST
    or None` would silently show it unbound. The method decides, never the content.
    """
    return request.POST if request.method == "POST" else None


def posted_files(request: HttpRequest) -> MultiValueDict[str, Any] | None:
    """Return the uploaded files for a form, or None when nothing was posted."""
    return request.FILES if request.method == "POST" else None


def page(request: HttpRequest, template: str, *, status: int | None = None, **context: Any) -> HttpResponse:
    """Answer with a whole page rendered from `template`.

    Where the context holds a `form` that was refused, the status is that of the refusal (422 by default).
    """
    return render(request, template, context, status=status or form_status(context.get("form")))


def form_status(form: object) -> int:
    """Return the status for a page that shows this form again: 200, 422, or that of the refusal told in it."""
    if not isinstance(form, BaseForm) or not form.is_bound or not form.errors:
        return 200
    told: Refusal | None = getattr(form, "refusal", None)
    return told.status if told else RuleBroken.status


def partial(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Answer with a fragment for HTMX; caches tell it from the whole page by Vary."""
    response = render(request, template, context, status=status)
    response["Vary"] = "HX-Request"
    return response


def done(request: HttpRequest, sentence: str, *, to: str) -> HttpResponse:
    """Answer a deed that succeeded: say so and go on to `to` (303; with HTMX by HX-Redirect)."""
    messages.success(request, sentence)
    if is_htmx(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = to
        return response
    return HttpResponseRedirect(to, status=SEE_OTHER)


def progressed(request: HttpRequest, row: Any) -> HttpResponse:
    """Answer with how far a piece of work is: the polling piece for HTMX, else a page around it."""
    if is_htmx(request):
        return partial(request, "pieces/progress_alone.html", row=row)
    return page(request, "shell/progress.html", title=row.title, row=row)


def is_htmx(request: HttpRequest) -> bool:
    """Tell whether HTMX asks."""
    return request.headers.get("HX-Request") == "true"


def is_api(request: HttpRequest) -> bool:
    """Tell whether a machine asks: below /api/, or a node below /internal/."""
    return request.path.startswith(("/api/", "/internal/"))


def trace_of(request: HttpRequest) -> str:
    """Return the request's id, printed on error pages and written into the audit."""
    return str(getattr(request, "trace", ""))


def title_of(status: int) -> str:
    """Return the translated heading of a status."""
    return _(TITLES.get(status, TITLES[400]))


def remedy_of(status: int) -> str:
    """Return what the person can do about it, translated."""
    return _(REMEDIES.get(status, REMEDIES[400]))


def problem(request: HttpRequest, refusal: Refusal) -> JsonResponse:
    """Answer a refusal as problem+json (RFC 9457): type, title, status, detail (the sentence), code, trace, remarks, refused."""
    turned_away.note(request, refusal)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title_of(refusal.status),
        "status": refusal.status,
        "detail": refusal.sentence,
        "code": refusal.code,
        "trace": trace_of(request),
    }
    if isinstance(refusal, RuleBroken) and refusal.remarks:
        body["remarks"] = refusal.remarks
    if refusal.cases:
        body["refused"] = {str(pk): sentence for pk, sentence in refusal.cases.items()}
    response = JsonResponse(
        body,
        status=refusal.status,
        content_type="application/problem+json; charset=utf-8",
        json_dumps_params={"ensure_ascii": False},
    )
    return _marked(response, refusal)


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal with its sentence and status: problem+json below /api/, a notice for HTMX, else a page."""
    if is_api(request):
        return problem(request, refusal)
    turned_away.note(request, refusal)
    if is_htmx(request):
        response = partial(request, "pieces/refusal.html", status=refusal.status, refusal=refusal)
        response["HX-Retarget"] = "#jt-refusal"
        response["HX-Reswap"] = "innerHTML"
        return _marked(response, refusal)
    return _marked(wrong(request, refusal.status, refusal.sentence, refusal=refusal), refusal)


def wrong(request: HttpRequest, status: int, sentence: str, *, refusal: Refusal | None = None) -> HttpResponse:
    """Answer with the error page of a status: what happened, what to do, and the trace id."""
    remarks = refusal.listed if isinstance(refusal, RuleBroken) else []
    setattr(request, BARE, status >= BROKEN)
    context = {
        "status": status,
        "title": title_of(status),
        "sentence": sentence,
        "remedy": remedy_of(status),
        "remarks": remarks,
        "trace": trace_of(request),
    }
    return render(request, "errors/wrong.html", context, status=status)


def _marked(response: Answer, refusal: Refusal) -> Answer:
    response["X-Refusal"] = refusal.code
    if isinstance(refusal, Unauthenticated):
        response["WWW-Authenticate"] = "Session"
    if isinstance(refusal, TooMany):
        response["Retry-After"] = "60"
    return response
