"""Personal information that an entry holds and does not mark, and what a marked entry has to say of it; pure (R-SEC-011)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from jutong.kernel.personal import Trait, named, trait_of
from jutong.kernel.terms import N_, DataType
from jutong.slices.catalogue.rules.content import Content, ItemContent
from jutong.slices.catalogue.rules.findings import Finding

Seen = Mapping[str, str]
"""{technical name or item: meaning} of what values were recognised as where they lie (`wire.probe.Meaning`)."""
NOTHING: Final[Seen] = {}


def personal_trait(item: ItemContent, seen: Seen = NOTHING) -> tuple[Trait | None, bool]:
    """Return the kind of personal information an item looks like, and whether its values say so (else its name)."""
    if found := trait_of(seen.get(item.column, "") or seen.get(item.name, "")):
        return found, True
    return (None if item.type == DataType.LOGICAL else named(item.name, item.column)), False


def concerns_persons(content: Content, seen: Seen = NOTHING) -> bool:
    """Tell whether the impact on personal information has to be assessed: marked so, or with unanswered sure signs."""
    return content.personal or any(
        trait.sure for item in content.items if not item.not_personal and (trait := personal_trait(item, seen)[0])
    )


def unmarked(content: Content, seen: Seen = NOTHING) -> Iterator[Finding]:
    """Yield a finding per item that looks like personal information and is not marked; `not_personal` answers it.

    Sure signs (an identity number) in an entry without the mark hold it back until they are answered; others warn.
    """
    for item in content.items:
        trait, by_values = personal_trait(item, seen)
        if trait is None or item.not_personal or (content.personal and item.sensitive):
            continue
        params = {"item": item.name, "label": trait.label}
        if content.personal:
            yield Finding("items", _NOT_SENSITIVE[by_values], params, grave=False)
        else:
            yield Finding("items", _UNMARKED[by_values], params, grave=trait.sure)


_UNMARKED: Final = (
    N_("信息项“%(item)s”按名称疑似%(label)s，目录没有标明含个人信息：请勾选“含个人信息”和该项的“敏感”，或在分级页写明它不属于个人信息的理由"),
    N_("信息项“%(item)s”的样本值疑似%(label)s，目录没有标明含个人信息：请勾选“含个人信息”和该项的“敏感”，或在分级页写明它不属于个人信息的理由"),
)  # fmt: skip
_NOT_SENSITIVE: Final = (
    N_("信息项“%(item)s”按名称疑似%(label)s，没有标为敏感：请勾选该项的“敏感”，或在分级页写明它不属于个人信息的理由"),
    N_("信息项“%(item)s”的样本值疑似%(label)s，没有标为敏感：请勾选该项的“敏感”，或在分级页写明它不属于个人信息的理由"),
)


def handled(content: Content, law: str) -> Iterator[Finding]:
    """Yield the refusal of marked personal information without its handling rule; law: what the profile has it follow."""
    if law and content.personal and not content.extra.get("handling_rule"):
        yield Finding("handling_rule", _NO_RULE, {"law": law})


_NO_RULE: Final = N_("含个人信息的目录须写明处理规则：如何共享、脱敏和保密，并引用所循的法律法规（%(law)s）")
