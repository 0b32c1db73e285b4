"""Agreements in the demo city: one of two parties in force, one of three that waits for a last signature."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from jutong.wire.grants import Masking

if TYPE_CHECKING:
    from jutong.cli.demo.city import City

TERMS: Final = "指定专人保管账号，不得转给其他单位和个人，用毕销毁；发现泄露立即停用并通知各方"
COMPANIES: Final = {"统一社会信用代码": "none", "企业名称": "none", "登记状态": "none"}
PERSONS: Final = {"公民身份号码": "none", "姓名": "name", "人口状态": "none"}
QUALITY: Final = "与提供方业务库一致，发现差错 2 个工作日内更正"
TWO: Final[dict[str, Any]] = {
    "name": "涉企案件信息核查共享协议", "content": "企业登记的主体身份与登记状态", "quality": QUALITY,
    "quantity": "约 5 万户企业，按件核查", "frequency": "每日", "scope": "经侦支队办理涉企案件时核查，不作其他用途",
    "manner": "联机查询，逐件核查，不批量留存", "basis": "《公安机关办理经济犯罪案件的若干规定》第六十七条",
    "schedule": "签署后 10 个工作日内开通",
}  # fmt: skip
THREE: Final[dict[str, Any]] = {
    "name": "困难群众救助核验信息共享协议", "content": "申请救助人员的身份与人口状态", "quality": QUALITY,
    "quantity": "约 20 万人，按件核查", "frequency": "每日", "scope": "社会救助和就业援助的资格核验",
    "manner": "联机查询，逐件核验", "basis": "《社会救助暂行办法》第五十八条", "schedule": "签署后 20 个工作日内开通",
}  # fmt: skip


def leave(city: City, at: datetime, say: Callable[[str], None]) -> None:
    """Leave an agreement in force and one under signature; nothing where they are there already."""
    from jutong.slices.agreements import queries

    officer = city.actor("police.officer", at)
    if queries.agreements(officer, at)[0]:
        return  # from an earlier, interrupted telling
    two = _drafted(city, at, TWO, ("market", "police"), ("market", "企业登记信息", "police", COMPANIES))
    for signatory in ("market.head", "police.head"):
        _sign(city, two, signatory, at)
    three = _drafted(city, at, THREE, ("police", "civil", "hr"), ("police", "人口基本信息", "civil", PERSONS))
    for signatory in ("police.head", "civil.head"):
        _sign(city, three, signatory, at)
    say("在办：共享协议 2 份（生效 1 份，待签署 1 份）")


def _drafted(
    city: City,
    at: datetime,
    stated: dict[str, Any],
    parties: tuple[str, ...],
    named: tuple[str, str, str, dict[str, str]],
) -> int:
    from jutong.kernel.clock import beijing_day
    from jutong.slices.agreements import actions
    from jutong.slices.catalogue import queries as catalogue

    provider, title, consumer, items = named
    officer, today = city.actor(f"{provider}.officer", at), beijing_day(at)
    rows, _meta = catalogue.entries_of(officer, text=title)
    line = actions.Line(
        resource_id=next(row.id for row in rows if row.title == title),
        consumer_id=city.departments[consumer],
        items=tuple(actions.Given(item, Masking(masking)) for item, masking in items.items()),
        key_items=(next(iter(items)),),
        modes=("online_query",),
        purposes=("data_verification",),
    )
    written = actions.Draft(
        stated=actions.Stated(**stated, since=today, until=today + timedelta(days=365)),
        sides=tuple(
            actions.Side(city.departments[key], responsible=city.actor(f"{key}.head", at).name, confidentiality=TERMS)
            for key in parties
        ),
        lines=(line,),
    )
    case = actions.draft(by=officer, at=at, kind="sharing", written=written)
    actions.send(case.pk, by=officer, at=at)
    return case.pk


def _sign(city: City, agreement_id: int, signatory: str, at: datetime) -> None:
    from jutong.slices.agreements import actions, queries

    by = city.actor(signatory, at)
    actions.sign(agreement_id, by=by, at=at, digest=queries.digest_of(agreement_id, by))
