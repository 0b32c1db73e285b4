"""`jutong establish`: the first acts on an empty instance — its regions, the competent authority, the first people."""

from __future__ import annotations

import secrets
from typing import Final

import click

from jutong.cli import instance
from jutong.cli.words import Stopped, say
from jutong.cli.words import gettext as _

PEOPLE: Final = {
    "system_admin": "admin.system",
    "security_admin": "admin.security",
    "audit_admin": "admin.audit",
    "platform_operator": "operator",
}
"""Role: user name of the first person who holds it."""


@click.command(help=_("初始化空平台：行政区划、主管部门、三类管理员和平台管理员；首次口令只显示一次。"))
@click.option("--region", required=True, help=_("本平台所属的行政区划代码，例如 360100。"))
@click.option("--place", "places", multiple=True, required=True, help=_("区划代码=名称，可多次给出，含上级区划。"))
@click.option("--department", required=True, help=_("政务数据共享主管部门的名称。"))
@instance.with_site
def establish(*, region: str, places: tuple[str, ...], department: str) -> None:
    """Register regions, the authority and the first four people; their passwords must be changed at the first sign-in."""
    from jutong.kernel import clock
    from jutong.kernel.actors import Role, system_actor
    from jutong.slices.parties import actions

    regions = dict(_place(text) for text in places)
    people = {Role(role): actions.First(username, Role(role).label, _password()) for role, username in PEOPLE.items()}
    actions.establish_administrators(
        regions=regions,
        region=region,
        department=department,
        people=people,
        by=system_actor("jutong establish"),
        at=clock.now(),
    )
    say(_("已建立 {department}。以下首次口令只显示这一次，首次登录须修改：").format(department=department))
    for role, first in people.items():
        say(f"  {first.username:16} {first.password}  {role.label}")


def _place(text: str) -> tuple[str, str]:
    code, equals, name = text.partition("=")
    if not equals or not name.strip():
        raise Stopped(
            _("区划“{text}”的写法不对。").format(text=text), _("请写成 代码=名称，例如 --place 360000=江西省。")
        )
    return code.strip(), name.strip()


def _password() -> str:
    """Return a first password of four classes that no rule refuses."""
    return f"Jt-{secrets.token_urlsafe(9)}-{secrets.randbelow(90) + 10}"
