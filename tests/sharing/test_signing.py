"""Where a department requires it, a decision counts only under the decider's own SM2 signature (R-SEC-002)."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_requests import filed, reply

from covers import covers
from jutong.crypto import sm2
from jutong.kernel.errors import RuleBroken
from jutong.slices.parties import actions as parties
from jutong.slices.parties import queries as people
from jutong.slices.sharing import actions, queries
from published import published
from world import World


@covers("R-SEC-002")
def test_a_required_signature_must_be_there_and_be_right(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from jutong.dataplane import identity
    from jutong.kernel.settings import settings
    from sm2_authority import Authority

    identity.establish(settings().home / "nodes" / "local", at=world.at)
    parties.change_department(
        world.department("civil"), signature_required=True, by=world.actor("admin.system"), at=world.at
    )
    request = filed(world, published(world))
    actions.prepare_reply(request, by=world.actor("civil.officer"), at=world.at, reply=reply())
    head = world.actor("civil.head")
    with pytest.raises(RuleBroken, match="电子签名"):
        actions.agree(request, by=head, at=world.at)
    key = sm2.generate()
    authority = Authority("甲认证中心")
    (tmp_path / "1.cer").write_bytes(authority.certificate())
    monkeypatch.setattr(settings(), "certificate_authorities", tmp_path)
    certificate = authority.issue("民政局共享工作机构负责人", key.public)
    parties.register_certificate(
        world.account("civil.head"), certificate=certificate, by=world.actor("admin.security"), at=world.at
    )
    seen = queries.request(request.pk, head, world.at)
    said = people.statement("agree", f"sharing_request:{request.pk}", seen.reply_digest)
    wrong = sm2.sign(key.private, said + b"!", public=key.public)
    with pytest.raises(RuleBroken, match="未通过"):
        actions.agree(request, by=head, at=world.at, signature=wrong)
    right = sm2.sign(key.private, said, public=key.public)
    assert actions.agree(request, by=head, at=world.at, signature=right).state == "agreed"
    assert [row.holds for row in people.signatures(f"sharing_request:{request.pk}", said)] == [True]
    assert [row.holds for row in people.signatures(f"sharing_request:{request.pk}", said + b"changed")] == [False]
