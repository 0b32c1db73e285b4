"""Catalogue entries brought through the whole of W01 by the people of the tests' city."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django.db.models import F

from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.actions.observing import take_pulse
from jutong.slices.catalogue.actions.storing import list_entries
from jutong.slices.catalogue.queries.contents import contents_of
from jutong.slices.catalogue.rules.assessments import PERSONAL, QUESTIONS
from jutong.slices.catalogue.rules.content import Content, ItemContent

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from jutong.slices.catalogue.models import Entry
    from world import World

ITEMS = (
    ItemContent(name="公民身份号码", column="id_number", type="C", length=18, key=True, sensitive=True),
    ItemContent(name="姓名", column="name", type="C", length=50, sensitive=True),
    ItemContent(name="出生日期", column="birthday", type="D"),
    ItemContent(name="户籍行政区划", column="division", type="C", length=6),
    ItemContent(name="收入", column="income", type="N", length=12),
)


HANDLED = "只提供办理事项所需的信息项，姓名脱敏；依据《个人信息保护法》第十三条"


def content(title: str = "城乡低保对象信息", *, share_type: str = "conditional", **changes: Any) -> Content:
    """A complete content: conditional with its conditions, or unconditional."""
    given: dict[str, Any] = {
        "title": title,
        "abstract": "全市城乡最低生活保障对象的基本情况。",
        "format_class": "database",
        "format_types": ("postgresql",),
        "share_type": share_type,
        "share_confirmed": True,
        "share_mode_class": "platform",
        "share_mode": "database",
        "open_type": "withheld",
        "update_cycle": "daily",
        "data_category": "公共管理数据",
        "security_level": "general",
        "personal": share_type == "conditional",
        "items": ITEMS,
    }
    if share_type == "conditional":
        given |= {
            "share_limit": "given_conditions",
            "share_scope": "因履职需要的市级部门",
            "share_conditions": "限于办理事项时核验",
            "use_purposes": ("administrative_basis", "data_verification"),
        }
    given |= changes
    if given["personal"]:
        given["extra"] = {"handling_rule": HANDLED, **given.get("extra", {})}
    else:
        given["items"] = tuple(answered(item) for item in given["items"])
    return Content(**given)


def answered(item: ItemContent) -> ItemContent:
    """An item that may look personal in an entry that is not, with the reason why it is none."""
    sure = "身份" in item.name and not item.not_personal
    return msgspec.structs.replace(item, not_personal="编造的号码") if sure else item


def entry_form(**changes: Any) -> dict[str, Any]:
    """What a browser posts for a complete entry with one item."""
    from jutong.slices.catalogue.pages.forms import EntryForm

    given = EntryForm.start(content(), 0)
    shown = {name: value for name, value in given.items() if value not in (None, False)}
    items = {
        "items-TOTAL_FORMS": "2", "items-INITIAL_FORMS": "0", "items-0-name": "姓名", "items-0-type": "C",
        "items-0-length": "５０", "items-1-name": "",
    }  # fmt: skip
    return {**shown, **items, **changes}


def handed_in(world: World, *titles: str, **changes: Any) -> list[int]:
    """Compile unconditional entries of the civil affairs bureau and submit them; return their ids."""
    ids = []
    for title in titles:
        entry = actions.compile_entry(
            by=world.actor("civil.officer"), at=world.at, provider_id=world.department("civil"),
            content=content(title, **{"share_type": "unconditional", **changes}),
        )  # fmt: skip
        actions.assess(entry, by=world.actor("civil.secrecy"), at=world.at, **ASSESSED)
        actions.leader_approve(entry, by=world.actor("civil.leader"), at=world.at)
        ids.append(entry.pk)
    assert actions.submit_entries(ids, by=world.actor("civil.officer"), at=world.at).done == ids
    return ids


def published(world: World, provider: str = "civil", **changes: Any) -> int:
    """Publish an entry of a department and return its id."""
    at = world.at
    entry = actions.compile_entry(
        by=world.actor(f"{provider}.officer"), at=at, provider_id=world.department(provider), content=content(**changes)
    )
    actions.assess(entry, by=world.actor(f"{provider}.secrecy"), at=at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor(f"{provider}.leader"), at=at)
    actions.submit(entry, by=world.actor(f"{provider}.officer"), at=at)
    prohibited = True if changes.get("share_type") == "withheld" else None
    actions.review(entry, by=world.actor("authority.reviewer"), at=at, express_prohibition=prohibited)
    actions.publish(entry, by=world.actor("authority.reviewer"), at=at)
    assert queries.published(entry.pk)
    return int(entry.pk)


WITHHELD: dict[str, Any] = {
    "share_type": "withheld", "withheld_reason": "法律明确禁止提供", "basis_rank": "law", "basis_instrument": "测试法",
    "basis_article": "第三条", "basis_wording": "不得向任何单位提供", "share_mode": "", "share_mode_class": "",
}  # fmt: skip

ASSESSED: dict[str, Any] = {
    "secret": False,
    "secrecy": "不涉密，风险低",
    "personal_information": "已评估，影响可控",
    "answers": dict.fromkeys(QUESTIONS[PERSONAL], "yes"),
}
ANSWERED = {f"answer_{name}": "yes" for name in QUESTIONS[PERSONAL]}
"""What a browser posts for the questionnaire."""


def put_in_force(entries: QuerySet[Entry], *, at: datetime) -> int:
    """Put imported entries in force as they stand, past all reviews, as thousands are needed; returns how many."""
    entries.update(published_id=F("working_id"), state="published")
    count = 0
    rows = list(entries.order_by("pk"))
    for first in range(0, len(rows), 500):
        some = rows[first : first + 500]
        contents = contents_of(entry.published_id for entry in some)
        pairs = [(entry, contents[entry.published_id or 0]) for entry in some]
        take_pulse(pairs, at=at)
        list_entries(pairs, in_force=True, at=at)
        count += len(some)
    return count
