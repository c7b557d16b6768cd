"""Files that are PUT to a web server. A name carries its content's digest, so what is there is not sent again."""

import asyncio
from mimetypes import guess_type
from urllib.parse import quote

import aiohttp

from runner.engine.wire.limits import backoff
from runner.engine.wire.publish import NotPublished
from runner.engine.wire.transport import Transport
from runner.model.http import Answer, Call, Upload
from runner.model.settings import WebFolder

TRIES = 4
"""How often a PUT is sent; the same bytes under the same name do the same thing each time."""


async def put(transport: Transport, folder: WebFolder, name: str, content: Upload) -> None:
    """PUT a file, unless one of this name and size is there; raises NotPublished."""
    url = folder.url + quote(name)
    credentials = (("Authorization", str.__str__(folder.auth)),) if folder.auth else ()
    if await _size(transport, url, credentials) == content.size:
        return
    call = Call("PUT", "", (("Content-Type", content_type(name)),), (content,), repeatable=True)
    for attempt in range(TRIES):
        reply = await transport.send(url, call, credentials)
        if isinstance(reply, Answer) and reply.ok:
            return
        reason = (
            f"answers {reply.status} to a PUT"
            if isinstance(reply, Answer)
            else f"takes no PUT: {reply.message}"
        )
        if isinstance(reply, Answer) and reply.status < 500 and reply.status != 429:
            break
        if attempt < TRIES - 1:
            await asyncio.sleep(backoff(attempt))
    hint = "; is publish.auth right?" if isinstance(reply, Answer) and reply.status in (401, 403) else ""
    raise NotPublished(f"{url} {reason}{hint}")


def content_type(name: str) -> str:
    """What a file is, by its name."""
    if name.endswith(".xlsx"):  # not every machine knows
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return guess_type(name)[0] or "application/octet-stream"


async def _size(transport: Transport, url: str, credentials: tuple[tuple[str, str], ...]) -> int | None:
    """How many bytes are there; None when it cannot be told, for many servers answer no HEAD."""
    try:
        async with transport.stream(url, credentials, method="HEAD") as answer:
            length = answer.headers.get("content-length", "")
            return int(length) if answer.status == 200 and length.isdigit() else None
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return None  # whatever it is, the PUT will tell
