"""One writer per state in a database: a lease that a heartbeat renews, and a fencing token that each write compares.

The database's clock says when a lease has ended; the holder counts on its own, from before each heartbeat was sent, on
a clock that goes on while the machine sleeps. So the holder's lease ends before the database's does.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from runner.engine.machine.clock import awake
from runner.engine.state.lock import Holder
from runner.engine.state.postgres_link import connect, told
from runner.engine.state.postgres_reading import snapshot
from runner.model.errors import StateError, StateForeign, StateLocked
from runner.model.state_place import Database
from runner.model.units import spell_duration

if TYPE_CHECKING:
    import psycopg

LEASE = 60.0
"""Seconds that a state stays its holder's after the last heartbeat."""

BEAT = 10.0
"""Seconds between two heartbeats."""

SPARE = 5.0
"""Seconds before the end of its lease from which on a holder sends nothing more."""

SILENT = 25.0
"""Seconds after the last heartbeat from which on a holder is taken for dead: its lease is waited for."""

_FOUND = """
SELECT fence, holder, ended, moved, extract(epoch FROM until - clock_timestamp())::float8,
    extract(epoch FROM clock_timestamp() - beat)::float8
FROM runner_states WHERE state = %s
"""
_TAKEN = f"""
UPDATE runner_states SET fence = fence + 1, holder = %s, ended = false, beat = clock_timestamp(),
    until = clock_timestamp() + interval '{LEASE} seconds' WHERE state = %s RETURNING fence
"""
_BEAT = f"""
UPDATE runner_states SET beat = clock_timestamp(), until = clock_timestamp() + interval '{LEASE} seconds'
WHERE state = %s AND fence = %s RETURNING true
"""


class Lease:
    """A state that is held. Use `take_lease`; `end` lets go of it."""

    def __init__(self, place: Database, fence: int, since: float) -> None:
        self.place = place
        self.fence = fence
        self.lost = ""
        self._until = since + LEASE - SPARE
        self._connection: psycopg.Connection[Any] | None = None
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
        self._thread.start()

    def holds(self) -> bool:
        """Whether the state is still ours, suspended time counted; asks nobody."""
        return not self.lost and awake() < self._until

    def renew(self) -> None:
        """One heartbeat. What goes wrong with it shows in `holds` when the lease has run out."""
        with self._turn, contextlib.suppress(StateError), told(self.place):
            self._beat()

    def _beat(self) -> None:
        if self.lost or self._over.is_set():
            return
        if self._connection is None or self._connection.closed:
            self._connection = connect(self.place)
        began = awake()
        if self._connection.execute(_BEAT, (self.place.name, self.fence)).fetchone() is None:
            self.lost = "another command has taken the state over"
        else:
            self._until = began + LEASE - SPARE

    def _run(self) -> None:
        while not self._over.wait(BEAT):
            self.renew()

    def end(self, connection: "psycopg.Connection[Any]") -> None:
        """Let go; nothing may be in flight. A database that cannot be reached lets the lease run out."""
        self.stop()
        with contextlib.suppress(StateError), told(self.place):
            connection.execute(
                "UPDATE runner_states SET ended = true, holder = '', until = clock_timestamp()"
                " WHERE state = %s AND fence = %s",
                (self.place.name, self.fence),
            )

    def stop(self) -> None:
        """No further heartbeat; the lease runs out by itself."""
        self._over.set()
        self._thread.join()
        if self._connection is not None:
            self._connection.close()


def take_lease(
    connection: "psycopg.Connection[Any]",
    place: Database,
    holder: Holder,
    timeout: float,
    waiting: Callable[[str], None] | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> tuple[Lease, Holder | None, float]:
    """The lease, the former holder when it ended without letting go, and the seconds that its lease still lasts.

    A holder that is silent is waited for until its lease has ended, whatever `timeout` says; one that is alive for
    `timeout` seconds. Raises StateLocked and StateForeign.
    """
    deadline = time.monotonic() + timeout
    while True:
        since = awake()
        with connection.transaction():
            row = connection.execute(f"{_FOUND} FOR UPDATE", (place.name,)).fetchone()
            assert row is not None
            _, text, ended, moved, left, silent = row
            _stay(place, moved)
            if ended or left <= 0:
                taken = connection.execute(_TAKEN, (json.dumps(asdict(holder)), place.name)).fetchone()
                assert taken is not None
                return Lease(place, int(taken[0]), since), read_holder(text), max(left, 0.0)
        other = str(read_holder(text) or "another command")
        if silent < SILENT and time.monotonic() >= deadline:
            raise StateLocked(
                f"the state is in use by {other}, last heard of {spell_duration(max(round(silent), 0))} ago",
                "wait for it to end, or give --lock-timeout 10m; if it was killed, its lease ends in"
                f" {spell_duration(max(round(left), 1))}",
            )
        if waiting is not None:
            waiting(other)
            waiting = None
        wait(min(max(left, 0.05), 0.5))


def lease_of(place: Database) -> tuple[Holder, int, float] | None:
    """Who holds a state now, its fencing token, and the seconds since its last heartbeat; None when nobody does."""
    with snapshot(place) as found:
        if found is None:
            return None
        row = found.connection.execute(_FOUND, (place.name,)).fetchone()
    assert row is not None
    fence, text, ended, _, left, silent = row
    holder = read_holder(text)
    return None if ended or left <= 0 or holder is None else (holder, int(fence), float(silent))


def end_lease(place: Database, fence: int) -> bool:
    """End the lease that has this fencing token: its holder writes and sends nothing more. False: it has ended already.

    What it left open is settled by whoever comes next, no sooner than the lease would have ended by itself.
    """
    with told(place), connect(place) as connection:
        ended = connection.execute(
            "UPDATE runner_states SET fence = fence + 1, ended = true WHERE state = %s AND fence = %s RETURNING true",
            (place.name, fence),
        ).fetchone()
    return ended is not None


def read_holder(text: str) -> Holder | None:
    """Who is written down as the holder."""
    try:
        return Holder(**json.loads(text)) if text else None
    except (ValueError, TypeError):
        return None


def _stay(place: Database, moved: str) -> None:
    if moved:
        raise StateForeign(f"the state {place} was moved to {moved}", "name that place in state:")
