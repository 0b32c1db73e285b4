"""What is still under way in the demo city when the story has been told, so that every desk has something to decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from jutong.cli.demo import agreeing, helping, lifecycle, loading, misuse, raising, supervising
from jutong.cli.demo.resources import content
from jutong.wire.grants import Masking

if TYPE_CHECKING:
    from jutong.cli.demo.city import City

MODES: Final = ("online_query", "front_end_node", "batch_download")
PURPOSES: Final = ("data_verification",)
PERSON: Final = {"公民身份号码": "none", "姓名": "name"}
POPULATION: Final = {**PERSON, "出生日期": "year", "户籍行政区划": "none", "人口状态": "none"}
SUBMITTED: Final = {
    "civil": ("慈善组织", "婚姻介绍机构"),
    "education": ("校外培训机构",),
    "health": ("家庭医生签约信息",),
}
"""Department: titles of entries that wait for the authority's review."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One request under way: who asks whom for what, with which items and masking, and how far it is."""

    clerk: str
    head: str
    provider: str
    title: str
    items: dict[str, str]
    duty: str
    basis: str
    scene: str
    far: str  # written, filed, prepared or agreed
    days: int = 0
    """Days since it was written."""


WISHES: Final = (
    Wish("hr.clerk", "hr.head", "police", "人口基本信息", POPULATION, "城乡居民基本养老保险经办管理",
         "《社会保险法》第七十四条", "城乡居民养老保险待遇资格认证，核验参保人身份与人口状态", "agreed"),
    Wish("insurance.officer", "insurance.head", "police", "人口基本信息", POPULATION, "基本医疗保险参保管理",
         "《医疗保障基金使用监督管理条例》第十五条", "办理参保登记时核验参保人身份", "agreed", 5),
    Wish("housing.officer", "housing.head", "police", "机动车登记信息", PERSON, "公共租赁住房保障",
         "《公共租赁住房管理办法》第八条", "审核公租房申请家庭的机动车财产状况", "prepared", 6),
    Wish("market.clerk", "market.head", "police", "人口基本信息", POPULATION, "市场主体登记注册",
         "《市场主体登记管理条例》第十六条", "办理设立登记时核验自然人投资人身份", "filed", 11),
    Wish("veterans.officer", "veterans.head", "police", "无犯罪记录证明", PERSON, "退役军人就业安置",
         "《退役军人安置条例》第二十六条", "安置岗位考察时核验有无犯罪记录", "filed", 3),
    Wish("hr.clerk", "hr.head", "police", "驾驶证信息", PERSON, "职业技能培训补贴审核",
         "《就业促进法》第四十九条", "审核驾驶员培训补贴申请，核验驾驶证真实有效", "written"),
    Wish("hr.clerk", "hr.head", "market", "企业登记信息", {"统一社会信用代码": "none", "企业名称": "none", "登记状态": "none"},
         "社会保险登记", "《社会保险法》第五十七条", "办理单位参保登记时核对登记状态", "filed", 2),
)  # fmt: skip


def leave(city: City, at: datetime, say: Callable[[str], None]) -> None:
    """Leave requests and entries at various steps, through the product's own actions."""
    for wish in WISHES:
        _ask(city, wish, at - timedelta(days=wish.days))
    waiting = sum(_submit(city, department, titles, at) for department, titles in SUBMITTED.items())
    say(f"在办：共享申请 {len(WISHES)} 件，待审核目录 {waiting} 条")
    agreeing.leave(city, at, say)
    raising.leave(city, at, say)
    lifecycle.leave(city, at, say)
    misuse.leave(city, at, say)
    helping.leave(city, at, say)
    supervising.leave(city, at, say)


def _ask(city: City, wish: Wish, at: datetime) -> None:
    from jutong.kernel.clock import beijing_day
    from jutong.slices.catalogue import queries as catalogue
    from jutong.slices.grants import queries as grants
    from jutong.slices.sharing import actions

    officer = city.actor(f"{wish.provider}.officer", at)
    found, _meta = catalogue.entries_of(officer, text=wish.title)
    resource = next(row.id for row in found if row.title == wish.title)
    if grants.between(city.departments[wish.clerk.split(".")[0]], resource):
        return  # from an earlier, interrupted telling
    clerk, head, today = city.actor(wish.clerk, at), city.actor(wish.head, at), beijing_day(at)
    asked = actions.Asked(
        resource_id=resource,
        items=tuple(wish.items),
        key_items=(next(iter(wish.items)),),
        modes=MODES,
        purposes=PURPOSES,
        use_basis=wish.basis,
        use_scene=wish.scene,
        use_scope="本部门经办机构内部使用",
        duty=wish.duty,
        use_from=today,
        use_until=today + timedelta(days=365),
        personal_basis="为履行法定职责所必需（个人信息保护法第三十四条）",
        declared=True,
    )
    case = actions.write_request(asked=asked, by=clerk, at=at)
    if wish.far == "written":
        return
    actions.consent(case, by=head, at=at)
    actions.file_request(case, by=clerk, at=at)
    if wish.far == "filed":
        return
    items = tuple(actions.GrantedItem(item, Masking(kind)) for item, kind in wish.items.items())
    reply = actions.Reply(agree=True, items=items, key_items=asked.key_items, modes=MODES, purposes=PURPOSES)
    actions.prepare_reply(case, reply=reply, by=officer, at=at)
    if wish.far == "agreed":
        actions.agree(case, by=city.actor(f"{wish.provider}.head", at), at=at)


def _submit(city: City, department: str, titles: tuple[str, ...], at: datetime) -> int:
    from jutong.slices.catalogue import queries

    officer = city.actor(f"{department}.officer", at)
    there = {row.title for title in titles for row in queries.entries_of(officer, text=title)[0]}
    new = [content(title, 1) for title in titles if title not in there]
    return len(loading.submitted(city, department, new, at))
