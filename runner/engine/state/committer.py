"""Commits: rows that share one transaction, written by one thread in the order in which they came."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from runner.engine.state.codec import Codec
from runner.engine.state.columns import columns
from runner.engine.state.keeping import Rows
from runner.model.event import Event
from runner.model.state import GroupState, InstanceState


@dataclass(slots=True)
class Batch:
    """Rows that share one commit, and who waits for it. The last row of an address wins. `intents` are the texts of
    intents that were encoded for their events already."""

    events: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    instances: dict[str, InstanceState | None] = field(default_factory=dict)
    groups: dict[str, GroupState] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)
    intents: dict[str, tuple[Event, str]] = field(default_factory=dict)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)


class Committer:
    """Owns the writing of a store. `told` is called in its thread after each batch; `failure` says why nothing more is
    written."""

    def __init__(self, write: Callable[[Rows], None], codec: Codec, told: Callable[[Batch], None]) -> None:
        self.commits = 0
        self.failure: BaseException | None = None
        self._write = write
        self._codec = codec
        self._told = told
        self._queue: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Write a batch when those before it have been written."""
        self._queue.put(batch)

    def close(self) -> None:
        """Write what was put, and end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (batch := self._queue.get()) is not None:
            if self.failure is None and (batch.events or batch.taken):
                self._commit(batch)
            self._told(batch)

    def _commit(self, batch: Batch) -> None:
        try:
            self._write(self._rows(batch))
            self.commits += 1
        except Exception as error:  # noqa: BLE001 — a writer that died silently would let everybody wait for ever
            # Whatever could not be written must not be believed: every waiter is told, and nothing more is accepted.
            self.failure = error

    def _rows(self, batch: Batch) -> Rows:
        return Rows(
            events=batch.events,
            instances=list(self._instances(batch)),
            gone=[address for address, instance in batch.instances.items() if instance is None],
            groups=[(a, int(g.closed), self._codec.encode_group(g)) for a, g in batch.groups.items()],
            taken=batch.taken,
        )

    def _instances(self, batch: Batch) -> Iterator[tuple[Any, ...]]:
        for address, instance in batch.instances.items():
            if instance is None:
                continue
            intent, text = batch.intents.get(address, (None, ""))
            known = text if instance.intent is not None and instance.intent is intent else ""
            data = self._codec.encode_instance(instance, known)
            yield (address, instance.standing.value, data, *columns(instance))
