"""Respeecher's voice marketplace, emulated: keys and sessions, projects, folders, recordings, orders, voices,
calibrations, notes and statistics.

Where the API's text says nothing, its vendor's OpenAPI document is followed: the form and the codes of errors, lengths,
the pages' limits. Where both are silent, this is chosen: lists come newest first; a session ends after a day; an
original is processed before it is done, and only then converted; the sound that is served is made, not the one that was
uploaded; an order without credits is answered 402; nothing is refunded, and a retry costs nothing; a conversion is
retried by its own id or by its original's. A label or a text that holds `fail` ends in `error`; a retried conversion
ends well.
"""

from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.faults import FaultPlan, Faults
from runner.sandbox.ground.wire import Ask, Operation, Reply
from runner.sandbox.ground.world import World
from runner.sandbox.respeecher.calibrations import Calibrations
from runner.sandbox.respeecher.library import Library
from runner.sandbox.respeecher.notes import Notes
from runner.sandbox.respeecher.orders import Orders
from runner.sandbox.respeecher.projects import Projects
from runner.sandbox.respeecher.recordings import Recordings
from runner.sandbox.respeecher.replies import error, invalid
from runner.sandbox.respeecher.session import Doors
from runner.sandbox.respeecher.voices import Voices


class Respeecher:
    """The API on a world."""

    name = "respeecher"

    def __init__(self, world: World, clock: Clock, faults: Faults) -> None:
        self._doors = Doors(world, clock)
        self._library = Library(world, clock, faults)
        calibrations = Calibrations(world, clock)
        self._rooms = (
            self._doors,
            calibrations,
            Projects(self._library),
            Recordings(self._library),
            Orders(self._library, calibrations),
            Voices(world),
            Notes(self._library),
        )

    def configure(self, plan: FaultPlan) -> None:
        """Takes over new faults' balance as credits."""
        self._library.configure(plan)

    def operations(self) -> tuple[Operation, ...]:
        """The documented operations."""
        return tuple(operation for room in self._rooms for operation in room.operations())

    def refused(self, ask: Ask) -> Reply | None:
        """401 unless the request carries a key, or a session."""
        return self._doors.refused(ask)

    def unreadable(self, reason: str) -> Reply:
        """422 for a body that cannot be decoded."""
        return invalid(["body"], reason)

    def broken(self, status: int) -> Reply:
        """An injected failure."""
        if status == 422:
            return invalid(["body"], "Something went wrong")
        return error(status, "Internal server error" if status >= 500 else "Something went wrong")
