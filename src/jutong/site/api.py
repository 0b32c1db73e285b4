"""The management API: one OpenAPI over the slices' routers; people sign in by session or by a personal API key."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import JSONRenderer

from jutong.kernel.errors import Refusal, RuleBroken
from jutong.kernel.faces import problem, shapes
from jutong.kernel.faces.signed_in import signed_in
from jutong.site import endpoints

PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "trace"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "给人看的说明"},
        "code": {"type": "string"},
        "trace": {"type": "string", "description": "追踪编号"},
        "remarks": {"type": "object", "additionalProperties": {"type": "string"}, "description": "按字段的说明"},
        "refused": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "成批办理而无一办成时，各件未办成的原因（编号: 说明）",
        },
    },
}


def for_the_known(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Show the description to those only who may call the API."""

    @require_safe
    def guarded(request: HttpRequest, **given: Any) -> HttpResponse:
        try:
            signed_in(request)
        except Refusal as refusal:
            return problem(request, refusal)
        return view(request, **given)

    return guarded


class ManagementAPI(NinjaAPI):
    """The API whose description also says how every endpoint refuses: problem+json (RFC 9457)."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._described: dict[str | None, OpenAPISchema] = {}

    def get_openapi_schema(self, *, path_prefix: str | None = None, **given: Any) -> OpenAPISchema:
        """Return the OpenAPI document; it is made once, since a thousand endpoints take a second."""
        if path_prefix not in self._described:
            self._described[path_prefix] = self._describe(path_prefix=path_prefix, **given)
        return self._described[path_prefix]

    def _describe(self, **given: Any) -> OpenAPISchema:
        described = super().get_openapi_schema(**given)
        described["components"].setdefault("schemas", {})["Problem"] = PROBLEM
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for methods in described["paths"].values():
            for operation in methods.values():
                operation["responses"].setdefault("default", {"description": "拒绝，原因见 detail", "content": content})
        return described


class Readable(JSONRenderer):
    """JSON with its Chinese as it is: half the bytes, and a person who looks at an answer can read it."""

    json_dumps_params: Mapping[str, Any] = {"ensure_ascii": False}


api = ManagementAPI(
    renderer=Readable(),
    title="聚通管理接口",
    version="1.0",
    docs_url=None,
    docs_decorator=for_the_known,
    auth=signed_in,
    urls_namespace="api",
)


@api.exception_handler(Refusal)
def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal as problem+json."""
    return problem(request, refusal)


@api.exception_handler(ValidationError)
def misshapen(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer input of the wrong shape with one sentence per field, in the reader's language."""
    return problem(request, shapes.misshapen(error.errors))


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, _error: HttpError) -> HttpResponse:
    """Answer a body that is no JSON; ninja says so by this error and, here, nothing else."""
    return problem(
        request, RuleBroken(_("请求正文不是有效的 JSON，请核对引号、逗号和 UTF-8 编码后重新提交。"), field="body")
    )


api.add_router("/workbench", endpoints.router, tags=["workbench"])
for _name in settings.SLICES:
    if importlib.util.find_spec(f"jutong.slices.{_name}.api"):
        api.add_router(f"/{_name}", import_module(f"jutong.slices.{_name}.api").router, tags=[_name])
