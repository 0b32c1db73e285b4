"""Verifying the proof of a document, licence or contract obtained through the sharing system (R-SHR-033)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from jutong.crypto import compact
from jutong.kernel import jurisdiction, nodes
from jutong.kernel.clock import beijing_day
from jutong.kernel.terms import N_
from jutong.slices.grants import formats
from jutong.slices.grants.models import Grant
from jutong.slices.grants.queries.grants import row_of
from jutong.slices.parties import queries as parties
from jutong.wire.proofs import KIND, Proof

EFFECT: Final = "equal_effect_documents"
KINDS: Final[Mapping[str, str]] = {"document": N_("文书类"), "licence": N_("证照类"), "contract": N_("合同类")}


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof came to. good: signed by a node of this platform; matches: the file or record is the one (None: none given).

    equal: counts like the paper original under the profile of the provider's region on the day it was obtained; effect
    says so, or why not. The rest is what the proof says, names as this instance knows them.
    """

    good: bool
    matches: bool | None
    node: str
    trace: str
    grant: str
    code: str
    title: str
    kind: str
    provider: str
    consumer: str
    at: datetime
    digests: tuple[str, ...]
    equal: bool
    effect: str

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with what was given."""
        return self.good and self.matches is not False


def proven(code: str, *, content: bytes | None = None, digest: str = "") -> Proven:
    """Return what a proof code proves. content: the file or record it is said to belong to; digest: its SM3 instead.

    RuleBroken for what is no proof code. A code that no node of this platform signed proves nothing: its words are
    returned all the same, `good` is false.
    """
    signed, proof = formats.read_proof(code)
    matches = None if content is None else formats.speaks_of(proof, content)
    if digest:
        matches = digest.lower() in {proof.file, *proof.records}
    good = any(compact.signed_by(key, KIND, signed) for key in nodes.every_key(proof.node))
    grant = (
        Grant.objects.select_related("provider", "consumer").filter(pk=int(proof.grant)).first()
        if proof.grant.isdecimal()
        else None
    )
    names = parties.departments(int(one) for one in (proof.provider, proof.consumer) if one.isdecimal())
    equal, effect = _effect(proof, grant) if good else (False, "")
    return Proven(
        good=good,
        matches=matches,
        node=proof.node,
        trace=proof.trace,
        grant=row_of(grant).reference if grant else "",
        code=proof.code,
        title=proof.title,
        kind=_(KINDS[proof.document]) if proof.document in KINDS else "",
        provider=_name(names, proof.provider),
        consumer=_name(names, proof.consumer),
        at=proof.at,
        digests=(proof.file,) if proof.file else proof.records,
        equal=equal,
        effect=effect,
    )


def _name(names: Mapping[int, parties.DepartmentRow], pk: str) -> str:
    found = names.get(int(pk)) if pk.isdecimal() else None
    return found.name if found else ""


def _effect(proof: Proof, grant: Grant | None) -> tuple[bool, str]:
    """Tell whether the document counts like its paper original, and in words why or why not (neijiang-2020#28)."""
    if proof.document not in KINDS or grant is None:
        return False, _("该资源不属于文书类、证照类、合同类，不适用与纸质原件同等效力的规定。")
    region = parties.department(grant.provider_id).region
    policy = jurisdiction.policy_for(region, beijing_day(proof.at))
    if not policy.flag(EFFECT):
        return False, _("提供部门所在地没有规定同等效力；本证明只说明来源、时间和完整性。")
    source = policy.explain(EFFECT).rpartition("— ")[2]
    words = _("通过共享系统获取，与纸质文书原件具有同等效力，可以作为履行行政管理职能的依据（%s）。")
    return True, words % source
