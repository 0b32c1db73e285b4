"""What the search's endpoint takes and answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from jutong.slices.catalogue import search

Short = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
List = Annotated[list[Short], Field(max_length=50)]


class FoundOut(Schema):
    """One search result and how to obtain it."""

    id: int
    code: str
    title: str
    abstract: str
    provider_id: int
    provider_name: str
    region: str
    share_type: str
    domain: str
    released_on: date | None
    state: str
    how: str


class FacetValueOut(Schema):
    """A facet's value with its count."""

    value: str
    label: str
    count: int


class FacetOut(Schema):
    """A facet."""

    name: str
    label: str
    values: list[FacetValueOut]


class ResultsOut(Schema):
    """A page of results; capped: at least `total` hits, and the facets count only so many.

    meant: what was looked for instead of `q`; suggested: what may have been meant; partial: no entry holds all words.
    """

    total: int
    pages: int
    capped: bool
    meant: str
    suggested: str
    partial: bool
    found: list[FoundOut]
    facets: list[FacetOut]


class FacetsIn(Schema):
    """Chosen facets; values of one facet are alternatives."""

    resource_class: List = []
    share_type: List = []
    format_class: List = []
    share_mode: List = []
    open_type: List = []
    update_cycle: List = []
    domain: List = []
    region: List = []
    provider_id: List = []
    class_code: List = []
    info_kind: List = []

    def chosen(self) -> dict[str, list[str]]:
        """Return the values of every facet."""
        return {name: getattr(self, name) for name in search.FACETS}


class SearchIn(FacetsIn):
    """Words and facets."""

    q: Short = ""
    scope: Literal["published", "own", "all"] = "published"
    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    size: Annotated[int, Field(ge=1, le=100)] = 20
