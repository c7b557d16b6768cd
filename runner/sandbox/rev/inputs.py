"""Media for orders of the emulated Rev: by URL, as one file of a multipart body, or as the bytes themselves.

Chosen here: nothing is fetched; a URL whose path ends in `.broken` cannot be; audio, video, and what does not say what
it is, are supported.
"""

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from runner.sandbox.ground.multipart import read_form
from runner.sandbox.ground.shape import is_url, wrong
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.ground.world import World
from runner.sandbox.rev.rules import INPUT, seconds_of
from runner.sandbox.rev.wire import body_of, empty, error, media_type

URN = "urn:rev:inputmedia:"

_SUPPORTED = re.compile(r"(audio|video)/|application/(octet-stream|ogg|mp4|x-mpegurl)\Z")
_EXTENDED = re.compile(r";\s*filename\*=utf-8''([^;\s]+)", re.IGNORECASE)
_PLAIN = re.compile(r';\s*filename=(?:"([^"]*)"|([^;\s]+))', re.IGNORECASE)
_ENDINGS = {
    ".txt": "text/plain",
    ".srt": "application/x-subrip",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class Input:
    """Media that an order can name by its uri."""

    id: str
    name: str
    content_type: str
    seconds: int


class Inputs:
    """All media of an account."""

    def __init__(self, world: World) -> None:
        self._inputs = world.table("rev.input", Input)

    def operations(self) -> tuple[Operation, ...]:
        """The operation."""
        return (Operation("createInput", "POST", "/api/v1/inputs", self.create),)

    def named(self, uri: Any) -> Input | None:
        """The media that a uri identifies."""
        return (
            self._inputs.get(uri.removeprefix(URN)) if isinstance(uri, str) and uri.startswith(URN) else None
        )

    async def create(self, ask: Ask) -> Reply:
        """Takes media in; the answer is empty, and its Location the uri."""
        media = media_type(ask)
        if media in ("application/json", "application/xml", "text/xml"):
            name, content_type, text = _by_url(ask)
        elif media == "multipart/form-data":
            name, content_type, text = await _by_part(ask)
        else:
            name, content_type, text = _file_name(ask), media, ask.digest
        if not name:
            raise Refusal(error(ask, 10004, "The file has no name"))
        content_type = content_type or _ENDINGS.get(
            PurePosixPath(name).suffix.lower(), "application/octet-stream"
        )
        if not _SUPPORTED.match(content_type):
            raise Refusal(error(ask, 10001, f"{content_type} is not supported"))
        made = Input(secrets.token_hex(8), name, content_type, seconds_of(text))
        self._inputs.put(made.id, made)
        return empty(201, Location=URN + made.id)


def _by_url(ask: Ask) -> tuple[str, str, str]:
    body = body_of(ask, INPUT)
    if found := wrong(body, INPUT):
        raise Refusal(error(ask, 10002, found))
    url = body.get("url", "")
    if not is_url(url) or urlsplit(url).path.endswith(".broken"):
        raise Refusal(error(ask, 10002, f"{url or 'the file'} could not be fetched"))
    name = body.get("filename") or unquote(PurePosixPath(urlsplit(url).path).name)
    return name, body.get("content_type", "").lower(), url


async def _by_part(ask: Ask) -> tuple[str, str, str]:
    form = await read_form(ask.headers.get("content-type", ""), _whole(ask.body))
    if form.problem or len(form.files) != 1:
        raise Refusal(error(ask, 10003, form.problem or "The body must hold exactly one file"))
    (file,) = form.files.values()
    return (
        file.name,
        (file.media or form.fields.get("Content-Type", "")).lower(),
        f"{file.name} {file.sha256}",
    )


async def _whole(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _file_name(ask: Ask) -> str:
    held = ask.headers.get("content-disposition", "")
    if extended := _EXTENDED.search(held):
        return unquote(extended[1])
    plain = _PLAIN.search(held)
    return (plain[1] or plain[2]) if plain else ""
