"""The field's terms as enumerations (glossary); labels are Chinese and translated where they are shown."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self

from jutong.wire.grants import Masking as Masking  # noqa: PLC0414 - the kernel's vocabulary includes the wire's
from jutong.wire.grants import Mode, Operator

DeliveryMode = Mode


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a string for translation without translating it."""
    return text


class Term(StrEnum):
    """An enumeration whose members carry a Chinese label: ``MEMBER = "code", N_("标签")``."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Self:
        """Keep the label beside the code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Return (code, label) pairs for forms and columns."""
        return [(member.value, member.label) for member in cls]

    @classmethod
    def labelled(cls, label: str) -> Term | None:
        """Return the member with that Chinese label."""
        return next((member for member in cls if member.label == label), None)


class ShareType(Term):
    """共享类型; codes of the national guide are 1, 2, 3 (standards-facts 2.1), mapped per peer."""

    UNCONDITIONAL = "unconditional", N_("无条件共享")
    CONDITIONAL = "conditional", N_("有条件共享")
    WITHHELD = "withheld", N_("不予共享")


class OpenType(Term):
    """开放属性."""

    UNCONDITIONAL = "unconditional", N_("无条件开放")
    CONDITIONAL = "conditional", N_("有条件开放")
    WITHHELD = "withheld", N_("不予开放")


class Purpose(Term):
    """使用用途 (inner-mongolia-2018#18; default list of every profile)."""

    ADMINISTRATIVE_BASIS = "administrative_basis", N_("行政依据")
    WORK_REFERENCE = "work_reference", N_("工作参考")
    DATA_VERIFICATION = "data_verification", N_("数据校核")
    COLLABORATION = "collaboration", N_("业务协同")


class Zone(Term):
    """网络区域."""

    OUTER = "outer", N_("政务外网")
    INNER = "inner", N_("政务内网")


class Level(Term):
    """层级."""

    PROVINCE = "province", N_("省级")
    CITY = "city", N_("市级")
    COUNTY = "county", N_("县级")
    TOWN = "town", N_("乡镇（街道）")


class OrgType(Term):
    """Who can be a department (R-OVR-001, R-OVR-050)."""

    GOVERNMENT = "government_department", N_("政府部门")
    INSTITUTION = "institution", N_("法律法规授权的事业单位")
    SOCIAL = "social_organisation", N_("法律法规授权的社会组织")
    ENTRUSTED = "entrusted_body", N_("受委托组织")
    OTHER_STATE_ORGAN = "other_state_organ", N_("其他国家机关（参照执行）")
    PUBLIC_UTILITY = "public_utility", N_("公用企业（参照执行）")


class CatalogueClass(Term):
    """资源分类 by attribute (standards-facts 2.5); 类 digit 1, 2, 3."""

    BASE = "base", N_("基础信息资源")
    THEME = "theme", N_("主题信息资源")
    DEPARTMENT = "department", N_("部门信息资源")


class UpdateCycle(Term):
    """更新周期 (standards-facts 2.2)."""

    REAL_TIME = "real_time", N_("实时")
    DAILY = "daily", N_("每日")
    WEEKLY = "weekly", N_("每周")
    MONTHLY = "monthly", N_("每月")
    QUARTERLY = "quarterly", N_("每季度")
    HALF_YEARLY = "half_yearly", N_("每半年")
    YEARLY = "yearly", N_("每年")
    IRREGULAR = "irregular", N_("不定期")
    NONE = "none", N_("不更新")


CYCLE_DAYS = {
    UpdateCycle.REAL_TIME: 1,
    UpdateCycle.DAILY: 1,
    UpdateCycle.WEEKLY: 7,
    UpdateCycle.MONTHLY: 31,
    UpdateCycle.QUARTERLY: 92,
    UpdateCycle.HALF_YEARLY: 184,
    UpdateCycle.YEARLY: 366,
}
"""Natural days within which data of a cycle is updated; other cycles have no limit."""


class FormatClass(Term):
    """信息资源格式分类 (standards-facts 2.3)."""

    DOCUMENT = "document", N_("电子文件")
    SPREADSHEET = "spreadsheet", N_("电子表格")
    DATABASE = "database", N_("数据库")
    IMAGE = "image", N_("图形图像")
    STREAM = "stream", N_("流媒体")
    SELF_DESCRIBED = "self_described", N_("自描述格式")
    SERVICE = "service", N_("服务接口")


class DataType(Term):
    """数据类型 letters (standards-facts 2.4)."""

    CHARACTER = "C", N_("字符型")
    NUMERIC = "N", N_("数值型")
    MONEY = "Y", N_("货币型")
    DATE = "D", N_("日期型")
    TIMESTAMP = "T", N_("日期时间型")
    LOGICAL = "L", N_("逻辑型")
    MEMO = "M", N_("备注型")
    GENERAL = "G", N_("通用型")
    DOUBLE = "B", N_("双精度型")
    INTEGER = "I", N_("整型")
    FLOAT = "F", N_("浮点型")


class SecurityLevel(Term):
    """数据分级 (GB/T 43697-2024), lowest first."""

    GENERAL = "general", N_("一般数据")
    IMPORTANT = "important", N_("重要数据")
    CORE = "core", N_("核心数据")


class BasisRank(Term):
    """Instruments that can be a legal basis."""

    LAW = "law", N_("法律")
    ADMINISTRATIVE_REGULATION = "administrative_regulation", N_("行政法规")
    STATE_COUNCIL_DECISION = "state_council_decision", N_("国务院决定")
    LOCAL_REGULATION = "local_regulation", N_("地方性法规")
    RULE = "rule", N_("规章")
    CENTRAL_POLICY = "central_policy", N_("党中央、国务院政策")
    POLICY = "policy", N_("政策文件")


MODE_LABELS = {
    DeliveryMode.SYSTEM_DOCKING: N_("系统对接"),
    DeliveryMode.FRONT_END_NODE: N_("前置机共享"),
    DeliveryMode.ONLINE_QUERY: N_("联机查询"),
    DeliveryMode.BATCH_DOWNLOAD: N_("部门批量下载"),
}


class ServiceClass(Term):
    """Classes of sharing modes in national-2025#22."""

    SERVICE_INTERFACE = "service_interface", N_("服务接口")
    BATCH_EXCHANGE = "batch_exchange", N_("批量交换")
    FILE_DOWNLOAD = "file_download", N_("文件下载")


CLASS_OF = {
    DeliveryMode.SYSTEM_DOCKING: ServiceClass.SERVICE_INTERFACE,
    DeliveryMode.ONLINE_QUERY: ServiceClass.SERVICE_INTERFACE,
    DeliveryMode.FRONT_END_NODE: ServiceClass.BATCH_EXCHANGE,
    DeliveryMode.BATCH_DOWNLOAD: ServiceClass.FILE_DOWNLOAD,
}
"""The national class of each local mode, so that one offer can be named either way (R-EXC-024)."""

MASKING_LABELS = {
    Masking.NONE: N_("不脱敏"),
    Masking.IDENTITY: N_("证件号码掩码"),
    Masking.NAME: N_("姓名掩码"),
    Masking.PHONE: N_("电话掩码"),
    Masking.ADDRESS: N_("地址掩码"),
    Masking.BANK_CARD: N_("银行卡号掩码"),
    Masking.EMAIL: N_("电子邮箱掩码"),
    Masking.YEAR: N_("日期只留年份"),
    Masking.SUPPRESS: N_("全部隐去"),
    Masking.KEYED_HASH: N_("加密散列（HMAC-SM3）"),
}

OPERATOR_LABELS = {
    Operator.EQ: N_("等于"),
    Operator.NE: N_("不等于"),
    Operator.IN: N_("是其中之一"),
    Operator.PREFIX: N_("开头是"),
    Operator.LT: N_("小于"),
    Operator.LE: N_("不大于"),
    Operator.GT: N_("大于"),
    Operator.GE: N_("不小于"),
    Operator.IS_NULL: N_("为空"),
    Operator.NOT_NULL: N_("不为空"),
}


SHARE_LIMITS: Final = {
    "named_departments": N_("限部分部门"),
    "part_of_items": N_("限部分信息项"),
    "given_conditions": N_("限规定条件"),
}
"""共享限制: how conditional sharing is limited."""

ITEM_STANDS: Final = {"own": N_("本部门为权威来源"), "reference": N_("引用其他部门")}
"""数源属性: what an entry can say of whence an item comes; saying nothing leaves it open (R-CAT-046)."""

SHARE_MODE_CLASSES: Final = {
    "platform": N_("共享平台方式"),
    "mail": N_("邮件方式"),
    "disk": N_("拷盘方式"),
    "medium": N_("介质方式"),
}
"""共享方式分类 (standards-facts section 1, element 9.3)."""

SHARE_MODES: Final = {
    "platform": {"database": N_("数据库"), "file": N_("文件"), "interface": N_("接口")},
    "mail": {"mail": N_("邮件")},
    "disk": {"disk": N_("拷盘")},
    "medium": {"paper": N_("纸质"), "electronic_document": N_("电子文档")},
}
"""共享方式类型 by class."""

SHARE_MODE_LABELS: Final = {code: label for row in SHARE_MODES.values() for code, label in row.items()}
