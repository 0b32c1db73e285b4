"""Documents, licences and contracts leave the gateway with a proof; nothing else does (R-SHR-033)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gateway_world import World, person
from jutong.client import documents
from jutong.wire.grants import Mode

FILE = b"1,a\n2,b\n"


def test_an_answer_of_a_licence_carries_a_proof_that_a_changed_byte_breaks(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        world.grant("g1", document="licence", listing=True)
        await world.caught_up()
        node = {world.control.node.name: world.control.node.signer.public}
        asked: dict[str, Any] = {"grant": "g1", "keys": {"身份证号": person(7)}}
        async with world.client() as client:
            answer = await client._http.post("/v1/query", content=msgspec.json.encode(asked))
            told = answer.json()
            verdict = documents.verify(answer.content, told["proof"], node)
            assert verdict.ok
            assert verdict.proof
            assert (verdict.proof.trace, verdict.proof.code, verdict.proof.document, verdict.proof.grant) == (
                told["trace"], "307000/0001", "licence", "g1",
            )  # fmt: skip
            record = msgspec.json.encode(told["rows"][0])
            assert documents.verify(record, told["proof"], node).ok  # one record, whatever the order of its keys
            changed = answer.content.replace("张7".encode(), "张8".encode())
            assert "数据与证明不符" in documents.verify(changed, told["proof"], node).faults[0]
            forged = told["proof"][:40] + ("A" if told["proof"][40] != "A" else "B") + told["proof"][41:]
            assert not documents.verify(answer.content, forged, node).ok
            assert "没有给出节点" in documents.verify(answer.content, told["proof"], {}).faults[0]
            sheet = await client._http.post(
                "/v1/query", content=msgspec.json.encode(asked), headers={"accept": "text/csv"}
            )
            assert documents.verify(sheet.content, sheet.headers["x-jutong-proof"], node).ok
            page = await client._http.post("/v1/list", content=msgspec.json.encode({"grant": "g1", "limit": 3}))
            assert documents.verify(page.content, page.json()["proof"], node).ok
            several = await client._http.post("/v1/queries", content=msgspec.json.encode({"keys": asked["keys"]}))
            (part,) = several.json()["answers"]
            assert documents.verify(msgspec.json.encode(part), part["proof"], node).ok

    story(deed)


def test_a_file_of_a_contract_carries_its_proof_and_other_data_none(story: Callable[..., None]) -> None:
    async def deed(world: World) -> None:
        await world.artefact("a1", FILE)
        world.grant("g1", modes=(Mode.BATCH_DOWNLOAD, Mode.ONLINE_QUERY))
        await world.caught_up()
        asked = msgspec.json.encode({"grant": "g1", "keys": {"身份证号": person(7)}})
        async with world.client() as client:
            assert "proof" not in (await client._http.post("/v1/query", content=asked)).json()
            assert "x-jutong-proof" not in (await client._http.get("/v1/artefacts/a1")).headers
            world.grant("g1", document="contract")
            await world.caught_up()
            file = await client._http.get("/v1/artefacts/a1")
        node = {world.control.node.name: world.control.node.signer.public}
        assert documents.verify(FILE, file.headers["x-jutong-proof"], node).ok
        assert not documents.verify(FILE + b" ", file.headers["x-jutong-proof"], node).ok

    story(deed)
