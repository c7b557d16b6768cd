"""A request and what came of it, as values."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runner.model.frozen import frozen


@frozen
class Upload:
    """A local file that stands in a multipart or binary body; the transport streams it."""

    path: str
    size: int
    sha256: str


@frozen
class Call:
    """A request before credentials are added: what the journal stores and the transport sends.

    `path` begins with a slash, is relative to the provider's base URL and carries the encoded query.
    `body` is a tuple of pieces, bytes or files, sent one after the other; empty: no body.
    `absolute` is a whole URL instead of `path` (a download, a presigned upload); `credentials` says whether the
    provider's credentials go with it. `repeatable` calls may be sent again without asking (GET, HEAD, PUT, DELETE,
    and what a provider document says). `operation` is the id of what is called, by whose schemas an answer in XML is
    read; empty: it is read without any.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: tuple[bytes | Upload, ...] = ()
    absolute: str = ""
    credentials: bool = True
    repeatable: bool = False
    operation: str = ""

    def content(self) -> bytes:
        """The body as bytes, when no file is streamed in it."""
        return b"".join(piece for piece in self.body if isinstance(piece, bytes))


@frozen
class Answer:
    """A whole answer. Header names are in lower case.

    `body` is the decoded JSON or XML, a text, or None when empty; `unreadable` says why it could not be decoded.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    unreadable: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@frozen
class NoAnswer:
    """No whole answer came. `left` is the transport's fact: a connection was handed to this request.

    When `left` is false nothing can have happened there. `message` is for people, without secrets. `again`: seconds
    after which it is worth another try, where the API has worked before and is down for a while.
    """

    left: bool
    message: str
    again: float | None = None


Reply = Answer | NoAnswer
