"""Downloads: streamed to a temporary file, checked, journalled, and only then named."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from runner.engine.download.attempts import LONGEST_PAUSE, Attempts
from runner.engine.download.fetches import Bounds, CannotFetch, CannotWrite, Fetch
from runner.engine.download.fetching import Receiver
from runner.engine.download.folders import Folders
from runner.engine.download.partial import Partial
from runner.engine.download.places import Place
from runner.engine.download.standing import Standing
from runner.engine.machine.faults import fault
from runner.engine.machine.files import UnsafePath
from runner.engine.machine.hops import Hops
from runner.engine.state.journal import Journal
from runner.engine.wire.accounts import Account
from runner.engine.wire.limits import Limiter
from runner.engine.wire.transport import Transport
from runner.model.errors import RunnerError, StateError
from runner.model.names import folded
from runner.model.units import spell_duration


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it: an empty `trouble` means that the file stands under its name."""

    fetch: Fetch
    trouble: str = ""
    size: int = 0


@dataclass(slots=True)
class _Job:
    """A file on its way, with its newest link."""

    fetch: Fetch
    url: str
    attempts: Attempts


@dataclass(slots=True)
class _Lane:
    """The files of one account: those that wait for a worker, and how many workers there are. `closed`: why none of
    them is fetched any more in this run."""

    limiter: Limiter
    most: int
    queue: deque[_Job] = field(default_factory=deque)
    working: int = 0
    closed: str = ""


class _Later(Exception):
    """This file is tried again after so many seconds; its worker is free meanwhile."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class Downloads:
    """Fetches files with few workers for each account, none of which waits for a pause of one file. `done` is awaited
    for each file; `failed` is told when the journal refuses."""

    def __init__(
        self,
        folder: Path,
        transport: Transport,
        journal: Journal,
        done: Callable[[Fetched], Awaitable[None]],
        failed: Callable[[RunnerError], None],
        overwrite: bool = False,
        bounds: Bounds | None = None,
    ) -> None:
        self._folders = Folders(folder)
        self._transport = transport
        self._journal = journal
        self._done = done
        self._failed = failed
        self._hops = Hops()
        self._standing = Standing(transport, journal, self._hops, overwrite)
        self._bounds = bounds or Bounds()
        self._lanes: dict[str, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._pauses: set[asyncio.TimerHandle] = set()
        self._names: dict[str, tuple[str, str]] = {}
        self._own = journal.place.resolve() if isinstance(journal.place, Path) else None

    def put(self, fetch: Fetch) -> None:
        """Fetch a file as soon as a worker is free."""
        self._put(_Job(fetch, fetch.url, Attempts(self._bounds.pause)))

    async def close(self) -> None:
        """Begin nothing new; what is under way is cut, and gone on with by the next run where that can be."""
        for lane in self._lanes.values():
            lane.queue.clear()
        for pause in self._pauses:
            pause.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._hops.close()
        self._folders.close()

    def _put(self, job: _Job) -> None:
        lane = self._lane(job.fetch.account)
        lane.queue.append(job)
        if lane.working < lane.most:
            lane.working += 1
            task = asyncio.ensure_future(self._work(lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _put_later(self, job: _Job, seconds: float) -> None:
        def over() -> None:
            self._pauses.discard(pause)
            self._put(job)

        pause = asyncio.get_running_loop().call_later(seconds, over)
        self._pauses.add(pause)

    def _lane(self, account: Account) -> _Lane:
        if account.key not in self._lanes:
            most = account.settings.max_downloads
            self._lanes[account.key] = _Lane(Limiter(most, None, self._bounds.patience), most)
        return self._lanes[account.key]

    async def _work(self, lane: _Lane) -> None:
        try:
            while lane.queue:
                async with lane.limiter.slot():
                    if not lane.queue:  # another worker took it while this one waited for a pause to end
                        break
                    job = lane.queue.popleft()
                    try:
                        fetched = await self._fetched(job, lane)
                    except _Later as later:
                        self._put_later(job, later.seconds)
                        continue
                await self._done(fetched)
        except RunnerError as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001 — a worker that died silently would let the run wait for ever
            self._failed(fault(error))
        finally:
            lane.working -= 1  # at once: whoever puts a fetch in now must find that a worker is missing

    async def _fetched(self, job: _Job, lane: _Lane) -> Fetched:
        """What came of a file; one file's trouble stays its own. Raises _Later, and StateError by the journal."""
        fetch = job.fetch
        try:
            return Fetched(fetch, size=await self._save(job, lane))
        except (StateError, _Later):
            raise
        except CannotFetch as error:
            return Fetched(fetch, str(error))
        except CannotWrite as error:
            return Fetched(fetch, f"{fetch.path} cannot be written: {error}; what had come of it was removed")
        except UnsafePath as error:
            return Fetched(fetch, f"not written: {error}")
        except RunnerError as error:
            return Fetched(fetch, error.message)
        except OSError as error:
            return Fetched(fetch, f"{fetch.path} cannot be written: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 — even when it is our fault
            return Fetched(fetch, fault(error).message)

    async def _save(self, job: _Job, lane: _Lane) -> int:
        fetch = job.fetch
        place, partial, there = await self._hops.run(self._open, fetch)
        try:
            if (
                there is not None
                and (held := await self._standing.taken_over(fetch, place, there)) is not None
            ):
                return held
            whole = await self._standing.left_whole(fetch, place, partial.name)
            if whole is None:
                whole = await self._attempt(job, lane, partial)
                await self._standing.announce(fetch, *whole)
            mtime = await self._hops.run_out(_put_in_place, partial, place)
            self._standing.record_saved(fetch, mtime)
            return whole[0]
        finally:
            place.close()

    def _open(self, fetch: Fetch) -> tuple[Place, Partial, tuple[int, int] | None]:
        """The place, what has come of the file so far, and size and time of what stands there."""
        place, target = self._folders.place(fetch.path)
        try:
            self._check_name(fetch, target)
            return place, Partial(place, self._owner(fetch)).find(), place.held()
        except BaseException:
            place.close()
            raise

    async def _attempt(self, job: _Job, lane: _Lane, partial: Partial) -> tuple[int, str]:
        """One attempt at the bytes; what came of them stays where a later one can go on. Raises _Later for one."""
        if lane.closed:
            raise CannotFetch(lane.closed)
        receiver = Receiver(self._transport, job.fetch, partial, self._hops, self._bounds)
        try:
            whole = await receiver.receive(job.url)
        except CannotFetch as error:
            await self._hops.run(partial.rest)
            raise _Later(await self._pause(job, lane, error, receiver.gained)) from None
        except asyncio.CancelledError:
            partial.rest()
            raise
        except BaseException:
            partial.discard()
            raise
        lane.limiter.went_well()
        return whole

    async def _pause(self, job: _Job, lane: _Lane, error: CannotFetch, gained: int) -> float:
        """Seconds until a file is tried again, with a new link where it needs one; raises CannotFetch."""
        if error.slower:
            if error.pause is not None and error.pause > LONGEST_PAUSE:
                lane.closed = (
                    f"not asked for: {error}, and asks to come back in {spell_duration(error.pause)}"
                )
            else:
                lane.limiter.refused(error.pause)
        pause = job.attempts.pause_after(error, gained)
        if job.attempts.wants_link:
            job.url = await job.fetch.renew() or job.url
        return pause

    def _owner(self, fetch: Fetch) -> str:
        words = (self._journal.lineage, fetch.address, str(fetch.generation), fetch.name, fetch.path)
        return hashlib.sha256("\0".join(words).encode(errors="surrogatepass")).hexdigest()

    def _check_name(self, fetch: Fetch, target: Path) -> None:
        """No file of ours takes the place of the journal, or of another that some disks do not tell apart."""
        own = self._own
        if (
            own is not None
            and target.parent == own.parent
            and target.name.casefold().startswith(own.name.casefold())
        ):
            raise UnsafePath(f"{fetch.path} belongs to the state")
        address, path = self._names.setdefault(folded(str(target)), (fetch.address, fetch.path))
        if path != fetch.path:
            raise UnsafePath(f"{fetch.path} and {path} are one name where case or accents do not count")
        if address != fetch.address:
            raise UnsafePath(f"{fetch.path} is a file of {address} too")


def _put_in_place(partial: Partial, place: Place) -> int:
    """Give a file its name, and let go of its folder: both may block."""
    mtime = partial.put_in_place()
    place.close()
    return mtime
