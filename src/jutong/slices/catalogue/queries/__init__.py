"""Reads of the catalogue: frozen rows for pages, the API and higher slices."""

from jutong.slices.catalogue.queries.entries import (
    EntryDetail,
    EntryRow,
    ItemRow,
    OpinionRow,
    entries_of,
    entry,
    lacking,
    review_queue,
)
from jutong.slices.catalogue.queries.exports import export_rows, machine_form
from jutong.slices.catalogue.queries.imports import ImportRow, import_run, import_runs
from jutong.slices.catalogue.queries.lights import lights
from jutong.slices.catalogue.queries.liveliness import (
    AilingRow,
    LivelinessFigure,
    ailing,
    ailing_lines,
    liveliness,
)
from jutong.slices.catalogue.queries.notices import NoticeRow, notice
from jutong.slices.catalogue.queries.published import (
    PublishedEntry,
    PublishedItem,
    Returned,
    at_code,
    classified,
    published,
    published_by_ids,
    published_of,
    require_published,
    returned_from,
)
from jutong.slices.catalogue.queries.questions import (
    EntryQuestions,
    QuestionRow,
    question,
    questions,
    questions_panel,
)
from jutong.slices.catalogue.queries.specified import specification_of
from jutong.slices.catalogue.queries.updates import (
    AffectedRow,
    UpdateDetail,
    UpdateFigure,
    UpdateRow,
    catalog_update,
    catalog_updates,
    update_choices,
    update_figures,
    update_lines,
)
from jutong.slices.catalogue.queries.upgrading import UpgradeReport, UpgradeRow, upgrade_report
from jutong.slices.catalogue.queries.versions import VersionRow, difference, versions

__all__ = [
    "AffectedRow",
    "AilingRow",
    "EntryDetail",
    "EntryQuestions",
    "EntryRow",
    "ImportRow",
    "ItemRow",
    "LivelinessFigure",
    "NoticeRow",
    "OpinionRow",
    "PublishedEntry",
    "PublishedItem",
    "QuestionRow",
    "Returned",
    "UpdateDetail",
    "UpdateFigure",
    "UpdateRow",
    "UpgradeReport",
    "UpgradeRow",
    "VersionRow",
    "ailing",
    "ailing_lines",
    "at_code",
    "catalog_update",
    "catalog_updates",
    "classified",
    "difference",
    "entries_of",
    "entry",
    "export_rows",
    "import_run",
    "import_runs",
    "lacking",
    "lights",
    "liveliness",
    "machine_form",
    "notice",
    "published",
    "published_by_ids",
    "published_of",
    "question",
    "questions",
    "questions_panel",
    "require_published",
    "returned_from",
    "review_queue",
    "specification_of",
    "update_choices",
    "update_figures",
    "update_lines",
    "upgrade_report",
    "versions",
]
