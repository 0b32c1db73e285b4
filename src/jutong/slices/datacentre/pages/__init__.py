"""Pages of this slice: mounted resources, tables to compile entries from, and the comparison of both."""

from __future__ import annotations

from django.urls import path

from jutong.slices.datacentre.pages import comparing, compiling, mounting

urlpatterns = [
    path("", mounting.listed, name="datacentre_list"),
    path("missing/", mounting.missing, name="datacentre_missing"),
    path("comparison/", comparing.figures, name="datacentre_comparison"),
    path("comparison/tables/", comparing.loose, name="datacentre_loose"),
    path("comparison/export/<str:what>/", comparing.export, name="datacentre_comparison_export"),
    path("tables/", compiling.tables, name="datacentre_tables"),
    path("tables/stock/", compiling.stock, name="datacentre_stock"),
    path("tables/<int:pk>/", compiling.table, name="datacentre_table"),
    path("tables/<int:pk>/accept/", compiling.accept, name="datacentre_table_accept"),
    path("tables/<int:pk>/leave-out/", compiling.leave_out, name="datacentre_table_leave_out"),
    path("entries/<int:entry_id>/", mounting.shown, name="datacentre_detail"),
    path("entries/<int:entry_id>/mount/", mounting.mount, name="datacentre_mount"),
    path("entries/<int:entry_id>/unmount/", mounting.unmount, name="datacentre_unmount"),
    path("entries/<int:entry_id>/preview/", mounting.preview, name="datacentre_preview"),
    path("entries/<int:entry_id>/look/", compiling.look, name="datacentre_look"),
]
