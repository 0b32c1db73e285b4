"""OpenLineage: one run event (specification 2-0-2) for the start and the end of each order, as a line of JSON."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

SPECIFICATION: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS: Final = "https://openlineage.io/spec/facets/"
EVENT_TYPES: Final = {"sent": "START", "released": "COMPLETE", "rejected": "FAIL", "quarantined": "FAIL"}
"""Event type by the state that a run has reached."""
_NAMES: Final = {"postgresql": "postgres", "mysql": "mysql"}


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table or file: OpenLineage's namespace and name; fields as (name, type, description)."""

    namespace: str
    name: str
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened to an order. rows, bytes: delivered, for COMPLETE; sentence: why it failed, for FAIL."""

    kind: str
    at: datetime
    instance: str
    producer: str
    order_id: str
    job: str
    title: str
    started_at: datetime
    inputs: Sequence[Dataset]
    outputs: Sequence[Dataset]
    rows: int = 0
    bytes: int = 0
    sentence: str = ""
    tags: dict[str, str] = field(default_factory=dict)


def run_id(instance: str, order_id: str) -> str:
    """Return the run's UUID: the same for every event of an order, and for a repeated event."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"jutong:{instance}:{order_id}"))


def table(engine: str, host: str, port: int, database: str, schema: str, name: str) -> Dataset:
    """Return a table by OpenLineage's naming rules: postgres://host:port and database.schema.table."""
    kind = _NAMES.get(engine, engine)
    return Dataset(f"{kind}://{host}:{port}", ".".join(part for part in (database, schema, name) if part))


def line(event: Happened) -> bytes:
    """Return an event as one line of JSON, line feed included."""
    inputs = [_dataset(event, each) for each in event.inputs]
    outputs = [_dataset(event, each) for each in event.outputs]
    if event.kind == "COMPLETE":
        sent = {"rowCount": event.rows, "size": event.bytes}
        for each in outputs:
            told = _facet(event, "OutputStatisticsOutputDatasetFacet", "1-0-2", **sent)
            each["outputFacets"] = {"outputStatistics": told}
        for each in inputs:
            told = _facet(event, "InputStatisticsInputDatasetFacet", "1-0-0", rowCount=event.rows)
            each["inputFacets"] = {"inputStatistics": told}
    content = {
        "eventType": event.kind,
        "eventTime": event.at,
        "producer": event.producer,
        "schemaURL": SPECIFICATION,
        "run": {"runId": run_id(event.instance, event.order_id), "facets": _run_facets(event)},
        "job": {"namespace": f"jutong:{event.instance}", "name": event.job, "facets": _job_facets(event)},
        "inputs": inputs,
        "outputs": outputs,
    }
    return orjson.dumps(content, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def _facet(event: Happened, name: str, version: str, **content: Any) -> dict[str, Any]:
    return {"_producer": event.producer, "_schemaURL": f"{_FACETS}{version}/{name}.json", **content}


def _dataset(event: Happened, each: Dataset) -> dict[str, Any]:
    fields = [{"name": name, "type": kind, "description": said} for name, kind, said in each.fields]
    facets = {"schema": _facet(event, "SchemaDatasetFacet", "1-1-1", fields=fields)} if fields else {}
    return {"namespace": each.namespace, "name": each.name, "facets": facets}


def _run_facets(event: Happened) -> dict[str, Any]:
    facets = {"nominalTime": _facet(event, "NominalTimeRunFacet", "1-0-1", nominalStartTime=event.started_at)}
    if event.sentence:
        said = {"message": event.sentence, "programmingLanguage": "Python"}
        facets["errorMessage"] = _facet(event, "ErrorMessageRunFacet", "1-0-1", **said)
    return facets


def _job_facets(event: Happened) -> dict[str, Any]:
    kind = {"processingType": "BATCH", "integration": "JUTONG", "jobType": "TRANSFER"}
    tags = [{"key": key, "value": value, "source": "JUTONG"} for key, value in event.tags.items()]
    return {
        "jobType": _facet(event, "JobTypeJobFacet", "2-0-3", **kind),
        "documentation": _facet(event, "DocumentationJobFacet", "1-1-0", description=event.title),
        "tags": _facet(event, "TagsJobFacet", "1-0-0", tags=tags),
    }
