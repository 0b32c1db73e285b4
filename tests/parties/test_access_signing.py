"""Decisions in the registers of access count only under the person's SM2 signature, where the department demands it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from covers import covers
from jutong.crypto import sm2
from jutong.kernel.audit import digest_of
from jutong.kernel.models import AuditEntry
from jutong.slices.parties import actions
from jutong.slices.parties.models import BusinessSystem, SignedAct
from sm2_authority import Authority
from world import World

Sign = Callable[[bytes], bytes]


@pytest.fixture
def certified(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Sign]:
    """Give a person a signing certificate and let the department demand signatures; the answer signs with its key."""
    from jutong.kernel.settings import settings

    authority = Authority("甲认证中心")
    (tmp_path / "1.cer").write_bytes(authority.certificate())
    monkeypatch.setattr(settings(), "certificate_authorities", tmp_path)

    def give(key: str) -> Sign:
        pair, account = sm2.generate(), world.account(key)
        certificate = authority.issue(key, pair.public, serial=account)
        actions.register_certificate(account, certificate=certificate, by=world.actor("admin.security"), at=world.at)
        department = world.department(key.partition(".")[0])
        actions.change_department(department, signature_required=True, by=world.actor("admin.system"), at=world.at)
        return lambda said: sm2.sign(pair.private, said, public=pair.public)

    return give


def asked(answer: Any) -> bytes:
    """What the page or the refusal gives to be signed."""
    found = re.findall(r"jutong-act\|[^<”\"]+", html.unescape(answer.content.decode()))
    assert found, "nothing to sign is shown"
    return str(found[0]).encode()


@covers(partly=["R-SEC-002", "R-EXC-002"])
def test_a_finding_is_signed_on_its_page_with_its_words(world: World, certified: Callable[[str], Sign]) -> None:
    case = actions.report_direct(
        department_id=world.department("civil"), receiver_id=world.department("hr"), title="直连接口",
        text="自建接口每日推送", by=world.actor("audit.auditor"), at=world.at,
    )  # fmt: skip
    sign, client = certified("authority.chief"), world.client("authority.chief")
    url = f"/parties/access/direct/{case.pk}"
    assert "填写并提交后" in client.get(url).content.decode()
    unsigned = client.post(f"{url}/confirm", {"text": "经核实属实"})
    assert unsigned.status_code == 422
    signature = sign(asked(unsigned)).hex()
    assert client.post(f"{url}/confirm", {"text": "另有说法", "signature": signature}).status_code == 422
    assert client.post(f"{url}/confirm", {"text": "经核实属实", "signature": signature}).status_code == 303
    assert SignedAct.objects.filter(subject=f"direct_exchange:{case.pk}").count() == 1


@covers(partly=["R-SEC-002"])
def test_putting_a_system_out_of_service_is_signed_over_what_the_audit_holds(
    world: World, certified: Callable[[str], Sign]
) -> None:
    pk = world.system("civil").system_id
    sign, client = certified("civil.engineer"), world.client("civil.engineer")
    said = asked(client.get(f"/parties/systems/{pk}/retire"))
    assert said.decode().rpartition("|")[2] == digest_of(BusinessSystem.objects.get(pk=pk))
    assert client.post(f"/parties/systems/{pk}/retire", {}).status_code == 422
    by_program = client.post(f"/api/v1/parties/access/systems/{pk}/retire", {}, "application/json")
    assert (by_program.status_code, asked(by_program)) == (422, said)
    assert client.post(f"/parties/systems/{pk}/retire", {"signature": sign(said).hex()}).status_code == 303
    entry = AuditEntry.objects.get(verb="business_system.retire", outcome="success")
    assert entry.before == said.decode().rpartition("|")[2]
