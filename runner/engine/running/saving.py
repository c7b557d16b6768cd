"""Saving: the files of what is ready; an instance is done when they stand."""

from typing import TYPE_CHECKING

from runner.engine.download.downloads import Downloads, Fetched
from runner.engine.machine.faults import told
from runner.engine.running.results import files_of
from runner.model.errors import RunnerError
from runner.model.state import Phase

if TYPE_CHECKING:
    from runner.engine.running.apply import Apply


class Saving:
    """Fetches the files of instances, and counts how many of each are still to come."""

    def __init__(self, run: "Apply") -> None:
        desk = run.desk
        self._run = run
        self._desk = desk
        self._left: dict[str, int] = {}
        self._troubled: set[str] = set()
        self.downloads = Downloads(
            desk.folder,
            desk.transport,
            desk.journal,
            self._fetched,
            run.failed,
            desk.options.overwrite,
        )

    def under_way(self, address: str) -> bool:
        """Whether files of this instance are still to come."""
        return self._left.get(address, 0) > 0

    def troubled(self, address: str) -> bool:
        """Whether a file of this instance could not be had in this run."""
        return address in self._troubled

    def save(self, address: str) -> None:
        """Fetch the files of an instance that is ready."""
        try:
            files = files_of(self._desk, address)
        except RunnerError as error:
            message, hint = told(error)
            self._desk.trouble(address, "download", f"{message} — {hint}" if hint else message)
            self._troubled.add(address)
            return
        for name, reason in files.troubles:
            self._desk.trouble(address, "download", f"{name}: {reason}")
            self._troubled.add(address)
        if not files.fetches:
            self._done(address)
            return
        self._left[address] = len(files.fetches)
        for fetch in files.fetches:
            self._run.enter()
            self._desk.tell(address, "downloading", fetch.path)
            self.downloads.put(fetch)

    async def _fetched(self, fetched: Fetched) -> None:
        address = fetched.fetch.address
        if fetched.trouble:
            self._desk.trouble(address, "download", fetched.trouble)
            self._troubled.add(address)
        else:
            self._desk.tally.files += 1
            self._desk.tell(address, "saved", fetched.fetch.path)
        self._left[address] -= 1
        if self._left[address] == 0:
            self._done(address)
            self._run.sending.files_have_ended(address)
        self._run.leave()

    def _done(self, address: str) -> None:
        state = self._desk.state(address)
        if address not in self._troubled and state is not None and state.phase is Phase.READY:
            self._desk.tally.done += 1
