"""What a journal needs of the place where its state is kept: a store, locked for the life of the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from runner.engine.state.lock import Holder
from runner.model.state_place import StatePlace

Word = tuple[int, str, str, str]
"""What a person left for the holder: (number, address, verb, argument)."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What one commit writes, as texts: events (time, run, kind, address, data), the states of instances (address,
    phase, data, and the columns of `columns.py`) and of groups (address, closed, data), addresses that are
    known no more, and words taken in."""

    events: Sequence[tuple[str, str, str, str, str]] = ()
    instances: Sequence[tuple[Any, ...]] = ()
    gone: Sequence[str] = ()
    groups: Sequence[tuple[str, int, str]] = ()
    taken: Sequence[int] = ()


class Pieces(Protocol):
    """Large pieces of requests, by their SHA-256."""

    def put(self, content: bytes) -> str:
        """Keep a piece, as durably as the rows that are written after this; its digest. Raises OSError."""
        ...

    def get(self, digest: str) -> bytes:
        """The piece, byte for byte; OSError when it has gone, ValueError when it is not what was put."""
        ...


class Store(Protocol):
    """A state that is locked and open for writing. `former_holder` is who ended without letting go of it."""

    @property
    def place(self) -> StatePlace: ...
    @property
    def former_holder(self) -> Holder | None: ...
    @property
    def pieces(self) -> Pieces: ...

    def write(self, rows: Rows) -> None:
        """One transaction, all or nothing, durable when it returns. Called by one thread; raises whatever is wrong."""
        ...

    def holds(self) -> bool:
        """Whether nobody can have taken the state over since it was opened; asks nobody, and counts suspended time."""
        ...

    def renew(self) -> None:
        """Ask anew for what `holds` denies; where that is refused, it goes on denying it."""
        ...

    def read_inbox(self) -> list[Word]:
        """Words that were left and not taken in, also while rows are written. Raises StateError."""
        ...

    def group_known(self, address: str) -> bool:
        """Whether a bulk request of this name was ever recorded. Raises StateError."""
        ...

    def inherit(self, lineage: str) -> None:
        """Be the state of this lineage, durably. Raises whatever is wrong."""
        ...

    def leave_for(self, place: str) -> None:
        """Refuse whoever comes from now on, and name the place where the state is. Raises whatever is wrong."""
        ...

    def way_out(self, error: BaseException) -> str:
        """What a person can do about an error of `write`."""
        ...

    def close(self) -> None:
        """Let go of the state. Nothing may be in flight any more."""
        ...
