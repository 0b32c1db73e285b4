"""DCAT-AP 3 as JSON-LD, a citation, and an entry's items as CSV: a published entry for those who harvest or quote it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from jutong.wire import catalogue as wire

CONTEXT: Final = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_AUTHORITY: Final = "http://publications.europa.eu/resource/authority"
ACCESS: Final = {"unconditional": "PUBLIC", "conditional": "RESTRICTED", "withheld": "NON_PUBLIC"}
"""Access rights of the EU's list; 无条件共享 is open to every department, not to the public."""
FREQUENCIES: Final = {
    "real_time": "UPDATE_CONT", "daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY", "quarterly": "QUARTERLY",
    "half_yearly": "ANNUAL_2", "yearly": "ANNUAL", "irregular": "IRREG", "none": "NEVER",
}  # fmt: skip
FILE_TYPES: Final = {
    "csv": "CSV", "xls": "XLS", "xlsx": "XLSX", "json": "JSON", "xml": "XML", "pdf": "PDF", "doc": "DOC", "docx": "DOCX",
    "txt": "TXT", "shp": "SHP", "zip": "ZIP", "html": "HTML", "jpg": "JPEG", "png": "PNG",
}  # fmt: skip
ITEM_HEADERS: Final = (
    "信息项名称", "技术名称", "数据类型", "数据长度", "共享类型", "主键", "敏感", "说明",
)  # fmt: skip


def json_ld(entry: wire.Entry, *, site: str, changed: date | None) -> dict[str, Any]:
    """Return a published entry as dcat:Dataset with one distribution. site: the platform's address without a slash."""
    address = stable_address(entry, site)
    dataset: dict[str, Any] = {
        "@id": address,
        "@type": "dcat:Dataset",
        "dct:title": _text(entry.title),
        "dct:description": _text(entry.abstract or entry.title),
        "dct:identifier": entry.code,
        "dct:publisher": _publisher(entry, site),
        "dct:accessRights": _concept("access-right", ACCESS[entry.share_type], "dct:RightsStatement"),
        "dcat:version": str(entry.version),
        "dcat:landingPage": {"@id": address, "@type": "foaf:Document"},
        "dcat:keyword": [_text(item.name) for item in entry.items][:50],
        "dcat:distribution": [_distribution(entry, address)],
    }
    if entry.update_cycle in FREQUENCIES:
        dataset["dct:accrualPeriodicity"] = _concept("frequency", FREQUENCIES[entry.update_cycle], "dct:Frequency")
    for name, day in (("dct:issued", entry.published_on), ("dct:modified", changed)):
        if day:
            dataset[name] = {"@type": "xsd:date", "@value": day.isoformat()}
    return {"@context": CONTEXT, **dataset}


def catalogue_ld(entries: Iterable[dict[str, Any]], *, site: str, title: str, publisher: str) -> dict[str, Any]:
    """Return datasets as one dcat:Catalog."""
    return {
        "@context": CONTEXT,
        "@id": f"{site}/catalogue/",
        "@type": "dcat:Catalog",
        "dct:title": _text(title),
        "dct:description": _text(title),
        "dct:publisher": {"@id": f"{site}/", "@type": "foaf:Agent", "foaf:name": _text(publisher)},
        "dcat:dataset": [{name: value for name, value in entry.items() if name != "@context"} for entry in entries],
    }


def stable_address(entry: wire.Entry, site: str) -> str:
    """Return the address that stays an entry's for ever: by its code, through mergers."""
    return f"{site}/catalogue/code/{entry.code}"


def _text(text: str) -> dict[str, str]:
    return {"@language": "zh", "@value": text}


def _concept(scheme: str, code: str, kind: str) -> dict[str, str]:
    return {"@id": f"{_AUTHORITY}/{scheme}/{code}", "@type": kind}


def _publisher(entry: wire.Entry, site: str) -> dict[str, Any]:
    agent: dict[str, Any] = {"@type": "foaf:Agent", "foaf:name": _text(entry.provider)}
    if entry.provider_uscc:
        agent |= {"@id": f"{site}/departments/{entry.provider_uscc}", "dct:identifier": entry.provider_uscc}
    return agent


def _distribution(entry: wire.Entry, address: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@id": f"{address}#distribution",
        "@type": "dcat:Distribution",
        "dcat:accessURL": {"@id": address, "@type": "rdfs:Resource"},
        "dct:title": _text(entry.title),
    }
    if entry.share_conditions:
        found["dct:rights"] = {"@type": "dct:RightsStatement", "rdfs:label": _text(entry.share_conditions)}
    kinds = [FILE_TYPES[kind] for kind in entry.format_type.split(",") if kind in FILE_TYPES]
    if kinds:
        found["dct:format"] = _concept("file-type", kinds[0], "dct:MediaTypeOrExtent")
    return found


def item_lines(entry: wire.Entry) -> Iterable[list[object]]:
    """Yield an entry's items as lines of a CSV file under `ITEM_HEADERS`."""
    for item in entry.items:
        yield [
            item.name, item.column, item.type, item.length or None, item.share_type, "是" if item.key else "否",
            "是" if item.sensitive else "否", item.description,
        ]  # fmt: skip
