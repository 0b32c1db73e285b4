"""Whether the signatures under a version hold: its text is digested anew, and every signature is checked against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.utils.translation import gettext as _

from jutong.crypto import CryptoRefused, sm2
from jutong.kernel import handovers, signing
from jutong.kernel.actors import Actor
from jutong.kernel.errors import NotThere
from jutong.slices.agreements import rules
from jutong.slices.agreements.models import Agreement, AgreementSignature, AgreementVersion
from jutong.slices.agreements.queries.agreements import case_for
from jutong.slices.agreements.rules import Content
from jutong.slices.parties import queries as parties


@dataclass(frozen=True, slots=True)
class ProofLine:
    """A signature and what the check found: holds, and own_holds for the person's own (None where none was given)."""

    department: str
    name: str
    at: datetime
    statement: str
    signature: str
    public_key: str
    holds: bool
    own_holds: bool | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What a check of a version found. intact: the stored text has the digest that was signed; missing: who has not signed."""

    number: str
    version: int
    digest: str
    recomputed: str
    intact: bool
    lines: tuple[ProofLine, ...]
    missing: tuple[str, ...]
    attested_by: str

    @property
    def holds(self) -> bool:
        """Tell whether text and all signatures hold and none is missing, or the joint document was confirmed."""
        sound = all(line.holds and line.own_holds is not False for line in self.lines)
        return self.intact and sound and (not self.missing or bool(self.attested_by))


def proof(agreement_id: int, version: int | None, actor: Actor) -> Proof:
    """Check the signatures under a version (the one in force, or pending, where none is named). NotThere as for the page."""
    case = case_for(agreement_id, actor)
    wanted = version or case.version or case.pending
    row = AgreementVersion.objects.filter(agreement=case, number=wanted).first()
    if row is None:
        raise NotThere(_("该协议没有第 %d 版。") % wanted)
    content = msgspec.convert(row.content, Content)
    recomputed = rules.digest(case.number, row.number, case.kind, content)
    publics = {one.hex() for one in handovers.instance_publics()}
    given = list(row.signatures.select_related("department").order_by("at"))
    own = {
        (one.name, one.at): one.holds
        for one in parties.signatures(f"agreement:{case.pk}", _own_statement(case, recomputed))
    }
    signed = {one.department_id for one in given}
    return Proof(
        number=case.number,
        version=row.number,
        digest=row.digest,
        recomputed=recomputed,
        intact=recomputed == row.digest,
        lines=tuple(_line(case, row, one, recomputed, publics, own) for one in given),
        missing=tuple(side.name for side in content.sides if side.department_id not in signed),
        attested_by=row.attested_by,
    )


def _own_statement(case: Agreement, digest: str) -> bytes:
    """Return what a person signs for the move `sign` of a text."""
    return signing.statement("sign", f"agreement:{case.pk}", signing.digest_with(digest, {"digest": digest}))


def _line(
    case: Agreement,
    version: AgreementVersion,
    one: AgreementSignature,
    digest: str,
    publics: set[str],
    own: dict[tuple[str, datetime], bool],
) -> ProofLine:
    said = one.statement.split("|")
    about = said[:4] == ["jutong-agreement", case.number, str(version.number), digest]
    holds = about and one.name in said and one.public_key in publics and _signed(one)
    return ProofLine(
        department=one.department.name,
        name=one.name,
        at=one.at,
        statement=one.statement,
        signature=bytes(one.signature).hex(),
        public_key=one.public_key,
        holds=holds,
        own_holds=own.get((one.name, one.at), False) if one.own else None,
    )


def _signed(one: AgreementSignature) -> bool:
    try:
        return sm2.verify(sm2.public_from_hex(one.public_key), one.statement.encode(), bytes(one.signature))
    except CryptoRefused:
        return False
