"""Examples of addresses of the standards library, and of imports that follow it: specifications, peers' codes, templates."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import examples_policy as policy
import msgspec

from jutong.slices.catalogue import actions as catalogue
from jutong.slices.standards import actions
from jutong.slices.standards.formats import specifications as sheets
from jutong.slices.standards.rules.national import shipped

if TYPE_CHECKING:
    from examples import Book
    from scene import Scene

NATIONAL = shipped()[-1]
CODES = [("in", "share_type", "2", "unconditional"), ("out", "share_type", "unconditional", "2")]
PEER = "省目录系统"
V1 = "api/v1/standards"


def prepare(scene: Scene) -> None:
    """Give the scene a draft specification, a peer's table and an import that waits to be confirmed."""
    world, at = scene.world, scene.world.at
    chief = world.actor("authority.chief")
    draft = actions.draft_specification(
        region="511000", title="内江市规范", elements=NATIONAL.elements, by=chief, at=at
    )
    actions.keep_peer_codes(peer=PEER, rows=CODES, by=chief, at=at)
    by = world.actor("civil.officer")
    file = io.BytesIO("资源名称,发布日期\n残疾人名单,2026年3月1日\n".encode())
    waiting = catalogue.upload(file, "待核对.csv", by=by, at=at)
    catalogue.choose_mapping(waiting.pk, by=by, at=at)
    scene.ids |= {"specification": draft.pk, "import_to_confirm": waiting.pk}


def pages(book: Book, scene: Scene) -> None:
    """Add the pages."""
    workbook = io.BytesIO()
    sheets.write(workbook, NATIONAL)
    file = {"file": ("规范.xlsx", workbook.getvalue())}
    book.add("POST", "standards/specifications/draft", form={"region": "511000"}, files=file)
    book.page("standards/specifications/<int:pk>", scene["specification"], effective_from="2099-01-01")
    book.deed("standards/specifications/<int:pk>/discard", scene["specification"])
    book.add("POST", "standards/peers", form={"peer": PEER}, files={"file": ("对照.xlsx", _codes())})
    book.seen("standards/peers/<str:name>", "standards/peers/<str:name>/export", to=(PEER,))
    book.deed("standards/peers/<str:name>/remove", PEER)
    policy.pages(book, scene)
    book.page("catalogue/<int:pk>/merge/", scene["published"], code="3070010001/000099", reason="职责整合")
    book.add("GET", "catalogue/import/template/<str:kind>/", "own")
    book.deed("catalogue/import/<int:pk>/confirm/", scene["import_to_confirm"], repairs=["dates"])


def _codes() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (("方向", "要素", "原值", "转换为"), ("接收", "共享类型", "2", "无条件共享")):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def endpoints(book: Book, scene: Scene) -> None:
    """Add the endpoints."""
    elements = msgspec.to_builtins(NATIONAL.elements)
    book.add("POST", f"{V1}/specifications", body={"region": "511000", "title": "内江市规范", "elements": elements})
    book.add("GET", f"{V1}/specifications/<pk>", scene["specification"])
    book.add("POST", f"{V1}/specifications/<pk>/publish", scene["specification"], body={"effective_from": "2099-01-01"})
    book.add("GET", f"{V1}/peers/<peer>", PEER)
    codes = [{"direction": d, "element": e, "given": given, "becomes": becomes} for d, e, given, becomes in CODES]
    book.add("PUT", f"{V1}/peers/<peer>", PEER, body={"codes": codes})
    book.add(
        "POST", "api/v1/catalogue/import/<run_id>/confirm", scene["import_to_confirm"], body={"repairs": ["dates"]}
    )
    merged = {"code": "3070010001/000099", "reason": "职责整合"}
    book.add("POST", "api/v1/catalogue/<entry_id>/merge", scene["published"], body=merged)
