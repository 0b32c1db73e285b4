"""The protocol page of the catalogue API is true: its calls are made and answer as it says."""

from __future__ import annotations

import json
import re
from typing import Any

from django.test import Client

import checkout
from jutong.kernel import clock
from jutong.slices.parties import actions as parties
from world import World

CURL = re.compile(r"curl (.*?)(?=\ncurl|\n```)", re.DOTALL)


def calls() -> list[tuple[str, str, Any]]:
    """Return method, path and body of every call on the page."""
    page = (checkout.ROOT / "docs" / "protocol" / "catalogue-api.md").read_text(encoding="utf-8")
    found = []
    for text in CURL.findall(page):
        path = re.search(r'"\$SITE([^"]*)"', text)[1]
        body = re.search(r"-d '(.*?)'", text, re.DOTALL)
        asked = re.search(r"--data-urlencode '(.*?)'", text)
        method = "put" if "-X PUT" in text else "post" if body else "get"
        data = json.loads(body[1]) if body else dict([asked[1].split("=", 1)]) if asked else None
        found.append((method, path, data))
    return found


def test_every_call_of_the_page_does_what_it_says(world: World) -> None:
    made = parties.issue_api_key(name="业务系统", days=30, by=world.actor("civil.officer"), at=clock.now())
    client, headers = Client(), {"Authorization": f"Bearer {made.text}"}
    answers = []
    for method, path, data in calls():
        where = path.replace("$ID", str(answers[0]["id"]) if answers else "")
        how = {} if method == "get" else {"content_type": "application/json"}
        answer = getattr(client, method)(where, data, headers=headers, **how)
        assert answer.status_code in {200, 201}, (where, answer.content)
        answers.append(answer.json())
    drafted, changed, batch, found, read = answers
    assert (drafted["state"], changed["version"], read["content"]["update_cycle"]) == ("draft", 2, "monthly")
    assert [line["outcome"] for line in batch["entries"]] == ["created", "refused"]
    assert batch["entries"][1]["remarks"] == {"content.items.0.length": "不能小于 0。"}
    assert (
        batch["entries"][1]["detail"]
        == "请求内容不符合接口要求：content.items.0.length：不能小于 0。请改正后重新提交。"
    )
    assert found["total"] == 0  # drafts are not found
    torn = client.post("/api/v1/catalogue/", '{"title": "甲"', headers=headers, content_type="application/json")
    assert (torn.status_code, torn.json()["code"]) == (422, "validation_error")
    assert "不是有效的 JSON" in torn.content.decode()
