"""The management API of a department's templates of answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.slices.sharing import actions, queries
from jutong.slices.sharing.api.requests import Id

router = Router()
PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Words = Annotated[str, StringConstraints(max_length=2000, pattern=PLAIN)]


class TemplateIn(Schema):
    """A template: for which answer, its name, and the words of its kind."""

    kind: Literal["agree", "refuse", "supplement"]
    name: Annotated[str, StringConstraints(max_length=100, pattern=PLAIN)]
    scope: Words = ""
    remarks: Words = ""
    reason: Words = ""
    basis: Words = ""
    papers: Annotated[list[Words], Field(max_length=100)] = []

    def template(self) -> dict[str, Any]:
        """Return the arguments of the actions."""
        return {"kind": self.kind, "name": self.name, "words": self.dict(exclude={"kind", "name"})}


class TemplateOut(Schema):
    """A template of the caller's department."""

    id: int
    kind: str
    name: str
    words: dict[str, Any]
    changed_by: str
    changed_at: datetime


@router.get("/templates", response=list[TemplateOut], summary="答复范本")
def templates(request: HttpRequest) -> list[queries.TemplateRow]:
    """Return the templates of the caller's departments."""
    return queries.answer_templates(faces.actor_of(request))


@router.post("/templates", response=TemplateOut, summary="保存答复范本")
def keep(request: HttpRequest, body: TemplateIn) -> queries.TemplateRow:
    """Keep a template."""
    by = faces.actor_of(request)
    return queries.answer_template(actions.keep_answer_template(by=by, at=clock.now(), **body.template()).pk, by)


@router.put("/templates/{template_id}", response=TemplateOut, summary="修改答复范本")
def change(request: HttpRequest, template_id: Id, body: TemplateIn) -> queries.TemplateRow:
    """Change a template; answers given with it before stay as they were."""
    by = faces.actor_of(request)
    actions.change_answer_template(template_id, by=by, at=clock.now(), **body.template())
    return queries.answer_template(template_id, by)


@router.delete("/templates/{template_id}", response={204: None}, summary="删除答复范本")
def drop(request: HttpRequest, template_id: Id) -> Status[None]:
    """Drop a template."""
    actions.drop_answer_template(template_id, by=faces.actor_of(request), at=clock.now())
    return Status(204, None)
