"""Addresses: each slice's pages under its name, its endpoints under /api/v1/, the pages that join slices at the root."""

from __future__ import annotations

import importlib.util
from importlib import import_module

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from jutong.site import enrolment, internal, parcels
from jutong.site.api import api
from jutong.site.pages import audit, due, load, operations, shell, todo, workbench

handler400 = shell.bad_request
handler403 = shell.forbidden
handler404 = shell.not_found
handler500 = shell.broken

urlpatterns: list[URLPattern | URLResolver] = [
    *shell.urlpatterns,
    *workbench.urlpatterns,
    *due.urlpatterns,
    *todo.urlpatterns,
    *load.urlpatterns,
    *audit.urlpatterns,
    *operations.urlpatterns,
    *internal.urlpatterns,
    *enrolment.urlpatterns,
    *parcels.urlpatterns,
    path("api/v1/", api.urls),
]
urlpatterns.extend(
    path(f"{_name}/", include(import_module(f"jutong.slices.{_name}.pages").urlpatterns))
    for _name in settings.SLICES
    if importlib.util.find_spec(f"jutong.slices.{_name}.pages")
)
