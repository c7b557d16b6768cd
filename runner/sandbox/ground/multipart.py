"""Bodies of `multipart/form-data` (RFC 7578), read piece by piece: texts are kept, files are counted and digested."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from runner.sandbox.ground.wire import FilePart, Form

HEAD = 64
"""Bytes of a file that are kept: enough to tell its format."""

_MOST_TEXT = 1024 * 1024
_MOST_HEADERS = 16 * 1024
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_NAME = re.compile(r';\s*name="([^"]*)"', re.IGNORECASE)
_FILE = re.compile(r';\s*filename="([^"]*)"', re.IGNORECASE)


async def read_form(content_type: str, pieces: AsyncIterator[bytes]) -> Form:
    """The fields of a body, which is read to its end whatever is wrong with it; `problem` says what is."""
    media, _, parameters = content_type.partition(";")
    boundary = _BOUNDARY.search(parameters)
    reader = _Reader(boundary[1].strip().encode() if boundary else b"")
    if media.strip().lower() != "multipart/form-data" or boundary is None:
        reader.problem = "Content-Type must be multipart/form-data with a boundary"
    async for piece in pieces:
        reader.feed(piece)
    return reader.form()


@dataclass(slots=True)
class _Part:
    """A part that is being read; without a `file` name it is a text."""

    name: str
    file: str | None
    media: str
    size: int = 0
    text: bytearray = field(default_factory=bytearray)
    digest: Any = field(default_factory=sha256)


class _Reader:
    """Is fed a body; knows at each moment what the next bytes are."""

    def __init__(self, boundary: bytes) -> None:
        self.problem = ""
        self._delimiter = b"\r\n--" + boundary
        self._held = bytearray(b"\r\n")  # the first delimiter may stand at the very beginning
        self._state = "preamble"
        self._part: _Part | None = None
        self._fields: dict[str, str] = {}
        self._files: dict[str, FilePart] = {}
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Takes the next bytes."""
        self._size += len(piece)
        if self.problem or self._state == "end":
            return
        self._held += piece
        while not self.problem and self._step():
            continue

    def form(self) -> Form:
        """What was read."""
        if not self.problem and self._state != "end":
            self.problem = "the body ends before its last boundary"
        return Form(self._fields, self._files, self._size, self.problem)

    def _step(self) -> bool:
        """One state further; false when more bytes are needed."""
        match self._state:
            case "preamble" | "content":
                return self._content()
            case "delimiter":
                return self._after_delimiter()
            case "headers":
                return self._headers()
        return False

    def _content(self) -> bool:
        """Everything before the next delimiter belongs to the part (or to nothing)."""
        at = self._held.find(self._delimiter)
        keep = len(self._delimiter) - 1
        end = at if at >= 0 else max(0, len(self._held) - keep)
        self._take(bytes(self._held[:end]))
        del self._held[: end + (len(self._delimiter) if at >= 0 else 0)]
        if at < 0:
            return False
        self._close()
        self._state = "delimiter"
        return True

    def _after_delimiter(self) -> bool:
        if len(self._held) < 2:
            return False
        word = bytes(self._held[:2])
        del self._held[:2]
        self._state = {b"--": "end", b"\r\n": "headers"}.get(word, "end")
        if word not in (b"--", b"\r\n"):
            self.problem = "a boundary is followed by something else than a part"
        return True

    def _headers(self) -> bool:
        at = self._held.find(b"\r\n\r\n")
        if at < 0:
            if len(self._held) > _MOST_HEADERS:
                self.problem = "the headers of a part are too long"
            return False
        lines = self._held[:at].decode("utf-8", "replace").split("\r\n")
        del self._held[: at + 4]
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }
        disposition = headers.get("content-disposition", "")
        name, file = _NAME.search(disposition), _FILE.search(disposition)
        if not disposition.lower().startswith("form-data") or name is None:
            self.problem = "a part has no name"
            return False
        self._part = _Part(name[1], file[1] if file else None, headers.get("content-type", ""))
        self._state = "content"
        return True

    def _take(self, content: bytes) -> None:
        part = self._part
        if part is None or not content:
            return
        part.size += len(content)
        if part.file is None:
            part.text += content
            if len(part.text) > _MOST_TEXT:
                self.problem = f"the field {part.name} is too long"
            return
        part.digest.update(content)
        if len(part.text) < HEAD:
            part.text += content[: HEAD - len(part.text)]

    def _close(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        if part.file is not None:
            head = bytes(part.text)
            self._files[part.name] = FilePart(part.file, part.media, part.size, part.digest.hexdigest(), head)
            return
        try:
            self._fields[part.name] = part.text.decode()
        except UnicodeDecodeError:
            self.problem = f"the field {part.name} is no text"
