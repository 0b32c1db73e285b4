"""A small generator of load: so many connections to loopback, one call under way on each, every answer checked."""

from __future__ import annotations

import multiprocessing
import resource
import select
import socket
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

PATIENCE_SECONDS = 20.0
DROP = 2048
"""Bytes that a slow reader takes twice a second."""


class Unanswered(Exception):  # noqa: N818 - a finding, not a fault of the program
    """The server was silent, broke off, or gave an answer that is none."""


def drive(port: int, calls: Sequence[bytes], *, connections: int, expected: bytes) -> float:
    """Send every call once, return the seconds; each answer must be 200 and hold `expected`."""
    queue = iter(calls)
    poll = select.epoll()
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(min(connections, len(calls)))]
    heard = {line.fileno(): b"" for line in lines}
    by_number = {line.fileno(): line for line in lines}
    answered = 0
    try:
        for line in lines:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            poll.register(line, select.EPOLLIN)
        began = time.perf_counter()
        for line in lines:
            line.sendall(next(queue))
        while answered < len(calls):
            ready = poll.poll(PATIENCE_SECONDS)
            if not ready:
                raise Unanswered(f"no answer for {PATIENCE_SECONDS:.0f} s after {answered} of {len(calls)} calls")
            for number, _event in ready:
                heard[number] += _received(by_number[number])
                if not _whole(heard[number], expected):
                    continue
                heard[number] = b""
                answered += 1
                call = next(queue, None)
                if call is not None:
                    by_number[number].sendall(call)
        return time.perf_counter() - began
    finally:
        poll.close()
        for line in lines:
            line.close()


def _received(line: socket.socket) -> bytes:
    data = line.recv(65536)
    if not data:
        raise Unanswered("the server closed a connection")
    return data


def _whole(answer: bytes, expected: bytes) -> bool:
    """Tell whether an answer has come in wholly; `Unanswered` for one that is not the expected."""
    head, blank, body = answer.partition(b"\r\n\r\n")
    if not blank:
        return False
    length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0].strip()
    if not length.isdigit():
        raise Unanswered(f"an answer without length: {head[:200]!r}")
    if len(body) < int(length):
        return False
    if not head.startswith(b"HTTP/1.1 200") or expected not in body:
        raise Unanswered(f"not the answer: {answer[:400]!r}")
    return True


def paced_apart(port: int, calls: Sequence[bytes], *, rate: float, connections: int) -> list[float]:
    """Do as `paced` in a process of its own: what else this process does would be taken for the server's slowness."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=lambda: theirs.send(paced(port, calls, rate=rate, connections=connections)), daemon=True
    )
    process.start()
    theirs.close()
    try:
        took: list[float] = ours.recv()
    except EOFError:
        raise Unanswered("the paced calls ended without a word") from None
    finally:
        process.join(10)
    return took


def paced(port: int, calls: Sequence[bytes], *, rate: float, connections: int) -> list[float]:
    """Send calls at a steady rate, whatever the answers do, and return the seconds from when each was due to its answer."""
    poll = select.epoll()
    lines = {
        line.fileno(): line for line in (socket.create_connection(("127.0.0.1", port)) for _ in range(connections))
    }
    for number, line in lines.items():
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(number, select.EPOLLIN)
    free, heard, due_at = list(lines), dict.fromkeys(lines, b""), dict[int, float]()
    took: list[float] = []
    sent, began = 0, time.perf_counter()
    try:
        while len(took) < len(calls):
            while free and sent < len(calls) and (due := began + sent / rate) <= time.perf_counter():
                number = free.pop()
                due_at[number] = due
                lines[number].sendall(calls[sent])
                sent += 1
            wait = PATIENCE_SECONDS
            if free and sent < len(calls):
                wait = max(0.0, began + sent / rate - time.perf_counter())
            ready = poll.poll(wait)
            if not ready and wait == PATIENCE_SECONDS:
                raise Unanswered(f"no answer for {PATIENCE_SECONDS:.0f} s after {len(took)} of {len(calls)} calls")
            for number, _event in ready:
                heard[number] += _received(lines[number])
                if _whole(heard[number], b'"count":1'):
                    took.append(time.perf_counter() - due_at[number])
                    heard[number] = b""
                    free.append(number)
        return took
    finally:
        poll.close()
        for line in lines.values():
            line.close()


def drip(port: int, calls: Sequence[bytes], words: Connection) -> None:
    """Begin every download, tell how many began, and read each drop by drop until told to stop; tell how many still go."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    lines = []
    for call in calls:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DROP)
        line.settimeout(PATIENCE_SECONDS)
        line.connect(("127.0.0.1", port))
        line.sendall(call)
        lines.append(line)
    words.send(sum(line.recv(12).startswith(b"HTTP/1.1 200") for line in lines))
    going = len(lines)
    while not words.poll(0.5):
        going = sum(bool(line.recv(DROP)) for line in lines)
    words.send(going)
