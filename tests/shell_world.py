"""A site with a few pages of its own and people that come from a header: to try the shell without any slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.views.decorators.http import require_POST
from ninja import NinjaAPI

from jutong.kernel import faces
from jutong.kernel.actors import Actor, Channel, Post, Role
from jutong.kernel.errors import Conflict, NotAllowed, NotThere, RuleBroken, TooLarge, TooMany, Unavailable, WrongState
from jutong.kernel.faces import actors, forms
from jutong.kernel.faces import signed_in as door
from jutong.kernel.faces.signed_in import signed_in
from jutong.site.api import refuse
from jutong.site.pages import shell
from jutong.site.pages.pieces import sheet

REFUSALS = {
    403: NotAllowed("您没有权限。"),
    404: NotThere("没有找到该事项。"),
    409: WrongState("当前状态不能办理。"),
    410: Conflict("编号重复。"),
    413: TooLarge("文件过大。"),
    422: RuleBroken("请修改填写内容。", remarks={"basis": "“使用依据”未填写。"}),
    429: TooMany("操作过于频繁。"),
    503: Unavailable("服务暂不可用。"),
}
DEEDS: list[str] = []

PEOPLE = {
    "1": frozenset({Post(Role.CLERK, 1)}),
    "2": frozenset({Post(Role.SECURITY_ADMIN, 1)}),
    "3": frozenset({Post(Role.SHARING_UNIT_HEAD, 1), Post(Role.CLERK, 1, 9, "李建国")}),
}


def someone(account: Any, address: str, channel: Channel) -> Actor:
    """Return one of the people by account."""
    account_id = int(account.pk)
    return Actor(account_id, "王芳", 1, "市行政审批局", "", PEOPLE[str(account_id)], channel, address)


def stand_in(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let the header X-Who (an account id) be who signed in."""

    def answered(request: HttpRequest) -> HttpResponse:
        who = request.headers.get("X-Who") or request.session.get("_who")
        gone = request.session.get("_gone")
        user = AnonymousUser() if not who or gone else SimpleNamespace(pk=int(who), is_authenticated=True, _meta=None)
        request.user = user
        return answer(request)

    return answered


class TitleForm(faces.Form):
    title = forms.Line(label="名称", max_length=10, required=False)


def view_page(request: HttpRequest) -> HttpResponse:
    """Show a plain page."""
    return faces.page(request, "base.html", title="页面")


def view_form(request: HttpRequest) -> HttpResponse:
    """Do a deed once."""
    form = TitleForm(faces.posted(request))
    if form.is_valid():
        with faces.told(form):
            if form.cleaned_data["title"] == "重复":
                raise RuleBroken(
                    "名称已存在，请换一个名称。", remarks={"title": "“名称”已被使用。", "other": "另一处也不符。"}
                )
            DEEDS.append(form.cleaned_data["title"])
            return faces.done(request, "已保存。", to="/page")
    return faces.page(request, "shell/sign_in.html", form=form)


@faces.rehearsal
def view_check(request: HttpRequest) -> HttpResponse:
    """Look at a form without doing anything."""
    return HttpResponse("ok")


def view_refused(request: HttpRequest, status: int) -> HttpResponse:
    """Refuse."""
    raise REFUSALS[status]


def view_database(request: HttpRequest) -> HttpResponse:
    """Find the database gone."""
    raise OperationalError


def view_bug(request: HttpRequest) -> HttpResponse:
    """Fail."""
    raise ZeroDivisionError


@login_not_required
def view_door(request: HttpRequest) -> HttpResponse:
    """Stand open."""
    return HttpResponse("门")


api = NinjaAPI(urls_namespace="shell-world", auth=signed_in, docs_url=None)
api.exception_handler(Exception)(refuse)


@api.get("/me")
def who_calls(request: HttpRequest) -> dict[str, str]:
    """Say who calls."""
    return {"name": request.auth.name, "channel": request.auth.channel}


@api.post("/deed")
def api_deed(request: HttpRequest) -> dict[str, bool]:
    """Do something."""
    return {"done": True}


@api.get("/refused/{status}")
def api_refused(request: HttpRequest, status: int) -> None:
    """Refuse."""
    raise REFUSALS[status]


handler400, handler403, handler404, handler500 = shell.bad_request, shell.forbidden, shell.not_found, shell.broken
urlpatterns = [
    *[pattern for pattern in shell.urlpatterns if pattern.name != "pieces"],
    path("page", view_page, name="page"),
    path("form", view_form, name="form"),
    path("check", view_check, name="check"),
    path("refused/<int:status>", view_refused, name="refused"),
    path("bug", view_bug, name="bug"),
    path("database", view_database, name="database"),
    path("only-post", require_POST(view_page), name="only_post"),
    path("sign-in", view_door, name="sign_in"),
    path("sign-out", login_not_required(view_door), name="sign_out"),
    path("password", view_page, name="password_change"),
    path("pieces", sheet, name="pieces"),
    path("api/v1/", api.urls),
]


@contextmanager
def small_site() -> Iterator[Client]:
    """Serve the pages above with the product's own middleware; yields a client that checks CSRF like a browser."""
    middleware = [
        "shell_world.stand_in" if name.endswith("AuthenticationMiddleware") else name for name in settings.MIDDLEWARE
    ]
    loaders, keys = list(actors._loaders), list(door._loaders)
    actors.use(someone)
    DEEDS.clear()
    with override_settings(ROOT_URLCONF="shell_world", MIDDLEWARE=middleware):
        yield Client(raise_request_exception=False, enforce_csrf_checks=False)
    actors._loaders[:] = loaders
    door._loaders[:] = keys
