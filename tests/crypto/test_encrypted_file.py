"""The encrypted file: any size, read by range, and every cut, change and exchange noticed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covers import covers
from jutong.crypto import DecryptionFailed, KeyRefused, sm4
from jutong.crypto.sm4 import DecryptingReader, EncryptingWriter

KEY = bytes(range(16))
HEADER = 28
CHUNK = 10
STRIDE = CHUNK + 16


def encrypted(plaintext: bytes, *, chunk_size: int = CHUNK, key: bytes = KEY) -> bytes:
    file = io.BytesIO()
    with EncryptingWriter(file, key, chunk_size=chunk_size) as writer:
        writer.write(plaintext)
    return file.getvalue()


def decrypted(stored: bytes, key: bytes = KEY) -> bytes:
    return DecryptingReader(io.BytesIO(stored), key).read()


@covers(partly=["R-SEC-006"])
@given(st.lists(st.binary(max_size=35), max_size=5), st.integers(1, 40))
def test_what_was_written_in_any_pieces_is_read_again(pieces, chunk_size):
    file = io.BytesIO()
    with EncryptingWriter(file, KEY, chunk_size=chunk_size) as writer:
        for piece in pieces:
            assert writer.write(piece) == len(piece)
    reader = DecryptingReader(io.BytesIO(file.getvalue()), KEY)
    assert reader.size == len(b"".join(pieces))
    assert reader.read() == b"".join(pieces)


@given(st.binary(max_size=60), st.integers(0, 70), st.integers(0, 70))
def test_any_range_is_the_same_as_the_slice_of_the_plain_text(plaintext, start, length):
    reader = DecryptingReader(io.BytesIO(encrypted(plaintext)), KEY)
    assert reader.seek(start) == start
    assert reader.read(length) == plaintext[start : start + length]
    assert reader.tell() == max(start, min(start + length, len(plaintext)))
    reader.seek(-len(plaintext), io.SEEK_END)
    assert reader.read() == plaintext
    reader.seek(0)
    reader.seek(1, io.SEEK_CUR)
    assert reader.read() == plaintext[1:]


def test_a_file_of_several_real_chunks_is_read_from_the_middle():
    plaintext = bytes(range(256)) * (3 * 4096 + 5)
    stored = encrypted(plaintext, chunk_size=sm4.CHUNK_SIZE)
    reader = DecryptingReader(io.BytesIO(stored), KEY)
    middle = 2 * sm4.CHUNK_SIZE - 3
    reader.seek(middle)
    assert reader.read(7) == plaintext[middle : middle + 7]
    assert reader.read1() == plaintext[middle + 7 : 3 * sm4.CHUNK_SIZE]


@given(st.integers(0, 45), st.data())
def test_a_file_cut_anywhere_is_refused_when_opened(length, data):
    stored = encrypted(bytes(length))
    cut = data.draw(st.integers(0, len(stored) - 1))
    with pytest.raises(DecryptionFailed):
        DecryptingReader(io.BytesIO(stored[:cut]), KEY)


@given(st.integers(0, 45), st.data())
def test_any_changed_bit_is_noticed_before_its_chunk_is_given(length, data):
    stored = bytearray(encrypted(bytes(length)))
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DecryptionFailed):
        decrypted(bytes(stored))


def test_exchanged_doubled_dropped_and_appended_chunks_are_refused():
    stored = encrypted(bytes(35))
    header, chunks = stored[:HEADER], [stored[at : at + STRIDE] for at in range(HEADER, len(stored), STRIDE)]
    one, two, three, last = chunks
    for wrong in ([two, one, three, last], [one, one, three, last], [one, three, last], [*chunks, last], [one, two]):
        with pytest.raises(DecryptionFailed, match="校验未通过"):
            decrypted(header + b"".join(wrong))


def test_a_chunk_of_another_file_under_the_same_key_is_refused():
    first, second = encrypted(b"a" * 25), encrypted(b"b" * 25)
    spliced = first[: HEADER + STRIDE] + second[HEADER + STRIDE : HEADER + 2 * STRIDE] + first[HEADER + 2 * STRIDE :]
    with pytest.raises(DecryptionFailed, match="第 2 块"):
        decrypted(spliced)
    with pytest.raises(DecryptionFailed):
        decrypted(first[:HEADER] + second[HEADER:])


def test_two_files_of_one_text_share_no_chunk():
    first, second = encrypted(bytes(25)), encrypted(bytes(25))
    assert first[HEADER : HEADER + STRIDE] != second[HEADER : HEADER + STRIDE]


def test_another_key_and_another_kind_of_file_are_refused():
    with pytest.raises(DecryptionFailed):
        decrypted(encrypted(b"text"), key=bytes(16))
    with pytest.raises(DecryptionFailed, match="不是本系统的加密文件"):
        decrypted(b"PK\x03\x04" + bytes(100))
    with pytest.raises(KeyRefused):
        encrypted(b"text", key=bytes(8))


def test_a_header_cannot_ask_for_endless_memory():
    stored = bytearray(encrypted(b"text"))
    stored[8:12] = b"\xff\xff\xff\xff"
    with pytest.raises(DecryptionFailed, match="分块大小"):
        decrypted(bytes(stored))
    with pytest.raises(KeyRefused, match="分块"):
        encrypted(b"", chunk_size=0)


def test_a_file_whose_writing_broke_off_is_no_file():
    file = io.BytesIO()

    def half_written():
        with EncryptingWriter(file, KEY, chunk_size=CHUNK) as writer:
            writer.write(bytes(25))
            raise RuntimeError("source went away")

    with pytest.raises(RuntimeError):
        half_written()
    with pytest.raises(DecryptionFailed):
        decrypted(file.getvalue())


def test_a_finished_file_takes_no_more():
    file = io.BytesIO()
    writer = EncryptingWriter(file, KEY)
    writer.write(memoryview(b"all"))
    writer.flush()
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="finished"):
        writer.write(b"more")
    assert decrypted(file.getvalue()) == b"all"


def test_text_layers_of_python_stand_on_writer_and_reader():
    file = io.BytesIO()
    with EncryptingWriter(file, KEY) as writer:
        text = io.TextIOWrapper(writer, encoding="utf-8", newline="", write_through=True)
        csv.writer(text).writerows([["姓名", "编号"], ["张三", "1"]])
        text.detach()
    reader = io.TextIOWrapper(DecryptingReader(io.BytesIO(file.getvalue()), KEY), encoding="utf-8", newline="")
    assert list(csv.reader(reader)) == [["姓名", "编号"], ["张三", "1"]]


def test_a_seek_before_the_beginning_is_an_error():
    reader = DecryptingReader(io.BytesIO(encrypted(b"text")), KEY)
    assert reader.readable()
    assert reader.seekable()
    with pytest.raises(ValueError, match="negative"):
        reader.seek(-1)
    reader.seek(100)
    assert reader.read() == b""
