"""Which form, which call and which words go with every move of the four procedures."""

from __future__ import annotations

from typing import Final

from jutong.kernel.faces.deeds import Deed
from jutong.kernel.terms import N_
from jutong.slices.correction import actions
from jutong.slices.correction.pages import forms

_EXTENDED: Final = N_("已同意延期，申请人可以看到。")
_ASKED: Final = N_("已请示本部门主要负责人延期。")
_URGED: Final = N_("已催办，催办内容已送达承办部门并记入事项。")
_CONVERTED: Final = N_("已转入其他程序，受理时间不变。")
_CORRECTED: Final = N_("更正内容已登记，办结时通知所有获取过数据的部门。")
_CORRECT_HINT: Final = N_("只填写需要更正的信息项；各接收部门只能看到授权范围内、未脱敏的项。")
_MARK_HINT: Final = N_("标注后，查询、下载和各页面同时显示“存在异议”。")

DEEDS: Final[dict[str, dict[str, Deed[forms.DeedForm]]]] = {
    "verification": {
        "ask_extension": Deed(forms.AskExtensionForm, actions.ask_longer_verification, _ASKED),
        "extend": Deed(forms.ExtendForm, actions.extend_verification, _EXTENDED, "primary"),
        "confirm": Deed(
            forms.ReasonForm, actions.confirm_error, N_("已确认有误并反馈，请登记更正内容。"), "primary",
            N_("期限包括核实、更正和反馈；确认后还须登记更正内容并办结。"),
        ),
        "find_unfounded": Deed(forms.ReasonForm, actions.find_unfounded, N_("已登记核实无误，请反馈并办结。")),
        "correct": Deed(forms.CorrectForm, actions.correct_verified, _CORRECTED, "primary", _CORRECT_HINT),
        "close": Deed(
            forms.TextForm, actions.close_verification, N_("已反馈并办结，数据上的校核标注已取消。"), "primary",
            N_("办结后，申请方和所有获取过该数据的部门都会收到通知。"),
        ),
        "urge": Deed(forms.TextForm, actions.urge_verification, _URGED),
        "convert": Deed(forms.ConvertForm, actions.convert_verification, _CONVERTED),
    },
    "objection": {
        "mark": Deed(forms.Nothing, actions.mark_objection, N_("已作出异议标注。"), "primary", _MARK_HINT),
        "take": Deed(forms.Nothing, actions.take_objection, N_("由本部门处理，请在期限内作出决定。")),
        "transfer": Deed(forms.TransferObjectionForm, actions.transfer_objection, N_("已转交数据提供部门。"), "primary"),
        "decide_department": Deed(
            forms.DecisionForm, actions.decide_department, N_("已作出决定并告知主管部门。"), "primary",
            N_("决定与告知主管部门同时完成。"),
        ),
        "decide": Deed(forms.DecisionForm, actions.decide_objection, N_("已作出决定，异议标注已取消。"), "primary"),
        "record_result": Deed(forms.Nothing, actions.record_result, N_("处理结果已登记，异议标注已取消。"), "primary"),
        "correct": Deed(forms.CorrectForm, actions.correct_objected, _CORRECTED, "", _CORRECT_HINT),
        "notify": Deed(forms.TextForm, actions.notify_objector, N_("已告知异议提出人。"), "primary"),
        "close": Deed(forms.Nothing, actions.close_objection, N_("异议已办结。"), "primary"),
        "urge": Deed(forms.TextForm, actions.urge_objection, _URGED),
        "convert": Deed(forms.ConvertForm, actions.convert_objection, _CONVERTED),
    },
    "open_correction": {
        "ask_extension": Deed(forms.AskExtensionForm, actions.ask_longer_answer, _ASKED),
        "extend": Deed(forms.ExtendForm, actions.extend_answer, _EXTENDED, "primary"),
        "agree": Deed(
            forms.AgreeForm, actions.agree_to_correction, N_("已同意更正，并提请主管部门变更开放目录。"), "primary",
            N_("开放目录由主管部门变更后才显示新内容。"),
        ),
        "refuse": Deed(forms.RefuseForm, actions.refuse_correction, N_("已答复不同意更正。"), "danger"),
        "request_change": Deed(forms.Nothing, actions.request_change, N_("已提请主管部门变更开放目录。")),
        "change": Deed(forms.Nothing, actions.change_open_catalogue, N_("开放目录已变更，申请人可以看到。"), "primary"),
        "urge": Deed(forms.TextForm, actions.urge_answer, _URGED),
        "convert": Deed(forms.ConvertForm, actions.convert_open_correction, _CONVERTED),
    },
    "complaint": {
        "transfer": Deed(forms.TransferForm, actions.transfer_complaint, N_("已转有权处理的部门，受理时间不变。")),
        "examine": Deed(forms.Nothing, actions.examine_complaint, N_("已开始调查。"), "primary"),
        "resolve": Deed(forms.ResolveForm, actions.resolve_complaint, N_("结论已登记，请告知投诉人。"), "primary"),
        "link": Deed(
            forms.LinkForm, actions.link_complaint, N_("移交情况已登记。"), "",
            N_("认定存在滥用的，须移交整改或写明不移交的理由，才能办结。"),
        ),
        "notify": Deed(forms.TextForm, actions.notify_complainant, N_("已告知投诉人。"), "primary"),
        "close": Deed(forms.Nothing, actions.close_complaint, N_("投诉举报已办结。"), "primary"),
        "convert": Deed(forms.ConvertForm, actions.convert_complaint, _CONVERTED),
    },
}  # fmt: skip
"""Every move that a person makes from a case's page; a test compares with the four tables."""
