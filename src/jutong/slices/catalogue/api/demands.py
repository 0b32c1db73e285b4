"""Endpoints of demands: record, hand in, decide in sets, give to providers, meet, end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from jutong.kernel import clock, faces
from jutong.kernel.faces.sets import MovedOut
from jutong.kernel.workflow import Moved
from jutong.slices.catalogue import actions, queries
from jutong.slices.catalogue.api.deciding import Id, Number, Words
from jutong.slices.catalogue.api.sources import Name, PageNumber, Size, SourceReasonIn, State, Text, paged

router = Router()

Ids = Annotated[list[Number], Field(min_length=1, max_length=500)]
Title = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Items = Annotated[list[Name], Field(max_length=100)]


class DemandIn(Schema):
    """What a department wants. scope: external, internal or central_local; provider_id: the likely one, if known."""

    scope: Annotated[str, StringConstraints(max_length=16)]
    wanted: Title
    contents: Words
    duty: Words
    basis: Words
    items: Items = []
    provider_id: Number | None = None

    def given(self) -> actions.Wanted:
        """Return it as the actions take it."""
        values: dict[str, Any] = {
            name: getattr(self, name) for name in ("scope", "wanted", "contents", "duty", "basis")
        }
        return actions.Wanted(**values, items=tuple(self.items), provider_id=self.provider_id)


class NewDemandIn(DemandIn):
    """What a department wants, and whose demand it is."""

    consumer_id: Number


class DemandOut(Schema):
    """A demand. entry_id 0: nothing is to meet it yet; provider_id 0: nobody named or given; suggested: ids of entries."""

    id: int
    number: str
    region: str
    consumer_id: int
    consumer: str
    provider_id: int
    provider: str
    scope: str
    wanted: str
    contents: str
    items: list[str]
    duty: str
    basis: str
    state: str
    entry_id: int
    entry_title: str
    entry_code: str
    request_number: str
    reason: str
    suggested: list[int]
    at: datetime
    submitted_at: datetime | None
    over_at: datetime | None


class DemandsOut(Schema):
    """A page of demands."""

    total: int
    pages: int
    rows: list[DemandOut]


class DemandsHandedInOut(MovedOut):
    """Demands handed in, and the catalogue entries together with them."""

    entries: list[int]
    entries_refused: dict[int, str]


class DemandIdsIn(Schema):
    """Demands."""

    ids: Ids


class HandInIn(DemandIdsIn):
    """Demands to hand in; with_catalogue: with the entries that the department's leader approved."""

    with_catalogue: bool = False


class AcceptIn(DemandIdsIn):
    """Demands to accept. entries: {demand: entry} links them, the others become gaps, of `provider_id` if given."""

    entries: dict[Number, Number] = {}
    provider_id: Number | None = None


class RejectIn(DemandIdsIn):
    """Demands to reject, with the reason."""

    reason: Words


class AssignIn(DemandIdsIn):
    """Demands to give to a department, each to the one it names where none is given."""

    provider_id: Number | None = None


class DemandEntryIn(Schema):
    """The entry that is to meet a demand."""

    entry_id: Number


class DemandProviderIn(Schema):
    """The department that is to answer a demand."""

    provider_id: Number


@router.get("/demands", response=DemandsOut, summary="数据需求")
def demands(
    request: HttpRequest,
    view: Annotated[str, Query(pattern="^(own|given|review|all)$")] = "own",
    state: State = "",
    scope: State = "",
    text: Text = "",
    page: PageNumber = 1,
    size: Size = 20,
) -> dict[str, Any]:
    """List demands: the own departments', those given to them, those to decide, or all that the caller may know of."""
    given: dict[str, Any] = {"view": view, "state": state, "scope": scope, "text": text, "number": page, "size": size}
    return paged(*queries.demands(faces.actor_of(request), at=clock.now(), **given))


@router.post("/demands", response={201: DemandOut}, summary="登记数据需求")
def record(request: HttpRequest, body: NewDemandIn) -> Status[Any]:
    """Record a demand as a draft."""
    actor, at = faces.signed(request), clock.now()
    made = actions.record_demand(by=actor, at=at, consumer_id=body.consumer_id, given=body.given())
    return Status(201, queries.demand(made.pk, actor=actor, at=at).row)


@router.post("/demands/submit", response=DemandsHandedInOut, summary="提交需求清单")
def submit(request: HttpRequest, body: HandInIn) -> dict[str, Any]:
    """Hand demands in for review, alone or with the catalogue list."""
    handed = actions.submit_demands(
        body.ids, by=faces.signed(request), at=clock.now(), with_catalogue=body.with_catalogue
    )
    demands = handed.demands.some()
    return {
        "done": demands.done,
        "refused": demands.refused,
        "entries": handed.entries.done,
        "entries_refused": handed.entries.refused,
    }


@router.post("/demands/register", response=MovedOut, summary="提交供需对接")
def register(request: HttpRequest, body: DemandIdsIn) -> Moved:
    """Register demands with the matching mechanism."""
    return actions.register_demands(body.ids, by=faces.signed(request), at=clock.now()).some()


@router.post("/demands/accept", response=MovedOut, summary="受理数据需求")
def accept(request: HttpRequest, body: AcceptIn) -> Moved:
    """Accept demands: linked to entries, or as gaps."""
    return actions.accept_demands(by=faces.signed(request), at=clock.now(), **body.dict()).some()


@router.post("/demands/reject", response=MovedOut, summary="不予采纳数据需求")
def reject(request: HttpRequest, body: RejectIn) -> Moved:
    """Reject demands with a reason."""
    return actions.reject_demands(body.ids, by=faces.signed(request), at=clock.now(), reason=body.reason).some()


@router.post("/demands/assign", response=MovedOut, summary="分派数据需求")
def assign(request: HttpRequest, body: AssignIn) -> Moved:
    """Give demands to a department."""
    moved = actions.assign_demands(body.ids, by=faces.signed(request), at=clock.now(), provider_id=body.provider_id)
    return moved.some()


@router.get("/demands/{demand_id}", response=DemandOut, summary="数据需求详情")
def demand(request: HttpRequest, demand_id: Id) -> Any:
    """Return one demand."""
    return queries.demand(demand_id, actor=faces.actor_of(request), at=clock.now()).row


@router.put("/demands/{demand_id}", response={204: None}, summary="修改数据需求")
def edit(request: HttpRequest, demand_id: Id, body: DemandIn) -> Status[None]:
    """Change a draft."""
    actions.edit_demand(demand_id, by=faces.signed(request), at=clock.now(), given=body.given())
    return Status(204, None)


@router.delete("/demands/{demand_id}", response={204: None}, summary="删除需求草稿")
def discard(request: HttpRequest, demand_id: Id) -> Status[None]:
    """Delete a draft."""
    actions.discard_demand(demand_id, by=faces.signed(request), at=clock.now())
    return Status(204, None)


@router.post("/demands/{demand_id}/reassign", response={204: None}, summary="改派数据需求")
def reassign(request: HttpRequest, demand_id: Id, body: DemandProviderIn) -> Status[None]:
    """Give a demand to another department."""
    actions.reassign_demand(demand_id, by=faces.signed(request), at=clock.now(), provider_id=body.provider_id)
    return Status(204, None)


@router.post("/demands/{demand_id}/decline", response={204: None}, summary="说明不能提供")
def decline(request: HttpRequest, demand_id: Id, body: SourceReasonIn) -> Status[None]:
    """Say why the department cannot provide what is wanted."""
    actions.decline_demand(demand_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)


@router.post("/demands/{demand_id}/compile_for", response={204: None}, summary="为需求编制目录")
def compile_for(request: HttpRequest, demand_id: Id) -> Status[None]:
    """Begin the entry that fills the gap."""
    actions.compile_for_demand(demand_id, by=faces.signed(request), at=clock.now())
    return Status(204, None)


@router.post("/demands/{demand_id}/link", response={204: None}, summary="为需求关联目录")
def link(request: HttpRequest, demand_id: Id, body: DemandEntryIn) -> Status[None]:
    """Name the entry that is to meet a demand."""
    actions.link_demand(demand_id, by=faces.signed(request), at=clock.now(), entry_id=body.entry_id)
    return Status(204, None)


@router.post("/demands/{demand_id}/ask", response={204: None}, summary="改以共享申请满足")
def ask(request: HttpRequest, demand_id: Id, body: DemandEntryIn) -> Status[None]:
    """Name the entry that the department asks for instead."""
    actions.ask_by_request(demand_id, by=faces.signed(request), at=clock.now(), entry_id=body.entry_id)
    return Status(204, None)


@router.post("/demands/{demand_id}/end", response={204: None}, summary="终结数据需求")
def end(request: HttpRequest, demand_id: Id, body: SourceReasonIn) -> Status[None]:
    """End a demand with a reason."""
    actions.end_demand(demand_id, by=faces.signed(request), at=clock.now(), reason=body.reason)
    return Status(204, None)
