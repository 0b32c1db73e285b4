"""Papers: what people wrote is never markup, rare signs are never lost, and equal papers are equal files."""

from __future__ import annotations

import io
import re
import zlib

import docx

from jutong.kernel import papers

PAPER = papers.Paper(
    title="信息共享协议",
    number="XY-2026-000001",
    issuer="内江市民政局",
    foot="摘要 8fd4",
    made_at=1_772_413_200,
    blocks=(
        papers.Heading("一、协议各方"),
        papers.Table(("当事方", "负责人"), (("内江市民政局", "王伟"), ("内江市公安局", "李喆")), (2, 1)),
        papers.Facts((("数量", "约 12 万条\n逐月增加"),)),
        papers.Text('条款：#panic("markup") $x$ *不* \\ @sign <label> //'),
        papers.Signatures((("内江市民政局", "已签署"), ("内江市公安局", "待签署"), ("内江市人社局", "待签署"))),
        papers.Code("https://share.example/verify/AB12", "扫码核验"),
        papers.Page(),
        papers.Text("附注", small=True),
    ),
)


def unpacked(pdf: bytes) -> bytes:
    """The streams of a PDF, inflated."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return b"".join(zlib.decompressobj().decompress(one) for one in streams if one[:1] == b"x") + pdf


def test_what_people_wrote_is_set_as_it_is_and_never_as_markup() -> None:
    drawn = papers.pdf(PAPER)  # as markup it would panic
    assert drawn.startswith(b"%PDF-")
    assert drawn.rstrip().endswith(b"%%EOF")


def test_a_paper_is_set_in_the_font_it_brings_along() -> None:
    faces = re.findall(rb"/BaseFont\s*/(?:[A-Z]{6}\+)?([\w-]+)", unpacked(papers.pdf(PAPER)))
    assert {face.removesuffix(b"-Identity-H") for face in faces} == {b"NotoSansCJKsc-Regular"}


def test_equal_papers_are_equal_files() -> None:
    assert papers.pdf(PAPER) == papers.pdf(PAPER)
    assert papers.word(PAPER) == papers.word(PAPER)


def test_a_rare_sign_stands_as_its_code_and_what_cannot_be_seen_goes() -> None:
    assert papers.printable("李喆、陈堃、王玥，√①") == "李喆、陈堃、王玥，√①"
    assert papers.printable("吉𠮷\x00野\u202e家\tx") == "吉〔U+20BB7〕野家 x"
    assert papers.printable("e\u0301") == "é"


def test_the_word_document_says_the_same_and_can_be_worked_on() -> None:
    opened = docx.Document(io.BytesIO(papers.word(PAPER)))
    lines = [line.text for line in opened.paragraphs]
    assert lines[:3] == ["内江市民政局", "信息共享协议", "XY-2026-000001"]
    assert '条款：#panic("markup") $x$ *不* \\ @sign <label> //' in lines
    assert [cell.text for cell in opened.tables[0].rows[2].cells] == ["内江市公安局", "李喆"]
    assert opened.sections[0].footer.paragraphs[0].text == "摘要 8fd4"
    papers.word(papers.Paper(title="控制\x00字符", blocks=()))
