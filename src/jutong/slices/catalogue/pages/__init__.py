"""Pages of the catalogue: search, an entry, editing, deciding, import and export."""

from __future__ import annotations

from django.urls import URLPattern, path

from jutong.slices.catalogue.pages import (
    deciding,
    editing,
    finding,
    importing,
    questioning,
    reading,
    supervising,
    updating,
    upgrading,
)

urlpatterns: list[URLPattern] = [
    path("", finding.results, name="catalogue"),
    path("own/", finding.own, name="catalogue_own"),
    path("review/", deciding.queue, name="catalogue_review"),
    path("new/", editing.new, name="catalogue_new"),
    path("check/", editing.check, name="catalogue_check"),
    path("row/", editing.row, name="catalogue_row"),
    path("export/<str:kind>/", finding.export, name="catalogue_export"),
    path("import/", importing.imports, name="catalogue_imports"),
    path("import/<int:pk>/", importing.run, name="catalogue_import"),
    path("import/template/<str:kind>/", importing.template, name="catalogue_import_template"),
    path("import/<int:pk>/confirm/", importing.confirm, name="catalogue_import_confirm"),
    path("import/<int:pk>/progress/", importing.progress, name="catalogue_import_progress"),
    path("import/<int:pk>/returned/", importing.returned, name="catalogue_import_returned"),
    path("code/<path:code>", reading.code, name="catalogue_code"),
    path("health/", supervising.figures, name="catalogue_health"),
    path("health/entries/", supervising.ailing, name="catalogue_ailing"),
    path("health/export/<str:what>/", supervising.export, name="catalogue_health_export"),
    path("updates/", updating.updates, name="catalogue_updates"),
    path("updates/figures/", updating.figures, name="catalogue_update_figures"),
    path("updates/export/<str:what>/", updating.export, name="catalogue_updates_export"),
    path("updates/new/", updating.register, name="catalogue_update_new"),
    path("updates/<int:pk>/", updating.update, name="catalogue_update"),
    path("updates/<int:pk>/do/<str:verb>/", updating.update_deed, name="catalogue_update_deed"),
    path("questions/", questioning.questions, name="catalogue_questions"),
    path("questions/new/", questioning.ask, name="catalogue_ask"),
    path("questions/<int:pk>/", questioning.question, name="catalogue_question"),
    path("upgrade/", upgrading.upgrade, name="catalogue_upgrade"),
    path("upgrade/export/", upgrading.export, name="catalogue_upgrade_export"),
    path("notices/<int:pk>/", reading.notice, name="catalogue_notice"),
    path("<int:pk>/", reading.entry, name="catalogue_entry"),
    path("<int:pk>/versions/", reading.versions, name="catalogue_versions"),
    path("<int:pk>/machine/", reading.machine, name="catalogue_machine"),
    path("<int:pk>/edit/", editing.edit, name="catalogue_edit"),
    path("<int:pk>/copy/", editing.copy, name="catalogue_copy"),
    path("<int:pk>/discard/", editing.discard, name="catalogue_discard"),
    path("<int:pk>/do/<str:verb>/", deciding.deed, name="catalogue_deed"),
]
