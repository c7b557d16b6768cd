"""The journal: events durable before the effects they announce, written by one thread that commits in groups.

`record` returns when its events are on the disk. Whoever records while a commit is under way shares the next one, so
that a thousand concurrent steps cost few syncs. The state in memory runs ahead of the disk by at most one commit, and
no effect is started on its word alone.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from runner.engine.codec import Blobs, Codec
from runner.engine.lock import Holder, Lock
from runner.engine.store import blobs_beside, open_store, reading, way_out, writing
from runner.model.errors import StateCorrupt
from runner.model.event import Event, Forgotten, GroupIntended, Moved
from runner.model.fold import fold_group, fold_instance, join_group
from runner.model.state import GroupState, InstanceState, State


def now_text() -> str:
    """The time of day as the journal writes it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class _Batch:
    """Rows that share one commit, and who waits for it. The last row of an address wins."""

    events: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    instances: dict[str, InstanceState | None] = field(default_factory=dict)
    groups: dict[str, GroupState] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)


class Journal:
    """The state of one manifest, open for writing. Use `open_journal`; close it to let go of the lock."""

    def __init__(
        self, file: Path, name: str, connection: sqlite3.Connection, state: State, lock: Lock
    ) -> None:
        self.file = file
        self.name = name
        self.lineage = state.lineage
        self.run = ""
        self.former_holder: Holder | None = None
        self.instances: dict[str, InstanceState] = dict(state.instances)
        self.groups: dict[str, GroupState] = dict(state.groups)
        self.owned: set[tuple[str, str]] = set()
        self.commits = 0
        self._connection = connection
        self._codec = Codec(Blobs(blobs_beside(file)))
        self._lock = lock
        self._batch = _Batch()
        self._ready = threading.Condition()
        self._closing = False
        self._failure: BaseException | None = None
        self._sequence = state.sequence
        for instance in self.instances.values():
            self._own(instance)
        self._writer = threading.Thread(target=self._write_forever, name="journal", daemon=True)
        self._writer.start()

    @property
    def state(self) -> State:
        """What is known now, as a value."""
        return State(self.name, self.lineage, self._sequence, dict(self.instances), dict(self.groups))

    async def record(self, *events: Event) -> None:
        """Fold events into the state and make them durable; they are on the disk when this returns.

        Raises StateCorrupt when the disk refuses them: from then on nothing is recorded, and nothing may be sent.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._ready:
            if self._closing:
                raise StateCorrupt(f"the journal {self.file} is closed", "run the same command again")
            if self._failure is None:
                self._take(events)
            if self._failure is None:
                self._batch.waiters.append(done)
                self._ready.notify()
        if self._failure is not None:
            raise self._broken()
        await done

    def _take(self, events: Sequence[Event]) -> None:
        """Fold events into the state and the batch: all of them or none, and no state without its events."""
        try:
            texts = [self._codec.encode_event(event) for event in events]
        except OSError as error:  # a large piece could not be put on the disk
            self._failure = error
            return
        at = now_text()
        try:
            for event, text in zip(events, texts, strict=True):
                self._fold(event, text, at)
        except Exception as error:  # noqa: BLE001 — the state may be half of what the events say: believe nothing more
            self._failure = error

    def record_now(self, *events: Event) -> None:
        """The same, for callers outside an event loop."""
        asyncio.run(self.record(*events))

    def read_inbox(self) -> list[tuple[int, str, str, str]]:
        """What `resolve` and `approve` left for the holder: (number, address, verb, argument), each told once."""
        with reading(self.file) as connection:
            rows = connection.execute(
                "SELECT seq, address, verb, argument FROM inbox WHERE taken = 0 ORDER BY seq"
            ).fetchall()
        with self._ready:
            self._batch.taken.extend(row[0] for row in rows)
        return [(int(seq), address, verb, argument) for seq, address, verb, argument in rows]

    def group_known(self, address: str) -> bool:
        """Whether a bulk request of this name was ever recorded, closed ones included."""
        with reading(self.file) as connection:
            found = connection.execute("SELECT 1 FROM groups WHERE address = ?", (address,)).fetchone()
        return found is not None

    def close(self) -> None:
        """Write what is waiting, and let go of the lock."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._writer.join()
        with contextlib.suppress(sqlite3.Error):  # a full disk may refuse the checkpoint; the log holds all
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
        self._lock.release()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own(self, instance: InstanceState) -> None:
        for id in instance.ids:
            self.owned.add((instance.account, id))

    def _fold(self, event: Event, text: str, at: str) -> None:
        address = getattr(event, "address", "")
        self._sequence += 1
        self._batch.events.append((at, self.run, event.kind, address, text))
        if isinstance(event, Moved | Forgotten):
            self._rename(address, event.to if isinstance(event, Moved) else "")
            return
        if isinstance(event, GroupIntended):
            for place, member in enumerate(event.members):
                self._put(member.address, join_group(self.instances.get(member.address), event, place, at))
        group = fold_group(self.groups.get(address), event)
        if group is not None:
            self.groups[address] = group
            self._batch.groups[address] = group
        elif address:
            self._put(address, fold_instance(self.instances.get(address), event, at))

    def _put(self, address: str, instance: InstanceState | None) -> None:
        if instance is None or instance is self.instances.get(address):
            return
        self.instances[address] = instance
        self._batch.instances[address] = instance
        self._own(instance)

    def _rename(self, address: str, to: str) -> None:
        instance = self.instances.pop(address, None)
        self._batch.instances[address] = None
        if instance is None or not to:
            return
        if instance.intent is not None:  # what is sent again, or settled, speaks of the new address
            instance = replace(instance, intent=replace(instance.intent, address=to))
        self._put(to, replace(instance, address=to))
        group = self.groups.get(instance.group)
        if group is not None and not group.closed:
            members = tuple(
                replace(member, address=to) if member.address == address else member
                for member in group.intent.members
            )
            moved = replace(group, intent=replace(group.intent, members=members))
            self.groups[group.address] = self._batch.groups[group.address] = moved

    def _write_forever(self) -> None:
        while True:
            with self._ready:
                while not (self._batch.waiters or self._closing):
                    self._ready.wait()
                batch, self._batch = self._batch, _Batch()
                last = self._closing
            if batch.events or batch.taken:
                self._write(batch)
            by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
            for waiter in batch.waiters:
                by_loop.setdefault(waiter.get_loop(), []).append(waiter)
            for loop, waiters in by_loop.items():
                with contextlib.suppress(RuntimeError):  # a loop that was closed has nobody who waits
                    loop.call_soon_threadsafe(self._wake, waiters)
            if last:
                return

    def _write(self, batch: _Batch) -> None:
        if self._failure is not None:
            return
        encode = self._codec.encode_instance
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO events (at, run, kind, address, data) VALUES (?, ?, ?, ?, ?)", batch.events
            )
            gone = [(address,) for address, instance in batch.instances.items() if instance is None]
            self._connection.executemany("DELETE FROM instances WHERE address = ?", gone)
            self._connection.executemany(
                "INSERT OR REPLACE INTO instances (address, phase, data) VALUES (?, ?, ?)",
                [(a, i.phase.value, encode(i)) for a, i in batch.instances.items() if i is not None],
            )
            self._connection.executemany(
                "INSERT OR REPLACE INTO groups (address, closed, data) VALUES (?, ?, ?)",
                [(a, int(g.closed), self._codec.encode_group(g)) for a, g in batch.groups.items()],
            )
            self._connection.executemany(
                "UPDATE inbox SET taken = 1 WHERE seq = ?", [(seq,) for seq in batch.taken]
            )
            self._connection.execute("COMMIT")
            self.commits += 1
        except Exception as error:  # noqa: BLE001 — a writer that died silently would let everybody wait for ever
            # Whatever could not be written must not be believed: every waiter is told, and nothing more is accepted.
            self._failure = error
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def _wake(self, waiters: Sequence[asyncio.Future[None]]) -> None:
        for waiter in waiters:
            if waiter.done():
                continue
            if self._failure is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(self._broken())

    def _broken(self) -> StateCorrupt:
        return StateCorrupt(
            f"the journal {self.file} could not be written: {self._failure}",
            f"{way_out(self._failure) if self._failure else ''}: nothing that was sent is forgotten",
        )


def open_journal(
    file: Path,
    *,
    name: str,
    holder: Holder,
    lock_timeout: float = 0.0,
    waiting: Callable[[str], None] | None = None,
) -> Journal:
    """Lock and open the state of the manifest `name`, making it when there is none.

    `waiting` is told for whom it waits. Raises StateLocked, StateForeign, StateNewer or StateCorrupt.
    """
    lock = Lock(file)
    former = lock.take(holder, lock_timeout, waiting=waiting)
    try:
        connection, state = open_store(file, name)
    except BaseException:
        lock.release()
        raise
    journal = Journal(file, name, connection, state, lock)
    journal.former_holder = former
    return journal


def leave_in_inbox(file: Path, address: str, verb: str, argument: str) -> None:
    """Leave a person's word for whoever holds the state; needs no lock. Raises StateError."""
    with writing(file) as connection:
        connection.execute(
            "INSERT INTO inbox (at, address, verb, argument) VALUES (?, ?, ?, ?)",
            (now_text(), address, verb, argument),
        )
