"""The slice's own terms: kinds of misuse, grounds of a suspension, where a case comes from."""

from __future__ import annotations

from jutong.kernel.terms import N_, Term


class MisuseKind(Term):
    """Four kinds of misuse (jiangxi-2017#17; glossary)."""

    ABUSE = "abuse", N_("滥用")
    UNAUTHORISED_USE = "unauthorised_use", N_("非授权使用")
    DIFFUSION = "diffusion", N_("未经许可的扩散")
    LEAKAGE = "leakage", N_("泄露")


class Ground(Term):
    """What is confirmed when sharing rights are suspended (national-2025#27; the last jiangxi-2017#17)."""

    BEYOND_SCOPE = "beyond_scope", N_("擅自超出使用范围")
    BEYOND_PURPOSE = "beyond_purpose", N_("擅自超出共享目的")
    THIRD_PARTY = "third_party", N_("擅自提供给第三方")
    COMMERCIAL = "commercial", N_("用于有偿服务或者其他商业用途")


class Source(Term):
    """Where a case comes from."""

    SYSTEM = "system", N_("网关预警")
    PROVIDER = "provider", N_("提供方发现")
    AUTHORITY = "authority", N_("主管部门发现")
    INSPECTION = "inspection", N_("检查发现")
    COMPLAINT = "complaint", N_("投诉举报")
