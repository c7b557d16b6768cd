"""Downloads: streamed to a temporary file, checked, journalled, and only then named."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import aiohttp

from runner.engine.accounts import Account
from runner.engine.addresses import ForbiddenAddress
from runner.engine.faults import fault
from runner.engine.files import (
    PartFile,
    UnsafePath,
    digest_of,
    folded,
    inside,
    part_of,
    put_in_place,
    stat_of,
)
from runner.engine.journal import Journal
from runner.engine.transport import REDIRECTS, Stream, Transport, describe
from runner.model.errors import RunnerError, StateError
from runner.model.event import Saved, Saving
from runner.model.state import FileState

WORKERS = 8
MOST_REDIRECTS = 5
TRIES = 4
EXPIRED = (401, 403, 404, 410)


class CannotFetch(Exception):
    """A file could not be had; the message is for people. `expired`: a new link may help."""

    def __init__(self, message: str, *, expired: bool = False, again: bool = False) -> None:
        super().__init__(message)
        self.expired = expired
        self.again = again


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


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it: an empty `trouble` means that the file stands under its name."""

    fetch: Fetch
    trouble: str = ""
    size: int = 0


class Downloads:
    """Fetches files with few workers. `done` is awaited for each; `failed` is told when the journal refuses."""

    def __init__(
        self,
        folder: Path,
        transport: Transport,
        journal: Journal,
        done: Callable[[Fetched], Awaitable[None]],
        failed: Callable[[RunnerError], None],
        overwrite: bool = False,
    ) -> None:
        self._folder = folder
        self._transport = transport
        self._journal = journal
        self._done = done
        self._failed = failed
        self._overwrite = overwrite
        self._queue: deque[Fetch] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._working = 0
        self._names: dict[str, str] = {}
        self._targets: dict[str, asyncio.Lock] = {}

    def put(self, fetch: Fetch) -> None:
        """Fetch a file as soon as a worker is free."""
        self._queue.append(fetch)
        if self._working < WORKERS:
            self._working += 1
            task = asyncio.ensure_future(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Begin nothing new; what is under way is cut, and found unfinished by the next run."""
        self._queue.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while self._queue:
                await self._done(await self._fetched(self._queue.popleft()))
        except RunnerError as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001 — a worker that died silently would let the run wait for ever
            self._failed(fault(error))
        finally:
            self._working -= 1  # at once: whoever puts a fetch in now must find that a worker is missing

    async def _fetched(self, fetch: Fetch) -> Fetched:
        """What came of a file; one file's trouble stays its own. Raises StateError when the journal refuses."""
        try:
            return Fetched(fetch, size=await self._save(fetch))
        except StateError:
            raise
        except CannotFetch as error:
            return Fetched(fetch, str(error))
        except UnsafePath as error:
            return Fetched(fetch, f"not written: {error}")
        except RunnerError as error:
            return Fetched(fetch, error.message)
        except OSError as error:
            return Fetched(fetch, f"{fetch.path} cannot be written: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 — even when it is our fault
            return Fetched(fetch, fault(error).message)

    async def _save(self, fetch: Fetch) -> int:
        target = inside(self._folder, fetch.path)
        self._check_name(fetch, target)
        async with self._targets.setdefault(str(target), asyncio.Lock()):
            return await self._save_to(fetch, target)

    async def _save_to(self, fetch: Fetch, target: Path) -> int:
        if await asyncio.to_thread(target.exists):
            held = await self._take_over(fetch, target)
            if held is not None:
                return held
        target.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(target)
        size, sha256 = await self._fetch(fetch, part)
        await self._journal.record(
            Saving(
                address=fetch.address,
                generation=fetch.generation,
                name=fetch.name,
                path=fetch.path,
                size=size,
                sha256=sha256,
            )
        )
        mtime = await asyncio.to_thread(put_in_place, part, target)
        await self._record_saved(fetch, mtime)
        return size

    def _check_name(self, fetch: Fetch, target: Path) -> None:
        """No file of ours takes the place of the journal, or of another that some disks do not tell apart."""
        own = self._journal.file.resolve()
        if target.parent == own.parent and target.name.casefold().startswith(own.name.casefold()):
            raise UnsafePath(f"{fetch.path} belongs to the state")
        other = self._names.setdefault(folded(target), fetch.path)
        if other != fetch.path:
            raise UnsafePath(f"{fetch.path} and {other} are one name where case or accents do not count")

    async def _take_over(self, fetch: Fetch, target: Path) -> int | None:
        """What to do about a file that is there already: its size when it is ours and whole, None to replace it."""
        state = self._journal.instances.get(fetch.address)
        known = state.files.get(fetch.path) if state is not None else None
        if known is not None and not known.done and await self._same(known, target):
            await self._record_saved(fetch, stat_of(target)[1])
            return known.size
        if known is not None or self._overwrite:
            return None
        if state is not None and state.how == "imported":
            return await self._adopt_file(fetch, target)
        raise CannotFetch(f"{fetch.path} exists and was not written by runner (--overwrite replaces it)")

    async def _same(self, known: FileState, target: Path) -> bool:
        if stat_of(target)[0] != known.size:
            return False
        return await asyncio.to_thread(digest_of, target) == known.sha256

    async def _adopt_file(self, fetch: Fetch, target: Path) -> int | None:
        """After an import, a file of the remote size is recorded as it is."""
        size = stat_of(target)[0]
        if await self._remote_size(fetch) != str(size):
            raise CannotFetch(f"{fetch.path} exists and has not the remote size (--overwrite replaces it)")
        sha256 = await asyncio.to_thread(digest_of, target)
        await self._journal.record(
            Saving(
                address=fetch.address,
                generation=fetch.generation,
                name=fetch.name,
                path=fetch.path,
                size=size,
                sha256=sha256,
            )
        )
        await self._record_saved(fetch, stat_of(target)[1])
        return size

    async def _remote_size(self, fetch: Fetch) -> str | None:
        """How many bytes the download would have; None when the API does not tell."""
        url = fetch.url
        for renewed in (False, True):
            headers = await fetch.account.headers_for(url) if fetch.credentials else ()
            try:
                async with self._transport.stream(url, headers, reach=fetch.account.reach) as stream:
                    if stream.status == 200:
                        return stream.headers.get("content-length")
                    expired = stream.status in EXPIRED
            except (aiohttp.ClientError, TimeoutError, ForbiddenAddress) as error:
                reason = f"{fetch.path} exists, and the remote size cannot be told: {describe(error)}"
                raise CannotFetch(reason) from None
            if renewed or not expired:
                break
            url = await fetch.renew() or url
        return None

    async def _record_saved(self, fetch: Fetch, mtime_ns: int) -> None:
        await self._journal.record(
            Saved(address=fetch.address, generation=fetch.generation, path=fetch.path, mtime_ns=mtime_ns)
        )

    async def _fetch(self, fetch: Fetch, part: Path) -> tuple[int, str]:
        url, renewed = fetch.url, False
        for attempt in range(TRIES):
            try:
                return await self._read(fetch, url, part)
            except CannotFetch as error:
                if error.expired and not renewed:
                    renewed = True
                    url = await fetch.renew() or url
                    continue
                if not error.again or attempt == TRIES - 1:
                    raise
            except (aiohttp.ClientError, TimeoutError) as error:
                if attempt == TRIES - 1:
                    raise CannotFetch(f"{fetch.name}: {describe(error)}") from None
            await asyncio.sleep(0.2 * 2**attempt)
        raise CannotFetch(f"{fetch.name} could not be fetched")

    async def _read(self, fetch: Fetch, url: str, part: Path) -> tuple[int, str]:
        for _ in range(MOST_REDIRECTS + 1):
            headers = await fetch.account.headers_for(url) if fetch.credentials else ()
            try:
                async with self._transport.stream(
                    url, (*fetch.headers, *headers), reach=fetch.account.reach
                ) as stream:
                    if stream.status in REDIRECTS:
                        url = urljoin(url, stream.headers.get("location", ""))
                        continue
                    return await self._store(fetch, stream, part)
            except ForbiddenAddress as error:
                raise CannotFetch(f"{fetch.name} is not fetched: {error} (allow_hosts may name it)") from None
        raise CannotFetch(f"{fetch.name}: more than {MOST_REDIRECTS} redirects")

    async def _store(self, fetch: Fetch, stream: Stream, part: Path) -> tuple[int, str]:
        if stream.status != 200:
            raise CannotFetch(
                f"{fetch.name}: the download answered {stream.status}",
                expired=stream.status in EXPIRED,
                again=stream.status >= 500 or stream.status == 429,
            )
        file = PartFile(part)
        try:
            async for piece in stream.pieces:
                file.write(piece)
            sha256 = await asyncio.to_thread(file.finish)
        finally:
            file.abandon()
        told = stream.headers.get("content-length", "")
        packed = (
            stream.headers.get("content-encoding", "identity") != "identity"
        )  # then it counts packed bytes
        if not packed and told.isascii() and told.isdigit() and int(told) != file.size:
            raise CannotFetch(f"{fetch.name}: {file.size} of {told} bytes came", again=True)
        return file.size, sha256
