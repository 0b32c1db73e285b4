"""A node's calls about parcels; unlike the other internal calls, a refusal comes back as the centre said it."""

from __future__ import annotations

from typing import Final, TypeVar

import httpx
import msgspec

from jutong.dataplane.errors import Refusal, Unavailable
from jutong.dataplane.link import Link, rest
from jutong.wire.envelope import Envelope, Problem
from jutong.wire.nodes import ParcelState

Message = TypeVar("Message")
PATIENCE_SECONDS: Final = 30


class Mail(Link):
    """The internal client of a front-end node."""

    async def post_slip(self, slip: Envelope) -> ParcelState:
        """Announce a parcel, or ask how much of it the centre has."""
        return _read(await self._ask("POST", "/internal/parcels", msgspec.json.encode(slip)), ParcelState)

    async def post_piece(self, key: str, offset: int, piece: bytes) -> ParcelState:
        """Send the next bytes of a parcel."""
        return _read(await self._ask("POST", f"/internal/parcels/pieces?key={key}&offset={offset}", piece), ParcelState)

    async def get_waiting(self, *, wait: int) -> list[Envelope]:
        """Return the slips that wait for this node, after at most `wait` seconds."""
        return _read(await self._ask("GET", f"/internal/parcels/waiting?wait={wait}", wait=wait), list[Envelope])

    async def get_piece(self, key: str, offset: int, length: int) -> bytes:
        """Fetch bytes of a parcel."""
        return await self._ask("GET", f"/internal/parcels/pieces?key={key}&offset={offset}&length={length}")

    async def post_parcel_receipt(self, receipt: Envelope) -> None:
        """Hand over the receipt of a parcel that landed."""
        await self._ask("POST", "/internal/parcels/receipts", msgspec.json.encode(receipt))

    async def get_receipts(self) -> list[ParcelState]:
        """Return the receipts of what this node sent."""
        return _read(await self._ask("GET", "/internal/parcels/receipts"), list[ParcelState])

    async def post_collected(self, key: str) -> None:
        """Say that a receipt is safely here."""
        await self._ask("POST", f"/internal/parcels/collected?key={key}", b"{}")

    async def _ask(self, method: str, target: str, body: bytes = b"", *, wait: int = 0) -> bytes:
        headers = {"Content-Type": "application/octet-stream"} if body else {}
        patience = wait + PATIENCE_SECONDS
        try:
            answer = await self._client.request(method, target, content=body, headers=headers, timeout=patience)
        except httpx.HTTPError as error:
            raise Unavailable(f"平台没有应答（{type(error).__name__}），包裹留在队列中，恢复后自动继续。") from error
        if answer.status_code in {httpx.codes.OK, httpx.codes.NO_CONTENT}:
            await rest(answer, wait)
            return answer.content
        try:
            said = msgspec.json.decode(answer.content, type=Problem).detail
        except ValueError:
            said = f"平台拒绝了包裹调用（{answer.status_code}）。"
        kinds = (kind for kind in Refusal.__subclasses__() if kind.status == answer.status_code)
        raise next(kinds, Unavailable)(said)


def _read(raw: bytes, kind: type[Message]) -> Message:
    try:
        return msgspec.json.decode(raw, type=kind)
    except ValueError as error:
        raise Unavailable("平台的应答无法解读，请检查两端版本是否一致。") from error
