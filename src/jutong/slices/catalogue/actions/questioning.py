"""Asking about entries and about cataloguing, and answering so that every department finds the answer (R-CAT-049)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel import inbox
from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.errors import NotThere, WrongState
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Entry, Question
from jutong.slices.catalogue.queries.questions import PROVIDER_ROLES, may_read
from jutong.slices.catalogue.rules.guidance import KINDS, check_question, check_words
from jutong.slices.catalogue.workflow import AUTHORITY, ENTRY
from jutong.slices.parties import queries as parties

ASKERS: Final = Who(
    "asker",
    N_("部门工作人员"),
    (
        Role.DATA_OFFICER, Role.CLERK, Role.LIAISON, Role.SHARING_UNIT_HEAD, Role.SHARING_UNIT_DEPUTY, Role.SYSTEM_ENGINEER,
        Role.SECRECY_OFFICER, Role.DEPARTMENT_LEADER, Role.PRINCIPAL, Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD,
    ),
)  # fmt: skip
ANSWERERS: Final = (
    Who(
        "provider_office",
        N_("提供部门数据专员或共享工作机构"),
        PROVIDER_ROLES,
        of="provider_id",
    )
    | AUTHORITY
)


@action("catalogue.ask", label=N_("提问或评议"), allow=ASKERS)
def ask(
    *, by: Actor, at: datetime, text: str, kind: str = "question", addressee: str = "", topic: str = "",
    entry_id: int | None = None,
) -> Question:  # fmt: skip
    """Ask about an entry or a topic, or remark on an entry (jiangxi-2017#4, liyang-2020#5); whoever answers is told.

    RuleBroken without entry or topic; NotThere for an entry the actor may not know of.
    """
    entry = None if entry_id is None else Entry.objects.filter(pk=entry_id).first()
    if entry_id is not None and (entry is None or (ENTRY.visible and not ENTRY.visible(by, entry))):
        raise NotThere(_("没有找到该目录条目，或您无权知悉。"))
    addressee = addressee or ("provider" if entry else "authority")
    check_question(kind, addressee, topic, text, about_entry=entry is not None)
    region = entry.region if entry else by.region
    question = Question.objects.create(
        entry=entry,
        topic=topic,
        kind=kind,
        addressee=addressee,
        provider_id=entry.provider_id if entry else None,
        authority_id=parties.authority_of(region),
        text=text.strip(),
        department_id=by.department_id or 0,
        account_id=by.account_id,
        account_name=by.name[:100],
        at=at,
    )
    _tell(question, entry, at)
    return question


def _tell(question: Question, entry: Entry | None, at: datetime) -> None:
    provider = question.addressee == "provider"
    inbox.tell(
        department_id=(question.provider_id if provider else question.authority_id) or 0,
        role=Role.DATA_OFFICER if provider else Role.AUTHORITY_REVIEWER,
        title=_("%(kind)s：%(about)s")
        % {"kind": _(KINDS[question.kind]), "about": entry.title if entry else question.text[:60]},
        text=question.text[:500],
        link=f"/catalogue/questions/{question.pk}/",
        at=at,
    )


@action("catalogue.answer", label=N_("答复提问"), allow=ANSWERERS, on=Question, visible=may_read)
def answer(question: Question, *, by: Actor, at: datetime, text: str) -> None:
    """Answer as the provider of the entry or as the authority; the answer stands with the entry and is found by all.

    WrongState for one that is answered already, RuleBroken for no words.
    """
    if question.answered_at is not None:
        raise WrongState(N_("该问题已经答复，如需补充请另行提问。"))
    check_words(text, "answer")
    question.answer, question.answered_at = text.strip(), at
    provides = any(by.holds(role, department_id=question.provider_id or 0) for role in PROVIDER_ROLES)
    side = question.provider if provides else question.authority
    question.answered_by, question.answered_for = by.name[:100], side.name if side else by.department_name
    question.save()
    inbox.tell(
        account_id=question.account_id,
        title=_("已答复：%s") % question.text[:100],
        text=question.answer[:500],
        link=f"/catalogue/questions/{question.pk}/",
        at=at,
    )
