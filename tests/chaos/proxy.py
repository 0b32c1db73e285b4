"""A line between two programs that can be cut, half closed, slowed and closed for a while."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any

CHUNK = 1 << 16


class Proxy:
    """Passes bytes between whoever connects here and one address, in a thread of its own. delay: seconds before each chunk."""

    def __init__(self, host: str, port: int) -> None:
        self.delay = 0.0
        self.closed = False
        self._goal = (host, port)
        self._lines: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._loop = asyncio.new_event_loop()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._line, sock=self._socket))
        self._loop.run_forever()
        self._loop.run_until_complete(self._ended())
        self._loop.close()

    async def _ended(self) -> None:
        """Take no more, and end every line before the loop does."""
        self._server.close()
        lines = asyncio.all_tasks() - {asyncio.current_task()}
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed:
            writer.transport.abort()
            return
        try:
            there, here = await asyncio.open_connection(*self._goal)
        except OSError:
            writer.transport.abort()
            return
        line = (writer, here)
        self._lines.add(line)
        try:
            with suppress(asyncio.CancelledError):  # the end; Python 3.11 would complain of a line that it cancelled
                await asyncio.gather(self._pass(reader, here), self._pass(there, writer))
        finally:
            self._lines.discard(line)
            for end in line:
                with suppress(Exception):
                    end.close()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Pass one way. What breaks at one end, as the lines of a killed server do, breaks at the other."""
        try:
            while chunk := await source.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                sink.write(chunk)
                await sink.drain()
            if sink.can_write_eof():
                sink.write_eof()
        except (OSError, RuntimeError):
            sink.transport.abort()

    def _do(self, deed: Any) -> None:
        self._loop.call_soon_threadsafe(deed)

    def cut(self) -> None:
        """Cut every line at once, without a goodbye."""

        def deed() -> None:
            for line in list(self._lines):
                for end in line:
                    end.transport.abort()

        self._do(deed)

    def half_close(self) -> None:
        """Tell the servers that nothing more comes, while their words still pass."""

        def deed() -> None:
            for _, there in list(self._lines):
                with suppress(OSError, RuntimeError):
                    there.write_eof()

        self._do(deed)

    def stop(self) -> None:
        """Cut everything and take no more."""
        self._do(self._loop.stop)
        self._thread.join(5)
