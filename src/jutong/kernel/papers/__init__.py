"""Papers that people print and keep: one description of what stands in them, drawn as PDF and as Word."""

from jutong.kernel.papers.blocks import Block, Code, Facts, Heading, Page, Paper, Signatures, Table, Text, printable
from jutong.kernel.papers.portable import MEDIA_TYPE as PDF
from jutong.kernel.papers.portable import pdf
from jutong.kernel.papers.word import MEDIA_TYPE as WORD
from jutong.kernel.papers.word import word

__all__ = [
    "PDF",
    "WORD",
    "Block",
    "Code",
    "Facts",
    "Heading",
    "Page",
    "Paper",
    "Signatures",
    "Table",
    "Text",
    "pdf",
    "printable",
    "word",
]
