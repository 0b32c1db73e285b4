"""A paper as PDF: set by typst from one template; what people wrote comes in as data and is never read as markup."""

from __future__ import annotations

import io
import threading
from functools import cache
from importlib.resources import as_file, files
from typing import Any, Final

import msgspec
import segno
import typst

from jutong.kernel.papers.blocks import Code, Paper, printable

MEDIA_TYPE: Final = "application/pdf"
_setting = threading.Lock()


@cache
def _compiler() -> tuple[typst.Compiler, bytes]:
    """Return the compiler with our font alone, and the template; both are read once a process."""
    here = files(__package__)
    with as_file(here.joinpath("fonts")) as folder:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])
    return typst.Compiler(font_paths=fonts), here.joinpath("paper.typ").read_bytes()


def pdf(paper: Paper) -> bytes:
    """Return a paper as PDF (tagged, so that it can be read aloud); equal papers are equal bytes. No network, no files."""
    with _setting:
        compiler, template = _compiler()
        drawn = compiler.compile(
            template,
            format="pdf",
            sys_inputs={"paper": msgspec.json.encode(_said(paper)).decode()},
            timestamp=paper.made_at,
        )
    if not isinstance(drawn, bytes):
        raise TypeError("typst returned no single file")
    return drawn


def _said(paper: Paper) -> Any:
    """Return the paper as plain data with printable texts; codes as their drawing."""
    plain = msgspec.to_builtins(paper)
    for shown, block in zip(plain["blocks"], paper.blocks, strict=True):
        if isinstance(block, Code):
            shown["drawing"] = _drawn(block.content)
    return _printable(plain)


def _drawn(content: str) -> str:
    """Return a QR code as SVG."""
    kept = io.BytesIO()
    segno.make(content, error="m", micro=False).save(kept, kind="svg", border=2)
    return kept.getvalue().decode()


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {name: _printable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(one) for one in value]
    return value
