"""The platform's synonyms: the whole list at once, from the page or from Excel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from jutong.kernel.actions import action
from jutong.kernel.actors import Actor, Role, Who
from jutong.kernel.terms import N_
from jutong.slices.catalogue.models import Synonym
from jutong.slices.catalogue.rules.synonyms import check_sets

KEEPERS: Final = Who(
    "keeper",
    N_("政务数据共享主管部门或平台管理员"),
    (Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, Role.PLATFORM_OPERATOR),
)


@action("catalogue.keep_synonyms", label=N_("维护检索同义词"), allow=KEEPERS)
def keep_synonyms(*, by: Actor, at: datetime, sets: Sequence[tuple[tuple[str, ...], str]]) -> int:
    """Replace the list of synonyms by these sets of terms with notes; an empty list lets the starting list hold again.

    Refused as `rules.synonyms.check_sets` says. Returns how many sets there are.
    """
    check_sets([terms for terms, _note in sets])
    Synonym.objects.all().delete()
    Synonym.objects.bulk_create([Synonym(terms=list(terms), note=note[:200]) for terms, note in sets])
    return len(sets)
