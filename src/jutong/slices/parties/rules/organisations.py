"""Which organisations may act as departments under a profile (R-OVR-001, R-OVR-050), and what their names are like."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import OrgType

LONGEST_NAME: Final = 120
REFERRED: Final = frozenset({OrgType.OTHER_STATE_ORGAN, OrgType.PUBLIC_UTILITY})

AUTHORISED: Final = frozenset({OrgType.INSTITUTION, OrgType.SOCIAL})
"""What a text that speaks of other bodies with public functions (liyang-2020#2) means at least."""


def check_name(text: str, *, most: int = LONGEST_NAME) -> str:
    """Return a name with its blanks joined; RuleBroken when empty, too long or with control characters."""
    name = " ".join(text.split())
    if not 0 < len(name) <= most or any(unicodedata.category(sign).startswith("C") for sign in name):
        raise RuleBroken(
            _("名称“%(name)s”应为 1 至 %(most)d 个字，且不含控制字符，请修改。")
            % {"name": "".join(s for s in name[:30] if s.isprintable()), "most": most},
            field="name",
        )
    return name


def type_of(code: str) -> OrgType:
    """Return the organisation type of a code; RuleBroken for an unknown one."""
    try:
        return OrgType(code)
    except ValueError:
        kinds = "、".join(_(kind.label) for kind in OrgType)
        raise RuleBroken(
            _("机构类型“%(code)s”不存在，可选：%(kinds)s。") % {"code": code[:30], "kinds": kinds}, field="org_type"
        ) from None


def check_type(
    kind: OrgType, *, eligible: Sequence[str], by_reference: Sequence[str], profile: str, mandated: bool
) -> bool:
    """Tell whether the organisation takes part by reference; RuleBroken when the profile does not admit its type.

    eligible, by_reference: the profile's `eligible_org_types` and `by_reference_participants`. An entrusted body needs
    the document of its mandate.
    """
    if kind in REFERRED:
        admitted = kind in by_reference or kind is OrgType.OTHER_STATE_ORGAN
    else:
        admitted = kind in eligible or (kind in AUTHORISED and "public_function_body" in eligible)
    if not admitted:
        raise RuleBroken(
            _("现行政策规则（%(profile)s）不接受“%(kind)s”作为政务部门，请核对机构类型或其授权依据。")
            % {"profile": profile, "kind": _(kind.label)},
            field="org_type",
        )
    if kind is OrgType.ENTRUSTED and not mandated:
        raise RuleBroken(_("受委托组织须附委托文件，请上传后再登记。"), field="mandate_id")
    return kind in REFERRED


def check_text(text: str, *, most: int, field: str, needed: bool = True) -> str:
    """Return a text of several lines, trimmed; RuleBroken when missing, too long or with control characters."""
    clean = text.replace("\r\n", "\n").strip()
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t" for sign in clean):
        raise RuleBroken(_("内容含有不可见的控制字符，请删除后重新填写。"), field=field)
    if len(clean) > most or (needed and not clean):
        raise RuleBroken(_("请填写内容，最多 %d 个字。") % most, field=field)
    return clean
