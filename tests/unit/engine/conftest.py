"""Peers that fail in every way a network can, on real sockets."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.model.state_place import StatePlace

TLS = Path(__file__).parents[2] / "support" / "tls"

Behaviour = Callable[[socket.socket, int], None]
"""What a peer does with a connection; the number counts connections from 1."""


class Peer:
    """A listener on loopback that treats each connection as it is told, over TLS where it is asked to."""

    def __init__(self, behaviour: Behaviour, tls: bool = False) -> None:
        self._behaviour = behaviour
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._context: ssl.SSLContext | None = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self.received: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._treat, args=(connection, self.connections), daemon=True).start()

    def _treat(self, connection: socket.socket, number: int) -> None:
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            self._behaviour(connection, number)
        except OSError:
            return
        finally:
            connection.close()

    def request(self, connection: socket.socket) -> bytes:
        """Read one request with its body; empty when the other side has closed."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                break
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            piece = connection.recv(65536)
            if not piece:
                break
            body += piece
        if not head:
            return b""
        self.received.append(head + b"\r\n\r\n" + body)
        return self.received[-1]

    def stop_listening(self) -> None:
        """Refuse every further connection; those that are there stay."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def close(self) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()


@pytest.fixture
def peer() -> Iterator[Callable[[Callable[[Peer, socket.socket, int], None]], Peer]]:
    """Make peers that are closed at the end of the test."""
    made: list[Peer] = []

    def make(behaviour: Callable[[Peer, socket.socket, int], None], *, tls: bool = False) -> Peer:
        peer = Peer(lambda connection, number: behaviour(peer, connection, number), tls)
        made.append(peer)
        return peer

    yield make
    for one in made:
        one.close()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture(params=["file", "database"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> StatePlace:
    """Where a state may be kept: what holds for one kind of place holds for the other."""
    if request.param == "file":
        return tmp_path / "state.db"
    from pgserver import place_of

    return place_of(request.getfixturevalue("postgres"))
