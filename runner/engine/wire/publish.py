"""Publishing: a file in the published directory, and the proof that its URL yields the same bytes."""

import asyncio
import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from runner.engine.machine.files import digest_of, write_whole
from runner.engine.wire.transport import Transport, describe
from runner.model.http import Upload

PROBE_FOR = 60.0
"""How long a published URL may take to yield its bytes, in seconds."""

MOST_PROBED = 256 * 1024 * 1024

OWN = "is publish.base_url where publish.directory is served?"


class NotPublished(Exception):
    """A file is not to be had under its URL; the message is for people."""


def place(directory: Path, name: str, content: Upload) -> Path:
    """Put a file into the published directory, unless the same bytes stand there already."""
    target = directory / name
    if not (target.is_file() and digest_of(target) == content.sha256):
        write_whole(target, content)
    return target


async def probe(
    transport: Transport,
    url: str,
    sha256: str,
    *,
    patience: float = PROBE_FOR,
    shown: str = "",
    ask: str = OWN,
) -> None:
    """Fetch a URL until it yields the bytes of this digest; raises NotPublished when it does not in time.

    `shown` is what people are told instead of a URL that is signed, `ask` what they should look at.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    pause = 0.2
    while True:
        reason = await _look(transport, url, sha256)
        if not reason:
            return
        if loop.time() + pause > deadline:
            raise NotPublished(f"{shown or url} {reason}; {ask}")
        await asyncio.sleep(pause)
        pause = min(pause * 2, 5.0)


async def _look(transport: Transport, url: str, sha256: str) -> str:
    try:
        async with transport.stream(url) as stream:
            if stream.status != 200:
                return f"answers {stream.status}"
            found, size = hashlib.sha256(), 0
            async for piece in stream.pieces:
                found.update(piece)
                size += len(piece)
                if size > MOST_PROBED:
                    return "yields more than was published"
            return "" if found.hexdigest() == sha256 else "yields other bytes than were published"
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        return f"cannot be fetched ({describe(error)})"


def may_probe(url: str, loopback_only: bool) -> bool:
    """In the sandbox no probe leaves this machine."""
    return not loopback_only or urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
