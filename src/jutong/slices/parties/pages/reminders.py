"""My reminders: what, by which way and when; the posting address with its key; what went and what did not."""

from __future__ import annotations

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from jutong.kernel import clock
from jutong.kernel.faces import Form, actor_of, done, page, posted, told
from jutong.kernel.faces.forms import Code
from jutong.kernel.terms import N_
from jutong.slices.parties import actions, queries
from jutong.slices.parties.pages.answering import deed
from jutong.slices.parties.rules.reminders import DAY_HOURS, Kind


def _hours() -> list[tuple[int, str]]:
    return [(hour, f"{hour:02d}:00") for hour in range(DAY_HOURS)]


class Reminders(Form):
    """What one is reminded of, and how."""

    kinds = django_forms.MultipleChoiceField(
        label=_l("提醒哪些"), required=False, widget=django_forms.CheckboxSelectMultiple,
        choices=lambda: [(code, _(label)) for code, label in Kind.choices()],
    )  # fmt: skip
    email = django_forms.BooleanField(label=_l("发送电子邮件"), required=False)
    webhook = django_forms.BooleanField(label=_l("推送到登记的地址"), required=False)
    daily = django_forms.TypedChoiceField(
        label=_l("发送时间"), coerce=lambda text: text == "1",
        choices=lambda: [("0", _("随到随发")), ("1", _("工作日 8:30 汇总发送"))],
    )  # fmt: skip
    quiet_from = django_forms.TypedChoiceField(label=_l("免打扰开始"), coerce=int, choices=_hours)
    quiet_until = django_forms.TypedChoiceField(
        label=_l("免打扰结束"), coerce=int, choices=_hours, help_text=_l("北京时间整点；开始与结束相同为不设免打扰。")
    )


class Hook(Form):
    """The posting address."""

    url = Code(
        label=_l("推送地址"), max_length=300, help_text=_l("https 地址，其主机须已由系统管理员列入外部主机名单。")
    )


def reminders(request: HttpRequest) -> HttpResponse:
    """Show and keep one's reminders."""
    actor = actor_of(request)
    own = queries.own_reminders(actor)
    names = ("kinds", "email", "webhook", "quiet_from", "quiet_until")
    now = {name: getattr(own, name) for name in names} | {"daily": "1" if own.daily else "0"}
    form = Reminders(posted(request), initial=now)
    if form.is_bound and form.is_valid():
        with told(form):
            actions.set_reminders(actor.account_id or 0, **form.cleaned_data, by=actor, at=clock.now())
            return done(request, _("提醒设置已保存。"), to=reverse("reminders"))
    return page(
        request,
        "parties/reminders.html",
        title=_("提醒设置"),
        lead=_("站内消息始终发送；这里设置平台之外的提醒。提醒只含编号、标题、期限和链接，不含数据内容。"),
        crumbs=_crumbs(_("提醒设置")),
        form=form,
        own=own,
    )


def _crumbs(here: str) -> list[tuple[str, str]]:
    return [(_("我的账号"), reverse("my_account")), (here, "")]


def hook(request: HttpRequest) -> HttpResponse:
    """Register the posting address and show its key once."""
    form = Hook(posted(request))
    if form.is_bound and form.is_valid():
        with told(form):
            actor = actor_of(request)
            made = actions.register_hook(actor.account_id or 0, **form.cleaned_data, by=actor, at=clock.now())
            return page(
                request,
                "parties/once.html",
                title=_("推送地址已登记"),
                secrets=[(_("推送地址"), made.url), (_("签名密钥"), made.secret)],
                back=reverse("reminders"),
                hint=_("每次推送以该密钥签名（HMAC-SM3）；接收程序据此核对来源，见接口文档。"),
            )
    return page(
        request,
        "parties/form.html",
        form=form,
        title=_("登记推送地址"),
        crumbs=_crumbs(_("登记推送地址")),
        back=reverse("reminders"),
        button=_("登记"),
    )


def _here(_pk: int = 0) -> str:
    return reverse("reminders")


urlpatterns: list[URLPattern] = [
    path("me/reminders", reminders, name="reminders"),
    path("me/reminders/hook", hook, name="reminder_hook"),
    path(
        "me/reminders/<int:pk>/resume",
        deed("hook_resume", actions.resume_hook, N_("推送已恢复。"), _here),
        name="hook_resume",
    ),
    path(
        "me/reminders/<int:pk>/remove",
        deed("hook_remove", actions.remove_hook, N_("推送地址已删除。"), _here),
        name="hook_remove",
    ),
]
