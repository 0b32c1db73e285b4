"""A sheet with every template piece on sample data: development and tests only."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

from django import forms as django_forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse

from jutong.kernel.errors import RuleBroken
from jutong.kernel.faces import Form, page, posted
from jutong.kernel.faces.answers import posted_files
from jutong.kernel.faces.forms import Code, Day, Line, Paragraph, Upload, Whole
from jutong.kernel.faces.pieces import Change, Chart, Facet, FacetChoice, Fact, Figure, Happening, Series, Tab
from jutong.kernel.jobs import ProgressRow
from jutong.kernel.paging import Page
from jutong.kernel.queries import ClockRow

AT: Final = datetime(2026, 9, 29, 17, 30, tzinfo=UTC)


class SampleForm(Form):
    """Every kind of field."""

    title = Line(label="资源名称", max_length=100, help_text="与业务系统中的数据表对应，不超过 100 字。")
    code = Code(label="统一社会信用代码", max_length=18, min_length=18)
    share_type = django_forms.ChoiceField(
        label="共享类型",
        choices=[("", "请选择"), ("1", "无条件共享"), ("2", "有条件共享"), ("3", "不予共享")],
    )
    modes = django_forms.MultipleChoiceField(
        label="共享方式",
        choices=[("q", "联机查询"), ("t", "前置机共享"), ("d", "部门批量下载")],
        widget=django_forms.CheckboxSelectMultiple,
    )
    days = Whole(label="使用期限（天）", min_value=1, max_value=365, required=False)
    start = Day(label="开始日期", required=False)
    purpose = Paragraph(label="使用依据与用途", max_length=1000, help_text="写明法律法规条款和具体业务场景。")
    file = Upload(label="附件", most_bytes=50 * 1024 * 1024, required=False)
    agreed = django_forms.BooleanField(label="承诺申请内容真实、合法、必要（政务数据共享条例第二十条）")


@login_not_required
def sheet(request: HttpRequest) -> HttpResponse:
    """Show every piece; posting shows the form with its refusals."""
    form = SampleForm(posted(request), posted_files(request))
    return page(request, "shell/pieces.html", status=200, form=form, **sample())


def sample() -> dict[str, Any]:
    """Return sample content for the sheet, in Chinese as people would see it."""
    return {
        "title": "企业登记基本信息",
        "lead": "目录编号 307001/000012 · 市市场监督管理局 · 每日更新",
        "crumbs": [("目录", "/"), ("资源目录", "/"), ("企业登记基本信息", "")],
        "wizard": ["选择资源", "填写用途", "选择信息项", "确认提交"],
        "figures": [
            Figure("待办", 12, "件", "neutral", "#todo"),
            Figure("今日到期", 2, "件", "wait", "#today"),
            Figure("已超期", 1, "件", "bad", "#late"),
            Figure("本月办结", 148, "件", "good"),
            Figure("目录总数", 43127, "条"),
        ],
        "clocks": sample_clocks(),
        "rows": sample_rows(),
        "meta": Page(3, 20, 43127),
        "facets": sample_facets(),
        "happenings": sample_happenings(),
        "facts": [
            Fact("提供部门", "市市场监督管理局"),
            Fact("共享类型", "有条件共享", badge="info"),
            Fact("使用条件", "仅用于行政许可审批时核验企业主体资格；\n不得向第三方提供。"),
            Fact("更新周期", "每日"),
            Fact("接口地址", "/v1/resources/307001-000012", url="#"),
            Fact("备注", ""),
        ],
        "changes": [
            Change("更新周期", "每周", "每日"),
            Change("共享条件", "", "仅用于行政许可审批"),
            Change("资源名称", "企业登记基本信息", "企业登记基本信息"),
        ],
        "tabs": [Tab("概况", "#a", current=True), Tab("信息项", "#b", count=18), Tab("版本", "#c", count=3)],
        **sample_work(),
        "chart": sample_chart(),
        "snippet": "curl -H 'X-Jutong-System: 510000-ga-01' \\\n  https://gateway.example.gov.cn/v1/query/307001-000012?uscc=91510100…",
        "shares": Chart(
            "共享类型构成", ["无条件", "有条件", "不予"], [Series("条目", [21300, 18940, 2887])], kind="pie"
        ),
    }


def sample_work() -> dict[str, Any]:
    """Return work in progress, ended and failed, and a refusal."""
    return {
        "running": ProgressRow(1, "导入目录：2026年9月门户导出.json", "running", 18_200, 43_000, 42, "", None, ""),
        "ended": ProgressRow(
            2, "导入目录：部门模板.xlsx", "done", 300, 300, 100, "成功 296 条，退回 4 条。", None, "#"
        ),
        "failed": ProgressRow(3, "库表传输：企业登记基本信息", "failed", 80, 200, 40, "行数对账不一致。", None, ""),
        "refusal": RuleBroken(
            "目录条目不完整，请补充后重新提交。",
            remarks={"basis": "“共享条件”未填写：有条件共享的资源应当列明使用条件（条例第十四条）。"},
        ),
    }


def sample_clocks() -> list[ClockRow]:
    """Return clocks in every condition."""
    why = "答复期限 10 个工作日（国务院令第 809 号第二十一条）"
    due = date(2026, 10, 14)
    return [
        ClockRow("reply", "答复", "running", due, provisional=False, left=6, tone="green", text="剩余 6 个工作日", explanation=why),
        ClockRow("reply", "答复", "running", due, provisional=False, left=1, tone="yellow", text="剩余 1 个工作日", explanation=why),
        ClockRow("reply", "答复", "running", due, provisional=False, left=0, tone="red", text="今日到期", explanation=why),
        ClockRow("reply", "答复", "running", due, provisional=False, left=-2, tone="red", text="已超期 2 个工作日", explanation=why),
        ClockRow("reply", "答复", "paused", due, provisional=True, left=4, tone="grey", text="已暂停，剩余 4 个工作日（暂定）", explanation=why),
    ]  # fmt: skip


def sample_rows() -> list[dict[str, Any]]:
    """Return rows of a request list."""
    clocks = sample_clocks()
    names = ["企业登记基本信息", "不动产登记簿摘要信息", "社会保险参保缴费状态", "婚姻登记信息", "机动车登记信息"]
    states = [
        ("received", "已受理"),
        ("supplement_requested", "待补正"),
        ("granted", "已授权"),
        ("refused", "不同意"),
        ("draft", "草稿"),
    ]
    return [
        {"no": f"SQ2026-{at:05d}", "name": name, "who": "市行政审批局", "state": state, "label": label, "clock": clock, "rows": 51_200 * at}
        for at, (name, (state, label), clock) in enumerate(zip(names, states, clocks, strict=True), start=1)
    ]  # fmt: skip


def sample_facets() -> list[Facet]:
    """Return filters."""
    return [
        Facet("share", "共享类型", [FacetChoice("1", "无条件共享", 21300), FacetChoice("2", "有条件共享", 18940, chosen=True)]),
        Facet("dept", "提供部门", [FacetChoice("7", "市市场监督管理局", 3120), FacetChoice("9", "市人力资源和社会保障局", 2876)]),
        Facet("cycle", "更新周期", [FacetChoice("d", "每日", 12011), FacetChoice("m", "每月", 9120), FacetChoice("y", "每年", 4400)]),
    ]  # fmt: skip


def sample_happenings() -> list[Happening]:
    """Return a case's history."""
    return [
        Happening(AT, "提交申请", "市行政审批局 · 王芳（经办人）", tone="info"),
        Happening(AT, "同意并报送", "市行政审批局 · 李建国（共享工作机构负责人）", tone="good"),
        Happening(
            AT, "一次性告知补正", "市市场监督管理局 · 陈静", "请补充行政许可事项的具体名称和法律依据条款。", tone="wait"
        ),
        Happening(AT, "不同意", "市市场监督管理局 · 赵伟", "申请范围超出履职所需。", tone="bad"),
        Happening(None, "交付数据", "期限 2026-10-21", tone="next"),
    ]


def sample_chart() -> Chart:
    """Return two rows of figures over half a year."""
    months = ["4月", "5月", "6月", "7月", "8月", "9月"]
    return Chart(
        "近半年申请与办结", months, [Series("申请", [82, 97, 110, 125, 143, 160]), Series("办结", [78, 95, 101, 120, 139, 148])],
        unit="件",
    )  # fmt: skip
