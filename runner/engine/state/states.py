"""States wherever they are kept: the one door to files and databases. Every function raises StateError."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.model.errors import StateLocked
from runner.model.state_place import Database, StatePlace

if TYPE_CHECKING:
    from runner.engine.state.counting import StandingReader
    from runner.engine.state.keeping import Store, Word
    from runner.engine.state.lock import Holder
    from runner.engine.state.postgres_reading import DatabaseStanding
    from runner.model.state import InstanceState, State


def open_store(
    place: StatePlace,
    name: str,
    holder: "Holder",
    lock_timeout: float = 0.0,
    waiting: Callable[[str], None] | None = None,
) -> "tuple[Store, State]":
    """Lock and open the state of the manifest `name`, making it when there is none."""
    if isinstance(place, Database):
        from runner.engine.state.postgres_store import open_postgres

        return open_postgres(place, holder, lock_timeout, waiting)
    from runner.engine.state.sqlite_store import open_sqlite

    return open_sqlite(place, name, holder, lock_timeout, waiting)


def read_state(place: StatePlace, name: str) -> "State":
    """A snapshot without the lock; an absent state is an empty one."""
    if isinstance(place, Database):
        from runner.engine.state import postgres_reading

        return postgres_reading.read_state(place)
    from runner.engine.state import store

    return store.read_state(place, name)


def read_instance(place: StatePlace, name: str, address: str) -> "InstanceState | None":
    """What is known of one address, without reading the others."""
    if isinstance(place, Database):
        from runner.engine.state import postgres_reading

        return postgres_reading.read_instance(place, address)
    from runner.engine.state import store

    return store.read_instance(place, name, address)


def read_addresses(place: StatePlace, name: str) -> list[str]:
    """Every address that is known."""
    if isinstance(place, Database):
        from runner.engine.state import postgres_reading

        return postgres_reading.read_addresses(place)
    from runner.engine.state import store

    return store.read_addresses(place, name)


def read_events(place: StatePlace, address: str) -> list[tuple[int, str, str, str]]:
    """The history of one address: (number, time, kind, JSON data), oldest first."""
    if isinstance(place, Database):
        from runner.engine.state import postgres_reading

        return postgres_reading.read_events(place, address)
    from runner.engine.state import store

    return store.read_events(place, address)


def read_history(
    place: StatePlace, name: str, kinds: Sequence[str] = (), until: int | None = None
) -> list[tuple[str, str, str, str]]:
    """Every event, or those of some kinds, or up to a number: (time, kind, address, JSON data), oldest first; none
    where there is no state."""
    if isinstance(place, Database):
        from runner.engine.state import postgres_reading

        return postgres_reading.read_history(place, kinds, until)
    from runner.engine.state import sqlite_rows

    return sqlite_rows.read_history(place, name, kinds, until)


@contextmanager
def read_standing(place: StatePlace, name: str) -> "Iterator[StandingReader | DatabaseStanding | None]":
    """A snapshot to count, without the lock; None where there is no state."""
    if isinstance(place, Database):
        from runner.engine.state import postgres_reading

        with postgres_reading.read_standing(place) as reader:
            yield reader
        return
    from runner.engine.state import counting

    with counting.read_standing(place, name) as counter:
        yield counter


@dataclass(frozen=True, slots=True)
class HeldLock:
    """Who holds a state. `told` is the same for people; `fence` is a database's token of this lease."""

    holder: "Holder"
    told: str
    fence: int = 0


def lock_of(place: StatePlace) -> HeldLock | None:
    """Who holds the state now; None when nobody does."""
    if isinstance(place, Database):
        from runner.engine.state.postgres_lease import lease_of
        from runner.model.units import spell_duration

        found = lease_of(place)
        if found is None:
            return None
        holder, fence, silent = found
        return HeldLock(holder, f"{holder}, last heard of {spell_duration(max(silent, 0.0))} ago,", fence)
    from runner.engine.state.lock import holder_of_file

    by = holder_of_file(place)
    return HeldLock(by, str(by)) if by is not None else None


def end_lock(place: StatePlace, lock: HeldLock) -> None:
    """End a lease by hand: its holder can neither write nor send any more. Raises StateLocked for the lock of a file,
    which ends with its process and no sooner."""
    if not isinstance(place, Database):
        raise StateLocked(
            f"the state is in use by {lock.told}, and the lock of a file cannot be taken away",
            "end that process: the lock ends with it",
        )
    from runner.engine.state.postgres_lease import end_lease

    end_lease(place, lock.fence)


def ensure_state(place: StatePlace, name: str) -> None:
    """Make the state where there is none, so that a word can be left in it."""
    from runner.engine.state.holding import holder_of
    from runner.model.errors import StateLocked

    try:
        store, _ = open_store(place, name, holder_of("approve", Path.cwd()))
    except StateLocked:
        return  # somebody is making it in this moment
    store.close()


def read_words(place: StatePlace, name: str) -> "list[Word]":
    """Words that were left for the holder and not taken in yet."""
    if isinstance(place, Database):
        from runner.engine.state import postgres_reading

        return postgres_reading.read_words(place)
    from runner.engine.state import sqlite_rows

    return sqlite_rows.read_words(place, name)


def leave_word(place: StatePlace, address: str, verb: str, argument: str) -> None:
    """Leave a person's word for whoever holds the state; needs no lock."""
    leave_words(place, [(address, verb, argument)])


def leave_words(place: StatePlace, words: Sequence[tuple[str, str, str]]) -> None:
    """Leave several (address, verb, argument), all of them or none."""
    from runner.engine.machine.daytime import now_text

    if isinstance(place, Database):
        from runner.engine.state import postgres_reading

        postgres_reading.leave_words(place, now_text(), words)
        return
    from runner.engine.state import sqlite_rows

    sqlite_rows.leave_words(place, now_text(), words)
