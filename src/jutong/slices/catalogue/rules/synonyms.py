"""Terms of government data that mean the same: the list every platform begins with, and how a list is checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.slices.catalogue.rules.words import plain

MOST_SETS: Final = 3_000
MOST_TERMS: Final = 20
LONGEST_TERM: Final = 40
_SEPARATORS: Final = re.compile(r"[=＝、，,;；|\n]+")

_SETS: Final = """
身份证 居民身份证 公民身份号码 身份证号 身份证号码 公民身份证号
统一社会信用代码 社会信用代码 信用代码 组织机构代码
企业 市场主体 经营主体 公司
营业执照 工商登记 企业登记 市场主体登记 商事登记
法人 法人单位 法人库
个体工商户 个体户
法定代表人 法人代表 企业负责人
注册资本 注册资金
不动产 房产 房屋 房地产
不动产登记 房产登记 产权登记
不动产权证 房产证 房屋所有权证
社保 社会保险
社保卡 社会保障卡
养老保险 养老金 退休金
医保 医疗保险 基本医疗保险
失业保险 失业金
工伤保险 工伤待遇
公积金 住房公积金
户籍 户口 户籍人口
常住人口 实有人口
流动人口 暂住人口 外来人口
出生证明 出生医学证明
殡葬 丧葬
低保 最低生活保障 城乡低保
五保 特困 特困供养 特困人员
救助 社会救助 帮扶
残疾人 残障人士
残疾证 残疾人证
老年人 老人 长者
养老院 养老机构 敬老院 福利院
婚姻登记 结婚登记 结婚证
离婚登记 离婚证
医院 医疗机构 医疗卫生机构
诊所 门诊部
医生 医师 执业医师
护士 执业护士
药店 药品零售 零售药房
疫苗 预防接种
学校 中小学 院校
幼儿园 托幼机构
老师 教师
教师资格 教师资格证
培训机构 校外培训 民办培训
驾照 驾驶证 机动车驾驶证
驾校 驾培机构 驾驶员培训
行驶证 机动车行驶证
车辆 机动车 汽车
停车场 停车位 泊车 停车
公交 公共汽车 公交车
公交站 公交站点 公交站台
出租车 出租汽车 巡游车
网约车 网络预约出租汽车
充电桩 充电站 充电设施
路灯 道路照明
地铁 轨道交通
客运 旅客运输
货运 货物运输
高速 高速公路
机场 航空港 民航
空气质量 大气质量 空气污染
污水 废水 污水处理
垃圾 生活垃圾 环卫
污染源 排污 排污单位
排污许可 排污许可证
噪声 噪音
水库 库区
河长 河长制
饮用水 水源地
天气 气象
预警 警报
地震 震情
应急 突发事件
避难场所 应急避难
安全生产 安监
危险化学品 危化品
食品经营 餐饮服务 食品销售
食品生产 食品加工
许可证 许可
行政许可 行政审批
行政处罚 处罚 罚款
行政强制 强制措施
双公示 信用公示
失信 失信被执行人 黑名单
红黑名单 信用名单
信用评价 信用等级
税务 税收 纳税
纳税人 纳税主体
发票 增值税发票
预算 财政预算
决算 财政决算
政府采购 招标采购
招标 招投标 投标
招商 招商引资
项目 工程项目 建设项目
施工许可 建筑工程施工许可
建筑企业 施工企业 建筑业企业
质量检测 检验检测 质检
抽检 抽查 监督抽查
双随机 随机抽查
专利 知识产权
商标 注册商标
高新技术企业 高企
规上企业 规模以上企业
中小企业 小微企业
农村 乡村 村镇
农民 农户
补贴 补助 扶持资金
扶贫 脱贫 乡村振兴
土地 用地 地块
规划 控规 总规
矿山 采矿 矿业权
林业 森林 林地
旅游景区 景区 景点 旅游景点
旅行社 旅游企业
酒店 宾馆 旅馆 住宿
民宿 农家乐
图书馆 阅览室
博物馆 展览馆 纪念馆
文物 文化遗产 不可移动文物
非遗 非物质文化遗产
体育场馆 体育设施 健身场所
公园 绿地
厕所 公厕 公共厕所
菜市场 农贸市场 集贸市场
价格 物价
粮食 粮油
就业 求职
招聘 岗位
职业资格 职业技能 技能鉴定
公务员 机关工作人员
社会组织 社团 民办非企业单位
志愿者 义工
律师事务所 律所
法律援助 法援
公证 公证机构
司法鉴定 鉴定机构
信访 投诉 举报
12345 政务热线 市民热线 便民热线
办事指南 服务指南
政务服务 办事 行政服务
政务服务中心 行政服务中心 办事大厅 政务大厅
权力清单 权责清单
电子证照 证照
统计年鉴 年鉴
国民经济 gdp 地区生产总值 生产总值
人口普查 普查
行政区划 区划
邮编 邮政编码
电话 联系方式 联系电话
经纬度 坐标 空间位置
poi 兴趣点
"""
STARTING_LIST: Final[tuple[tuple[str, ...], ...]] = tuple(tuple(line.split()) for line in _SETS.strip().splitlines())
"""Sets of terms, each of which finds what the others name."""


def terms_of(line: str) -> tuple[str, ...]:
    """Return the terms of a line as people write it: separated by equals signs, commas or 顿号."""
    return tuple(dict.fromkeys(term for part in _SEPARATORS.split(line) if (term := " ".join(part.split()))))


def check_sets(sets: Sequence[Sequence[str]]) -> None:
    """Refuse a list that cannot be used: sets of one term, terms too long, the same term in two sets, too many of them."""
    if len(sets) > MOST_SETS:
        raise RuleBroken(N_("同义词最多 %(most)d 组，请删减后再保存。"), field="sets", most=MOST_SETS)
    seen: dict[str, int] = {}
    for number, terms in enumerate(sets, 1):
        _check(number, terms)
        for term in terms:
            if (other := seen.setdefault(plain(term), number)) != number:
                raise RuleBroken(
                    N_("“%(term)s”同时出现在第 %(other)d 组和第 %(number)d 组，请并为一组。"),
                    field="sets",
                    term=term,
                    other=other,
                    number=number,
                )


def _check(number: int, terms: Sequence[str]) -> None:
    if not 1 < len(terms) <= MOST_TERMS:
        raise RuleBroken(
            N_("同义词第 %(number)d 组有 %(count)d 个词，每组须有 2 至 %(most)d 个词，请补充或拆分。"),
            field="sets",
            number=number,
            count=len(terms),
            most=MOST_TERMS,
        )
    for term in terms:
        if len(term) > LONGEST_TERM or not any(sign.isalnum() for sign in term):
            raise RuleBroken(
                N_("同义词第 %(number)d 组的“%(term)s”不是词语或超过 %(most)d 个字，请改正。"),
                field="sets",
                number=number,
                term=term[:LONGEST_TERM],
                most=LONGEST_TERM,
            )
