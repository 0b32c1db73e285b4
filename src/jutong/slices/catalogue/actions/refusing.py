"""Turning findings of the rules into a refusal or into sentences a person reads in their language."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from jutong.kernel.errors import RuleBroken
from jutong.slices.catalogue.formats.wording import said
from jutong.slices.catalogue.rules.findings import Finding, grave


def refuse(findings: Iterable[Finding]) -> None:
    """Raise RuleBroken when any finding is grave: one remark per element, all of them in the sentence."""
    if stopping := grave(findings):
        raise RuleBroken(summary(stopping), remarks=remarks(stopping))


def remarks(findings: Iterable[Finding]) -> dict[str, str]:
    """Return one sentence per element; several about one element are joined."""
    found: dict[str, str] = {}
    for finding in findings:
        sentence = said(finding)
        found[finding.field] = f"{found[finding.field]}；{sentence}" if finding.field in found else sentence
    return found


def summary(findings: Iterable[Finding]) -> str:
    """Return all sentences as one."""
    sentences = list(dict.fromkeys(said(finding) for finding in findings))
    if len(sentences) == 1:
        return sentences[0] + "。"
    return _("有 %(count)d 处需要改正：%(list)s。") % {"count": len(sentences), "list": "；".join(sentences)}
