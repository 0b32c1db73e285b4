"""No publication for a department that names no place where corrections of its data are asked for (national-2025#26)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import jurisdiction
from jutong.kernel.clock import beijing_day
from jutong.slices.catalogue.models import Entry
from jutong.slices.parties import queries as parties


def without_channel(cases: Sequence[Entry], at: datetime) -> dict[int, str]:
    """Say which entries cannot be published as their department offers no correction channel (R-COR-020)."""
    asked = [case for case in cases if _asked(case, at)]
    lacking = parties.without_channel(case.provider_id for case in asked) if asked else {}
    return {
        case.pk: _("“%s”尚未登记纠错渠道，其目录不能发布；请先在机构页面登记（条例第二十六条）。")
        % lacking[case.provider_id]
        for case in asked
        if case.provider_id in lacking
    }


def _asked(case: Entry, at: datetime) -> bool:
    policy = jurisdiction.policy_for(case.region, beijing_day(at))
    return "correction_channel" in policy.list("verification_rules_required")
