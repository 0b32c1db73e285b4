"""W06: request, reply, delivery and use, as one table (national-2025#20 to #22 beside the local texts)."""

from __future__ import annotations

from typing import Any

from jutong.kernel.actors import SYSTEM_ONLY, Actor, Role, Who
from jutong.kernel.policy import Policy
from jutong.kernel.terms import N_, ShareType
from jutong.kernel.workflow import ClockRule, Workflow
from jutong.slices.sharing.models import SharingRequest
from jutong.slices.sharing.rules import requests as rules

HEADS = (Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY)
STAFF = (Role.DATA_OFFICER, Role.CLERK, Role.LIAISON, *HEADS)
CONSUMER = Who("consumer", N_("使用方经办人"), STAFF, of="consumer_id")
CONSUMER_UNIT_HEAD = Who("consumer_unit_head", N_("使用方共享工作机构负责人"), HEADS, of="consumer_id")
PROVIDER = Who("provider", N_("提供方数据专员"), STAFF, of="provider_id")
PROVIDER_UNIT_HEAD = Who("provider_unit_head", N_("提供方共享工作机构负责人"), HEADS, of="provider_id")
AUTHORITY = Who("authority", N_("同级主管部门"), (Role.AUTHORITY_HEAD, Role.AUTHORITY_REVIEWER), of="authority_id")


def unconditional(case: Any) -> bool:
    """Tell whether the request is for unconditional data."""
    return bool(case.share_type == ShareType.UNCONDITIONAL)


def conditional(_policy: Policy, case: Any) -> bool:
    """Offer the move for conditional data only: unconditional data cannot be refused (national-2025#21)."""
    return not unconditional(case)


def direct(policy: Policy, case: Any) -> bool:
    """Offer direct access: unconditional data under the local texts before the decree (jiangxi-2017#16 and others)."""
    return unconditional(case) and policy.text("unconditional_access") == "direct"


def requested(policy: Policy, case: Any) -> bool:
    """Offer a request: for all data since the decree, before it for conditional data only."""
    return not direct(policy, case)


def consumer_consents(policy: Policy, _case: Any) -> bool:
    """Tell whether the head of the consumer's sharing unit consents before a request is filed (national-2025#20)."""
    return policy.flag("consumer_head_consent")


def unconsented(policy: Policy, case: Any) -> bool:
    """Offer what the local texts knew before the decree: a request goes out without a head's consent."""
    return not consumer_consents(policy, case)


def provider_consents(policy: Policy, _case: Any) -> bool:
    """Tell whether the head of the provider's sharing unit consents before a reply is sent (national-2025#20)."""
    return policy.flag("provider_head_consent")


def at_once(policy: Policy, case: Any) -> bool:
    """Offer the reply of the local texts before the decree: the provider's officer answers alone."""
    return not provider_consents(policy, case)


def refusable_at_once(policy: Policy, case: Any) -> bool:
    """Offer a refusal by the officer alone: conditional data before the decree."""
    return at_once(policy, case) and not unconditional(case)


def told_once(policy: Policy, _case: Any) -> bool:
    """Tell whether missing papers are told, once and completely (national-2025#21)."""
    return policy.text("supplement_notice") == "once_complete"


def extensible(policy: Policy, case: Any) -> bool:
    """Tell whether the reply can be extended: an approver, days, and this sharing type named by the profile (#21)."""
    return bool(
        policy.text("request_extension_approver")
        and policy.days("request_reply_extension_days")
        and case.share_type in policy.list("request_extension_applies_to")
    )


def reply_parameter(case: Any) -> str:
    """Return the profile's parameter of the reply limit: unconditional data has its own."""
    return "unconditional_reply_days" if unconditional(case) else "request_reply_days"


def may_know(actor: Actor, case: SharingRequest) -> bool:
    """Tell who knows of a request: its consumer; once received also provider and authority; auditors; the platform."""
    if actor.account_id is None or actor.holds(Role.AUDITOR):
        return True
    if case.consumer_id in actor.serves:
        return True
    return case.received_at is not None and bool(actor.serves & {case.provider_id, case.authority_id})


def _asked(case: SharingRequest) -> str:
    """Return the digest of what is asked for."""
    return case.digest


def _answered(case: SharingRequest) -> str:
    """Return the digest of what is asked for and of the drafted reply."""
    return rules.reply_digest(case.digest, case.reply)


SHARING_REQUEST = Workflow[SharingRequest](
    "sharing_request",
    N_("共享申请"),
    case="sharing.SharingRequest",
    start="draft",
    visible=may_know,
    signed={
        **dict.fromkeys(("consent", "file", "decline", "extend"), _asked),
        **dict.fromkeys(("agree", "refuse"), _answered),
        **dict.fromkeys(("file_directly", "agree_directly", "refuse_directly"), _asked),
    },
    states={
        "draft": N_("草稿"),
        "head_consented": N_("本方负责人已同意"),
        "received": N_("已受理"),
        "supplement_requested": N_("待补正"),
        "extended": N_("已延期"),
        "not_accepted": N_("不予受理"),
        "reply_prepared": N_("待提供方负责人同意"),
        "agreed": N_("同意共享"),
        "refused": N_("不同意共享"),
        "delivering": N_("开通中"),
        "granted": N_("已开通"),
        "suspended": N_("已暂停"),
        "expired": N_("已到期"),
        "revoked": N_("已撤销"),
        "terminated": N_("已终止"),
        "lapsed": N_("逾期未补正，已失效"),
        "withdrawn": N_("已撤回"),
    },
    clocks=[
        ClockRule("reply", N_("答复"), reply_parameter, "provider_id", "request_reply_extension_days"),
        ClockRule("delivery", N_("提供数据"), "delivery_days", "provider_id", warn_days=5),
    ],
    moves=[
        # verb                 from                                to                      who                 clocks                        button
        ("write",              "-",                                "draft",                CONSUMER,           "",                           N_("申请共享"), requested),
        ("obtain",             "-",                                "granted",              CONSUMER,           "",                           N_("直接获取"), direct),
        ("change",             "draft head_consented",             "draft",                CONSUMER,           "",                           N_("修改申请")),
        ("consent",            "draft",                            "head_consented",       CONSUMER_UNIT_HEAD, "",                           N_("同意提出申请"), consumer_consents),
        ("file",               "head_consented",                   "received",             CONSUMER,           "start reply",                N_("提交申请")),
        ("file_directly",      "draft",                            "received",             CONSUMER,           "start reply",                N_("提交申请"), unconsented),
        ("ask_supplement",     "received extended",                "supplement_requested", PROVIDER,           "pause reply",                N_("一次性告知补正"), told_once),
        ("supplement",         "supplement_requested",             "previous",             CONSUMER,           "resume reply",               N_("提交补正材料")),
        ("lapse",              "supplement_requested",             "lapsed",               SYSTEM_ONLY,        "stop reply",                 N_("逾期失效")),
        ("ask_extension",      "received",                         "=",                    PROVIDER,           "",                           N_("申请延期"), extensible),
        ("extend",             "received",                         "extended",             AUTHORITY,          "extend reply",               N_("同意延期"), extensible),
        ("decline",            "received extended",                "not_accepted",         PROVIDER_UNIT_HEAD, "stop reply",                 N_("不予受理"), conditional),
        ("judge",              "not_accepted",                     "=",                    AUTHORITY,          "",                           N_("审查不予受理的理由")),
        ("prepare_reply",      "received extended",                "reply_prepared",       PROVIDER,           "",                           N_("拟定答复"), provider_consents),
        ("withhold_consent",   "reply_prepared",                   "previous",             PROVIDER_UNIT_HEAD, "",                           N_("退回重拟")),
        ("agree",              "reply_prepared",                   "agreed",               PROVIDER_UNIT_HEAD, "stop reply; start delivery", N_("同意共享")),
        ("agree_directly",     "received",                         "agreed",               PROVIDER,           "stop reply; start delivery", N_("答复同意共享"), at_once),
        ("refuse",             "reply_prepared",                   "refused",              PROVIDER_UNIT_HEAD, "stop reply",                 N_("不同意共享"), conditional),
        ("refuse_directly",    "received",                         "refused",              PROVIDER,           "stop reply",                 N_("答复不同意共享"), refusable_at_once),
        ("answer_at_once",     "received",                         "agreed",               SYSTEM_ONLY,        "stop reply; start delivery", N_("按常设同意答复")),
        ("begin_delivery",     "agreed",                           "delivering",           SYSTEM_ONLY,        "",                           N_("开始提供")),
        ("deliver",            "delivering",                       "granted",              SYSTEM_ONLY,        "stop delivery",              N_("已可获取")),
        ("suspend",            "granted delivering",               "suspended",            SYSTEM_ONLY,        "",                           N_("暂停")),
        ("restore",            "suspended",                        "granted",              SYSTEM_ONLY,        "",                           N_("恢复")),
        ("take_up",            "suspended",                        "delivering",           SYSTEM_ONLY,        "",                           N_("恢复开通")),
        ("revoke",             "granted suspended delivering",     "revoked",              SYSTEM_ONLY,        "stop delivery",              N_("撤销")),
        ("terminate",          "suspended",                        "terminated",           SYSTEM_ONLY,        "stop delivery",              N_("终止")),
        ("expire",             "granted suspended delivering",     "expired",              SYSTEM_ONLY,        "stop delivery",              N_("到期")),
        ("withdraw",           "draft head_consented received supplement_requested extended", "withdrawn", CONSUMER, "stop reply",           N_("撤回申请")),
    ],
)  # fmt: skip
