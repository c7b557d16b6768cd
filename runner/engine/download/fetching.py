"""One attempt at one file: asked for, or for the rest of it, followed through redirects, read, and checked.

What came before a break is kept when the server named a version by which the rest can be asked for (`If-Range`), so
that a rest of another version is never put behind it.
"""

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import aiohttp

from runner.api.messages.judge import retry_after
from runner.engine.download import ranges
from runner.engine.download.bodies import Pace, unpacked
from runner.engine.download.fetches import EXPIRED, Bounds, CannotFetch, CannotWrite, Fetch
from runner.engine.download.partial import NOTHING, Partial, Version
from runner.engine.machine.hops import Hops
from runner.engine.wire.addresses import ForbiddenAddress
from runner.engine.wire.redirects import Signed
from runner.engine.wire.transport import REDIRECTS, Stream, Transport, describe
from runner.model.units import spell_size

MOST_REDIRECTS = 5
ALWAYS_ROOM = 16 * 1024 * 1024
"""Bytes that no disk is asked beforehand about."""

_LATER = (408, 425, 429)

T = TypeVar("T")


@dataclass(slots=True)
class Receiver:
    """Brings one file into its partial. `gained` is how many bytes more this attempt left for the next."""

    transport: Transport
    fetch: Fetch
    partial: Partial
    hops: Hops
    bounds: Bounds = field(default_factory=Bounds)
    gained: int = 0

    async def receive(self, url: str) -> tuple[int, str]:
        """Size and SHA-256 of the whole file, which is durable then. Raises CannotFetch, CannotWrite."""
        began = self.partial.size
        try:
            return await self._followed(url)
        except ForbiddenAddress as error:
            reason = f"{self.fetch.name} is not fetched: {error} (allow_hosts may name it)"
            raise CannotFetch(reason) from None
        except ValueError:  # what aiohttp says of a URL that it cannot make anything of, among others
            raise CannotFetch(f"{self.fetch.name} is not fetched: its link is no web address") from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise CannotFetch(f"{self.fetch.name}: {describe(error)}", again=True) from None
        finally:
            self.gained = self.partial.size - began if self.partial.version.validator else 0

    async def _followed(self, url: str) -> tuple[int, str]:
        fetch, renewed = self.fetch, False
        for _ in range(MOST_REDIRECTS + 1):
            signed = await fetch.account.signed(url) if fetch.credentials else Signed(url)
            headers = (*fetch.headers, *signed.headers, *self._range())
            async with (
                fetch.account.turn() if signed.own else nullcontext(),
                self.transport.stream(signed.url, headers, reach=fetch.account.reach) as stream,
            ):
                if signed.own and not renewed and stream.status in fetch.account.renew_on:
                    renewed = True
                elif stream.status not in REDIRECTS:
                    if signed.own and stream.status == 429:
                        fetch.account.limiter.refused(retry_after(stream.headers))
                    return await self._take(stream, url)
                else:
                    url = urljoin(url, stream.headers.get("location", ""))
                    continue
            await fetch.account.has_ended(signed)
        raise CannotFetch(f"{fetch.name}: more than {MOST_REDIRECTS} redirects")

    def _range(self) -> tuple[tuple[str, str], ...]:
        if not self.partial.size:
            return ()
        return ("Range", f"bytes={self.partial.size}-"), ("If-Range", self.partial.version.validator)

    async def _take(self, stream: Stream, url: str) -> tuple[int, str]:
        """Read what an answer gives, from the byte on that it gives."""
        partial, headers = self.partial, stream.headers
        if stream.status == 206 and partial.size:
            if not self._goes_on(stream, url):
                await self._disk(partial.discard)
                raise CannotFetch(f"{self.fetch.name}: the rest that came belongs elsewhere", again=True)
        elif stream.status == 200:
            partial.begin(_version(url, headers))
        elif stream.status in (206, 416):
            await self._disk(partial.discard)
            raise CannotFetch(f"{self.fetch.name}: the download answered {stream.status}", again=True)
        else:
            raise self._refused(stream)
        await self._check_room()
        rest = await self._read(stream)
        self._check_size(sum(map(len, rest)))
        return await self._checked(stream, rest)

    def _goes_on(self, stream: Stream, url: str) -> bool:
        """Whether the answer is the rest of what is held: next byte, same whole, same version, same resource."""
        partial, headers = self.partial, stream.headers
        told, tag = ranges.content_range(headers), headers.get("etag", "").strip()
        if told is None or ranges.packed(headers) or _resource(url) != partial.version.resource:
            return False
        if tag and partial.version.validator.startswith('"') and tag != partial.version.validator:
            return False
        first, _, whole = told
        known = partial.version.total
        partial.version = replace(partial.version, total=whole if known is None else known)
        return first == partial.size and whole is not None and whole == partial.version.total

    async def _read(self, stream: Stream) -> list[bytes]:
        """Write what comes, a block at a time; returns the last pieces, which are not written yet."""
        partial, pace = self.partial, Pace(self.bounds)
        held: list[bytes] = []
        size = 0
        try:
            async for piece in unpacked(stream, self.fetch.name):
                if not partial.size and not held:
                    self._check_kind(stream, piece)
                held.append(piece)
                size += len(piece)
                self._check_most(partial.size + size)
                if not pace.keeps(len(piece)):
                    raise CannotFetch(f"{self.fetch.name}: it comes too slowly ever to end", again=True)
                if size >= self.bounds.block:
                    block, held, size = held, [], 0
                    await self._disk(partial.write, block)
        except BaseException:
            if held and partial.version.validator:
                await self._disk(partial.write, held)
            raise
        return held

    def _check_kind(self, stream: Stream, piece: bytes) -> None:
        if ranges.is_a_page(self.fetch.path, stream.headers, piece):
            self.partial.begin(NOTHING)
            name = self.fetch.name
            raise CannotFetch(
                f"{name}: a page or a message came in place of the file", again=True, expired=True
            )

    def _check_most(self, size: int) -> None:
        most = self.fetch.account.settings.max_file
        if size > most:
            self.partial.begin(NOTHING)  # what came is not kept: no later attempt would end better
            provider = self.fetch.account.provider.name
            raise CannotFetch(f"{self.fetch.name} is larger than {spell_size(most)} (max_file of {provider})")

    async def _check_room(self) -> None:
        """Before anything is read: is the file too large, or larger than what the disk has left?"""
        total = self.partial.version.total
        if total is None:
            return
        self._check_most(total)
        lacking = total - self.partial.size
        if lacking > ALWAYS_ROOM and lacking > (free := await self._disk(self.partial.room)):
            raise CannotWrite(f"it needs {spell_size(lacking)}, and the disk has {spell_size(free)} left")

    def _check_size(self, rest: int) -> None:
        total, size = self.partial.version.total, self.partial.size + rest
        if total is not None and size != total:
            if size > total:
                self.partial.begin(NOTHING)
            raise CannotFetch(f"{self.fetch.name}: {size} of {total} bytes came", again=True)

    async def _checked(self, stream: Stream, rest: list[bytes]) -> tuple[int, str]:
        """Make the whole durable and hold it to the digests that its server gave."""
        wanted = dict(self.partial.version.digests)
        if stream.status == 206:
            wanted |= ranges.digests(stream.headers, whole=False)
        sha256 = await self._disk(self.partial.finish, rest)
        others = wanted.keys() - {"sha256"}
        found = await self._disk(self.partial.digests, others) if others else {}
        found["sha256"] = sha256
        if any(found[name] != digest for name, digest in wanted.items()):
            await self._disk(self.partial.discard)
            raise CannotFetch(
                f"{self.fetch.name}: what came has not the digest that its server gave", again=True
            )
        return self.partial.size, sha256

    def _refused(self, stream: Stream) -> CannotFetch:
        status, name = stream.status, self.fetch.name
        if status in (404, 410):
            return CannotFetch(f"{name} is gone there (the download answered {status})", expired=True)
        if status in EXPIRED:
            return CannotFetch(f"{name}: its link is refused (the download answered {status})", expired=True)
        return CannotFetch(
            f"{name}: the download answered {status}",
            again=status >= 500 or status in _LATER,
            slower=status == 429,
            pause=retry_after(stream.headers) if status in (429, 503) else None,
        )

    async def _disk(self, work: Callable[..., T], *words: object) -> T:
        """Work that blocks, outside the loop; it is waited for even by one who is cancelled."""
        try:
            return await self.hops.run_out(work, *words)
        except OSError as error:
            raise CannotWrite(error.strerror or str(error)) from error


def _version(url: str, headers: ranges.Headers) -> Version:
    """Which bytes a whole answer gives."""
    return Version(
        _resource(url),
        ranges.validator(headers) if ranges.takes_ranges(headers) else "",
        ranges.stated_size(headers),
        tuple(ranges.digests(headers, whole=True).items()),
    )


def _resource(url: str) -> str:
    """A digest of a URL without its query, where signatures stand that differ from link to link."""
    parts = urlsplit(url)
    return hashlib.sha256(f"{parts.scheme}://{parts.netloc}{parts.path}".encode(errors="replace")).hexdigest()
