"""Papers of this slice: the certificate for a service desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from jutong.kernel import papers


def certificate(
    *,
    number: str,
    text: str,
    facts: Sequence[tuple[str, str]],
    articles: str,
    handled: Sequence[Sequence[str]],
    at: datetime,
) -> papers.Paper:
    """Return the certificate that business is handled as usual while data is verified (R-COR-007).

    facts: what is being verified, name and value; it names nobody. handled: time, unit and proof of business that was
    handled meanwhile.
    """
    blocks: list[papers.Block] = [papers.Text(text), papers.Facts((*facts, (_("依据"), articles)))]
    if handled:
        blocks += [
            papers.Heading(_("照常办理记录"), 2),
            papers.Table((_("时间"), _("受理单位"), _("证明材料")), tuple(tuple(row) for row in handled), (3, 4, 5)),
        ]
    foot = _("由政务数据共享平台出具，供受理单位办理业务使用；校核结束后失效。")
    return papers.Paper(
        title=_("照常办理告知书"), number=number, blocks=tuple(blocks), foot=foot, made_at=int(at.timestamp())
    )
