"""What the demo city's departments catalogue: three hundred resources, ten a department."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jutong.slices.catalogue.actions import Content, ItemContent

RESOURCES: Final = {
    "data": "政务服务事项 政务服务办件 政务服务评价 电子证照目录 数据资源目录 公共数据开放目录 政务服务窗口 审批中介服务机构 12345热线工单 数据共享需求",
    "police": "人口基本信息 户籍迁移信息 居住证信息 机动车登记信息 驾驶证信息 出入境证件信息 特种行业许可 无犯罪记录证明 保安员证 门楼牌地址",
    "market": "企业登记信息 个体工商户登记信息 食品经营许可 食品生产许可 药品经营许可 特种设备登记 行政处罚信息 经营异常名录 企业年报信息 计量器具检定",
    "hr": "城镇职工养老保险参保信息 城乡居民养老保险参保信息 失业保险待遇发放 工伤认定信息 就业失业登记 职业资格证书 劳动合同备案 人才引进信息 技工院校学籍 劳动保障监察",
    "civil": "婚姻登记信息 城乡低保对象 特困人员 社会组织登记 养老机构 殡葬服务机构 地名信息 困境儿童 残疾人两项补贴 行政区划代码",
    "education": "中小学学籍 教师资格 民办学校办学许可 幼儿园名录 中考成绩 普通高中招生 校车使用许可 学生资助 教育经费统计 体育场馆",
    "health": "医疗机构执业许可 医师执业注册 护士执业注册 出生医学证明 预防接种记录 公共场所卫生许可 死亡医学证明 献血信息 托育机构备案 疾病监测统计",
    "housing": "商品房预售许可 建筑工程施工许可 建筑业企业资质 房地产开发企业资质 公租房保障对象 物业服务企业 房屋租赁备案 城镇燃气经营许可 住房维修资金 工程竣工验收备案",
    "land": "不动产登记信息 建设用地规划许可 建设工程规划许可 土地出让信息 矿业权登记 测绘资质 国土空间规划 地质灾害点 耕地保护 基础地理信息",
    "transport": "道路运输经营许可 道路运输从业资格 营运车辆 公交线路 公交站点 出租汽车经营许可 驾培机构 公路养护 水路运输许可 停车场信息",
    "ecology": "排污许可 建设项目环评批复 空气质量监测 地表水水质监测 危险废物经营许可 辐射安全许可 环境行政处罚 污染源清单 噪声监测 环保信用评价",
    "emergency": "安全生产许可 危险化学品经营许可 烟花爆竹经营许可 应急避难场所 应急物资储备 安全生产事故 应急救援队伍 自然灾害灾情 安全评价机构 特种作业操作证",
    "finance": "政府采购项目 惠民补贴发放 政府性基金收入 行政事业性收费目录 代理记账机构 会计师事务所 政府购买服务目录 国有资产统计 财政预算公开 票据管理",
    "tax": "纳税人登记信息 纳税信用等级 欠税公告 税收优惠备案 发票开具统计 社保费缴纳信息 非税收入 重大税收违法案件 个体定额核定 税收统计",
    "insurance": "基本医疗保险参保信息 医保定点医疗机构 医保定点零售药店 生育保险待遇 医疗救助对象 异地就医备案 药品目录 医保结算统计 长期护理保险 医保基金监管处罚",
    "fund": "住房公积金缴存信息 住房公积金贷款 公积金提取 缴存单位登记 公积金利率 合作楼盘 异地转移 逾期贷款 公积金统计 受托银行网点",
    "agriculture": "农作物种子经营许可 兽药经营许可 农药经营许可 动物防疫合格证 农民合作社 家庭农场 农机登记 高标准农田 农产品质量抽检 宅基地管理",
    "water": "取水许可 河道采砂许可 水库信息 水文站点 水土保持方案 防汛物资 饮用水水源地 河湖长名录 水利工程 水资源公报",
    "forestry": "林木采伐许可 林木种子经营许可 自然保护地 古树名木 林权登记 野生动物保护 森林公园 公益林 林业有害生物 造林统计",
    "commerce": "对外贸易经营者 成品油零售许可 外商投资企业 家政服务机构 再生资源回收 单用途预付卡备案 大型商超 农贸市场 进出口统计 老字号名录",
    "industry": "规模以上工业企业 专精特新企业 民爆物品生产许可 工业园区 技术改造项目 绿色工厂 中小企业服务机构 无线电台执照 节能监察 工业运行统计",
    "science": "高新技术企业 科技型中小企业 科技计划项目 技术合同登记 重点实验室 科技特派员 外国人工作许可 科技成果登记 孵化器名录 研发统计",
    "culture": "旅行社经营许可 导游证 A级旅游景区 星级饭店 互联网上网服务场所 娱乐场所经营许可 文物保护单位 非遗项目 公共图书馆 营业性演出许可",
    "justice": "律师事务所 律师执业证 公证机构 司法鉴定机构 基层法律服务所 人民调解组织 法律援助案件 社区矫正统计 行政复议案件 法治宣传阵地",
    "veterans": "优待证信息 退役军人就业安置 烈士纪念设施 优抚对象 军休人员 退役军人服务站 抚恤补助发放 创业孵化基地 教育培训机构 双拥活动",
    "statistics": "国民经济核算 人口抽样调查 居民消费价格 规上企业名录 固定资产投资 社会消费品零售 工业增加值 能源消费 统计行政处罚 统计年鉴",
    "urban": "城市道路挖掘许可 户外广告设置许可 建筑垃圾处置核准 公厕分布 环卫作业车辆 城管行政处罚 园林绿地 路灯设施 共享单车停放点 数字城管案件",
    "disabled": "残疾人证信息 残疾人就业 残疾人康复服务 辅助器具适配 残疾儿童康复机构 残疾人托养 无障碍改造 残疾人教育资助 盲人按摩机构 残保金审核",
    "weather": "气象实况 天气预报 气象灾害预警 气象站点 气候统计 防雷装置检测资质 升放气球资质 人工影响天气作业 农业气象 气象数据共享",
    "planning": "投资项目备案 投资项目审批 公共信用信息 守信激励名单 失信惩戒名单 招标投标项目 价格认定 粮食收购备案 重点项目 节能审查",
}
"""Department: titles of its resources."""

POPULATION_ITEMS: Final = (
    ("公民身份号码", "id_number", "C", 18, True, True),
    ("姓名", "name", "C", 50, False, True),
    ("性别", "sex", "C", 1, False, False),
    ("出生日期", "birthday", "D", None, False, True),
    ("民族", "ethnicity", "C", 20, False, False),
    ("户籍行政区划", "household_division", "C", 6, False, False),
    ("户籍地址", "address", "C", 200, False, True),
    ("联系电话", "phone", "C", 20, False, True),
    ("人口状态", "state", "C", 10, False, False),
    ("更新时间", "updated_at", "T", None, False, False),
)
ENTERPRISE_ITEMS: Final = (
    ("统一社会信用代码", "uscc", "C", 18, True, False),
    ("企业名称", "name", "C", 120, False, False),
    ("企业类型", "kind", "C", 40, False, False),
    ("法定代表人", "legal_representative", "C", 50, False, False),
    ("注册资本（万元）", "capital", "N", 18, False, False),
    ("成立日期", "established_on", "D", None, False, False),
    ("行政区划", "division", "C", 6, False, False),
    ("住所", "address", "C", 200, False, False),
    ("经营范围", "scope", "C", 2000, False, False),
    ("登记状态", "state", "C", 20, False, False),
    ("更新时间", "updated_at", "T", None, False, False),
)
LICENCE_ITEMS: Final = (
    ("许可证编号", "licence_no", "C", 50, True, False),
    ("持证主体名称", "holder", "C", 120, False, False),
    ("统一社会信用代码", "uscc", "C", 18, False, False),
    ("许可事项", "matter", "C", 200, False, False),
    ("发证日期", "issued_on", "D", None, False, False),
    ("有效期至", "valid_until", "D", None, False, False),
    ("证件状态", "state", "C", 20, False, False),
)
PERSON_ITEMS: Final = (
    ("公民身份号码", "id_number", "C", 18, True, True),
    ("姓名", "name", "C", 50, False, True),
    ("办理事项", "matter", "C", 200, False, False),
    ("办理日期", "handled_on", "D", None, False, False),
    ("办理结果", "result", "C", 50, False, False),
)
PLACE_ITEMS: Final = (
    ("编号", "code", "C", 50, True, False),
    ("名称", "name", "C", 120, False, False),
    ("行政区划", "division", "C", 6, False, False),
    ("地址", "address", "C", 200, False, False),
    ("联系电话", "phone", "C", 20, False, False),
    ("更新日期", "updated_on", "D", None, False, False),
)
FIGURE_ITEMS: Final = (
    ("统计期", "period", "C", 20, True, False),
    ("行政区划", "division", "C", 6, True, False),
    ("指标名称", "indicator", "C", 100, True, False),
    ("指标值", "value", "N", 18, False, False),
    ("计量单位", "unit", "C", 20, False, False),
)
HANDLED: Final = "只提供办理事项所需的信息项，姓名、号码按授权脱敏；依据《个人信息保护法》第十三条、第三十四条"
"""How entries with personal information are handled (national-2025#37)."""
ANSWERS: Final = dict.fromkeys(("purpose", "rights", "measures", "least", "sensitive"), "yes")
"""What the secrecy officers of the city answer to the questionnaire on personal information."""
_PERSONAL: Final = ("信息", "参保", "对象", "学籍", "成绩", "登记", "补贴", "证明", "记录", "补助", "资助", "证")
_FIGURES: Final = ("统计", "监测", "公报", "价格", "核算", "消费", "实况", "预报", "增加值", "年鉴", "收入", "投资")
_LICENCES: Final = ("许可", "资质", "执照", "执业", "资格", "核准", "备案", "合格证", "认定")
_CYCLES: Final = ("daily", "weekly", "monthly", "quarterly", "yearly")


def contents(department: str) -> list[Content]:
    """Return the contents of a department's ten entries; the story's own two carry their databases' columns."""
    return [content(title, n) for n, title in enumerate(RESOURCES[department].split())]


def content(title: str, number: int) -> Content:
    """Return what is catalogued under a title; its number in the department gives the update cycle."""
    from jutong.slices.catalogue.actions import Content

    rows, personal = _rows(title)
    conditional = personal or title == "人口基本信息"
    base = {"人口基本信息": "population", "企业登记信息": "legal_person", "基础地理信息": "natural_resources_spatial"}
    given: dict[str, Any] = {
        "title": title,
        "abstract": f"记录全市{title}，由业务办理过程中产生，按更新周期汇聚，供各部门依法履职使用。",
        "resource_class": "base" if title in base else "department",
        "category": base.get(title, ""),
        "format_class": "database",
        "format_types": ("postgresql",),
        "share_type": "conditional" if conditional else "unconditional",
        "share_confirmed": True,
        "share_mode_class": "platform",
        "share_mode": "database",
        "open_type": "withheld" if conditional else "conditional",
        "open_conditions": "" if conditional else "经实名登记后开放",
        "update_cycle": _CYCLES[number % len(_CYCLES)],
        "data_category": "公共管理数据",
        "security_level": "important" if title == "人口基本信息" else "general",
        "personal": conditional,
        "keywords": (title[:8],),
        "items": tuple(_item(row, conditional=conditional) for row in rows),
    }
    if conditional:
        given |= {
            "share_limit": "given_conditions",
            "share_scope": "因履行法定职责确需使用的市级部门",
            "share_conditions": "限于办理具体事项时核验，不得另作他用，不得提供给第三方",
            "use_purposes": ("administrative_basis", "data_verification", "collaboration"),
            "extra": {"handling_rule": HANDLED},
        }
    return Content(**given)


def _rows(title: str) -> tuple[tuple[tuple[Any, ...], ...], bool]:
    """Return item rows and whether they are about natural persons."""
    if title == "人口基本信息":
        return POPULATION_ITEMS, True
    if title == "企业登记信息":
        return ENTERPRISE_ITEMS, False
    if any(word in title for word in _LICENCES):
        return LICENCE_ITEMS, False
    if any(word in title for word in _FIGURES):
        return FIGURE_ITEMS, False
    if any(word in title for word in _PERSONAL):
        return PERSON_ITEMS, True
    return PLACE_ITEMS, False


def _item(row: tuple[Any, ...], *, conditional: bool) -> ItemContent:
    from jutong.slices.catalogue.actions import ItemContent

    name, column, kind, length, key, sensitive = row
    share = "conditional" if conditional else "unconditional"
    return ItemContent(
        name=name, column=column, type=kind, length=length, key=key, sensitive=sensitive, share_type=share
    )
