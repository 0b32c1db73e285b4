"""Which departments are connected with the platform (R-SHR-034)."""

from __future__ import annotations

from jutong.slices.sources.models import DataSource, FrontEndNode
from jutong.slices.sources.workflow import WORKING


def connected_departments() -> set[int]:
    """Return the departments with a data source that answered its last test, or a front-end node that works."""
    answering = DataSource.objects.filter(active=True, tested_ok=True)
    nodes = FrontEndNode.objects.filter(state__in=WORKING)
    return set(answering.values_list("department_id", flat=True)) | set(nodes.values_list("department_id", flat=True))
