"""A paper as Word (docx): the same blocks, to be worked on by people; nothing in it runs or loads anything."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import docx
import segno
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from jutong.kernel.papers.blocks import Code, Facts, Heading, Page, Paper, Signatures, Table, Text

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FACE: Final = "Noto Sans CJK SC"
_PACKED: Final = (1980, 1, 1, 0, 0, 0)
"""The moment under which parts are packed: the same paper is the same file, byte by byte."""


def word(paper: Paper) -> bytes:
    """Return a paper as Word document; equal papers are equal bytes."""
    document = docx.Document()
    _dress(document, paper)
    if paper.issuer:
        _centred(document, paper.issuer, 12)
    _centred(document, paper.title, 18, bold=True)
    if paper.number:
        _centred(document, paper.number, 9.5)
    for block in paper.blocks:
        _DRAWN[type(block)](document, block)
    kept = io.BytesIO()
    document.save(kept)
    return _repacked(kept)


def _dress(document: Any, paper: Paper) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = FACE, Pt(10.5)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FACE)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    section.footer.paragraphs[0].text = _legal(paper.foot)
    said = document.core_properties
    moment = datetime.fromtimestamp(paper.made_at, UTC).replace(tzinfo=None)
    said.title, said.author, said.created, said.modified = _legal(paper.title), "", moment, moment


def _legal(text: str) -> str:
    """Return a text without the signs that XML cannot hold."""
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable() or sign == "\u3000")


def _centred(document: Any, text: str, size: float, *, bold: bool = False) -> None:
    line = document.add_paragraph()
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = line.add_run(_legal(text))
    run.bold, run.font.size = bold, Pt(size)


def _heading(document: Any, block: Heading) -> None:
    run = document.add_paragraph().add_run(_legal(block.text))
    run.bold, run.font.size = True, Pt(12.5 if block.level == 1 else 11)


def _text(document: Any, block: Text) -> None:
    for words in block.text.split("\n"):
        document.add_paragraph().add_run(_legal(words)).font.size = Pt(8.5 if block.small else 10.5)


def _facts(document: Any, block: Facts) -> None:
    _grid(document, block.rows, ())


def _table(document: Any, block: Table) -> None:
    _grid(document, block.rows, block.head)


def _grid(document: Any, rows: Sequence[Sequence[str]], head: Sequence[str]) -> None:
    width = len(head) or max((len(row) for row in rows), default=0)
    if not width:
        return
    table = document.add_table(rows=0, cols=width)
    table.style = "Table Grid"
    for row in (*([head] if head else []), *rows):
        for cell, text in zip(table.add_row().cells, row, strict=False):
            cell.text = _legal(text)
    if head:
        for cell in table.rows[0].cells:
            cell.paragraphs[0].runs[0].bold = True
    document.add_paragraph()


def _signatures(document: Any, block: Signatures) -> None:
    _grid(document, block.boxes, ())


def _code(document: Any, block: Code) -> None:
    drawing = io.BytesIO()
    segno.make(block.content, error="m", micro=False).save(drawing, kind="png", scale=6, border=2)
    drawing.seek(0)
    document.add_picture(drawing, width=Cm(2.8))
    _text(document, Text(block.text, small=True))


def _page(document: Any, _block: Page) -> None:
    document.add_page_break()


_DRAWN: Final[dict[type, Callable[[Any, Any], None]]] = {
    Heading: _heading,
    Text: _text,
    Facts: _facts,
    Table: _table,
    Signatures: _signatures,
    Code: _code,
    Page: _page,
}


def _repacked(kept: io.BytesIO) -> bytes:
    """Return the archive with its parts in order and without the moment of packing."""
    fresh = io.BytesIO()
    with zipfile.ZipFile(kept) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = zipfile.ZipInfo(name, _PACKED)
            part.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(part, old.read(name))
    return fresh.getvalue()
