"""The slice's own terms: who asks, kinds, grounds, results, outcomes."""

from __future__ import annotations

from jutong.kernel.terms import N_, Term


class ApplicantKind(Term):
    """Who of the public may ask (neijiang-2020#19, #31, #41; national-2025#37)."""

    CITIZEN = "citizen", N_("公民")
    LEGAL_PERSON = "legal_person", N_("法人")
    ORGANISATION = "organisation", N_("其他组织")


class Channel(Term):
    """By which system a concern came in (neijiang-2020#19)."""

    SHARING = "sharing", N_("共享系统")
    OPEN = "open", N_("开放系统")


class Doubt(Term):
    """What a verification is asked for."""

    DOUBT = "doubt", N_("疑义")
    ERROR = "error", N_("明显错误")


class Ground(Term):
    """Grounds of an objection (neijiang-2020#41)."""

    ERROR = "error", N_("数据存在错误")
    OMISSION = "omission", N_("数据存在遗漏")
    BUSINESS_SECRET = "business_secret", N_("侵犯商业秘密")
    PRIVACY = "privacy", N_("侵犯个人隐私")
    OTHER_RIGHT = "other_right", N_("侵犯其他合法权益")


class Decision(Term):
    """What is decided on an objection."""

    CORRECT = "correct", N_("予以更正")
    NOT_CORRECT = "not_correct", N_("不予更正")


class Finding(Term):
    """What a complaint comes to."""

    FOUNDED = "founded", N_("属实")
    PARTLY = "partly", N_("部分属实")
    UNFOUNDED = "unfounded", N_("不属实")


class Outcome(Term):
    """What a service desk did for somebody while data is being verified; only the first can be recorded."""

    AS_USUAL = "as_usual", N_("照常办理")
    REFUSED = "refused", N_("拒绝办理")
    SHIFTED = "shifted", N_("推诿转办")
    CORRECTION_DEMANDED = "correction_demanded", N_("要求先办理信息更正")


class Link(Term):
    """What a complaint is handed over to (national-2025#37)."""

    VERIFICATION = "verification", N_("校核")
    RECTIFICATION = "rectification", N_("整改")
    INCIDENT = "incident", N_("安全事件")


class Field(Term):
    """Fields of the open catalogue that can be in doubt."""

    TITLE = "title", N_("资源名称")
    ABSTRACT = "abstract", N_("资源摘要")
    PROVIDER = "provider", N_("提供部门")
    ITEMS = "items", N_("信息项")
    UPDATE_CYCLE = "update_cycle", N_("更新周期")
    FORMAT = "format", N_("资源格式")
    OPEN_TYPE = "open_type", N_("开放属性")


class MarkKind(Term):
    """Marks that travel with the data."""

    VERIFICATION = "verification", N_("校核中")
    OBJECTION = "objection", N_("存在异议")
    CORRECTED = "corrected", N_("已更正")
