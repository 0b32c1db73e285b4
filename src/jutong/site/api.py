"""The management API: one OpenAPI over the slices' routers; people sign in by session or by a personal API key."""

from __future__ import annotations

import importlib.util
from importlib import import_module

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from jutong.kernel.errors import Refusal, RuleBroken
from jutong.kernel.faces import problem
from jutong.kernel.faces.signed_in import signed_in
from jutong.site import endpoints

api = NinjaAPI(title="聚通管理接口", version="1.0", docs_url=None, auth=signed_in, urls_namespace="api")


@api.exception_handler(Refusal)
def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal as problem+json."""
    return problem(request, refusal)


@api.exception_handler(ValidationError)
def misshapen(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer input of the wrong shape with one Chinese sentence per field."""
    remarks = {".".join(str(p) for p in e["loc"]): str(e["msg"]) for e in error.errors}
    fields = "、".join(remarks)
    return problem(request, RuleBroken(f"请求内容不符合接口要求，请检查：{fields}。", remarks=remarks))


api.add_router("/workbench", endpoints.router, tags=["workbench"])
for _name in settings.SLICES:
    if importlib.util.find_spec(f"jutong.slices.{_name}.api"):
        api.add_router(f"/{_name}", import_module(f"jutong.slices.{_name}.api").router, tags=[_name])
