"""The consumer's side: write, change, consent, file, supplement, withdraw (national-2025#20, #21)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any, cast

import msgspec
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from jutong.crypto import sm3
from jutong.kernel import files, inbox
from jutong.kernel.actors import Actor, Role, system_actor
from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Refusal, RuleBroken
from jutong.kernel.terms import ShareType
from jutong.slices.agreements.queries import frame_of
from jutong.slices.catalogue import queries as catalogue
from jutong.slices.grants import queries as grants
from jutong.slices.parties import queries as parties
from jutong.slices.sharing.actions import opening
from jutong.slices.sharing.models import RequestNumber, SharingRequest
from jutong.slices.sharing.queries.asking import demanded
from jutong.slices.sharing.rules import Asked
from jutong.slices.sharing.rules import requests as rules
from jutong.slices.sharing.workflow import SHARING_REQUEST


def digest_of(asked: Asked) -> str:
    """Return the SM3 (hex) of everything asked for: what a head consents to, and what receipts are bound to."""
    return sm3.hexdigest(msgspec.json.encode(asked))


def _columns(asked: Asked) -> dict[str, Any]:
    plain = msgspec.to_builtins(asked)
    return {
        **{
            name: getattr(asked, name)
            for name in ("use_from", "use_until", "declared", "personal_basis", "commercial", "agreement")
        },
        **{name: plain[name] for name in ("items", "conditions", "key_items", "modes", "purposes", "attachments")},
        **{name: getattr(asked, name).strip() for name in rules.ELEMENTS},
        "digest": digest_of(asked),
    }


def _checked(asked: Asked, consumer_id: int, at: datetime) -> tuple[Asked, catalogue.PublishedEntry]:
    """Return the request, its modes in their local names, with the entry that offers what it asks for."""
    offer = catalogue.require_published(asked.resource_id)
    asked = msgspec.structs.replace(asked, modes=rules.meant_modes(asked.modes, offer.modes))
    rules.check_askable(offer.share_type)
    rules.check_asked(
        asked,
        items={item.name: item.share_type for item in offer.items},
        modes=offer.modes,
        personal=offer.personal,
        today=beijing_day(at),
        own=offer.provider_id == consumer_id,
        **demanded(offer.region, at),
    )
    if offer.returned:
        offer.returned.check_use(asked.purposes)
    if asked.agreement:
        frame_of(asked.agreement, asked.resource_id, consumer_id, at=at).check(
            items=dict.fromkeys(asked.items), key_items=asked.key_items, modes=asked.modes, purposes=asked.purposes,
            conditions=asked.conditions,
        )  # fmt: skip
    grants.check_offer(asked.resource_id, asked.modes, at=at)
    return asked, offer


def _with_uploads(asked: Asked, uploads: Sequence[UploadedFile[bytes]], by: Actor, at: datetime) -> Asked:
    """Return the request with the files uploaded beside it, kept now: a refusal takes them back with all else."""
    return msgspec.structs.replace(asked, attachments=(*asked.attachments, *_kept(uploads, by, at)))


def _kept(uploads: Sequence[UploadedFile[bytes]], by: Actor, at: datetime) -> list[int]:
    return [files.store(cast("IO[bytes]", file), file.name or "", by=by, at=at).id for file in uploads]


@SHARING_REQUEST.opens("write")
def write_request(
    *, by: Actor, at: datetime, asked: Asked, uploads: Sequence[UploadedFile[bytes]] = ()
) -> SharingRequest:
    """Write a request for one published resource, with all its elements (R-SHR-002, R-SHR-036).

    uploads: files kept as further attachments. RuleBroken with a remark per missing element; WrongState for withheld data; NotThere for an unpublished entry.
    """
    return _written(by, at, asked, uploads)


def write_several(
    *, by: Actor, at: datetime, asked: Asked, codes: Sequence[str], uploads: Sequence[UploadedFile[bytes]] = ()
) -> list[SharingRequest]:
    """Write one request for several resources: it splits into a case for each, so every provider answers its own.

    codes: catalogue codes of the others, which are asked for in the same words with all their items that are not
    withheld. RuleBroken naming the resource that cannot be asked for; then none is written.
    """
    with transaction.atomic():
        first = write_request(by=by, at=at, asked=asked, uploads=uploads)
        cases = [first]
        for code in dict.fromkeys(code.strip() for code in codes if code.strip()):
            try:
                other = _likewise(catalogue.at_code(code), asked, first.attachments)
                cases.append(write_request(by=by, at=at, asked=other))
            except Refusal as refusal:
                words = {"code": code[:64], "why": refusal.sentence}
                raise RuleBroken(_("目录编号 %(code)s：%(why)s") % words, field="others") from refusal
        return cases


def _likewise(resource_id: int, asked: Asked, attachments: Sequence[int]) -> Asked:
    """Return the same request for another resource: its open items, asked by its keys, in the modes both know."""
    offer = catalogue.require_published(resource_id)
    items = [item for item in offer.items if item.share_type != ShareType.WITHHELD]
    keys = tuple(item.name for item in items if item.key) or tuple(item.name for item in items[:1])
    return msgspec.structs.replace(
        asked,
        resource_id=resource_id,
        items=tuple(item.name for item in items),
        key_items=keys,
        conditions=(),
        modes=tuple(mode for mode in asked.modes if mode in offer.modes) or tuple(str(mode) for mode in offer.modes),
        attachments=tuple(attachments),
        agreement="",
    )


def _written(by: Actor, at: datetime, asked: Asked, uploads: Sequence[UploadedFile[bytes]]) -> SharingRequest:
    if by.department_id is None or by.account_id is None:
        raise RuleBroken(_("您没有所属部门，不能提出共享申请。"))
    asked, offer = _checked(asked, by.department_id, at)
    return SharingRequest(
        region=offer.region,
        consumer_id=by.department_id,
        provider_id=offer.provider_id,
        authority_id=parties.authority_of(offer.region),
        resource_id=offer.id,
        resource_title=offer.title,
        entry_version=offer.version,
        share_type=offer.share_type,
        created_by=by.account_id,
        created_at=at,
        **_columns(_with_uploads(asked, uploads, by, at)),
    )


def _open_obtained(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """Open the grant of what was obtained directly, for the purpose stated."""
    case.number = case.number or _next_number(at)
    opening.open_grant(case, opening.whole_reply(case, at=at), system_actor("sharing"), at)
    case.save(update_fields=["grant_id", "number"])


@SHARING_REQUEST.opens("obtain", then=_open_obtained)
def obtain(*, by: Actor, at: datetime, asked: Asked, uploads: Sequence[UploadedFile[bytes]] = ()) -> SharingRequest:
    """Obtain unconditional data directly on the platform, as the local texts have it before the decree (R-SHR-004)."""
    case = _written(by, at, asked, uploads)
    case.received_at = case.replied_at = case.delivered_at = at
    return case


@SHARING_REQUEST.action("change")
def change_request(
    case: SharingRequest, *, by: Actor, at: datetime, asked: Asked, uploads: Sequence[UploadedFile[bytes]] = ()
) -> None:
    """Change a request before it is filed; a consent given before lapses with the version (W06, two heads)."""
    if asked.resource_id != case.resource_id:
        raise RuleBroken(_("不能把申请改为另一资源，请另行提出申请。"), field="resource_id")
    asked, offer = _checked(asked, case.consumer_id, at)
    for name, value in _columns(_with_uploads(asked, uploads, by, at)).items():
        setattr(case, name, value)
    case.entry_version, case.share_type = offer.version, offer.share_type
    case.consented_digest, case.consented_by, case.consented_at = "", "", None


@SHARING_REQUEST.action("consent")
def consent(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """The head of the consumer's sharing unit consents to this version (national-2025#20)."""
    parties.sharing_unit_head(case.consumer_id, at)
    case.consented_digest, case.consented_by, case.consented_at = case.digest, by.name, at


@SHARING_REQUEST.action("file")
def file_request(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """File the request with the provider: it gets its number and receipt time, and the reply clock starts.

    Conflict when the content changed after the consent; RuleBroken when the provider has no sharing unit, or when the
    same data is already granted to the department.
    """
    rules.check_consent(case.digest, case.consented_digest)
    parties.sharing_unit_head(case.consumer_id, at)
    _file(case, at)


@SHARING_REQUEST.action("file_directly")
def file_directly(case: SharingRequest, *, by: Actor, at: datetime) -> None:
    """File a request without a head's consent, as the local texts have it before the decree (W06)."""
    _file(case, at)


def _file(case: SharingRequest, at: datetime) -> None:
    held = grants.between(case.consumer_id, case.resource_id)
    if held and set(case.items) <= {item["item"] for item in held.items} and set(case.modes) <= set(held.modes):
        raise RuleBroken(
            _("本部门已获得该资源的授权 %(grant)s，无需再次申请；如需扩大范围，请申请变更。")
            % {"grant": held.reference}
        )
    case.number, case.received_at = _next_number(at), at
    inbox.tell(
        department_id=case.provider_id,
        title=_("收到共享申请 %(number)s：%(title)s") % {"number": case.number, "title": case.resource_title},
        link=f"/sharing/requests/{case.pk}/",
        at=at,
    )


def _next_number(at: datetime) -> str:
    year = beijing_day(at).year
    RequestNumber.objects.get_or_create(year=year)
    row = RequestNumber.objects.select_for_update().get(year=year)
    row.last += 1
    row.save(update_fields=["last"])
    return f"SR-{year}-{row.last:06d}"


@SHARING_REQUEST.action("supplement")
def supplement(
    case: SharingRequest, *, by: Actor, at: datetime, text: str, uploads: Sequence[UploadedFile[bytes]] = ()
) -> None:
    """Hand in what the one notice asked for; the reply clock goes on with what was left, at least one day."""
    if not text.strip() and not uploads:
        raise RuleBroken(_("请填写补正说明或上传补正材料。"), field="text")
    case.supplied = text.strip()
    case.attachments = [*case.attachments, *_kept(uploads, by, at)]
    inbox.tell(
        department_id=case.provider_id,
        title=_("申请 %(number)s 已补正，答复时限继续计算") % {"number": case.number},
        link=f"/sharing/requests/{case.pk}/",
        at=at,
    )


@SHARING_REQUEST.action("withdraw")
def withdraw(case: SharingRequest, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Take a request back before the reply."""
    case.remark = reason.strip()
    if case.received_at:
        inbox.tell(
            department_id=case.provider_id,
            role=Role.SHARING_UNIT_HEAD,
            title=_("申请 %(number)s 已由申请方撤回") % {"number": case.number},
            link=f"/sharing/requests/{case.pk}/",
            at=at,
        )
