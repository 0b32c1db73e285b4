"""The code list of purposes of use: four that every profile has, and what an administrator may add (R-SHR-010)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from jutong.kernel.errors import Conflict, RuleBroken
from jutong.kernel.terms import N_, Purpose

SHIPPED: Final[Mapping[str, str]] = dict(Purpose.choices())
"""Code and name of the purposes of every profile (inner-mongolia-2018#18); they cannot be retired."""
MEANINGS: Final[Mapping[str, str]] = {
    Purpose.ADMINISTRATIVE_BASIS: N_("作为行政许可、给付、处罚等行政行为的依据"),
    Purpose.WORK_REFERENCE: N_("供本部门工作参考，不直接作为行政行为的依据"),
    Purpose.DATA_VERIFICATION: N_("与本部门掌握的数据相互核对"),
    Purpose.COLLABORATION: N_("跨部门协同办理同一事项"),
}
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")
LONGEST_NAME: Final = 20
LONGEST_MEANING: Final = 200


def check_addition(code: str, name: str, meaning: str, taken: Mapping[str, str]) -> None:
    """Refuse a purpose whose code, name or meaning cannot be used; taken: every code ever given, with its name."""
    if not _CODE.fullmatch(code):
        raise RuleBroken(
            N_("用途代码“%(code)s”只能由小写字母开头，含小写字母、数字和下划线，2 至 40 个字符，请修改。"),
            field="code",
            code=code[:60],
        )
    if not 1 < len(name) <= LONGEST_NAME:
        raise RuleBroken(N_("请填写用途名称（2 至 20 个字）。"), field="name")
    if not meaning or len(meaning) > LONGEST_MEANING:
        raise RuleBroken(N_("请填写用途含义（不超过 200 个字）。"), field="meaning")
    if code in taken or name in taken.values():
        raise Conflict(
            N_("用途代码“%(code)s”或名称“%(name)s”已经用过，停用后也不再使用，请另取。"), code=code, name=name
        )


def check_listed(purposes: Collection[str], listed: Mapping[str, str]) -> None:
    """Refuse no purpose, and one that is not on the list (retired ones are not)."""
    if not purposes:
        raise RuleBroken(N_("请从使用用途清单中至少选择一项。"), field="purposes")
    for code in purposes:
        if code not in listed:
            raise RuleBroken(
                N_("“%(code)s”不在使用用途清单中，请从清单中选择：%(listed)s。"),
                field="purposes",
                code=code[:60],
                listed="、".join(f"{one}（{name}）" for one, name in listed.items()),
            )
