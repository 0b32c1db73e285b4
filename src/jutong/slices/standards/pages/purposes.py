"""The page of the purposes of use: the list, adding one, retiring one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST

from jutong.kernel import clock
from jutong.kernel.faces import Form, actor_of, done, page, posted, told
from jutong.kernel.faces.forms import Code, Line
from jutong.kernel.faces.navigation import Entry, Group, register
from jutong.kernel.terms import N_
from jutong.slices.standards import actions, queries
from jutong.slices.standards.pages.policies import anyone
from jutong.slices.standards.workflow import PURPOSE_KEEPERS


class NewPurpose(Form):
    """A purpose to add."""

    code = Code(label=_l("代码"), max_length=40, help_text=_l("小写字母、数字和下划线；调用接口时填写，启用后不能更改"))
    name = Line(label=_l("名称"), max_length=20)
    meaning = Line(label=_l("含义"), max_length=200)


def purposes(request: HttpRequest) -> HttpResponse:
    """Show the list; add to it."""
    actor = actor_of(request)
    form = NewPurpose(posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            made = actions.add_purpose(**form.cleaned_data, by=actor, at=clock.now())
            return done(request, _("用途“%s”已加入清单，即时可用。") % made.name, to=reverse("purposes"))
    return page(
        request,
        "standards/purposes.html",
        title=_("使用用途清单"),
        rows=queries.purposes(),
        form=form,
        may_keep=PURPOSE_KEEPERS.permits(actor, None) is not None,
    )


@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a purpose off the list."""
    actions.retire_purpose(pk, by=actor_of(request), at=clock.now())
    return done(request, _("该用途已停用，已有的授权不受影响。"), to=reverse("purposes"))


register(Entry(Group.ADMIN, N_("使用用途清单"), "purposes", "list-check", anyone, 98))

urlpatterns: list[URLPattern] = [
    path("purposes", purposes, name="purposes"),
    path("purposes/<int:pk>/retire", retire, name="purpose_retire"),
]
