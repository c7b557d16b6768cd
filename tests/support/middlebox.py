"""What stands between runner and an API: passes requests on, counts what it received, and fails on the wire."""

import http.client
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

EFFECT = frozenset({"cut", "reset", "half", "junk", "drip"})
"""Ways that fail only once the API has done what it was asked; the others fail before it was asked."""

WAYS = ("unread-close", "unread-reset", "lost-close", "lost-reset", *sorted(EFFECT))


@dataclass
class Seen:
    """A request as it came: its first line, and the how-manieth it was on which connection, both from 1."""

    line: str
    connection: int
    place: int


@dataclass
class Middlebox:
    """A listener that passes on to `target`. The next `times` requests whose first line begins with `match` and whose
    body holds `about` suffer `way`. Unless `keep`, every connection is closed after an answer. `came` are the
    moments at which requests were there, `most` is how many were under way at once."""

    target: str
    url: str = ""
    match: str = "POST "
    about: bytes = b""
    way: str = ""
    times: int = 1
    keep: bool = True
    seen: list[Seen] = field(default_factory=list)
    suffered: list[Seen] = field(default_factory=list)
    came: list[float] = field(default_factory=list)
    most: int = 0
    _busy: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sockets: list[socket.socket] = field(default_factory=list)

    def posts(self) -> int:
        """How many requests with an effect came here."""
        return sum(one.line.startswith("POST ") for one in self.seen)

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        number = 0
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            number += 1
            self._sockets.append(connection)
            threading.Thread(target=self._carry, args=(connection, number), daemon=True).start()

    def close(self) -> None:
        """Close what is still open."""
        for one in self._sockets:
            one.close()

    def _carry(self, connection: socket.socket, number: int) -> None:
        place = 0
        with connection:
            try:
                while raw := read_request(connection):
                    place += 1
                    if not self._one(connection, raw, number, place):
                        return
            except OSError:
                return

    def _one(self, connection: socket.socket, raw: bytes, number: int, place: int) -> bool:
        """Whether the connection may go on."""
        seen = Seen(raw.partition(b"\r\n")[0].decode(), number, place)
        self.seen.append(seen)
        suffers = self.way and self.times and seen.line.startswith(self.match) and self.about in raw
        if suffers:
            self.times -= 1
            self.suffered.append(seen)
            if self.way not in EFFECT:
                return _break(connection, self.way)
        with self._under_way():
            answer = self._passed_on(raw)
        if suffers:
            return _fail(connection, self.way, answer)
        connection.sendall(answer)
        return self.keep

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        with self._lock:
            self.came.append(time.monotonic())
            self._busy += 1
            self.most = max(self.most, self._busy)
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    def _passed_on(self, raw: bytes) -> bytes:
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        upstream = http.client.HTTPConnection(urlsplit(self.target).netloc, timeout=10)
        headers = dict(line.split(": ", 1) for line in lines)
        headers["Host"] = urlsplit(self.target).netloc
        upstream.request(method, path, body or None, headers)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        hop = ("connection", "transfer-encoding", "content-length")
        kept = [f"{name}: {value}\r\n" for name, value in answer.getheaders() if name.lower() not in hop]
        kept.append(f"Content-Length: {len(content)}\r\n")
        kept.append("" if self.keep else "Connection: close\r\n")
        return f"HTTP/1.1 {answer.status} {answer.reason}\r\n{''.join(kept)}\r\n".encode("latin-1") + content


def _break(connection: socket.socket, way: str) -> bool:
    """Fail before the API was asked. What was not read to its end when it is closed makes a reset of a close."""
    if way.endswith("reset"):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def _fail(connection: socket.socket, way: str, answer: bytes) -> bool:
    """Fail after the API has done it."""
    if way == "half":
        connection.sendall(answer[:-5])
    elif way == "junk":
        connection.sendall(b"\x00\x01 this is not HTTP\r\n\r\n")
    elif way == "drip":  # the head, a few bytes one by one, and no more
        head, _, body = answer.partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        for at in range(3):
            connection.sendall(body[at : at + 1])
    elif way == "reset":
        return _break(connection, way)
    return False


def read_request(connection: socket.socket) -> bytes:
    """One whole request; empty when the other side has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(65536)):
            return b""
        data += piece
        if data.startswith(b"\x16"):  # whoever speaks TLS is told so as servers do
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return b""
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        if not (piece := connection.recv(65536)):
            return b""
        body += piece
    return head + b"\r\n\r\n" + body


@contextmanager
def between(target: str, **how: object) -> Iterator[Middlebox]:
    """A middlebox before `target`, for the time of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        box = Middlebox(target, f"http://127.0.0.1:{listener.getsockname()[1]}", **how)  # type: ignore[arg-type]
        thread = threading.Thread(target=box.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield box
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            box.close()
