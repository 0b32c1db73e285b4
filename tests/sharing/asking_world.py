"""A request form filled in as a clerk would, for tests of pages."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

FILLED: dict[str, Any] = {
    "items": ["公民身份号码", "姓名", "出生日期"],
    "key_items": ["公民身份号码"],
    "modes": ["online_query", "batch_download"],
    "purposes": ["administrative_basis"],
    "duty": "城乡居民基本养老保险经办",
    "use_basis": "《社会救助暂行办法》第十一条",
    "use_scene": "办理养老保险代缴时核验低保身份",
    "use_scope": "养老保险科经办人员使用",
    "use_from": "2026-03-02",
    "use_until": "2029-03-01",
    "personal_basis": "为履行法定职责所必需（个人信息保护法第十三条）",
    "declared": "on",
    "condition-0-item": "户籍行政区划",
    "condition-0-operator": "prefix",
    "condition-0-values": "5110",
}


def token(answer: HttpResponse) -> str:
    """The once-token of the first form of a page."""
    found = re.search(r'name="once_token" value="([^"]+)"', answer.content.decode())
    assert found
    return found[1]


def posted(client: Client, url: str, page: str = "", **data: Any) -> Any:
    """Open a page, then post to `url` with its once-token, as a browser does."""
    return client.post(url, {**data, "once_token": token(client.get(page or url))})
