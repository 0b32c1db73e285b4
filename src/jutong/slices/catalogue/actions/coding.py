"""Giving out resource codes: one counter row per class, locked while it counts, so that no number is lost or used twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from jutong.kernel.clock import beijing_day
from jutong.kernel.errors import Conflict, RuleBroken
from jutong.slices.catalogue.models import ClassNode, Counter, Entry
from jutong.slices.catalogue.rules.codes import (
    BASE_CATEGORIES,
    CLASS_DIGITS,
    LOCAL_DEPARTMENTS,
    THEMES,
    department_class,
    entry_code,
    group_code,
    parse_code,
)
from jutong.slices.catalogue.rules.content import Content
from jutong.slices.parties import queries as parties
from jutong.slices.standards import queries as standards

_FULL_BRANCH = 999
_FULL_GROUP = 99


def give_codes(pairs: Sequence[tuple[Entry, Content]], *, at: datetime) -> None:
    """Give every entry without a code the next one of its class; sets `code` and `class_node`, the caller saves.

    Runs in the caller's transaction: a rollback gives the numbers back, so a class counts without gaps. Digits and
    pattern are those of the specification in force in the entry's region; RuleBroken where the two do not agree.
    """
    by_class: dict[int, list[Entry]] = defaultdict(list)
    nodes: dict[int, ClassNode] = {}
    for entry, content in pairs:
        if entry.code is None:
            node = class_for(entry, content)
            nodes[node.pk] = node
            by_class[node.pk].append(entry)
    today = beijing_day(at)
    rules = {region: standards.specification_for(region, today) for region in {entry.region for entry, _c in pairs}}
    for pk in sorted(by_class):
        entries = by_class[pk]
        last = _count_up(pk, len(entries))
        for serial, entry in enumerate(entries, last - len(entries) + 1):
            given = rules[entry.region]
            element = given.element("code")
            code = entry_code(nodes[pk].code, serial, given.serial_digits)
            entry.code = str(
                parse_code(code, element.pattern, given.serial_digits) if element and element.pattern else code
            )
            entry.class_node = nodes[pk]


def _count_up(pk: int, many: int) -> int:
    ClassNode.objects.filter(pk=pk).update(last_serial=F("last_serial") + many)
    return ClassNode.objects.values_list("last_serial", flat=True).get(pk=pk)


def class_for(entry: Entry, content: Content) -> ClassNode:
    """Return the class an entry is filed under, made when it is the first: its own choice, else by its attributes."""
    if content.class_code:
        node = ClassNode.objects.filter(code=content.class_code, resource_class=content.resource_class).first()
        if node is None:
            raise RuleBroken(_("没有分类“%s”，请从分类表中选择。") % content.class_code, field="class_code")
        return node
    if content.resource_class == "department":
        return _department_node(entry)
    if not content.category:
        raise RuleBroken(_("请选择基础库类别或主题领域，才能编制信息资源代码。"), field="category")
    group = group_code(content.resource_class, content.category)
    if not group:
        return _local_node(content)
    name = (BASE_CATEGORIES | THEMES)[content.category]
    kept = {"name": name, "resource_class": content.resource_class, "category": content.category}
    return ClassNode.objects.get_or_create(code=f"{group}001", defaults=kept)[0]


def _local_node(content: Content) -> ClassNode:
    """Return the class of a category that the profile or a local specification added; its 项 follows the guide's list."""
    digit = CLASS_DIGITS[content.resource_class]
    guide = BASE_CATEGORIES if content.resource_class == "base" else THEMES
    first = {"name": content.resource_class, "resource_class": content.resource_class, "last_branch": len(guide)}
    root, _made = ClassNode.objects.get_or_create(code=digit, defaults=first)
    ClassNode.objects.select_for_update().get(pk=root.pk)
    kept = {"resource_class": content.resource_class, "category": content.category}
    if node := ClassNode.objects.filter(**kept).first():
        return node
    number = _next_branch(root)
    if number > _FULL_GROUP:
        raise RuleBroken(_("该分类的“项”已编满 99 个，请主管部门调整编码规则。"), field="category")
    return ClassNode.objects.create(code=f"{digit}{number:02d}001", name=content.category, **kept)


def _department_node(entry: Entry) -> ClassNode:
    """Return the class of a department; a region and a department get their numbers when they first need one."""
    if node := ClassNode.objects.filter(department=entry.provider_id).first():
        return node
    root, _made = ClassNode.objects.get_or_create(
        code=LOCAL_DEPARTMENTS, defaults={"name": "地方部门", "resource_class": "department"}
    )
    ClassNode.objects.select_for_update().get(pk=root.pk)
    region = ClassNode.objects.filter(region=entry.region, department=None).first() or _new_region(root, entry.region)
    if node := ClassNode.objects.filter(department=entry.provider_id).first():
        return node
    number = _next_branch(region)
    return ClassNode.objects.create(
        code=department_class(int(region.code[3:6]), number),
        name=parties.department(entry.provider_id).name,
        resource_class="department",
        region=entry.region,
        department_id=entry.provider_id,
    )


def _new_region(root: ClassNode, region: str) -> ClassNode:
    number = _next_branch(root)
    if number > _FULL_BRANCH:
        raise RuleBroken(_("部门类目录的“目”已编满 999 个地区，请主管部门调整编码规则。"), field="class_code")
    code = f"{LOCAL_DEPARTMENTS}{number:03d}"
    return ClassNode.objects.create(code=code, name=region, resource_class="department", region=region)


def _next_branch(node: ClassNode) -> int:
    ClassNode.objects.filter(pk=node.pk).update(last_branch=F("last_branch") + 1)
    return ClassNode.objects.values_list("last_branch", flat=True).get(pk=node.pk)


def next_serial(name: str) -> int:
    """Return the next number of a series, such as an authority's notices of a year; its row is locked until the end."""
    Counter.objects.get_or_create(name=name)
    Counter.objects.filter(name=name).update(last=F("last") + 1)
    return Counter.objects.values_list("last", flat=True).get(name=name)


def adopt_codes(pairs: Sequence[tuple[Entry, str]]) -> dict[int, str]:
    """Let entries keep codes that their file brings, counting the classes past them.

    Returns {position in `pairs`: sentence} for codes that cannot be kept because another entry has them.
    """
    taken = dict(Entry.objects.filter(code__in=[code for _entry, code in pairs]).values_list("code", "title"))
    refused: dict[int, str] = {}
    highest: dict[str, int] = {}
    for place, (entry, code) in enumerate(pairs):
        if code in taken:
            refused[place] = _("信息资源代码 %(code)s 已被“%(title)s”使用，请改正或留空由系统编码") % {
                "code": code,
                "title": taken[code],
            }
            continue
        entry.code, taken[code] = code, entry.title
        parts = parse_code(code)
        highest[parts.class_code] = max(parts.serial, highest.get(parts.class_code, 0))
    for class_code, serial in highest.items():
        node, _made = ClassNode.objects.get_or_create(
            code=class_code, defaults={"name": class_code, "resource_class": _CLASS[class_code[0]]}
        )
        ClassNode.objects.filter(pk=node.pk, last_serial__lt=serial).update(last_serial=serial)
    return refused


_CLASS = {"1": "base", "2": "theme", "3": "department"}


def check_title_free(entry: Entry) -> None:
    """Refuse a title that the same provider already uses, whatever its punctuation and width (Conflict)."""
    twins = Entry.objects.filter(provider=entry.provider_id, title_key=entry.title_key).exclude(state="withdrawn")
    if twin := twins.exclude(pk=entry.pk).first():
        raise Conflict(
            _("本部门已有同名目录“%(title)s”（%(code)s），标点、空格和全半角不同也算同名，请改名或直接修改原目录。")
            % {"title": twin.title, "code": twin.code or _("未编码")}
        )
