"""Catalogue entries brought through the whole of W01 by the people of the tests' city."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.rules.content import Content, ItemContent

if TYPE_CHECKING:
    from world import World

ITEMS = (
    ItemContent(name="公民身份号码", column="id_number", type="C", length=18, key=True, sensitive=True),
    ItemContent(name="姓名", column="name", type="C", length=50, sensitive=True),
    ItemContent(name="出生日期", column="birthday", type="D"),
    ItemContent(name="户籍行政区划", column="division", type="C", length=6),
    ItemContent(name="收入", column="income", type="N", length=12),
)


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
    return Content(**{**given, **changes})


def published(world: World, provider: str = "civil", **changes: Any) -> int:
    """Publish an entry of a department and return its id."""
    at = world.at
    entry = actions.compile_entry(
        by=world.actor(f"{provider}.officer"), at=at, provider_id=world.department(provider), content=content(**changes)
    )
    actions.assess(entry, by=world.actor(f"{provider}.secrecy"), at=at, **ASSESSED)
    actions.leader_approve(entry, by=world.actor(f"{provider}.leader"), at=at)
    actions.submit(entry, by=world.actor(f"{provider}.officer"), at=at)
    actions.review(entry, by=world.actor("authority.reviewer"), at=at)
    actions.publish(entry, by=world.actor("authority.reviewer"), at=at)
    assert queries.published(entry.pk)
    return int(entry.pk)


ASSESSED: dict[str, Any] = {
    "secret": False,
    "secrecy": "不涉密，风险低",
    "personal_information": "已评估，影响可控",
}
