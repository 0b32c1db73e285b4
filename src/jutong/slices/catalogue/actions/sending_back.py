"""Sending entries back with the reason and remarks per element, one or a set of them (W01)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.kernel.actors import Actor
from jutong.kernel.errors import RuleBroken
from jutong.kernel.workflow import Moved
from jutong.slices.catalogue.actions.opinions import opinion, opinions
from jutong.slices.catalogue.actions.turning import end_turns
from jutong.slices.catalogue.actions.updating import note_returned
from jutong.slices.catalogue.models import Entry
from jutong.slices.catalogue.rules.obligations import LABELS
from jutong.slices.catalogue.workflow import ENTRY


@ENTRY.action("return_entry")
def return_entry(
    case: Entry,
    *,
    by: Actor,
    at: datetime,
    reason: str = "",
    remarks: Mapping[str, str] | None = None,
    express_prohibition: bool | None = None,
) -> None:
    """Send an entry back with the reason and remarks per element; a return without reason is refused (W01).

    express_prohibition False records that the cited provision is no express prohibition (R-CAT-053).
    """
    kept = _kept(remarks or {})
    if not reason.strip() and not kept:
        raise RuleBroken(_("退回须说明理由，请填写总体意见或逐项意见。"), field="reason")
    detail: dict[str, Any] = {"remarks": kept}
    if express_prohibition is not None:
        detail["express_prohibition"] = express_prohibition
    opinion(case, "return", by, at, passed=False, text=reason.strip(), detail=detail).save()
    case.changed_at = at
    note_returned([case.pk], at=at)
    end_turns([case.pk], "returned", at=at)


def _kept(remarks: Mapping[str, str]) -> dict[str, str]:
    """Return the remarks that say something; RuleBroken for one about an element that there is not."""
    kept = {name: text.strip() for name, text in remarks.items() if text.strip()}
    if unknown := kept.keys() - LABELS.keys():
        raise RuleBroken(_("退回意见指向了不存在的要素：%s。") % "、".join(sorted(unknown)), field="remarks")
    return kept


def return_entries(
    ids: Iterable[int],
    *,
    by: Actor,
    at: datetime,
    reason: str = "",
    remarks: Mapping[int, str] | None = None,
    elements: Mapping[int, Mapping[str, str]] | None = None,
) -> Moved:
    """Send a set back for one reason, or each for its own; what has none stays.

    remarks: by entry, in place of the reason. elements: by entry, remarks on its elements. RuleBroken where no entry has
    a reason, and for an element that there is not.
    """
    said, chosen = remarks or {}, list(ids)
    marked = {pk: _kept(texts) for pk, texts in (elements or {}).items()}
    silent = [] if reason.strip() else [pk for pk in chosen if not (said.get(pk, "").strip() or marked.get(pk))]
    sentence = _("退回须说明理由，请填写总体意见或逐项意见。")
    if len(silent) == len(chosen):
        raise RuleBroken(sentence, field="reason")
    with transaction.atomic():
        kept = [pk for pk in chosen if pk not in set(silent)]
        moved = ENTRY.advance_many("return_entry", kept, by=by, at=at, words={"reason": reason}, changed_at=at)
        opinions(moved.done, "return", by, at, said, marked, passed=False, text=reason.strip())
        note_returned(moved.done, at=at)
        end_turns(moved.done, "returned", at=at)
    moved.refusals.update({pk: RuleBroken(sentence, field="reason") for pk in silent})
    return moved
