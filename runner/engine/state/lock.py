"""One writer per state: an operating-system lock on a side file, held for the life of the process.

The kernel lets go of it when the holder dies, however it dies; what the file says of the holder only informs.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from runner.model.errors import StateCorrupt, StateLocked


@dataclass(frozen=True, slots=True)
class Holder:
    """Who works on a state, for people: `since` is ISO 8601 UTC."""

    host: str
    pid: int
    command: str
    since: str
    commit: str = ""

    def __str__(self) -> str:
        commit = f" at commit {self.commit[:12]}" if self.commit else ""
        return f"{self.command!r} on {self.host} (process {self.pid}{commit}) since {self.since}"


class Lock:
    """The lock beside a state file."""

    def __init__(self, state: Path) -> None:
        self.file = state.with_name(state.name + ".lock")
        self._handle: IO[str] | None = None

    def take(
        self,
        holder: Holder,
        timeout: float,
        wait: Callable[[float], None] = time.sleep,
        waiting: Callable[[str], None] | None = None,
    ) -> Holder | None:
        """Take the lock within `timeout` seconds; returns the former holder when it ended without letting go.

        `waiting` is told once whom it waits for. Raises StateLocked, naming the holder, and StateCorrupt where nothing
        can be written beside the state.
        """
        try:
            handle = self._locked(time.monotonic() + timeout, wait, waiting)
            former = _read(handle)
            try:
                _sign(handle, holder)
            except OSError:
                handle.close()
                raise
        except OSError as error:
            raise StateCorrupt(
                f"the state cannot be locked: {self.file}: {error.strerror or error}",
                "check its folder, the permissions there, and the room on its disk",
            ) from error
        self._handle = handle
        return former

    def _locked(
        self, deadline: float, wait: Callable[[float], None], waiting: Callable[[str], None] | None
    ) -> IO[str]:
        """The lock's file, locked and standing under its name."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        while True:
            # The handle is held for the life of the process, so no block closes it.
            handle = open(self.file, "a+", encoding="utf-8", errors="replace")  # noqa: SIM115
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _stands(self.file, handle):
                    return handle
                handle.close()  # somebody removed the file meanwhile: a lock on it would keep nobody out
                continue
            except BlockingIOError:
                other = str(_read(handle) or "another process")
            except OSError:
                handle.close()
                raise
            handle.close()
            if time.monotonic() >= deadline:
                raise StateLocked(
                    f"the state is in use by {other}", "wait for it to end, or give --lock-timeout 10m"
                )
            if waiting is not None:
                waiting(other)
                waiting = None
            wait(0.1)

    def release(self) -> None:
        """Let go, and say so in the file, so that nobody is told of a holder who left in order."""
        if self._handle is None:
            return
        with contextlib.suppress(
            OSError
        ):  # then somebody is told of a holder who has left: a pity, and no harm
            self._handle.truncate(0)
        with contextlib.suppress(OSError):
            self._handle.close()
        self._handle = None


def holder_of_file(state: Path) -> Holder | None:
    """Who holds the state of a file now; None when nobody does. What the lock's file says is left as it is."""
    try:
        handle = open(state.with_name(state.name + ".lock"), encoding="utf-8", errors="replace")  # noqa: SIM115
    except FileNotFoundError:
        return None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(handle) or Holder("this machine", 0, "another process", "an unknown time")
    return None


def _sign(handle: IO[str], holder: Holder) -> None:
    """Write down who holds it, for people."""
    handle.truncate(0)
    json.dump(asdict(holder), handle)
    handle.flush()


def _stands(file: Path, handle: IO[str]) -> bool:
    """Whether what is locked is the file that stands there under its name."""
    try:
        return os.path.samestat(file.stat(), os.fstat(handle.fileno()))
    except FileNotFoundError:
        return False


def _read(handle: IO[str]) -> Holder | None:
    handle.seek(0)
    text = handle.read()
    if not text.strip():
        return None
    try:
        return Holder(**json.loads(text))
    except (ValueError, TypeError):
        return None
