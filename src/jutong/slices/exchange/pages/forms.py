"""Forms of tasks and limits: grant, target, plan, hours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import time
from typing import Any, Final

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.kernel.errors import Refusal
from jutong.kernel.faces import forms
from jutong.kernel.terms import Term
from jutong.slices.exchange.queries import PlanChoices, TaskDetail
from jutong.slices.exchange.rules import (
    NAME_BYTES,
    WEEK,
    Checking,
    Encoding,
    Format,
    Kind,
    Mode,
    Plan,
    Reading,
    Splitting,
    Terms,
    Window,
    check_cron,
    check_mode,
)
from jutong.wire.transfers import Check, Read, Split, SplitBy, Watermark


def worded(term: type[Term]) -> Callable[[], list[tuple[str, str]]]:
    """Return the choices of a term in the reader's language, made when a form is."""
    return lambda: [(code, _(label)) for code, label in term.choices()]


def _weekdays() -> list[tuple[str, str]]:
    return [("1", _("周一")), ("2", _("周二")), ("3", _("周三")), ("4", _("周四")), ("5", _("周五")), ("6", _("周六")),
            ("7", _("周日"))]  # fmt: skip


class GrantForm(forms.Form):
    """Under which grant, and as what."""

    kind = django_forms.ChoiceField(label=gettext_lazy("提供方式"), choices=worded(Kind))
    grant_id = django_forms.TypedChoiceField(label=gettext_lazy("授权"), coerce=int)

    def __init__(
        self, data: Any, *, grants: Iterable[tuple[str, str]], modes: Mapping[int, tuple[str, ...]], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.modes = modes
        self.fields["grant_id"].choices = list(grants)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a way of delivery that the grant does not offer."""
        given = super().clean() or {}
        if given.get("kind") and given.get("grant_id"):
            try:
                check_mode(given["kind"], self.modes[given["grant_id"]])
            except Refusal as refusal:
                self.add_error("kind", refusal.sentence)
        return given


class TableTargetForm(forms.Form):
    """Into which table."""

    source_id = django_forms.TypedChoiceField(
        label=gettext_lazy("目标库"), coerce=int, help_text=gettext_lazy("本部门登记的、可接收数据的数据源。")
    )
    schema = forms.Line(
        label=gettext_lazy("目标模式"),
        max_length=NAME_BYTES,
        required=False,
        help_text=gettext_lazy("留空即目标库的默认模式：PostgreSQL 为 public，MySQL 为登记的库；SQLite 没有模式。"),
    )
    table = forms.Line(
        label=gettext_lazy("目标表"),
        max_length=NAME_BYTES,
        help_text=gettext_lazy("可选择已有的表；表不存在时自动按授权的信息项建立。"),
        widget=django_forms.TextInput(attrs={"list": "jt-tables", "autocomplete": "off"}),
    )
    mode = django_forms.ChoiceField(label=gettext_lazy("写入方式"), choices=worded(Mode))

    def __init__(self, data: Any, *, targets: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["source_id"].choices = list(targets)  # type: ignore[attr-defined]


def folder_choice() -> django_forms.TypedChoiceField:
    """Return the field that names a file store of the department."""
    return django_forms.TypedChoiceField(
        label=gettext_lazy("目标文件数据源"),
        coerce=int,
        help_text=gettext_lazy("本部门登记的、可接收数据的文件数据源：本机目录、SFTP 或对象存储。"),
    )


def folder_field() -> django_forms.CharField:
    """Return the field that names a folder below a file store."""
    return forms.Line(
        label=gettext_lazy("目标文件夹"),
        max_length=NAME_BYTES,
        required=False,
        help_text=gettext_lazy(
            "相对路径，如 低保/2026；留空即数据源登记的目录。随附清单 jutong-manifest-任务号.json。"
        ),
    )


class FolderTargetForm(forms.Form):
    """Into which folder."""

    source_id = folder_choice()
    folder = folder_field()

    def __init__(self, data: Any, *, targets: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["source_id"].choices = list(targets)  # type: ignore[attr-defined]


class FileTargetForm(forms.Form):
    """As which file."""

    file_format = django_forms.ChoiceField(label=gettext_lazy("文件格式"), choices=worded(Format))
    encoding = django_forms.ChoiceField(label=gettext_lazy("文件编码"), choices=worded(Encoding))


class HoursForm(forms.Form):
    """A window of the day, on some weekdays; both times empty for any time."""

    window_start = django_forms.TimeField(
        label=gettext_lazy("允许时段：开始"),
        required=False,
        widget=django_forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy("北京时间，如 22:00；不限时段时两项都留空。"),
    )
    window_end = django_forms.TimeField(
        label=gettext_lazy("允许时段：结束"),
        required=False,
        widget=django_forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy("早于开始时间的，算到次日。"),
    )
    window_days = django_forms.MultipleChoiceField(
        label=gettext_lazy("允许的日子"),
        choices=_weekdays,
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("不勾选即为每天。"),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse half a window."""
        given = super().clean() or {}
        if (given.get("window_start") is None) != (given.get("window_end") is None):
            self.add_error("window_end", _("请同时填写允许时段的开始和结束，或都留空。"))
        return given

    def window(self) -> Window | None:
        """Return the window that was filled in."""
        start, end = self.cleaned_data["window_start"], self.cleaned_data["window_end"]
        if start is None or end is None:
            return None
        return Window(_minutes(start), _minutes(end), "".join(self.cleaned_data["window_days"]) or WEEK)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def hours_initial(window: Window | None) -> dict[str, Any]:
    """Return what a form shows of a window."""
    if window is None:
        return {}
    start, end = (time(*divmod(minutes, 60)) for minutes in (window.start, window.end))
    return {"window_start": start, "window_end": end, "window_days": list(window.days) if window.days != WEEK else []}


_PLAIN_ROWS: Final[dict[str, Any]] = {
    "read": Read.FULL, "watermark_item": "", "overlap": 0, "check": Check.CONTENT, "split_item": "",
    "split_by": SplitBy.VALUE, "split_size": 0, "most_dirty": 0, "rows_per_second": 0,
}  # fmt: skip
"""What files as they are mean in the words of rows; their form does not ask for it."""


class PlanForm(HoursForm):
    """How a task reads, checks and holds back, and when it runs."""

    read = django_forms.ChoiceField(label=gettext_lazy("读取方式"), choices=worded(Reading))
    watermark_item = django_forms.ChoiceField(
        label=gettext_lazy("增长字段"),
        required=False,
        help_text=gettext_lazy("增量读取时使用：每次变更都会变大的数字、日期或时间。"),
    )
    overlap = forms.Whole(
        label=gettext_lazy("回看范围"),
        required=False,
        min_value=0,
        max_value=2_678_400,
        help_text=gettext_lazy("时间类为秒，数字为单位；用于补回晚提交的行。"),
    )
    check = django_forms.ChoiceField(label=gettext_lazy("核对方式"), choices=worded(Checking))
    split_item = django_forms.ChoiceField(
        label=gettext_lazy("分区信息项"),
        required=False,
        help_text=gettext_lazy("按分区核对，不一致时可以只修复相应分区。"),
    )
    split_by = django_forms.ChoiceField(label=gettext_lazy("分区方法"), choices=worded(Splitting))
    split_size = forms.Whole(
        label=gettext_lazy("分区大小"),
        required=False,
        min_value=0,
        max_value=256,
        help_text=gettext_lazy("按前几个字符或散列分桶时填写字符数或桶数。"),
    )
    most_dirty = forms.Whole(
        label=gettext_lazy("允许的问题行数"),
        min_value=0,
        max_value=1_000_000,
        initial=0,
        help_text=gettext_lazy("超过后整次不放行；问题行另行登记。"),
    )
    priority = forms.Whole(
        label=gettext_lazy("优先级"), min_value=1, max_value=9, initial=5, help_text=gettext_lazy("1 最先，9 最后。")
    )
    rows_per_second = forms.Whole(
        label=gettext_lazy("每秒行数上限"),
        min_value=0,
        max_value=10_000_000,
        initial=0,
        help_text=gettext_lazy("0 为不限。"),
    )
    cron = forms.Line(
        label=gettext_lazy("执行计划"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("五段：分 时 日 月 周（北京时间），如 30 2 * * 1-5；留空即不按时间执行。"),
    )
    after_task_id = django_forms.TypedChoiceField(
        label=gettext_lazy("在此任务放行后执行"), required=False, coerce=int, empty_value=None
    )
    after_update = django_forms.BooleanField(label=gettext_lazy("数据更新后执行"), required=False)

    field_order = (
        "read", "watermark_item", "overlap", "check", "split_item", "split_by", "split_size", "most_dirty", "priority",
        "rows_per_second", "cron", "after_task_id", "after_update", "window_start", "window_end", "window_days",
    )  # fmt: skip

    def __init__(self, data: Any, *, choices: PlanChoices, kind: str, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        none = ("", _("（无）"))
        self.fields["watermark_item"].choices = [none, *((item, item) for item in choices.growing)]  # type: ignore[attr-defined]
        self.fields["split_item"].choices = [none, *((item, item) for item in choices.plain)]  # type: ignore[attr-defined]
        tasks = [(str(key), name) for key, name in choices.tasks]
        self.fields["after_task_id"].choices = [none, *tasks]  # type: ignore[attr-defined]
        if kind == Kind.FILES:
            for name in _PLAIN_ROWS:
                del self.fields[name]

    def clean_cron(self) -> str:
        """Return the schedule with single blanks; ValidationError for what is none."""
        try:
            return check_cron(self.cleaned_data["cron"])
        except Refusal as refusal:
            raise ValidationError(refusal.sentence) from None

    def plan(self) -> Plan:
        """Return what was filled in."""
        given = _PLAIN_ROWS | self.cleaned_data
        read = Read(given["read"])
        mark = Watermark(given["watermark_item"], given["overlap"] or 0) if read is Read.WATERMARK else None
        item = given["split_item"]
        terms = Terms(
            read=read,
            watermark=mark,
            check=Check(given["check"]),
            split=Split(item, SplitBy(given["split_by"]), given["split_size"] or 0) if item else None,
            most_dirty=given["most_dirty"],
            priority=given["priority"],
            rows_per_second=given["rows_per_second"],
            window=self.window(),
        )
        return Plan(terms, given["cron"], given["after_task_id"], given["after_update"])


def plan_initial(found: TaskDetail) -> dict[str, Any]:
    """Return what the form shows of a task's plan."""
    terms = found.terms
    mark, split = terms.watermark, terms.split
    return {
        "read": terms.read,
        "watermark_item": mark.item if mark else "",
        "overlap": mark.overlap if mark else 0,
        "check": terms.check,
        "split_item": split.item if split else "",
        "split_by": split.by if split else Splitting.VALUE,
        "split_size": split.size if split else 0,
        "most_dirty": terms.most_dirty,
        "priority": terms.priority,
        "rows_per_second": terms.rows_per_second,
        "cron": found.cron,
        "after_task_id": found.after_task_id or "",
        "after_update": found.after_update,
        **hours_initial(terms.window),
    }
