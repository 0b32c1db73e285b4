"""Drafting an agreement and sending it out for signature; its text is open as long as nobody has signed it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, Final

import msgspec
from django.utils.translation import gettext as _

from jutong.kernel import files
from jutong.kernel.actors import Actor, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, NotThere, RuleBroken
from jutong.slices.agreements import rules
from jutong.slices.agreements.actions.granting import check_grants
from jutong.slices.agreements.actions.telling import tell
from jutong.slices.agreements.models import Agreement, AgreementNumber, AgreementVersion
from jutong.slices.agreements.rules import Content, Line, Side, Stated
from jutong.slices.agreements.workflow import AGREEMENT, STAFF
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties

PLATFORM: Final = system_actor("agreements")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What people write of an agreement: elements, parties, lines (entries by id or code), grants beside it, a joint document."""

    stated: Stated
    sides: tuple[Side, ...]
    lines: tuple[Line, ...] = ()
    grants: tuple[int, ...] = ()
    joint_number: str = ""


def _drafted(case: Agreement, *, by: Actor, at: datetime) -> None:
    tell(case, _("协议 %(number)s 草案待各方商定：%(name)s"), at, but=case.drafted_by_id)


@AGREEMENT.opens("draft", then=_drafted)
def draft(
    *, by: Actor, at: datetime, kind: str, written: Draft, joint: IO[bytes] | None = None, joint_name: str = ""
) -> Agreement:
    """Draft an agreement between two parties or more; the actor's department is one of them (W09, R-SHR-027, R-SHR-028).

    kind: sharing, confidentiality. Elements may be missing until it is sent out. RuleBroken for one party alone, a
    party twice, a line outside the parties; NotThere for what is not published.
    """
    if kind not in set(rules.Kind):
        raise RuleBroken(_("请选择协议种类：信息共享协议或安全保密协议。"), field="kind")
    paper = files.store(joint, joint_name, by=by, at=at) if joint else None
    content = completed(kind, written, joint_digest=paper.digest if paper else "", by=by, at=at)
    departments = [side.department_id for side in content.sides]
    own = next((d for d in departments if by.holds(*STAFF, department_id=d)), departments[0])
    region = parties.department(own).region
    case = Agreement(
        number=_next_number(at), kind=kind, name=content.stated.name[:200] or _("（未命名）"), party_ids=departments,
        started_on=beijing_day(at), region=region, authority_id=parties.authority_of(region), since=content.stated.since,
        until=content.stated.until, joint=paper is not None, drafted_by_id=own, created_by=by.account_id or 0, created_at=at,
    )  # fmt: skip
    case.save()
    keep(case, 1, content, by=by, at=at, joint_file=paper.id if paper else None)
    return case


def _next_number(at: datetime) -> str:
    """Return the next number of the year: XY-2026-000001; waits for others that take one."""
    year = beijing_day(at).year
    AgreementNumber.objects.get_or_create(year=year)
    row = AgreementNumber.objects.select_for_update().get(year=year)
    row.last += 1
    row.save(update_fields=["last"])
    return f"XY-{year}-{row.last:06d}"


def completed(
    kind: str, written: Draft, *, joint_digest: str, by: Actor, at: datetime, before: Content | None = None
) -> Content:
    """Return what was written with the names of departments and entries, checked as far as a draft has to be.

    before: the text that is changed; the grants it names stay, though who changes it may not know them all.
    """
    rules.check_parties([side.department_id for side in written.sides], kind)
    sides = tuple(
        msgspec.structs.replace(
            side,
            name=parties.department(side.department_id).name,
            responsible=side.responsible.strip(),
            confidentiality=side.confidentiality.strip(),
        )
        for side in written.sides
    )
    names = {side.department_id: side.name for side in sides}
    lines = tuple(_line(line, names) for line in written.lines)
    rules.check_lines(lines, kind, list(names))
    _check_related(set(written.grants) - set(before.grants if before else ()), list(names), by)
    if joint_digest and not written.joint_number.strip():
        raise RuleBroken(_("上传联合发文的，请填写发文字号。"), field="joint_number")
    content = Content(
        stated=_trimmed(written.stated), sides=sides, lines=lines, grants=tuple(dict.fromkeys(written.grants)),
        joint_number=written.joint_number.strip(), joint_digest=joint_digest,
    )  # fmt: skip
    if lines and content.stated.until:
        rules.check_term(content.stated, today=beijing_day(at))
        check_grants(content, at)
    return content


def _trimmed(stated: Stated) -> Stated:
    texts = {name: value for name in Stated.__struct_fields__ if isinstance(value := getattr(stated, name), str)}
    return msgspec.structs.replace(stated, **{name: value.strip() for name, value in texts.items()})


def _line(line: Line, names: dict[int, str]) -> Line:
    entry = catalogue.require_published(line.resource_id or catalogue.at_code(line.code))
    return msgspec.structs.replace(
        line, resource_id=entry.id, code=entry.code, title=entry.title, provider_id=entry.provider_id,
        provider=entry.provider_name, consumer=names.get(line.consumer_id, ""),
    )  # fmt: skip


def _check_related(ids: Iterable[int], departments: Sequence[int], by: Actor) -> None:
    """Refuse grants beside the agreement that the drafter may not know or that are not between its parties."""
    for grant_id in sorted(ids):
        row = grants.grant(grant_id, by)
        if not {row.provider_id, row.consumer_id} <= set(departments):
            raise RuleBroken(
                _("授权 %s 的提供方和使用方须都是本协议的当事方，请核对。") % row.reference, field="grants"
            )


def keep(
    case: Agreement, number: int, content: Content, *, by: Actor, at: datetime, joint_file: int | None, why: str = ""
) -> AgreementVersion:
    """Write a version down, or write it anew while nobody has signed it; the case follows in what lists show of it."""
    said = {
        "content": msgspec.to_builtins(content),
        "digest": rules.digest(case.number, number, case.kind, content),
        "joint_file": joint_file,
        "drafted_by": by.name[:100],
        "drafted_at": at,
        **({"why": why} if why else {}),
    }
    version, _fresh = AgreementVersion.objects.update_or_create(agreement=case, number=number, defaults=said)
    return version


def pending(case: Agreement) -> AgreementVersion:
    """Return the version that waits for signatures. NotThere where there is none."""
    found = case.versions.filter(number=case.pending).first() if case.pending else None
    if found is None:
        raise NotThere(_("该协议没有待签署的版本。"))
    return found


def content_of(version: AgreementVersion) -> Content:
    """Return what a version says."""
    return msgspec.convert(version.content, Content)


def draft_of(content: Content) -> Draft:
    """Return what a version says as people write it."""
    return Draft(
        stated=content.stated, sides=content.sides, lines=content.lines, grants=content.grants,
        joint_number=content.joint_number,
    )  # fmt: skip


@AGREEMENT.action("revise")
def revise(
    case: Agreement,
    *,
    by: Actor,
    at: datetime,
    written: Draft | None = None,
    line: Line | None = None,
    without: str = "",
    joint: IO[bytes] | None = None,
    joint_name: str = "",
) -> None:
    """Change the text of a draft, or of an amendment that nobody has signed yet; Conflict once somebody has.

    written: the whole anew (left out: as it is); line: one line set or put in its place; without: key of one left out.
    """
    version = pending(case)
    if version.signatures.exists():
        raise Conflict(_("已有当事方签署，内容不能再改；请退回或放弃本次修订后重新提出。"))
    before = content_of(version)
    wanted = written or draft_of(before)
    gone = {without, line.key if line else ""}
    lines = [one for one in wanted.lines if one.key not in gone] + ([line] if line else [])
    paper = files.store(joint, joint_name, by=by, at=at) if joint else None
    content = completed(
        case.kind,
        msgspec.structs.replace(wanted, lines=tuple(lines)),
        joint_digest=paper.digest if paper else before.joint_digest,
        by=by,
        at=at,
        before=before,
    )
    case.joint = bool(content.joint_digest)
    _show(case, content)
    keep(case, case.pending, content, by=by, at=at, joint_file=paper.id if paper else version.joint_file)


def _show(case: Agreement, content: Content) -> None:
    """Let the case say what its draft says; an amendment is seen in lists once it is in force, and keeps the parties."""
    departments = [side.department_id for side in content.sides]
    if case.version:
        rules.check_parties_kept(case.party_ids, departments)
        return
    if case.drafted_by_id not in departments:
        raise RuleBroken(_("起草部门须是当事方，请保留起草部门。"), field="sides")
    case.party_ids, case.name = departments, content.stated.name[:200] or case.name
    case.since, case.until = content.stated.since, content.stated.until


@AGREEMENT.action("send")
def send(case: Agreement, *, by: Actor, at: datetime) -> None:
    """Send the draft out for signature: from now on its text stands (national-project-opinion#8, #2(4)).

    RuleBroken naming each of the ten elements that is missing, and each party without responsible person or terms of
    secrecy.
    """
    content = content_of(pending(case))
    rules.check_whole(case.kind, content, today=beijing_day(at))
    check_grants(content, at)
    case.unsigned_ids, case.reason = list(case.party_ids), ""
    tell(case, _("协议 %(number)s 待贵单位签署：%(name)s"), at)
    if case.joint:
        tell(case, _("协议 %(number)s 以联合发文订立，待主管部门确认：%(name)s"), at, to=[case.authority_id])


@AGREEMENT.action("send_back")
def send_back(case: Agreement, *, by: Actor, at: datetime, reason: str) -> None:
    """A party does not sign and says why; signatures given so far end with the text they stand under."""
    case.reason = rules.check_reason(reason)
    old = pending(case)
    old.dropped_at = at
    old.save(update_fields=["dropped_at"])
    case.pending, case.unsigned_ids = case.pending + 1, []
    keep(case, case.pending, content_of(old), by=by, at=at, joint_file=old.joint_file)
    tell(case, _("协议 %(number)s 被退回修改：%(name)s"), at, text=case.reason)


@AGREEMENT.action("withdraw")
def withdraw(case: Agreement, *, by: Actor, at: datetime, reason: str) -> None:
    """A party gives the agreement up before it is in force, with its reason."""
    case.reason, case.unsigned_ids, case.ended_at = rules.check_reason(reason), [], at
    version = pending(case)
    version.dropped_at = at
    version.save(update_fields=["dropped_at"])
    case.pending = 0
    tell(case, _("协议 %(number)s 已撤回：%(name)s"), at, text=case.reason)
