"""The slice's forms: what people fill in, with length and kind; rules are the actions'."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from jutong.kernel.actors import Role
from jutong.kernel.faces.forms import Code, CodeFrom, Day, Form, Line, Paragraph, Whole
from jutong.kernel.terms import OrgType, Zone
from jutong.slices.parties import queries
from jutong.slices.parties.pages.picking import DepartmentField, DepartmentsField
from jutong.slices.parties.rules.access import Network, Signing, Transport
from jutong.slices.parties.rules.words import AuthorityFunction, RulesKind, UnitKind

MEBIBYTE = 1024 * 1024


def chosen(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return choices with their labels translated now."""
    return [(code, _(label)) for code, label in pairs]


class SignIn(Form):
    """Name and password."""

    username = Line(
        label=_l("用户名"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_l("口令"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class OneTimeCode(Form):
    """The six digits of the second factor."""

    code = Code(
        label=_l("动态口令"),
        max_length=8,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )


class PasswordChange(Form):
    """The old password and twice the new one."""

    old_password = forms.CharField(
        label=_l("原口令"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new_password = forms.CharField(
        label=_l("新口令"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_l("至少 10 位，含大写字母、小写字母、数字、符号中的三类，不含用户名和姓名。"),
    )
    again = forms.CharField(
        label=_l("再次输入新口令"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse two different new passwords."""
        found = super().clean() or {}
        if found.get("new_password") and found.get("again") and found["new_password"] != found["again"]:
            self.add_error("again", _("两次输入的新口令不一致，请重新输入。"))
        return found


class FirstPassword(Form):
    """A first password that an administrator hands over."""

    password = forms.CharField(
        label=_l("初始口令"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_l("由管理员当面告知本人；本人首次登录必须修改。"),
    )


class Activate(FirstPassword):
    """Sign-in name and first password of a new account."""

    username = Code(
        label=_l("用户名"),
        max_length=40,
        help_text=_l("3 至 40 位，以字母开头，用小写字母、数字、点、下划线或短横线。"),
    )
    field_order = ("username", "password")


class Certificate(Form):
    """An SM2 certificate and the signature over the challenge."""

    certificate = Paragraph(label=_l("签名证书（PEM）"), max_length=8000)
    signature = Paragraph(
        label=_l("对挑战码的签名（十六进制）"),
        max_length=400,
        help_text=_l("由证书介质或客户端工具对下方挑战语句签名得到。"),
    )


class CertificateOnly(Form):
    """A person's SM2 signing certificate."""

    certificate = Paragraph(label=_l("签名证书（PEM）"), max_length=8000)


class Link(Form):
    """An identity of another trust service."""

    kind = forms.ChoiceField(
        label=_l("来源"), choices=[("oidc", _l("统一身份认证（OIDC）")), ("certificate", _l("数字证书"))]
    )
    issuer = Line(label=_l("签发者"), max_length=300)
    subject = Line(label=_l("用户标识或证书序列号"), max_length=300)


class ApiKey(Form):
    """A personal API key."""

    name = Line(label=_l("用途"), max_length=60)
    days = Whole(label=_l("有效期（天）"), min_value=1, max_value=366, initial=90)


class Department(Form):
    """A department's registration."""

    name = Line(label=_l("机构名称"), max_length=120)
    short_name = Line(label=_l("机构简称"), max_length=40, required=False)
    uscc = Code(label=_l("统一社会信用代码"), max_length=30, required=False)
    org_type = forms.ChoiceField(label=_l("机构类型"), choices=lambda: chosen(OrgType.choices()))
    region = CodeFrom(
        queries.region_choices, label=_l("行政区划代码"), help_text=_l("按 GB/T 2260，如 511000；可从列表中选择。")
    )
    parent_id = DepartmentField(
        label=_l("上级机构"), required=False, help_text=_l("输入名称，从列表中选择；没有上级机构的留空。")
    )
    mandate = forms.FileField(label=_l("委托文件"), required=False, help_text=_l("仅受委托组织需要。"))


class DepartmentChange(Department):
    """A department's changes: the region stays."""

    region = None  # type: ignore[assignment]
    signature_required = forms.BooleanField(
        label=_l("有法律效力的操作须电子签名"),
        required=False,
        help_text=_l("启用后，提交、同意、拒绝等操作须附本人证书签名。"),
    )


class Uscc(Form):
    """The credit code that confirms a department."""

    uscc = Code(label=_l("统一社会信用代码"), max_length=30)


class SharingUnit(Form):
    """The name of the sharing unit."""

    name = Line(label=_l("共享工作机构名称"), max_length=80)


class Goals(Form):
    """Goals and duties for sharing."""

    goals = Paragraph(label=_l("目标和职责"), max_length=2000)


class CorrectionChannel(Form):
    """Where corrections are asked for."""

    channel = Line(
        label=_l("纠错渠道"),
        max_length=200,
        help_text=_l("受理校核、更正的处室、电话或网址；在每个已发布目录的页面上显示。"),
    )
    open_to_public = forms.BooleanField(
        label=_l("本部门已备案的校核纠错规则向公民、法人和其他组织开放该渠道"), required=False
    )


class UnitRole(Form):
    """A unit and its duties."""

    kind = forms.ChoiceField(label=_l("单位类别"), choices=lambda: chosen(UnitKind.choices()))
    name = Line(label=_l("单位名称"), max_length=80)
    duties = Paragraph(label=_l("在共享工作中的职责"), max_length=2000)


class Rules(Form):
    """Internal rules and their file."""

    kind = forms.ChoiceField(label=_l("制度类别"), choices=lambda: chosen(RulesKind.choices()))
    title = Line(label=_l("制度名称"), max_length=120)
    file = forms.FileField(label=_l("制度文件"))


class Person(Form):
    """What is reported of a person."""

    name = Line(label=_l("姓名"), max_length=60)
    title = Line(label=_l("职务"), max_length=60, required=False)
    phone = Code(label=_l("联系电话"), max_length=20, required=False)
    email = Code(label=_l("电子邮箱"), max_length=120, required=False)


class Appoint(Form):
    """A post for a person."""

    role = forms.ChoiceField(label=_l("岗位"), choices=lambda: [(str(role), _(role.label)) for role in Role])
    department_id = DepartmentField(
        label=_l("任职机构"), required=False, help_text=_l("输入名称，从列表中选择；留空为本人所在部门。")
    )
    since = Day(label=_l("开始日期"), required=False)
    until = Day(label=_l("截止日期"), required=False)


class Delegate(Form):
    """A delegation of one of one's own posts."""

    post = forms.TypedChoiceField(label=_l("代办的岗位"), coerce=int)
    to_id = forms.TypedChoiceField(label=_l("代办人"), coerce=int)
    duties = forms.MultipleChoiceField(
        label=_l("限于办理的事项"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_l("不选为该岗位的全部事项；选定后，代办人只能办理所选事项。"),
    )  # fmt: skip
    since = Day(label=_l("开始日期"))
    until = Day(label=_l("截止日期"))
    reason = Line(label=_l("事由"), max_length=200, required=False)


class Region(Form):
    """A division."""

    code = Code(label=_l("行政区划代码"), max_length=12)
    name = Line(label=_l("行政区划名称"), max_length=60)


class Authority(Form):
    """The competent authority of a region."""

    region = CodeFrom(queries.region_choices, label=_l("行政区划代码"))
    department_id = DepartmentField(label=_l("主管部门"), help_text=_l("输入名称，从列表中选择。"))
    functions = forms.MultipleChoiceField(
        label=_l("主管职能"), required=False, choices=lambda: chosen(AuthorityFunction.choices()),
        widget=forms.CheckboxSelectMultiple, help_text=_l("不选为全部职能。"),
    )  # fmt: skip


class Sector(Form):
    """A sector line; members by name."""

    name = Line(label=_l("行业条线名称"), max_length=60)
    lead_id = DepartmentField(label=_l("牵头部门"), help_text=_l("输入名称，从列表中选择。"))
    members = DepartmentsField(label=_l("成员部门"), max_length=4000, help_text=_l("每行一个部门的名称或简称。"))


class Guidance(Form):
    """Guidance to a sector line."""

    title = Line(label=_l("标题"), max_length=120)
    text = Paragraph(label=_l("指导意见"), max_length=4000)


class System(Form):
    """A business system."""

    name = Line(label=_l("系统名称"), max_length=80)
    purpose = Line(label=_l("用途"), max_length=200, required=False)
    zone = forms.ChoiceField(label=_l("网络区域"), choices=lambda: chosen(Zone.choices()))
    addresses = Paragraph(
        label=_l("来源地址"), max_length=1000, required=False, help_text=_l("每行一个 IP 地址或网段；留空为不限。")
    )
    signing = forms.ChoiceField(
        label=_l("签名方式"),
        required=False,
        choices=lambda: chosen(Signing.choices()),
        help_text=_l("已按其他平台方式签名的系统可沿用原方式，须限定来源地址；新建系统请用平台签名。"),
    )
    network = forms.ChoiceField(label=_l("承载网络"), required=False, choices=lambda: chosen(Network.choices()))
    network_exception = Line(
        label=_l("例外依据"), max_length=300, required=False, help_text=_l("部署在规定以外的网络上时填写。")
    )
    hosting = Line(label=_l("部署位置"), max_length=100, required=False, help_text=_l("如：市政务云、本部门机房。"))
    cross_department = forms.BooleanField(
        label=_l("需要跨部门共享数据"), required=False, initial=True, help_text=_l("需要的，接入平台后才能投入运行。")
    )

    def clean_addresses(self) -> list[str]:
        """Return one address a line."""
        return [line.strip() for line in self.cleaned_data["addresses"].splitlines() if line.strip()]


class SystemChange(System):
    """A business system's changes: its name stays."""

    name = None  # type: ignore[assignment]


class Tested(Form):
    """A test that has not connected the system yet."""

    record = Paragraph(label=_l("测试记录"), max_length=300)


class Connected(Tested):
    """A test that connected it, and how it is protected."""

    transport = forms.ChoiceField(label=_l("传输保护"), choices=lambda: chosen(Transport.choices()))
    protection = Paragraph(
        label=_l("防护情况"),
        max_length=300,
        required=False,
        help_text=_l("如：等级保护三级，备案号；网络边界防护措施。"),
    )


class Workbook(Form):
    """A workbook to import."""

    file = forms.FileField(label=_l("Excel 文件"), help_text=_l("请使用下载的模板填写，不超过 8 MB、5000 行。"))


class Filter(Form):
    """What a list is narrowed to; nonsense in an address is simply no filter."""

    q = Line(required=False, max_length=60)
    page = Whole(required=False, min_value=1, max_value=100_000)
    state = Line(required=False, max_length=20)
    role = Line(required=False, max_length=30)
    region = Code(required=False, max_length=12)
    department = Whole(required=False, min_value=1)

    def wanted(self) -> dict[str, Any]:
        """Return the filters that make sense."""
        self.is_valid()
        found = self.cleaned_data
        return {
            "text": found.get("q") or "",
            "number": found.get("page") or 1,
            "state": found.get("state") or "",
            "role": found.get("role") or "",
            "region": found.get("region") or "",
            "department_id": found.get("department"),
        }
