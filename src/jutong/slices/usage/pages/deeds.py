"""Which form, which call and which words go with every move of W25."""

from __future__ import annotations

from typing import Final

from jutong.kernel.faces.deeds import Deed
from jutong.kernel.terms import N_
from jutong.slices.usage import actions
from jutong.slices.usage.pages import forms

DEEDS: Final[dict[str, Deed[forms.DeedForm]]] = {
    "dismiss": Deed(forms.DismissForm, actions.dismiss_misuse, N_("已登记不予认定，授权不受影响。")),
    "suspend": Deed(
        forms.SuspendForm, actions.suspend_misuse, N_("已认定违规并暂停共享，两秒内停止全部调用、传输和下载。"), "danger",
        N_("认定后立即暂停所选授权，通知使用方限期整改，并向监督部门提出情形（条例第二十七条、第四十条）。"),
    ),
    "add": Deed(forms.PapersForm, actions.add_evidence, N_("证据已补充。")),
    "report": Deed(
        forms.PapersForm, actions.report_rectified, N_("整改情况已报告，等待核实。"), "primary",
        N_("写明如何整改并附证明材料；由作出暂停决定的部门或主管部门核实。"),
    ),
    "send_back": Deed(forms.TextForm, actions.send_back_report, N_("已退回，整改期限继续计算。")),
    "refuse": Deed(
        forms.TextForm, actions.record_refusal, N_("拒不整改的情况已登记。"), "danger",
        N_("登记后，无须等待期限届满即可认定整改不到位、终止共享。"),
    ),
    "verify": Deed(
        forms.TextForm, actions.verify_rectified, N_("已核实整改到位，请决定恢复共享。"), "primary",
        N_("核实后还须作出恢复的决定，共享不会自动恢复。"),
    ),
    "restore": Deed(
        forms.DecisionForm, actions.restore_access, N_("已恢复共享，授权按原期限继续，不顺延。"), "primary",
        N_("恢复后按原期限继续，不因暂停而顺延。"),
    ),
    "find_insufficient": Deed(
        forms.TextForm, actions.find_insufficient, N_("已认定整改不到位，可以决定终止共享。"), "danger",
        N_("期限已过、所报整改不够或者登记了拒不整改的，可以认定。"),
    ),
    "terminate": Deed(
        forms.DecisionForm, actions.terminate_access, N_("共享已终止，使用方须处置已取得的数据。"), "danger",
        N_("终止后不能恢复；期限未满的，须有拒不整改的记录。"),
    ),
}  # fmt: skip
"""Every move that a person makes from a case's page; a test compares with the table."""
