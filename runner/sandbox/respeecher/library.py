"""What an account of the emulated Respeecher holds: projects, folders, recordings, notes, orders, credits."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from runner.sandbox.ground.clock import Clock, iso
from runner.sandbox.ground.faults import FaultPlan, Faults
from runner.sandbox.ground.listing import visible
from runner.sandbox.ground.wire import Ask, Refusal
from runner.sandbox.ground.world import World
from runner.sandbox.respeecher.recording import ORIGINAL, Note, Order, Recording, shown
from runner.sandbox.respeecher.replies import error

CREDITS = 10_000.0
"""Credits on a new account."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Project:
    """A project; times are real, `born` is virtual."""

    id: str
    name: str
    slug: str
    owner: str
    created_at: float
    born: float


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; `created_at` is real, `born` virtual."""

    id: str
    name: str
    project_id: str
    created_at: float
    born: float

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "name": self.name,
            "project_id": self.project_id,
            "parent_id": None,
            "id": self.id,
            "active": True,
            "created_at": iso(self.created_at),
        }


class Library:
    """The account's things. What is asked for and is not there is refused with the status that the operation
    documents."""

    def __init__(self, world: World, clock: Clock, faults: Faults) -> None:
        self.world = world
        self.clock = clock
        self.faults = faults
        self.projects = world.table("respeecher.project", Project)
        self.folders = world.table("respeecher.folder", Folder)
        self.recordings = world.table("respeecher.recording", Recording)
        self.orders = world.table("respeecher.order", Order)
        self.notes = world.table("respeecher.note", Note)
        self.configure(faults.plan, anew=False)

    def configure(self, plan: FaultPlan, anew: bool = True) -> None:
        """Takes over the plan's balance as credits: always when told anew, otherwise when it is another than the
        last."""
        told = plan.conduct.balance
        if told is not None and (anew or self.world.facts.get("respeecher.told_credits") != told):
            self.world.set_fact("respeecher.told_credits", told)
            self.world.set_fact("respeecher.credits", told)

    @property
    def credits(self) -> float:
        """Credits that are left."""
        return float(self.world.facts.get("respeecher.credits", CREDITS))

    def charge(self, cost: float) -> None:
        """Takes credits."""
        self.world.set_fact("respeecher.credits", round(self.credits - cost, 6))

    def accept(self, ask: Ask, recording: Recording, request: Any, cost: float) -> None:
        """Writes into the ledger that work was accepted."""
        self.world.accept(
            at=iso(self.clock.real()),
            provider="respeecher",
            operation=ask.operation,
            name=recording.label,
            id=recording.id,
            request=request,
            cost=cost,
        )

    def project(self, id: str, missing: int) -> Project:
        """A project by its id."""
        return _there(self.projects.get(id), "Project", missing)

    def folder(self, id: str, missing: int) -> Folder:
        """A folder by its id."""
        return _there(self.folders.get(id), "Folder", missing)

    def recording(self, id: str, missing: int) -> Recording:
        """A recording by its id."""
        return _there(self.recordings.get(id), "Recording", missing)

    def original(self, id: str, missing: int) -> Recording:
        """An original recording by its id."""
        found = self.recording(id, missing)
        return _there(found if found.type == ORIGINAL else None, "Original", missing)

    def listed(self, things: Iterable[T], chosen: Callable[[T], bool]) -> Sequence[T]:
        """What a list shows of things, oldest first."""
        return visible(filter(chosen, things), _born, self.clock.virtual(), self.faults.conduct)

    def show(self, recording: Recording) -> dict[str, Any]:
        """A recording with its note."""
        return shown(recording, self.notes.get(recording.id), self.clock)

    def remove_recording(self, recording: Recording) -> list[str]:
        """Forgets a recording, and the conversions of an original; the ids of all."""
        gone = [recording]
        if recording.type == ORIGINAL:
            gone += [each for each in self.recordings if each.original_id == recording.id]
        for each in gone:
            self.recordings.remove(each.id)
            self.notes.remove(each.id)
        return [each.id for each in gone]

    def remove_folder(self, folder: Folder) -> list[str]:
        """Forgets a folder and what is in it; the ids of all."""
        ids = [folder.id]
        for recording in [each for each in self.recordings if each.parent_folder_id == folder.id]:
            if self.recordings.get(recording.id) is not None:
                ids += self.remove_recording(recording)
        self.folders.remove(folder.id)
        return ids

    def remove_project(self, project: Project) -> None:
        """Forgets a project and what is in it."""
        for folder in [each for each in self.folders if each.project_id == project.id]:
            self.remove_folder(folder)
        self.projects.remove(project.id)


def _born(thing: Any) -> float:
    """When a project, folder or recording was made."""
    return float(thing.born)


def _there(thing: T | None, name: str, missing: int) -> T:
    if thing is None:
        raise Refusal(error(missing, f"{name} not found"))
    return thing
