"""The translated sentence of a finding."""

from __future__ import annotations

from django.utils.translation import gettext as _

from jutong.slices.catalogue.rules.findings import Finding


def said(finding: Finding) -> str:
    """Return what a finding says, in the reader's language; labels among its parameters are translated too."""
    message = _(finding.message)
    if not finding.params:
        return message
    params = {
        name: _(value) if name == "label" and isinstance(value, str) else value
        for name, value in finding.params.items()
    }
    return message % params
