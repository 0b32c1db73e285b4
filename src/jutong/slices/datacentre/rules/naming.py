"""Chinese names for columns that are named in pinyin initials or English, as departments' databases name them.

A whole name is looked up first (sfzh, id_card), then its parts (reg_date: 登记 + 日期). The names found are proposals:
the person who compiles confirms or replaces them, so none is marked for translation.
"""

from __future__ import annotations

import re
from typing import Final

from jutong.wire.probe import Meaning

_WHOLE: Final = {
    "公民身份号码": "sfzh sfzhm sfz gmsfhm gmsfzh gmsfzhm zjhm_sfz idcard id_card id_no id_number idno idnumber identity_no"
    " identity_number identity_card cert_no_id sfzjhm",
    "证件号码": "zjhm zjh cert_no certno card_no cardno certificate_no document_no paper_no",
    "证件类型": "zjlx zjlb cert_type card_type id_type",
    "姓名": "xm xingming name full_name person_name real_name realname username_cn",
    "曾用名": "cym former_name used_name",
    "性别": "xb xingbie sex gender",
    "出生日期": "csrq csny birthday birth_date birthdate birth date_of_birth dob",
    "年龄": "nl age",
    "民族": "mz minzu nation nationality_cn ethnicity ethnic nation_code",
    "国籍": "gj nationality country_code",
    "政治面貌": "zzmm political_status politics",
    "学历": "xl education education_level",
    "婚姻状况": "hyzk marital_status marriage",
    "手机号码": "sjh sjhm shouji mobile mobile_no mobile_phone cellphone cell_phone phone_number",
    "联系电话": "lxdh dh dhhm tel telephone phone contact_phone lxfs contact_tel",
    "联系人": "lxr contact contact_name linkman",
    "电子邮箱": "yx dzyx email e_mail mail",
    "户籍地址": "hjdz hjszd household_address registered_address_hj",
    "居住地址": "jzdz xjzdz live_address residence_address home_address",
    "地址": "dz address addr zz zhuzhi",
    "住所": "zs domicile residence",
    "邮政编码": "yzbm yb postcode zip_code zipcode postal_code",
    "户籍行政区划": "hjqh hjxzqh household_division",
    "行政区划": "xzqh xzqhdm qhdm xzqdm division division_code region region_code area_code district_code adcode",
    "统一社会信用代码": "tyshxydm tyxydm shxydm xydm uscc usci uniscid credit_code social_credit_code unified_code creditcode",
    "组织机构代码": "zzjgdm org_code organization_code",
    "企业名称": "qymc enterprise_name company_name company corp_name ent_name entname",
    "单位名称": "dwmc unit_name org_name organization_name orgname",
    "机构名称": "jgmc institution_name agency_name",
    "企业类型": "qylx enterprise_type company_type ent_type enttype",
    "法定代表人": "fddbr frdb fr legal_representative legal_person legal_rep legal_person_name",
    "负责人": "fzr principal manager_name person_in_charge",
    "注册资本": "zczb registered_capital reg_capital regcap capital",
    "成立日期": "clrq established_on establish_date found_date setup_date estdate",
    "经营范围": "jyfw business_scope scope opscope",
    "行业代码": "hydm industry_code",
    "登记机关": "djjg reg_org registration_authority regorg",
    "登记状态": "djzt registration_status reg_status",
    "许可证编号": "xkzbh xkzh licence_no license_no permit_no",
    "许可事项": "xksx licence_matter permit_item",
    "发证机关": "fzjg issuing_authority issuer",
    "发证日期": "fzrq issue_date issued_on issued_date",
    "有效期至": "yxqz yxqjz valid_until expire_date expiry_date valid_to",
    "有效期起": "yxqq valid_from",
    "银行账号": "yhzh yhkh bank_account bank_card account_no bank_card_no",
    "开户银行": "khyh khh bank_name bank",
    "金额": "je jine amount amt money",
    "收入": "sr income",
    "工资": "gz salary wage",
    "车牌号码": "cphm cph hphm plate_no plate_number license_plate",
    "办理日期": "blrq handled_on handle_date",
    "办理结果": "bljg result handle_result",
    "事项名称": "sxmc matter matter_name item_name",
    "备注": "bz beizhu remark remarks memo note notes comment",
    "序号": "xh seq seq_no serial_no sort sort_no",
    "编号": "bh bianhao code no number",
    "主键": "id pk uuid guid rowguid zj",
    "名称": "mc mingcheng title",
    "类型": "lx leixing type kind category",
    "状态": "zt zhuangtai status state flag",
    "部门名称": "bmmc dept_name department_name department dept",
    "经度": "jd lng lon longitude",
    "纬度": "wd lat latitude",
    "更新时间": "gxsj updated_at update_time modify_time last_update updatetime update_date gxrq modified_at last_modified",
    "创建时间": "cjsj created_at create_time createtime create_date gmt_create created_on",
    "登记日期": "djrq registered_on register_date reg_date",
    "登记时间": "djsj register_time reg_time",
    "审核时间": "shsj audit_time approve_time",
    "核准日期": "hzrq approved_on approve_date approval_date",
    "删除标志": "scbz is_deleted deleted del_flag delete_flag is_del",
    "创建人": "cjr created_by creator create_by create_user",
    "更新人": "gxr updated_by updater update_by update_user",
}
_PARTS: Final = {
    "身份": "sf identity", "证件": "zj cert certificate", "号码": "hm", "编号": "bh no num code number id",
    "名称": "mc name", "日期": "rq date day", "时间": "sj time at", "年度": "nd year", "月份": "month yf",
    "类型": "lx type kind", "类别": "lb category class", "状态": "zt status state", "标志": "flag bz is",
    "金额": "je amount amt money fee", "数量": "sl qty quantity count cnt", "比例": "bl rate ratio percent",
    "地址": "dz address addr", "电话": "dh tel phone", "人员": "ry person people user", "企业": "qy enterprise ent company corp",
    "单位": "dw unit org organization", "部门": "bm dept department", "机构": "jg agency institution", "个人": "gr personal",
    "登记": "dj register reg registration registered", "审批": "sp approve approval approved", "审核": "sh audit review",
    "注册": "zc", "注销": "zx cancel", "变更": "bg change changed", "更新": "gx update updated modify modified",
    "创建": "cj create created", "开始": "ks start begin", "结束": "js end finish", "有效": "yx valid", "发证": "fz issue issued",
    "许可": "xk licence license permit", "处罚": "cf penalty punish", "检查": "jc check inspection", "申请": "sq apply application",
    "办理": "handle handled", "办件": "bj", "缴费": "jf payment", "参保": "cb insured", "待遇": "dy benefit", "车辆": "cl vehicle car",
    "房屋": "fw house", "项目": "xm project", "合同": "ht contract", "学校": "xx school", "学生": "xs student", "医院": "yy hospital",
    "行政区划": "xzqh division region district", "经办": "operator", "联系": "lx_ contact", "负责": "principal", "结果": "result",
    "事项": "sx matter", "说明": "sm desc description", "备注": "remark memo", "信息": "info xx_ information", "明细": "mx detail",
    "统计": "tj stat statistics", "代码": "dm", "级别": "jb level grade", "姓名": "xm_", "原因": "yy_ reason", "来源": "ly source",
}  # fmt: skip
_NAMES: Final = {word: name for name, words in _WHOLE.items() for word in words.split()}
_WORDS: Final = {word.rstrip("_"): part for part, words in _PARTS.items() for word in words.split()}
_MEANT: Final = {
    Meaning.IDENTITY: "公民身份号码",
    Meaning.CREDIT_CODE: "统一社会信用代码",
    Meaning.PHONE: "联系电话",
    Meaning.BANK_CARD: "银行账号",
    Meaning.EMAIL: "电子邮箱",
    Meaning.NAME: "姓名",
    Meaning.ORGANISATION: "单位名称",
    Meaning.ADDRESS: "地址",
    Meaning.DIVISION: "行政区划",
}
_AFFIX: Final = re.compile(
    r"^(t|tb|tbl|v|vw|view|dim|dwd|dws|ods|ads|dm|biz|sys|jt|tab)_|_(t|tb|tbl|tab|info_tab|bak|copy1)$"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_ASIDE: Final = re.compile(r"[（(：:，,；;。|\n]")
LONGEST_NAME: Final = 128
LONGEST_TITLE: Final = 200


def _plain(name: str) -> str:
    return _CAMEL.sub("_", name.strip()).casefold().replace("-", "_").replace(" ", "_")


def said(comment: str) -> str:
    """Return the name that a comment begins with: what stands before its first bracket, colon or stop."""
    return _ASIDE.split(comment.strip(), maxsplit=1)[0].strip()


def _composed(name: str) -> str:
    """Return the name put together from known parts; nothing where one part is unknown."""
    parts = [_WORDS.get(part, "") for part in _plain(name).split("_") if part]
    return "".join(dict.fromkeys(parts)) if parts and all(parts) else ""


def suggested_name(column: str, comment: str, meaning: Meaning | None) -> tuple[str, str]:
    """Return a Chinese name for a column, and why: its comment, the name itself, what it holds, or none better.

    The reasons are codes: comment, name, parts, values, unknown (the column's own name stands, to be replaced).
    """
    if (found := said(comment)) and _HAN.search(found):
        return found[:LONGEST_NAME], "comment"
    if _HAN.search(column):
        return column[:LONGEST_NAME], "name"
    if known := _NAMES.get(_plain(column)) or _NAMES.get(_plain(column).replace("_", "")):
        return known, "name"
    if composed := _composed(column):
        return composed[:LONGEST_NAME], "parts"
    if meaning in _MEANT:
        return _MEANT[meaning], "values"
    return column[:LONGEST_NAME], "unknown"


def suggested_title(table: str, comment: str) -> tuple[str, str]:
    """Return a title for what a table holds, and why, as `suggested_name`; the words 表 and 系统 are no part of it."""
    for text, why in ((said(comment), "comment"), (table if _HAN.search(table) else "", "name")):
        if _HAN.search(text):
            return re.sub(r"(数据)?表$", "", text)[:LONGEST_TITLE] or text[:LONGEST_TITLE], why
    bare = _AFFIX.sub("", _plain(table))
    if found := _NAMES.get(bare) or _composed(bare):
        return (found if found.endswith("信息") else f"{found}信息")[:LONGEST_TITLE], "parts"
    return table[:LONGEST_TITLE], "unknown"
