"""SM4 in GCM and CTR (GB/T 32907, RFC 8998), and an encrypted file of any size that is read by byte range."""

from __future__ import annotations

import io
import secrets
from types import TracebackType
from typing import BinaryIO, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jutong.crypto import sm3
from jutong.crypto.errors import DecryptionFailed, KeyRefused

KEY_SIZE: Final = 16
NONCE_SIZE: Final = 12
TAG_SIZE: Final = 16
BLOCK_SIZE: Final = 16
CHUNK_SIZE: Final = 1 << 20
"""Bytes of plain text in one chunk of an encrypted file."""
_LARGEST_CHUNK: Final = 1 << 26
_MAGIC: Final = b"JTSM4F\x00\x01"
_SALT_SIZE: Final = 16
_HEADER_SIZE: Final = len(_MAGIC) + 4 + _SALT_SIZE


def _check(key: bytes, nonce: bytes = bytes(NONCE_SIZE), nonce_size: int = NONCE_SIZE) -> None:
    if len(key) != KEY_SIZE:
        raise KeyRefused(f"SM4 密钥应为 {KEY_SIZE} 字节，实为 {len(key)} 字节，请检查密钥。")
    if len(nonce) != nonce_size:
        raise KeyRefused(f"SM4 的初始向量应为 {nonce_size} 字节，实为 {len(nonce)} 字节，请检查初始向量。")


def gcm_encrypt(key: bytes, plaintext: bytes, *, nonce: bytes | None = None, aad: bytes = b"") -> bytes:
    """Encrypt and authenticate with SM4-GCM; gives nonce (12) || cipher text || tag (16).

    key: 16 bytes. nonce: random unless given; one nonce must never serve twice under one key.
    aad: bytes bound into the tag but not stored. Raises `KeyRefused`.
    """
    nonce = secrets.token_bytes(NONCE_SIZE) if nonce is None else nonce
    _check(key, nonce)
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(aad)
    return b"".join((nonce, encryptor.update(plaintext), encryptor.finalize(), encryptor.tag))


def gcm_decrypt(key: bytes, sealed: bytes, *, aad: bytes = b"") -> bytes:
    """Open what `gcm_encrypt` gave. Raises `DecryptionFailed` where anything was changed, `KeyRefused`."""
    _check(key)
    if len(sealed) < NONCE_SIZE + TAG_SIZE:
        raise DecryptionFailed("SM4-GCM 密文过短，请检查数据是否完整。")
    view = memoryview(sealed)
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(sealed[:NONCE_SIZE], sealed[-TAG_SIZE:])).decryptor()
    decryptor.authenticate_additional_data(aad)
    plaintext = decryptor.update(view[NONCE_SIZE:-TAG_SIZE])
    try:
        return plaintext + decryptor.finalize()
    except InvalidTag:
        raise DecryptionFailed("SM4-GCM 校验未通过：数据被改动，或密钥不符。") from None


def ctr_encrypt(key: bytes, plaintext: bytes, *, counter: bytes) -> bytes:
    """Encrypt with SM4-CTR, unauthenticated, for partners who ask for it. counter: first block, 16 bytes, never reused.

    The cipher text is as long as the plain text. Raises `KeyRefused`.
    """
    _check(key, counter, BLOCK_SIZE)
    encryptor = Cipher(algorithms.SM4(key), modes.CTR(counter)).encryptor()
    return encryptor.update(plaintext) + encryptor.finalize()


def ctr_decrypt(key: bytes, ciphertext: bytes, *, counter: bytes) -> bytes:
    """Decrypt SM4-CTR; a change of the text is not noticed. Raises `KeyRefused`."""
    return ctr_encrypt(key, ciphertext, counter=counter)


# An encrypted file is: magic and version (8 bytes), chunk size (4, big-endian), salt (16), then the chunks, each
# cipher text || tag. Every chunk but the last holds exactly `chunk size` bytes of plain text; the last holds 1 to
# that many, or 0 in an empty file. The chunks' key is HMAC-SM3(key, header)[:16], so it is new for every file and the
# nonce may be the chunk's number; the number and a flag "this is the last" are also bound into each tag. Hence a
# chunk changed, moved, dropped, doubled or taken from another file, and a file cut short, are all noticed.


def _file_key(key: bytes, header: bytes) -> bytes:
    _check(key)
    return sm3.hmac_sm3(key, header)[:KEY_SIZE]


def _place(index: int, *, last: bool) -> tuple[bytes, bytes]:
    """Give nonce and bound data of the chunk at an index."""
    nonce = index.to_bytes(NONCE_SIZE, "big")
    return nonce, nonce + (b"\x01" if last else b"\x00")


class EncryptingWriter:
    """Encrypts what is written into a binary file that the caller opened and will close; memory: two chunks.

    `close` writes the last chunk. Leaving a `with` block by an exception does not, nor does forgetting it: what is
    then in the file is refused by every reader. key: 16 bytes. Raises `KeyRefused`.
    """

    def __init__(self, fileobj: BinaryIO, key: bytes, *, chunk_size: int = CHUNK_SIZE) -> None:
        if not 1 <= chunk_size <= _LARGEST_CHUNK:
            raise KeyRefused(f"加密文件的分块应为 1 至 {_LARGEST_CHUNK} 字节，请调整分块大小。")
        header = _MAGIC + chunk_size.to_bytes(4, "big") + secrets.token_bytes(_SALT_SIZE)
        self._key = _file_key(key, header)
        self._file = fileobj
        self._chunk_size = chunk_size
        self._pending = bytearray()
        self._index = 0
        self.closed = False
        self._file.write(header)

    def readable(self) -> bool:
        """Answer as a binary file does, so that `io.TextIOWrapper` can stand on top."""
        return False

    def seekable(self) -> bool:
        """Answer as a binary file does: no."""
        return False

    def writable(self) -> bool:
        """Answer as a binary file does."""
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:
        """Take bytes; full chunks go to the file as soon as more is known to follow. Gives the number taken."""
        if self.closed:
            raise ValueError("write to a finished encrypted file")
        view = memoryview(data).cast("B")
        taken = 0
        while taken < len(view):
            if len(self._pending) == self._chunk_size:
                self._write_chunk(last=False)
            step = view[taken : taken + self._chunk_size - len(self._pending)]
            self._pending += step
            taken += len(step)
        return taken

    def flush(self) -> None:
        """Flush the file below; the bytes of an unfinished chunk stay in memory."""
        self._file.flush()

    def close(self) -> None:
        """Write the last chunk and flush; a second call does nothing."""
        if not self.closed:
            self._write_chunk(last=True)
            self.closed = True
            self._file.flush()

    def _write_chunk(self, *, last: bool) -> None:
        nonce, aad = _place(self._index, last=last)
        sealed = gcm_encrypt(self._key, bytes(self._pending), nonce=nonce, aad=aad)
        self._file.write(memoryview(sealed)[NONCE_SIZE:])
        self._pending.clear()
        self._index += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        self.closed = True


class DecryptingReader(io.BufferedIOBase):
    """Reads an encrypted file as its plain text, from any position; memory: two chunks.

    The last chunk is checked when the reader is made, so `size`, the bytes of plain text, is authentic. Each chunk is
    checked before a byte of it is given. The caller opened the (seekable) file and will close it; one reader serves
    one thread. Raises `DecryptionFailed` where the file is damaged, cut short or under another key, and `KeyRefused`.
    """

    def __init__(self, fileobj: BinaryIO, key: bytes) -> None:
        super().__init__()
        self._file = fileobj
        stored = fileobj.seek(0, io.SEEK_END)
        fileobj.seek(0)
        header = fileobj.read(_HEADER_SIZE)
        if len(header) < _HEADER_SIZE or not header.startswith(_MAGIC):
            raise DecryptionFailed("不是本系统的加密文件，请检查文件来源和完整性。")
        self._key = _file_key(key, header)
        self._chunk_size = int.from_bytes(header[len(_MAGIC) : len(_MAGIC) + 4], "big")
        if not 1 <= self._chunk_size <= _LARGEST_CHUNK:
            raise DecryptionFailed("加密文件的分块大小有误，文件已损坏，请重新生成。")
        body = stored - _HEADER_SIZE
        self._last = (body - 1) // (self._chunk_size + TAG_SIZE)
        self.size = max(0, body - (self._last + 1) * TAG_SIZE)
        self._position = 0
        self._cached = -1
        self._chunk = b""
        self._open_chunk(max(0, self._last))

    def _open_chunk(self, index: int) -> bytes:
        """Give the plain text of one chunk; the one read before is kept."""
        if index != self._cached:
            self._file.seek(_HEADER_SIZE + index * (self._chunk_size + TAG_SIZE))
            nonce, aad = _place(index, last=index == self._last)
            try:
                self._chunk = gcm_decrypt(self._key, nonce + self._file.read(self._chunk_size + TAG_SIZE), aad=aad)
            except DecryptionFailed:
                raise DecryptionFailed(
                    f"加密文件第 {index + 1} 块校验未通过：文件被改动、不完整，或密钥不符。"
                ) from None
            self._cached = index
        return self._chunk

    def readable(self) -> bool:
        """Answer as a binary file does."""
        return True

    def seekable(self) -> bool:
        """Answer as a binary file does."""
        return True

    def tell(self) -> int:
        """Give the position in the plain text."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move within the plain text, also beyond its end, where reading gives nothing. Gives the new position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._position = base + offset
        return self._position

    def read1(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes, but no more than the rest of one chunk; empty at the end."""
        if self._position >= self.size:
            return b""
        index, start = divmod(self._position, self._chunk_size)
        end = None if size is None or size < 0 else start + size
        piece = self._open_chunk(index)[start:end]
        self._position += len(piece)
        return piece

    def read(self, size: int | None = -1, /) -> bytes:
        """Read exactly `size` bytes, fewer only at the end; without a size, all the rest."""
        left = max(0, self.size - self._position)
        left = left if size is None or size < 0 else min(size, left)
        pieces = []
        while left:
            piece = self.read1(left)
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)
