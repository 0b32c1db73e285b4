"""What a source of each kind is told beside its address: file stores and HTTP interfaces; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.kernel.terms import N_
from jutong.wire.bundle import Endpoint

FILES: Final = "files"
HTTP: Final = "http"

MOST_OPTIONS: Final = 40
LONGEST_VALUE: Final = 1000


@dataclass(frozen=True, slots=True)
class Option:
    """One option. label: what it means. choices: its only values, any when empty."""

    label: str
    choices: tuple[str, ...] = ()


OPTIONS: Final[dict[str, dict[str, Option]]] = {
    FILES: {
        "store": Option(N_("存储方式"), ("local", "sftp", "s3")),
        "host_key": Option(N_("SFTP 主机公钥")),
        "region": Option(N_("对象存储区域")),
        "names": Option(N_("文件名编码"), ("utf-8", "gb18030", "gbk", "big5")),
        "pattern": Option(N_("文件名模式")),
        "format": Option(N_("文件格式"), ("csv", "xlsx", "parquet", "json")),
        "encoding": Option(N_("文件编码"), ("utf-8", "gb18030", "gbk", "gb2312", "big5", "big5-hkscs")),
        "delimiter": Option(N_("分隔符"), (",", ";", "|", "tab")),
        "sheet": Option(N_("工作表")),
        "header": Option(N_("表头行")),
        "missing": Option(N_("表示空值的文本")),
    },
    HTTP: {
        "path": Option(N_("接口路径")),
        "method": Option(N_("请求方式"), ("GET", "POST")),
        "rows": Option(N_("数据位置（JSON 指针）")),
        "auth": Option(N_("认证方式"), ("none", "basic", "bearer", "national", "guangdong", "zhejiang")),
        "service": Option(N_("服务标识")),
        "paging": Option(N_("分页方式"), ("none", "page", "cursor")),
        "page": Option(N_("页码参数")),
        "size": Option(N_("每页行数参数")),
        "cursor": Option(N_("游标参数")),
        "next": Option(N_("下一游标位置（JSON 指针）")),
        "rows_per_page": Option(N_("每页行数")),
        "first_page": Option(N_("首页页码")),
        "key.*": Option(N_("查询标识列对应的参数")),
        "endpoint.*": Option(N_("可直通的接口")),
    },
}
"""What may be told, by engine; an engine that is not named takes none. `key.*` stands for `key.` and a column's name, `endpoint.*` for
`endpoint.` and an endpoint's name."""

ENDPOINT_NAME: Final = re.compile(r"endpoint\.([A-Za-z0-9_-]{1,64})")
_ENDPOINT: Final = re.compile(
    r"(?P<method>GET|POST) (?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]{0,500})"
    r"(?: rows=(?P<rows>(?:/[^/\s]{1,100}){1,8}))?(?: params=(?P<params>[A-Za-z0-9_.-]{1,64}(?:,[A-Za-z0-9_.-]{1,64}){0,49}))?"
)


def parsed(text: str) -> dict[str, str]:
    """Return the options written one a line as `name=value`; RuleBroken for a line that is none."""
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, sign, value = line.partition("=")
        if not sign or name.strip() in found:
            raise RuleBroken(
                _("“访问参数”每行写一项，形如“名称=值”，每项只写一次；请修改这一行：%(line)s") % {"line": line[:60]},
                field="options",
            )
        found[name.strip()] = value.strip()
    return found


def _kind(name: str) -> str:
    if re.fullmatch(r"key\.\S{1,63}", name):
        return "key.*"
    return "endpoint.*" if ENDPOINT_NAME.fullmatch(name) else name


def endpoints(options: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """Return the calls of an HTTP interface that may be passed through, by name."""
    found = []
    for name, value in sorted(options.items()):
        named, told = ENDPOINT_NAME.fullmatch(name), _ENDPOINT.fullmatch(value)
        if named and told:
            params = tuple(filter(None, (told["params"] or "").split(",")))
            found.append(Endpoint(named[1], told["method"], told["path"], told["rows"] or "", params))
    return tuple(found)


def written(options: Mapping[str, str]) -> str:
    """Return options one a line, as `parsed` reads them."""
    return "\n".join(f"{name}={value}" for name, value in options.items())


def remarks(engine: str, options: Mapping[str, str]) -> Iterator[str]:
    """Say what is wrong with the options of a source."""
    known = OPTIONS.get(engine, {})
    if len(options) > MOST_OPTIONS:
        yield _("“访问参数”最多 %(most)d 项，请删减。") % {"most": MOST_OPTIONS}
    for name, value in options.items():
        option = known.get(_kind(name))
        if option is None:
            names = "、".join(known) or _("无")
            yield _("“访问参数”中的 %(name)s 不适用于该类数据源，可用的有：%(names)s。") % {
                "name": name[:60],
                "names": names,
            }
        elif name.startswith("endpoint.") and not _ENDPOINT.fullmatch(value):
            yield _(
                "“访问参数”中的 %(name)s 应形如“GET /api/person rows=/data/list params=id,name”：方法 GET 或 POST、接口路径、"
                "数据位置（JSON 指针，可省）、允许调用方填写的参数（可省），以空格分隔，请修改。"
            ) % {"name": name[:60]}
        elif option.choices and value not in option.choices:
            yield _("“访问参数”中的 %(name)s（%(label)s）应为 %(choices)s 之一，请修改。") % {
                "name": name,
                "label": _(option.label),
                "choices": "、".join(option.choices),
            }
        elif not value or len(value) > LONGEST_VALUE or not value.isprintable():
            yield _("“访问参数”中的 %(name)s 应为 1 至 %(most)d 个字符，不含控制字符，请修改。") % {
                "name": name,
                "most": LONGEST_VALUE,
            }
    if engine == HTTP and "path" not in options:
        yield _("HTTP 接口请在“访问参数”中填写 path=接口路径。")
    if engine == FILES and options.get("store") == "sftp" and "host_key" not in options:
        yield _("SFTP 数据源请在“访问参数”中填写 host_key=服务器主机公钥（由 ssh-keyscan 取得并人工核对）。")
