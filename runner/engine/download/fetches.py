"""What is to be fetched, within which bounds, and why it cannot be."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from runner.engine.wire.accounts import Account
from runner.engine.wire.limits import LONGEST_BACKOFF

EXPIRED = (401, 403, 404, 410)
"""Statuses that a new link may cure."""


class CannotFetch(Exception):
    """A file could not be had; the message is for people. `expired`: a new link may help. `again`: a later attempt
    may; after so many seconds where the server named a `pause`. `slower`: it asked for fewer requests."""

    def __init__(
        self,
        message: str,
        *,
        expired: bool = False,
        again: bool = False,
        slower: bool = False,
        pause: float | None = None,
    ) -> None:
        super().__init__(message)
        self.expired = expired
        self.again = again
        self.slower = slower
        self.pause = pause


class CannotWrite(Exception):
    """The disk refused; the message is for people."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a download may take: bytes held in memory, the fewest bytes that must come within so many seconds, and, in
    seconds, the longest first pause before another attempt and the longest after a server asked for fewer."""

    block: int = 1024 * 1024
    least: int = 64 * 1024
    window: float = 60.0
    pause: float = 0.8
    patience: float = LONGEST_BACKOFF


@dataclass(frozen=True, slots=True)
class Fetch:
    """One file wanted: `path` as `save` wrote it, `url` as the API told it. `renew` asks the API for a new link."""

    address: str
    generation: int
    name: str
    path: str
    url: str
    account: Account
    credentials: bool
    renew: Callable[[], Awaitable[str]]
    headers: tuple[tuple[str, str], ...] = ()
