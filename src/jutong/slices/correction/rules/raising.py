"""Who may raise a concern, and what every concern is raised with."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec

from jutong.kernel.errors import NotAllowed
from jutong.kernel.terms import N_
from jutong.slices.correction.rules.terms import Channel


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and since when: a department (consumer_id) or somebody of the public (applicant_id).

    received_at: the first receipt, kept when one procedure is converted into another (R-COR-019). code_digest: of the code
    with which the public follows the case. converted_from: "verification:12", empty for a case of its own. papers: ids of the
    stored files handed in.
    """

    received_at: datetime
    by_name: str
    consumer_id: int | None = None
    applicant_id: int | None = None
    channel: str = Channel.SHARING
    code_digest: str = ""
    converted_from: str = ""
    papers: tuple[int, ...] = ()

    @property
    def side(self) -> str:
        """The code under which profiles know them."""
        return "consumer" if self.consumer_id else "public_applicant"


def check_may_verify(
    asker: Asker, applicants: Collection[str], *, channel_open: bool, channel: str, provider: str, complaints: bool
) -> None:
    """Refuse a verification to those who may not ask for one, telling them where to go (R-COR-006).

    applicants: who may by the profile. channel_open: the department's filed rules open its channel to the public.
    """
    if asker.side in applicants or (asker.side == "public_applicant" and channel_open):
        return
    where = {"provider": provider, "channel": channel or N_("请向该部门咨询")}
    if complaints:
        raise NotAllowed(
            N_(
                "现行规则只受理使用部门的校核申请。该数据由“%(provider)s”负责（纠错渠道：%(channel)s）；"
                "认为合法权益受到侵害的，可以在本页投诉举报。"
            ),
            **where,
        )
    raise NotAllowed(
        N_("现行规则只受理使用部门的校核申请。该数据由“%(provider)s”负责（纠错渠道：%(channel)s），请向其反映。"),
        **where,
    )


def check_objection_offered(*, offered: bool) -> None:
    """Refuse an objection where the profile has no such procedure, naming what there is instead."""
    if not offered:
        raise NotAllowed(N_("现行规则没有规定异议程序；认为合法权益受到侵害的，可以向有关部门投诉举报。"))
