"""The demo city 江州市 (it exists nowhere): its regions, thirty departments, a hundred and twenty people with their posts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jutong.kernel.actors import Actor

PASSWORD: Final = "Jiangzhou-2026-demo"  # noqa: S105 - a demo's sign-in, printed on the screen
_FIRST_PASSWORD: Final = "Diyici-Denglu-2026"  # noqa: S105 - changed a moment later
SINCE: Final = date(2025, 1, 6)
REGION: Final = "369000"
REGIONS: Final = {
    "360000": "江西省",
    "369000": "江州市",
    "369002": "城东区",
    "369003": "城西区",
    "369021": "临川县",
    "369022": "青山县",
    "369023": "云溪县",
    "369081": "石桥市",
}
DEPARTMENTS: Final = {
    "data": ("江州市政务服务和数据管理局", "市数据局"),
    "police": ("江州市公安局", "市公安局"),
    "market": ("江州市市场监督管理局", "市市场监管局"),
    "hr": ("江州市人力资源和社会保障局", "市人社局"),
    "civil": ("江州市民政局", "市民政局"),
    "education": ("江州市教育体育局", "市教体局"),
    "health": ("江州市卫生健康委员会", "市卫健委"),
    "housing": ("江州市住房和城乡建设局", "市住建局"),
    "land": ("江州市自然资源和规划局", "市自规局"),
    "transport": ("江州市交通运输局", "市交通局"),
    "ecology": ("江州市生态环境局", "市生态环境局"),
    "emergency": ("江州市应急管理局", "市应急局"),
    "finance": ("江州市财政局", "市财政局"),
    "tax": ("国家税务总局江州市税务局", "市税务局"),
    "insurance": ("江州市医疗保障局", "市医保局"),
    "fund": ("江州市住房公积金管理中心", "市公积金中心"),
    "agriculture": ("江州市农业农村局", "市农业农村局"),
    "water": ("江州市水利局", "市水利局"),
    "forestry": ("江州市林业局", "市林业局"),
    "commerce": ("江州市商务局", "市商务局"),
    "industry": ("江州市工业和信息化局", "市工信局"),
    "science": ("江州市科学技术局", "市科技局"),
    "culture": ("江州市文化广电旅游局", "市文旅局"),
    "justice": ("江州市司法局", "市司法局"),
    "veterans": ("江州市退役军人事务局", "市退役军人局"),
    "statistics": ("江州市统计局", "市统计局"),
    "urban": ("江州市城市管理局", "市城管局"),
    "disabled": ("江州市残疾人联合会", "市残联"),
    "weather": ("江州市气象局", "市气象局"),
    "planning": ("江州市发展和改革委员会", "市发改委"),
}
FULL: Final = {
    "principal": ("principal",),
    "leader": ("department_leader",),
    "head": ("sharing_unit_head",),
    "deputy": ("sharing_unit_deputy",),
    "liaison": ("liaison",),
    "officer": ("data_officer",),
    "clerk": ("clerk",),
    "engineer": ("system_engineer",),
    "secrecy": ("secrecy_officer",),
}
"""Every post a person of its own, in the four departments of the story."""
SMALL: Final = {
    "leader": ("principal", "department_leader"),
    "head": ("sharing_unit_head", "secrecy_officer"),
    "officer": ("data_officer", "clerk", "liaison", "system_engineer"),
}
"""Three people share the posts elsewhere."""
STORY: Final = ("data", "police", "market", "hr")
AUTHORITY: Final = {
    "data.reviewer": "authority_reviewer",
    "data.chief": "authority_head",
    "data.operator": "platform_operator",
    "data.auditor": "auditor",
}
ADMINISTRATORS: Final = {
    "admin.system": "system_admin",
    "admin.security": "security_admin",
    "admin.audit": "audit_admin",
}
SIGN_INS: Final = (
    "hr.clerk", "hr.head", "hr.engineer", "police.officer", "police.leader", "police.head", "police.secrecy",
    "police.engineer", "market.officer", "market.head", "data.reviewer", "data.chief", "data.operator", "data.auditor",
    *ADMINISTRATORS,
)  # fmt: skip
"""People who get the demo's password and are printed with it."""
_FAMILY: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚"


@dataclass(frozen=True, slots=True)
class City:
    """Ids by key: departments ("police"), accounts ("police.head")."""

    departments: dict[str, int]
    accounts: dict[str, int]

    def actor(self, key: str, at: datetime) -> Actor:
        """Return a person as actor, at the command line."""
        from jutong.kernel.actors import Channel
        from jutong.slices.parties import queries

        return queries.actor_for(self.accounts[key], "127.0.0.1", Channel.CLI, at=at)


def found(at: datetime, say: Callable[[str], None]) -> City:
    """Build the city in an empty instance, through the product's own actions."""
    from jutong.kernel.actors import Role, system_actor
    from jutong.slices.parties import actions
    from jutong.slices.parties.actions import First

    by = system_actor("demo")
    admins = {Role(role): First(key, _name(n), _FIRST_PASSWORD) for n, (key, role) in enumerate(ADMINISTRATORS.items())}
    made = actions.establish_administrators(
        regions=REGIONS, region=REGION, department=DEPARTMENTS["data"][0], people=admins, by=by, at=at
    )
    accounts = {key: made[Role(role)] for key, role in ADMINISTRATORS.items()}
    departments: dict[str, int] = {}
    for number, key in enumerate(DEPARTMENTS):
        departments[key] = _department(key, number, by, at)
        posts = FULL if key in STORY else SMALL
        for post, roles in posts.items():
            accounts[f"{key}.{post}"] = person(f"{key}.{post}", len(accounts), departments[key], roles, by, at)
    for key, role in AUTHORITY.items():
        accounts[key] = person(key, len(accounts), departments["data"], (role,), by, at)
    city = City(departments, accounts)
    for key in SIGN_INS:
        actions.change_password(accounts[key], old=_FIRST_PASSWORD, new=PASSWORD, by=city.actor(key, at), at=at)
    say(f"{len(departments)} 个部门，{len(accounts)} 名人员")
    return city


def _department(key: str, number: int, by: Actor, at: datetime) -> int:
    from jutong.slices.parties import actions, queries

    name, short = DEPARTMENTS[key]
    known = next((d for d in queries.search_departments(name, region=REGION) if d.name == name), None)
    uscc = credit_code(f"11{REGION}{number + 10000000:08d}")
    if known:
        actions.change_department(known.id, uscc=uscc, short_name=short, by=by, at=at)
        department_id = known.id
    else:
        row = actions.register_department(name=name, region=REGION, uscc=uscc, short_name=short, by=by, at=at)
        department_id = row.pk
    actions.open_sharing_unit(department_id, name="数据共享科", by=by, at=at)
    actions.set_correction_channel(department_id, channel="政务数据校核窗口，电话 12345", by=by, at=at)
    return department_id


def person(username: str, number: int, department_id: int, roles: tuple[str, ...], by: Actor, at: datetime) -> int:
    """Report, confirm and appoint a person of the city; returns the account."""
    from jutong.slices.parties import actions, queries

    person = actions.report(department_id=department_id, name=_name(number), by=by, at=at)
    actions.confirm(person, by=by, at=at)
    first = _FIRST_PASSWORD if username in SIGN_INS else ""
    actions.activate(person, username=username, password=first, by=by, at=at)
    for role in roles:
        actions.appoint(person, role=role, since=SINCE, by=by, at=at)
    account = queries.account_of_person(person.pk, at)
    return account.id if account else 0


def _name(number: int) -> str:
    return _FAMILY[number % 20] + _GIVEN[number // 20 % 20] + _GIVEN[(number * 7 + 3) % 20]


def credit_code(head: str) -> str:
    """Return a unified social credit code whose organisation code and last sign are right (GB 11714, GB 32100)."""
    organ = sum(int(sign) * weight for sign, weight in zip(head[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    checked = 11 - organ % 11
    body = head + {10: "X", 11: "0"}.get(checked, str(checked))
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    rest = sum(signs.index(sign) * weight for sign, weight in zip(body, weights, strict=True)) % 31
    return body + signs[(31 - rest) % 31]


def describe(key: str) -> str:
    """Say in Chinese who signs in under this name: department and posts."""
    from jutong.kernel.actors import Role

    if key in ADMINISTRATORS:
        return Role(ADMINISTRATORS[key]).label
    department, post = key.split(".")
    roles = (AUTHORITY[key],) if key in AUTHORITY else FULL[post]
    return DEPARTMENTS[department][1] + " " + "、".join(Role(role).label for role in roles)
