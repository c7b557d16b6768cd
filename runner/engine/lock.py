"""One writer per state: an operating-system lock on a side file, held for the life of the process.

The kernel lets go of it when the holder dies, however it dies; what the file says of the holder only informs.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from runner.model.errors import StateLocked


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
        self, holder: Holder, timeout: float, wait: Callable[[float], None] = time.sleep
    ) -> Holder | None:
        """Take the lock within `timeout` seconds; returns the former holder when it ended without letting go.

        Raises StateLocked, naming the holder.
        """
        self.file.parent.mkdir(parents=True, exist_ok=True)
        handle = open(self.file, "a+", encoding="utf-8")  # noqa: SIM115 — held for the life of the process
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _stands(self.file, handle):
                    break
                handle.close()  # somebody removed the file meanwhile: a lock on it would keep nobody out
                handle = open(self.file, "a+", encoding="utf-8")  # noqa: SIM115
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    other = _read(handle)
                    handle.close()
                    raise StateLocked(
                        f"the state is in use by {other or 'another process'}",
                        "wait for it, or give --lock-timeout 10m",
                    ) from None
                wait(0.1)
        former = _read(handle)
        handle.seek(0)
        handle.truncate()
        json.dump(
            {
                "host": holder.host,
                "pid": holder.pid,
                "command": holder.command,
                "since": holder.since,
                "commit": holder.commit,
            },
            handle,
        )
        handle.flush()
        os.fsync(handle.fileno())
        self._handle = handle
        return former

    def release(self) -> None:
        """Let go, and say so in the file, so that nobody is told of a holder who left in order."""
        if self._handle is None:
            return
        self._handle.seek(0)
        self._handle.truncate()
        self._handle.flush()
        self._handle.close()
        self._handle = None


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
