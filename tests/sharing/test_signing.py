"""Where a department demands it, an act of legal effect counts only under the person's own SM2 signature (R-SEC-002)."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from test_requests import asked, filed, reply

from covers import covers
from jutong.crypto import sm2
from jutong.kernel import signing
from jutong.kernel.errors import RuleBroken
from jutong.kernel.models import AuditEntry
from jutong.slices.catalogue import actions as catalogue
from jutong.slices.catalogue.models import Entry
from jutong.slices.parties import actions as parties
from jutong.slices.parties import queries as people
from jutong.slices.parties.models import SignedAct
from jutong.slices.sharing import actions, queries
from published import ANSWERED, ASSESSED, content, published
from sm2_authority import Authority
from world import World

Sign = Callable[[bytes], bytes]
Give = Callable[[str], Sign]


@pytest.fixture(autouse=True)
def _node(world: World) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings

    identity.establish(settings().home / "nodes" / "local", at=world.at)


@pytest.fixture
def certified(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Give:
    """Give a person a signing certificate; the answer signs with its key."""
    from jutong.kernel.settings import settings

    authority = Authority("甲认证中心")
    (tmp_path / "1.cer").write_bytes(authority.certificate())
    monkeypatch.setattr(settings(), "certificate_authorities", tmp_path)

    def give(key: str) -> Sign:
        pair = sm2.generate()
        certificate = authority.issue(key, pair.public, serial=world.account(key))
        parties.register_certificate(
            world.account(key), certificate=certificate, by=world.actor("admin.security"), at=world.at
        )
        return lambda said: sm2.sign(pair.private, said, public=pair.public)

    return give


def demand(world: World, *departments: str) -> None:
    for key in departments:
        by = world.actor("admin.system")
        parties.change_department(world.department(key), signature_required=True, by=by, at=world.at)


def prepared(world: World) -> int:
    request = filed(world, published(world))
    actions.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply())
    demand(world, "civil")
    return request.pk


def shown(response: HttpResponse) -> bytes:
    """What the page gives to be signed; its digest stands beside it."""
    found = re.findall(r"jutong-act\|[^<”]+", html.unescape(response.content.decode()))
    assert found, "the page shows nothing to sign"
    return str(found[0]).encode()


@covers("R-SEC-002")
def test_a_required_signature_must_be_there_and_be_right(world: World, certified: Give) -> None:
    request = prepared(world)
    sign, head = certified("civil.head"), world.actor("civil.head")
    with pytest.raises(RuleBroken, match="电子签名"):
        actions.agree(request, by=head, at=world.at)
    seen = queries.request(request, head, world.at)
    said = signing.statement("agree", f"sharing_request:{request}", seen.reply_digest)
    with pytest.raises(RuleBroken, match="未通过"):
        actions.agree(request, by=head.signing(sign(said + b"!")), at=world.at)
    assert actions.agree(request, by=head.signing(sign(said)), at=world.at).state == "agreed"
    assert [row.holds for row in people.signatures(f"sharing_request:{request}", said)] == [True]
    assert [row.holds for row in people.signatures(f"sharing_request:{request}", said + b"changed")] == [False]


@covers("R-SEC-002")
@pytest.mark.parametrize("way", ["hex", "base64", "file", "file of bytes"])
def test_a_head_signs_on_the_page_what_the_page_shows(world: World, certified: Give, way: str) -> None:
    request = prepared(world)
    client, sign = world.client("civil.head"), certified("civil.head")
    page = client.get(f"/sharing/requests/{request}/approve/")
    said = shown(page)
    assert said == signing.statement(
        "agree",
        f"sharing_request:{request}",
        queries.request(request, world.actor("civil.head"), world.at).reply_digest,
    )
    deed = f"/sharing/requests/{request}/agree/"
    assert deed.encode() in page.content
    unsigned = client.post(deed, {})
    assert unsigned.status_code == 422
    assert shown(unsigned) == said
    wrong = client.post(deed, {"signature": sign(b"something else").hex()})
    assert (wrong.status_code, "未通过" in wrong.content.decode()) == (422, True)
    assert client.post(deed, {"signature": "not a signature!"}).status_code == 422
    signature = sign(said)
    given: dict[str, Any] = {
        "hex": {"signature": f"  {signature.hex().upper()}\n"},
        "base64": {"signature": base64.b64encode(signature).decode()},
        "file": {"signature_file": SimpleUploadedFile("1.sig", signature.hex().encode())},
        "file of bytes": {"signature_file": SimpleUploadedFile("1.sig", signature)},
    }[way]
    assert client.post(deed, given).status_code == 303
    row = SignedAct.objects.get(subject=f"sharing_request:{request}")
    assert (row.account_id, bytes(row.signature)) == (world.account("civil.head"), signature)


def test_a_page_asks_for_no_signature_where_none_is_demanded(world: World, certified: Give) -> None:
    request = filed(world, published(world))
    actions.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply())
    certified("civil.head")
    client = world.client("civil.head")
    assert b"jutong-act" not in client.get(f"/sharing/requests/{request.pk}/").content
    assert client.post(f"/sharing/requests/{request.pk}/agree/", {}).status_code == 303


def test_the_words_of_a_decision_are_signed_with_it(world: World, certified: Give) -> None:
    request = filed(world, published(world)).pk
    demand(world, "civil")
    client, sign = world.client("civil.head"), certified("civil.head")
    assert "填写并提交后" in client.get(f"/sharing/requests/{request}/").content.decode()
    deed = f"/sharing/requests/{request}/decline/"
    said = shown(client.post(deed, {"reason": "所申请的数据不在本部门职责范围内"}))
    other = {"reason": "另一个理由，与所签的不同", "signature": sign(said).hex()}
    assert client.post(deed, other).status_code == 422
    good = {"reason": "所申请的数据不在本部门职责范围内", "signature": sign(said).hex()}
    assert client.post(deed, good).status_code == 303


def test_who_has_no_certificate_is_told_where_to_get_it_registered(world: World) -> None:
    request = prepared(world)
    page = world.client("civil.head").get(f"/sharing/requests/{request}/").content.decode()
    assert "尚未登记签名证书" in page
    assert 'name="signature"' not in page


def test_a_program_signs_by_header_and_is_told_what_to_sign(world: World, certified: Give) -> None:
    request = actions.write_request(by=world.actor("hr.clerk"), at=world.at, asked=asked(published(world)))
    demand(world, "hr")
    sign = {key: certified(key) for key in ("hr.head", "hr.clerk")}
    for key, deed, state in (("hr.head", "consent", "head_consented"), ("hr.clerk", "file", "received")):
        client, url = world.client(key), f"/api/v1/sharing/requests/{request.pk}/{deed}"
        refused = client.post(url)
        assert refused.status_code == 422
        said = re.findall(r"jutong-act\|[^”]+", refused.json()["detail"])[0].encode()
        assert client.post(url, headers={"X-Act-Signature": "zz"}).status_code == 422
        answer = client.post(url, headers={"X-Act-Signature": sign[key](said).hex()})
        assert (answer.status_code, answer.json()["line"]["state"]) == (200, state)


CATALOGUE = [
    (
        "civil.secrecy",
        "assess",
        {"secret": "no", "secrecy": "不涉密", "personal_information": "影响可控", **ANSWERED},
        "assessed",
    ),
    ("civil.leader", "leader_approve", {"note": "同意"}, "leader_approved"),
    ("civil.officer", "submit", {}, "submitted"),
    ("authority.reviewer", "review", {"note": ""}, "reviewed"),
    ("authority.reviewer", "publish", {}, "published"),
]


@covers("R-SEC-002")
def test_every_step_of_an_entry_is_signed_on_its_page(world: World, certified: Give) -> None:
    entry = _draft(world)
    demand(world, "civil", "authority")
    sign = {key: certified(key) for key in {key for key, *_rest in CATALOGUE}}
    for key, verb, words, state in CATALOGUE:
        client, url = world.client(key), f"/catalogue/{entry}/do/{verb}/"
        assert "填写并提交后" in client.get(url).content.decode()
        unsigned = client.post(url, words)
        assert unsigned.status_code == 422
        done = client.post(url, {**words, "signature": sign[key](shown(unsigned)).hex()})
        assert (done.status_code, Entry.objects.get(pk=entry).state) == (303, state)
    assert SignedAct.objects.filter(subject=f"catalog_entry:{entry}").count() == len(CATALOGUE)
    assert not AuditEntry.objects.filter(subject_kind="catalog_entry", outcome="refused").exists()


def test_a_return_is_signed_with_its_reason(world: World, certified: Give) -> None:
    entry = _draft(world)
    by = {key: world.actor(key) for key in ("civil.secrecy", "civil.leader", "civil.officer")}
    catalogue.assess(entry, by=by["civil.secrecy"], at=world.at, **ASSESSED)
    catalogue.leader_approve(entry, by=by["civil.leader"], at=world.at)
    catalogue.submit(entry, by=by["civil.officer"], at=world.at)
    demand(world, "authority")
    client, sign = world.client("authority.reviewer"), certified("authority.reviewer")
    url, words = f"/catalogue/{entry}/do/return_entry/", {"reason": "摘要过于简略", "remark_abstract": "请补充"}
    said = shown(client.post(url, words))
    assert client.post(url, {**words, "reason": "别的", "signature": sign(said).hex()}).status_code == 422
    assert client.post(url, {**words, "signature": sign(said).hex()}).status_code == 303


def test_sets_are_signed_one_by_one(world: World, certified: Give) -> None:
    entries = [_draft(world, title=f"城乡低保对象信息{n}") for n in (1, 2)]
    for entry in entries:
        catalogue.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
        catalogue.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
    demand(world, "civil")
    client, sign = world.client("civil.officer"), certified("civil.officer")

    def submit(ids: list[int], signature: bytes = b"") -> dict[str, Any]:
        headers = {"X-Act-Signature": signature.hex()}
        answer = client.post("/api/v1/catalogue/submit", {"ids": ids}, "application/json", headers=headers)
        assert answer.status_code == (200 if signature else 422)
        body: dict[str, Any] = answer.json()
        return body

    both = submit(entries)["refused"]
    assert (len(both), all("逐条签名" in why for why in both.values())) == (2, True)
    alone = submit(entries[:1])
    said = re.findall(r"jutong-act\|[^”]+", alone["refused"][str(entries[0])])[0].encode()
    assert submit(entries[:1], sign(said))["done"] == entries[:1]


def _draft(world: World, **changes: Any) -> int:
    entry = catalogue.compile_entry(
        by=world.actor("civil.officer"),
        at=world.at,
        provider_id=world.department("civil"),
        content=content(**changes),
    )
    return int(entry.pk)
