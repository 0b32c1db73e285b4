"""Who may change calendar and policy: operations load the official calendar, the authority decides which rules hold.

The calendar repeats a public notice, so the platform's operator or the system administrator loads it. Which profile
holds in a region is the competent authority's decision (its head, for the regions it is in charge of), or is set by the
security administrator on its instruction; the system administrator has no part in it.
"""

from __future__ import annotations

from jutong.kernel.actors import SYSTEM_ONLY, Role, Who
from jutong.kernel.terms import N_

CALENDAR_KEEPERS = (
    Who("platform_operator", N_("平台管理员"), (Role.PLATFORM_OPERATOR,))
    | Who("system_admin", N_("系统管理员"), (Role.SYSTEM_ADMIN,))
    | SYSTEM_ONLY
)
AUTHORITY_HEADS = Who("authority_head", N_("主管部门负责人"), (Role.AUTHORITY_HEAD,))
SECURITY_ADMINS = Who("security_admin", N_("安全管理员"), (Role.SECURITY_ADMIN,))
PROFILE_KEEPERS = AUTHORITY_HEADS | SECURITY_ADMINS | SYSTEM_ONLY
PROFILE_DRAFTERS = AUTHORITY_HEADS | Who("authority_reviewer", N_("主管部门审核员"), (Role.AUTHORITY_REVIEWER,))
"""Who proposes a region's own rules; issuing them is the head's."""
SPECIFIERS = AUTHORITY_HEADS | Who("platform_operator", N_("平台管理员"), (Role.PLATFORM_OPERATOR,)) | SYSTEM_ONLY
"""Who writes specifications: the authority's head the local ones of its regions, the operator loads the national one."""
PEER_KEEPERS = SPECIFIERS
PURPOSE_KEEPERS = AUTHORITY_HEADS | Who("system_admin", N_("系统管理员"), (Role.SYSTEM_ADMIN,))
"""Who adds purposes of use: the authority, or the administrator on its instruction (R-SHR-010)."""
