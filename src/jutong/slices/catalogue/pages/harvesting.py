"""A published entry for machines and for quoting: DCAT-AP 3 as JSON-LD, its items as CSV, the whole catalogue page by page."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jutong.kernel.faces import actor_of
from jutong.kernel.faces.downloads import csv_file, safe_headers
from jutong.slices.catalogue import queries
from jutong.slices.catalogue.formats.dcat import ITEM_HEADERS, catalogue_ld, item_lines, json_ld
from jutong.slices.catalogue.pages.forms import asked_number

JSON_LD = "application/ld+json; charset=utf-8"


@require_GET
def dcat(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with an entry as a dcat:Dataset."""
    actor_of(request)
    entry, changed = queries.harvested(pk)
    return _answer(json_ld(entry, site=site_of(request), changed=changed), f"catalogue-{pk}.jsonld")


@require_GET
def items(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer with an entry's items as CSV."""
    actor_of(request)
    entry, _changed = queries.harvested(pk)
    return csv_file(_("信息项-%s.csv") % entry.code.replace("/", "-"), ITEM_HEADERS, item_lines(entry))


@require_GET
def feed(request: HttpRequest) -> HttpResponse:
    """Answer with a page of the published catalogue as a dcat:Catalog; the header Link names the next one."""
    actor_of(request)
    number = asked_number(request)
    site = site_of(request)
    found, meta = queries.harvested_page(number)
    entries = [json_ld(entry, site=site, changed=changed) for entry, changed in found]
    name = _("政务数据目录")
    response = _answer(
        catalogue_ld(entries, site=site, title=name, publisher=name), f"catalogue-page-{meta.number}.jsonld"
    )
    if meta.number < meta.pages:
        response["Link"] = f'<{site}/catalogue/feed/?page={meta.number + 1}>; rel="next"'
    return response


def site_of(request: HttpRequest) -> str:
    """Return the platform's own address without a slash at its end."""
    return request.build_absolute_uri("/").rstrip("/")


def _answer(body: dict[str, Any], name: str) -> HttpResponse:
    response = HttpResponse(orjson.dumps(body, option=orjson.OPT_INDENT_2), content_type=JSON_LD)
    safe_headers(response, name)
    return response
