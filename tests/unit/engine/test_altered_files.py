"""What is uploaded is what was planned: a file that changed since is not sent, and not paid for."""

import asyncio
import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from closing import closed

from runner.api.catalogue import Catalogue
from runner.engine.wire.accounts import Account, NotSent
from runner.engine.wire.transport import Transport
from runner.model.http import Call, Reply, Upload
from runner.model.settings import ProviderSettings

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n" + b'{"id": 77}'
Make = Callable[..., Any]


def answering(peer: Any, connection: socket.socket, number: int) -> None:
    while peer.request(connection):
        connection.sendall(OK)


def uploaded(url: str, file: Path, planned: bytes) -> tuple[Reply, list[str]]:
    """What came of a paid call with a file that was `planned`, and whether its intent was recorded."""
    recorded: list[str] = []

    async def intend() -> None:
        recorded.append("intent")

    async def run() -> Reply:
        transport = Transport()
        settings = ProviderSettings("dubformer", auth={"token": "t"}, base_url=url)
        account = Account(Catalogue().provider("dubformer"), settings, transport)
        piece = Upload(str(file), len(planned), hashlib.sha256(planned).hexdigest())
        try:
            return await account.send(Call("POST", "/clips", body=(b"head", piece, b"tail")), before=intend)
        finally:
            await closed(transport)

    return asyncio.run(run()), recorded


def changed(file: Path) -> None:
    file.write_bytes(b"other sound")
    os.utime(file, (1, 1))


@pytest.mark.parametrize(
    "alter",
    [changed, lambda file: file.write_bytes(b"shorter"), lambda file: file.unlink()],
    ids=["of-the-same-size", "shorter", "gone"],
)
def test_a_file_that_changed_is_not_sent(tmp_path: Path, peer: Make, alter: Callable[[Path], None]) -> None:
    there, file = peer(answering), tmp_path / "clip.wav"
    file.write_bytes(b"first sound")
    alter(file)

    with pytest.raises(NotSent, match=r"nothing was sent: (clip\.wav has changed|No such file)"):
        uploaded(there.url, file, b"first sound")

    assert there.received == []


def test_a_file_that_is_as_it_was_is_sent(tmp_path: Path, peer: Make) -> None:
    there, file = peer(answering), tmp_path / "clip.wav"
    file.write_bytes(b"first sound")

    _, recorded = uploaded(there.url, file, b"first sound")

    assert recorded == ["intent"]
    assert there.received[0].endswith(b"headfirst soundtail")
