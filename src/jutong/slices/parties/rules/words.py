"""The slice's own terms: functions of an authority, duties of a sharing unit, unit roles, kinds of rules."""

from __future__ import annotations

from jutong.kernel.terms import N_, Term


class AuthorityFunction(Term):
    """What a competent authority does (R-OVR-002)."""

    ORGANISING = "organising", N_("统筹协调")
    CATALOGUE = "catalogue", N_("目录指导")
    PLATFORM = "platform", N_("平台建设")
    SUPERVISION = "supervision", N_("监督检查")


class Duty(Term):
    """The six duties of a sharing unit (national-2025#11(1) to (6))."""

    CATALOGUE = "catalogue", N_("目录编制、更新和维护")
    SHARING = "sharing", N_("共享申请、审核与共享")
    STANDARDS = "standards", N_("标准规范落实")
    VERIFICATION = "verification", N_("校核")
    SECURITY = "security", N_("数据安全、个人信息保护和安全评估")
    OTHER = "other", N_("其他共享工作")


class UnitKind(Term):
    """Units of a department with a part in sharing (R-OVR-010)."""

    RESPONSIBLE = "responsible", N_("责任单位")
    BUSINESS = "business", N_("业务司局（处室）")
    IT_SUPPORT = "it_support", N_("信息化支撑单位")
    SECRECY = "secrecy", N_("保密工作单位")


class RulesKind(Term):
    """Kinds of internal rules of a department (R-OVR-009; verification: national-2025#26; the last two: #11(5))."""

    PROCEDURES = "procedures", N_("内部工作程序")
    MANAGEMENT = "management", N_("管理制度")
    LIABILITY = "liability", N_("行政责任追究制度")
    VERIFICATION = "verification", N_("校核纠错规则")
    DATA_SECURITY = "data_security", N_("共享数据安全制度")
    PERSONAL_INFORMATION = "personal_info", N_("共享个人信息保护制度")


class ManagerState(Term):
    """States of a person as information manager (W23)."""

    REPORTED = "reported", N_("已报送")
    CONFIRMED = "confirmed", N_("已确认")
    ACTIVE = "active", N_("在岗")
    ENDED = "ended", N_("已离岗")
