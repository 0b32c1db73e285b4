"""Anybody verifies the proof of a document on a page without an account; only documents count like their originals (R-SHR-033)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from asking_world import posted
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from test_requests import answered

from correction_world import BASIS, rules
from covers import covers
from jutong.cli.audit import audit
from jutong.crypto import sm2
from jutong.dataplane import identity, proving
from jutong.kernel.settings import settings
from jutong.slices.grants import queries
from jutong.slices.grants.models import Grant
from published import published
from world import World

ROW = {"公民身份号码": "511002199001011234", "姓名": "李小芳"}
PAGE = "/grants/proofs/"


@pytest.fixture
def node(world: World) -> identity.Identity:
    return identity.establish(settings().home / "nodes" / "local", at=world.at)


def proof(world: World, node: identity.Identity, *, file: str = "", **entry: Any) -> str:
    """Grant an entry to hr and let the node hand over a record, or a file, under it."""
    answered(world, published(world, **BASIS, **entry))
    grant = queries.wire_grant(Grant.objects.latest("pk").pk)
    words: dict[str, Any] = {"file": file} if file else {"records": [ROW]}
    return proving.proof(grant, node="local", trace="5d0b1c9a62f4e877", at=world.at, signer=node.signer, **words)


def said(answer: Any) -> str:
    return re.sub(r"<[^>]+>", " ", answer.content.decode())


@covers("R-SHR-033")
def test_issuer_time_and_digest_of_a_licence_are_confirmed_and_a_changed_byte_fails(
    world: World, node: identity.Identity, tmp_path: Path
) -> None:
    rules("neijiang-2020")
    code = proof(world, node, title="不动产权电子证照", extra={"document_kind": "licence"})
    window = world.signed_out()
    good = said(posted(window, PAGE, code=code, record=json.dumps(ROW, ensure_ascii=False)))
    for word in (
        "核验通过",
        "与纸质原件同等效力",
        "证照类",
        "内江市民政局",
        "2026-03-02",
        "5d0b1c9a62f4e877",
        "第二十八条",
    ):
        assert word in good, word
    changed = said(posted(window, PAGE, code=code, record=json.dumps({**ROW, "姓名": "李小方"}, ensure_ascii=False)))
    assert "数据与证明不符" in changed
    forged = code[:60] + ("A" if code[60] != "A" else "B") + code[61:]
    bad = said(posted(window, PAGE, code=forged))
    assert "核验通过：" not in bad
    assert "与纸质原件同等效力" not in bad
    assert posted(window, PAGE, code="abc").status_code == 422
    assert posted(window, PAGE, code=code, digest="xyz").status_code == 422
    cover = posted(window, f"{PAGE}cover/", page=PAGE, code=code)
    assert b"".join(cover)[:5] == b"%PDF-"
    told = window.post(f"/api/v1{PAGE}verify", {"code": code, "record": ROW}, content_type="application/json").json()
    assert (told["good"], told["matches"], told["equal"], told["provider"]) == (True, True, True, "内江市民政局")
    file = tmp_path / "record.json"
    file.write_text(json.dumps(ROW, ensure_ascii=False), encoding="utf-8")
    asked = ["document", str(file), "--code", code, "--node", f"local={sm2.public_hex(node.signer.public)}"]
    assert CliRunner().invoke(audit, asked).exit_code == 0
    file.write_text("{}", encoding="utf-8")
    assert CliRunner().invoke(audit, asked).exit_code != 0


def test_other_data_has_no_equal_effect_and_a_region_without_the_rule_neither(
    world: World, node: identity.Identity
) -> None:
    content = "文号,内容\n1,甲\n".encode()
    rules("neijiang-2020")
    plain = proof(world, node, title="城乡低保对象信息")
    assert queries.wire_grant(Grant.objects.latest("pk").pk).document == ""
    assert "不适用与纸质原件同等效力" in said(posted(world.signed_out(), PAGE, code=plain))
    from jutong.crypto import sm3

    digest = sm3.hexdigest(content)
    contract = proof(world, node, title="国有土地使用合同", file=digest, extra={"document_kind": "contract"})
    upload = SimpleUploadedFile("合同.csv", content)
    assert "与纸质原件同等效力" in said(posted(world.signed_out(), PAGE, code=contract, file=upload))
    assert "核验通过：" in said(posted(world.signed_out(), PAGE, code=contract, digest=digest.upper()))
    rules("liyang-2020")
    elsewhere = said(posted(world.signed_out(), PAGE, code=contract))
    assert "没有规定同等效力" in elsewhere
    assert "与纸质原件同等效力" not in elsewhere


def test_from_one_address_no_more_is_verified_than_is_signed_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "sign_in_rate_per_minute", 2)
    window = world.signed_out()
    answers = [posted(window, PAGE, code="a.b.c").status_code for _n in range(3)]
    assert answers == [422, 422, 429]
