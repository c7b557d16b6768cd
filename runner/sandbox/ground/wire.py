"""What an emulated API sees of HTTP: an `Ask` comes in, a `Reply` goes out. No server framework in it."""

import hashlib
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Unreadable(Exception):
    """The body of a request is not what its media type says."""


class Refusal(Exception):
    """Raised inside an operation to answer with an error and have no effect."""

    def __init__(self, reply: "Reply") -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Received:
    """A body that was too large to keep: its length in bytes and its digest."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file in a multipart body, which is not kept: its name, media type, size in bytes, digest, first bytes."""

    name: str
    media: str
    size: int
    sha256: str
    head: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart body of so many bytes: texts and files by field. `problem` says why it cannot be read."""

    fields: Mapping[str, str]
    files: Mapping[str, FilePart]
    size: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request. Header names are in lower case; `origin` is `scheme://host:port` as the caller wrote it. `form`
    is the body of an operation that takes a form; `pairs` is the query with what repeats, of which `query` holds the
    last."""

    operation: str
    origin: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    received: Received | None = None
    form: Form | None = None
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """The body's SHA-256."""
        return hashlib.sha256(self.body).hexdigest()

    def json(self) -> Any:
        """The decoded body. Raises Unreadable when it is no JSON, or not called so."""
        media = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            raise Unreadable("Content-Type must be application/json")
        try:
            value = json.loads(self.body, parse_constant=_no_constant, parse_float=_finite)
            if b"\\ud" in self.body.lower():
                json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
            return value
        except (ValueError, RecursionError) as error:
            raise Unreadable("the body is not valid JSON") from error


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large")
    return number


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `value` is sent as JSON, unless `raw` holds the bytes themselves."""

    status: int = 200
    value: Any = None
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """The bytes of the body; none for 204 and 304."""
        if self.status in (204, 304):
            return b""
        if self.raw is not None:
            return self.raw
        return json.dumps(self.value, ensure_ascii=False, separators=(",", ":")).encode()


Handler = Callable[[Ask], "Reply | Awaitable[Reply]"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of an API. `path` is relative to the provider's base URL, with `{params}`. `open`: no
    credentials are asked for. `streamed`: the body may be huge; only its digest is kept. `form`: the body is
    multipart, and its files may be huge."""

    id: str
    method: str
    path: str
    handler: Handler
    open: bool = False
    streamed: bool = False
    form: bool = False


class Emulation(Protocol):
    """One API of the sandbox."""

    name: str

    def operations(self) -> tuple[Operation, ...]:
        """Everything that it serves."""

    def refused(self, ask: Ask) -> Reply | None:
        """The answer to a request without right credentials, or None when they are right."""

    def unreadable(self, reason: str) -> Reply:
        """The answer to a body that cannot be decoded."""

    def broken(self, status: int) -> Reply:
        """The answer of an injected failure in this API's own form."""
