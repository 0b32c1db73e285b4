"""Cases in words: their facts and their trail."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.faces.pieces import Fact, Happening
from jutong.kernel.faces.templatetags.jutong import moment
from jutong.kernel.terms import Term
from jutong.slices.correction import queries
from jutong.slices.correction.rules.terms import Channel, Decision, Doubt, Field, Finding, Ground
from jutong.slices.correction.workflow import WORKFLOWS

_RESULTS: Final = {**dict(Decision.choices()), **dict(Finding.choices())}


def _label(term: type[Term], code: Any) -> str:
    return _(term(code).label) if code in set(term) else str(code or "")


def case_facts(found: queries.CaseDetail) -> list[Fact]:
    """Return what a case is about, in words; what does not concern its kind is left out."""
    d = found.details
    facts = [
        Fact(_("编号"), found.line.number),
        Fact(_("提出方"), found.line.asker),
        Fact(_("来源"), _label(Channel, d["channel"])),
        Fact(_("受理时间"), moment(d["received_at"])),
        *_about(found),
        Fact(_("情况说明"), d["text"]),
        *_of_kind(found),
        *_outcome(found),
        *_converted(found),
        Fact(_("适用规则"), jurisdiction.cited(d["profile"])),
    ]
    return [fact for fact in facts if fact.value not in ("", None)]


def _about(found: queries.CaseDetail) -> list[Fact]:
    d = found.details
    url = reverse("catalogue_entry", args=[d["resource_id"]]) if d["resource_id"] else ""
    return [
        Fact(_("数据资源"), found.line.title, url=url) if url else Fact(_("投诉举报的行为"), found.line.title),
        Fact(_("记录"), d["record_shown"] or (_("整个资源") if url else "")),
        Fact(_("信息项"), _("、").join(found.items)),
    ]


def _of_kind(found: queries.CaseDetail) -> list[Fact]:
    d = found.details
    if found.line.kind == "verification":
        return [
            Fact(_("校核类型"), _label(Doubt, d["kind"])),
            Fact(_("发现日期"), str(d["found_on"] or "")),
            Fact(_("反馈"), _("晚于规定期限") if d["late"] else "", badge="wait"),
            Fact(_("反馈"), _("已超内部目标（非法定期限）") if found.line.beyond_target else "", badge="wait"),
            Fact(_("备案号"), d["filing"]),
        ]
    if found.line.kind == "objection":
        return [Fact(_("异议理由"), _label(Ground, d["ground"])), Fact(_("证据材料"), d["evidence"])]
    if found.line.kind == "open_correction":
        return [
            Fact(_("有疑义的字段"), _label(Field, d["field"])),
            Fact(_("建议改为"), d["proposed"]),
            Fact(_("同意改为"), d["agreed"]),
        ]
    target = str(found.line.target_on or "")
    return [
        Fact(_("受侵害的权益"), d["right"]),
        Fact(_("内部时限（非法定）"), target, badge="wait" if found.line.beyond_target else ""),
        Fact(_("核查情况"), d["examined"]),
        Fact(_("存在滥用"), _("是") if d["misuse"] else "", badge="bad"),
        Fact(_("不移交的理由"), d["no_link"]),
    ]


def _outcome(found: queries.CaseDetail) -> list[Fact]:
    d = found.details
    if found.line.kind == "verification":
        result = WORKFLOWS["verification"].state_label(d["result"]) if d["result"] else ""
    else:
        result = _(_RESULTS[d["result"]]) if d["result"] in _RESULTS else ""
    return [Fact(_("结果"), result), Fact(_("理由"), d["reason"]), Fact(_("依据"), d["basis"])]


def _converted(found: queries.CaseDetail) -> list[Fact]:
    facts = []
    for label, ref in ((_("由何事项转来"), found.converted_from), (_("转为"), found.converted_to)):
        if ref:
            facts.append(Fact(label, f"{ref.title} {ref.number}", url=reverse(f"correction_{ref.kind}", args=[ref.id])))
    return facts


_TONES: Final[dict[str, Any]] = {
    "confirm": "bad", "find_unfounded": "good", "close": "good", "mark": "wait", "ask_extension": "wait", "extend": "wait",
    "urge": "wait", "agree": "good", "refuse": "bad", "change": "good", "convert": "neutral", "notify": "good",
}  # fmt: skip


def happenings(found: queries.CaseDetail) -> list[Happening]:
    """Return the trail as points of a timeline, urgings in their words, and the limits to come."""
    labels = {move.verb: _(move.label) for move in WORKFLOWS[found.line.kind].moves}
    urged = iter(found.urgings)
    past = []
    for entry in found.history:
        verb = entry.verb.rpartition(".")[2]
        if entry.outcome != "success":
            continue
        note = next(urged, (None, "", ""))[2] if verb == "urge" else ""
        who = _("系统") if entry.channel == "system" else entry.actor_name
        past.append(Happening(entry.at, labels.get(verb, verb), who, note, _TONES.get(verb, "info")))
    coming = [
        Happening(None, _(row.label), "", f"{row.text} · {row.due_day}", "next")
        for row in found.line.clocks
        if row.state != "stopped"
    ]
    return past + coming
