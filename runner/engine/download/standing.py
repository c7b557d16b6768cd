"""What stands at a file's place before it is fetched: ours and whole, ours to replace, or somebody else's."""

import aiohttp

from runner.engine.download.fetches import EXPIRED, CannotFetch, Fetch
from runner.engine.download.places import Place
from runner.engine.machine.hops import Hops
from runner.engine.state.journal import Journal
from runner.engine.wire.addresses import ForbiddenAddress
from runner.engine.wire.redirects import Signed
from runner.engine.wire.transport import Transport, describe
from runner.model.event import Saved, Saving
from runner.model.state import FileState


class Standing:
    """Takes over what is ours, and records it. Raises CannotFetch for what is not, StateError by the journal."""

    def __init__(self, transport: Transport, journal: Journal, hops: Hops, overwrite: bool) -> None:
        self._transport = transport
        self._journal = journal
        self._hops = hops
        self._overwrite = overwrite

    async def taken_over(self, fetch: Fetch, place: Place, there: tuple[int, int]) -> int | None:
        """The size of a file that is there and need not be fetched; None where it is one to replace. `there`: its size
        and its time."""
        size, mtime = there
        known = self._known(fetch)
        if known is not None and await self._is_announced(known, size, place):
            self.record_saved(fetch, mtime)
            return size
        if known is not None or self._overwrite:
            return None
        state = self._journal.instances.get(fetch.address)
        if state is None or state.how != "imported":
            raise CannotFetch(f"{fetch.path} exists and was not written by runner (--overwrite replaces it)")
        if await self._remote_size(fetch) != str(size):
            raise CannotFetch(f"{fetch.path} exists and has not the remote size (--overwrite replaces it)")
        await self.announce(fetch, size, await self._hops.run(place.digest))
        self.record_saved(fetch, mtime)
        return size

    async def left_whole(self, fetch: Fetch, place: Place, part: str) -> tuple[int, str] | None:
        """Size and SHA-256 of a file that was whole and announced when a run was killed, and lacks its name only."""
        known = self._known(fetch)
        if known is None or known.done or not known.sha256:
            return None
        held = place.held(part)
        if held is None or held[0] != known.size:
            return None
        found = await self._hops.run(place.digest, part)
        return (known.size, known.sha256) if found == known.sha256 else None

    async def announce(self, fetch: Fetch, size: int, sha256: str) -> None:
        """Record what is about to get its name."""
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

    def record_saved(self, fetch: Fetch, mtime_ns: int) -> None:
        """Record that it has its name."""
        self._journal.note(
            Saved(address=fetch.address, generation=fetch.generation, path=fetch.path, mtime_ns=mtime_ns)
        )

    async def _is_announced(self, known: FileState, size: int, place: Place) -> bool:
        """Whether it is the file that was about to get its name when a run was killed."""
        if known.done or size != known.size:
            return False
        return await self._hops.run(place.digest) == known.sha256

    def _known(self, fetch: Fetch) -> FileState | None:
        state = self._journal.instances.get(fetch.address)
        return state.files.get(fetch.path) if state is not None else None

    async def _remote_size(self, fetch: Fetch) -> str | None:
        """How many bytes the download would have; None when the API does not tell."""
        url = fetch.url
        for renewed in (False, True):
            signed = await fetch.account.signed(url) if fetch.credentials else Signed(url)
            try:
                async with self._transport.stream(
                    signed.url, (*fetch.headers, *signed.headers), reach=fetch.account.reach
                ) as stream:
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
