"""Examples of addresses for compiling entries from tables, maintaining them by interface, and asking about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

LINES = {
    "title": "殡葬信息", "taken-0": "on", "name-0": "姓名", "type-0": "C", "length-0": "50", "taken-1": "on",
    "name-1": "公民身份号码", "type-1": "C", "length-1": "18", "sensitive-1": "on",
}  # fmt: skip


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    _mounting(book, scene)
    book.deed("datacentre/tables/", verb="read", ids=[str(scene["table"])])
    book.deed("datacentre/tables/stock/", source=str(scene["source"]))
    book.page("datacentre/tables/<int:pk>/", scene["table"], **LINES)
    book.deed("datacentre/tables/<int:pk>/accept/", scene["table_changed"])
    book.deed("datacentre/tables/<int:pk>/leave-out/", scene["table"], note="临时表")
    book.deed("datacentre/entries/<int:entry_id>/look/", scene["resource"])
    book.add("GET", "datacentre/comparison/export/<str:what>/", "figures")
    book.deed("catalogue/questions/new/", topic="compiling", text="怎样确定类别？")
    book.page("catalogue/questions/<int:pk>/", scene["question"], answer="按家庭统计")


def _mounting(book: Book, scene: Scene) -> None:
    source, resource = scene["source"], scene["resource"]
    book.add("GET", "datacentre/entries/<int:entry_id>/", resource)
    book.add("GET", "datacentre/entries/<int:entry_id>/mount/", resource)
    chosen = {
        "公民身份号码": "id_number",
        "姓名": "xm",
        "出生日期": "birthday",
        "户籍行政区划": "division",
        "收入": "-",
    }
    mapping = {**chosen, **{f"masking:{item}": "none" for item in chosen}, "key:公民身份号码": "on"}
    book.deed("datacentre/entries/<int:entry_id>/mount/", resource, source_id=source, place="public.people", **mapping)
    book.deed("datacentre/entries/<int:entry_id>/unmount/", scene["unshared"], note="表已停用")
    book.deed("datacentre/entries/<int:entry_id>/preview/", resource)


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    base = "api/v1/datacentre"
    book.add("POST", f"{base}/tables/stock", body={"source_id": scene["source"]})
    for verb in ("read", "compile"):
        book.add("POST", f"{base}/tables/{verb}", body={"ids": [scene["table"]]})
    book.add("GET", f"{base}/tables/<table_id>", scene["table"])
    book.add("POST", f"{base}/tables/<table_id>/accept", scene["table_changed"])
    book.add("POST", f"{base}/tables/<table_id>/leave-out", scene["table"], body={"note": "临时表"})
    book.add("POST", f"{base}/entries/<entry_id>/look", scene["resource"])
    base = "api/v1/catalogue"
    book.add("POST", f"{base}/batch", body={"entries": [{"content": {"title": "成批的信息"}}]})
    book.add("POST", f"{base}/<entry_id>/revise", scene["published"], body={})
    book.add("POST", f"{base}/questions", body={"text": "怎样确定类别？", "topic": "compiling"})
    book.add("GET", f"{base}/questions/<question_id>", scene["question"])
    book.add("POST", f"{base}/questions/<question_id>/answer", scene["question"], body={"text": "按家庭统计"})
