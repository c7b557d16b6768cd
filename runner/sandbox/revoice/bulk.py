"""ReVoice in bulk: a workbook's rows become batches one after the other, in virtual time.

Where the API's text says nothing, this is chosen: the status words are `IN_PROGRESS` and `COMPLETED`, of a
row `PENDING`, `CREATED` and `FAILED`; `progress` ends in `%`; a row that was not reached yet is listed
without an id; a row that cannot become a batch has a message and no id; `page` is 1 when only `limit` is
given.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.world import World
from runner.sandbox.revoice.scripts import BadScript, BulkLine

FIRST_ROW = 2.0
"""Virtual seconds before the first row of a request is looked at."""
EACH_ROW = 0.5
"""Virtual seconds between two rows."""
DEFAULT_LIMIT = 50
MOST_LIMIT = 1000

CreateRow = Callable[[str, dict[str, Any]], Awaitable[str]]
"""Makes a batch of a row's fields in a project and returns its id; raises BadScript with the reason if it
cannot be."""


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """A bulk request; `lines` holds the fields and the problem of each row."""

    id: str
    project: str
    born: float
    lines: list[list[Any]]


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What became of a row: a batch, or a message."""

    request: str
    row: int
    batch: str
    message: str


class Bulk:
    """All bulk requests of a world, and the work on them."""

    def __init__(self, world: World, clock: Clock, create: CreateRow) -> None:
        self._clock = clock
        self._create = create
        self._requests = world.table("revoice.bulk", BulkRequest)
        self._outcomes = world.table("revoice.bulk_row", BulkOutcome)
        self._ended: dict[str, list[BulkOutcome]] = {request.id: [] for request in self._requests}
        for outcome in self._outcomes:
            self._ended[outcome.request].append(outcome)
        self._open = {
            request.id for request in self._requests if len(self._ended[request.id]) < len(request.lines)
        }
        self._news = asyncio.Event()

    def accept(
        self, id: str, project: str, lines: Sequence[BulkLine], settings: dict[str, Any] | None
    ) -> None:
        """Takes a request in; a row's own settings win over those of the request."""
        rows = []
        for line in lines:
            fields = dict(line.fields)
            if settings or "settings" in fields:
                fields["settings"] = {**(settings or {}), **fields.get("settings", {})}
            rows.append([fields, line.problem])
        self._requests.put(id, BulkRequest(id, project, self._clock.virtual(), rows))
        self._ended[id] = []
        self._open.add(id)
        self._news.set()

    def status(self, id: str) -> dict[str, Any] | None:
        """The status of a whole request, or None when there is no such request."""
        request = self._requests.get(id)
        if request is None:
            return None
        done, total = len(self._ended[id]), len(request.lines)
        word = "COMPLETED" if done == total else "IN_PROGRESS"
        return {"requestId": id, "status": word, "progress": f"{100 * done // total}%"}

    def page(self, id: str, page: int, limit: int) -> dict[str, Any] | None:
        """One page of a request's rows, in the workbook's order."""
        request = self._requests.get(id)
        if request is None:
            return None
        start = (page - 1) * limit
        ended = self._ended[id]
        rows = [
            _row(fields.get("name", ""), ended[row] if row < len(ended) else None)
            for row, (fields, _) in enumerate(request.lines[start : start + limit], start)
        ]
        return {"requestId": id, "page": page, "limit": limit, "batches": rows}

    async def work(self) -> None:
        """Turns rows into batches when their time comes; never returns."""
        while True:
            self._news.clear()
            due, id = min(((self._due(id), id) for id in self._open), default=(None, ""))
            if due is None:
                await self._news.wait()
                continue
            wait = (due - self._clock.virtual()) / self._clock.speed
            if wait > 0:
                try:
                    async with asyncio.timeout(wait):
                        await self._news.wait()
                except TimeoutError:
                    continue
            else:
                await self._next_row(id)

    def _due(self, id: str) -> float:
        request = self._requests.get(id)
        assert request is not None
        return request.born + FIRST_ROW + EACH_ROW * len(self._ended[id])

    async def _next_row(self, id: str) -> None:
        request = self._requests.get(id)
        assert request is not None
        row = len(self._ended[id])
        fields, problem = request.lines[row]
        batch, message = "", problem
        if not problem:
            try:
                batch = await self._create(request.project, fields)
            except BadScript as reason:
                message = str(reason)
        outcome = BulkOutcome(id, row, batch, message)
        self._outcomes.put(f"{id}/{row}", outcome)
        self._ended[id].append(outcome)
        if row + 1 == len(request.lines):
            self._open.discard(id)


def _row(name: str, outcome: BulkOutcome | None) -> dict[str, Any]:
    if outcome is None:
        return {"name": name, "status": "PENDING", "message": ""}
    if not outcome.batch:
        return {"name": name, "status": "FAILED", "message": outcome.message}
    return {"id": outcome.batch, "name": name, "status": "CREATED", "message": ""}
