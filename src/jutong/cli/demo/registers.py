"""What the demo city's registers hold: business systems on their way, migrations, networks, support, findings, trainings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jutong.cli.demo.city import City

SYSTEMS: Final = (
    ("civil", "社会救助管理系统", "低保复核与发放", "in_operation"),
    ("health", "居民健康档案系统", "档案建立与核验", "connected"),
    ("housing", "公租房申请审核系统", "住房保障资格审核", "testing"),
    ("education", "入学报名系统", "新生入学资格核验", "registered"),
)
"""Department, name, purpose, and how far its access is."""
PROTECTED: Final = "等级保护三级，备案号 369000-2025-0117"


def fill(city: City, at: datetime) -> int:
    """Fill the registers through the product's own actions; returns how many cases there are."""
    from jutong.slices.parties import queries

    if queries.trainings(city.actor("data.operator", at))[0]:
        return 0  # from an earlier, interrupted telling
    for department, name, purpose, far in SYSTEMS:
        _system(city, at, department, name, purpose, far)
    made = (_legacy, _networks, _support, _direct, _incident, _training)
    return len(SYSTEMS) + sum(register(city, at) for register in made)


def _system(city: City, at: datetime, department: str, name: str, purpose: str, far: str) -> None:
    from jutong.slices.parties import actions

    by, own = city.actor(f"{department}.officer", at), city.departments[department]
    key = actions.register_system(
        department_id=own, name=name, purpose=purpose, hosting="市政务云 B 区", by=by, at=at - timedelta(days=40)
    )
    if far == "testing":
        actions.note_test(key.system_id, record="签名校验未通过，已约开发单位复测", by=by, at=at - timedelta(days=2))
    if far in ("connected", "in_operation"):
        actions.connect_system(
            key.system_id, transport="tls", protection=PROTECTED, record="查询、核验各 20 次，全部正确",
            by=city.actor("data.operator", at), at=at - timedelta(days=20),
        )  # fmt: skip
    if far == "in_operation":
        actions.operate_system(key.system_id, by=by, at=at - timedelta(days=12))


def _legacy(city: City, at: datetime) -> int:
    from jutong.kernel.clock import beijing_day
    from jutong.slices.parties import actions

    today, long_ago = beijing_day(at), at - timedelta(days=90)
    moving = (
        ("civil", "health", "民政与卫健死亡信息 FTP 交换", (("提供死亡信息接口", -40, True), ("停用 FTP", 45, False))),
        ("tax", "market", "税务与市场主体前置库直连", (("双轨核对三个月", -12, False), ("关闭直连库", 30, False))),
        ("transport", "police", "驾驶人信息专线推送", ()),
    )
    for department, other, title, steps in moving:
        by = city.actor(f"{department}.officer", at)
        case = actions.list_legacy(
            department_id=city.departments[department], counterpart_id=city.departments[other], title=title,
            text="平台建成前自建，每日凌晨全量交换。", by=by, at=long_ago,
        )  # fmt: skip
        for name, days, done in steps:
            actions.plan_legacy(case, title=name, due_on=today + timedelta(days=days), by=by, at=long_ago)
            if done:
                _reach(case.pk, name, by, at - timedelta(days=41))
        if steps:
            actions.start_legacy(case, by=by, at=at - timedelta(days=60))
    return len(moving)


def _reach(case_id: int, name: str, by: Any, at: datetime) -> None:
    from jutong.slices.parties import actions, queries

    seen = queries.access_case("legacy", case_id, by, at)
    step = next(step for step in seen.steps if step.title == name)
    actions.reach_legacy(case_id, step_id=step.id, by=by, at=at)


def _networks(city: City, at: datetime) -> int:
    from jutong.kernel.clock import beijing_day
    from jutong.slices.parties import actions

    by = city.actor("insurance.officer", at)
    case = actions.list_network(
        department_id=city.departments["insurance"], title="医保结算专网", text="连接定点医药机构 412 家。", by=by,
        at=at - timedelta(days=70),
    )  # fmt: skip
    due = beijing_day(at) + timedelta(days=120)
    actions.plan_network(case, title="两定机构改接政务外网", due_on=due, by=by, at=at - timedelta(days=69))
    actions.start_network(case, by=by, at=at - timedelta(days=30))
    return 1


def _support(city: City, at: datetime) -> int:
    from jutong.slices.parties import actions

    operator = city.actor("data.operator", at)
    asked = (
        (
            "housing",
            "access",
            "联调时签名一直校验不过，请问时间用哪个时区？",
            "时间头用毫秒数，与时区无关；请核对服务器时钟。",
        ),
        (
            "education",
            "graded_protection",
            "入学报名系统等级保护测评找哪家机构？",
            "测评机构名单见省公安厅公告，已发您邮箱。",
        ),
        ("health", "security", "调用密钥疑似写入了日志，如何处置？", ""),
    )
    for department, kind, title, answer in asked:
        by = city.actor(f"{department}.officer", at)
        case = actions.ask_support(
            department_id=city.departments[department], kind=kind, title=title, by=by, at=at - timedelta(days=5)
        )
        if answer:
            actions.answer_support(case, text=answer, by=operator, at=at - timedelta(days=4))
    return len(asked)


def _direct(city: City, at: datetime) -> int:
    from jutong.slices.parties import actions

    auditor, chief = city.actor("data.auditor", at), city.actor("data.chief", at)
    found = actions.report_direct(
        department_id=city.departments["transport"], receiver_id=city.departments["police"], title="营运车辆信息自建接口",
        text="两局之间每小时推送，平台上没有相应授权。", by=auditor, at=at - timedelta(days=15),
    )  # fmt: skip
    actions.confirm_direct(found, text="经核实属实，限三十日内改由平台交换。", by=chief, at=at - timedelta(days=9))
    actions.report_direct(
        department_id=city.departments["fund"], receiver_id=city.departments["housing"], title="公积金缴存 U 盘拷贝",
        text="群众反映窗口人员以 U 盘取得缴存明细。", by=auditor, at=at - timedelta(days=1),
    )  # fmt: skip
    return 2


def _incident(city: City, at: datetime) -> int:
    from jutong.kernel.clock import beijing_day
    from jutong.slices.parties import actions

    guard = city.actor("data.operator", at)
    case = actions.open_incident(
        department_id=city.departments["health"], title="调用密钥出现在应用日志", text="巡检发现，尚无异常调用。", by=guard,
        at=at - timedelta(days=3),
    )  # fmt: skip
    actions.classify_incident(case, side="consumer", by=guard, at=at - timedelta(days=2))
    due = beijing_day(at) + timedelta(days=5)
    actions.plan_incident(case, title="更换密钥并清除日志", due_on=due, by=guard, at=at - timedelta(days=2))
    return 1


def _training(city: City, at: datetime) -> int:
    from jutong.kernel.clock import beijing_day
    from jutong.slices.parties import actions

    for title, kind, days, people in (
        ("网关接口接入培训", "access", 20, {"civil": 4, "health": 3, "housing": 2, "education": 2}),
        ("数据安全与个人信息保护", "security", 50, {"police": 6, "hr": 5, "market": 3, "tax": 2}),
    ):
        actions.record_training(
            title=title, kind=kind, held_on=beijing_day(at) - timedelta(days=days),
            people={city.departments[key]: count for key, count in people.items()},
            by=city.actor("data.operator", at), at=at,
        )  # fmt: skip
    return 2
