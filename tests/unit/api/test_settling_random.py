"""Thousands of small random histories: lost answers, late effects, lagging lists and crashes between any two steps.

Whatever happens, a wish is never done twice, and nothing that was done is forgotten.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Any

import pytest

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.effects import (
    Collection,
    Effect,
    Lifecycle,
    Outcome,
    Record,
    Request,
    Until,
    Walk,
    Walked,
)
from runner.api.lifecycles.lifecycle import submit
from runner.api.lifecycles.marks import fold_mark
from runner.api.lifecycles.order import Order
from runner.api.lifecycles.settling import settle
from runner.api.provider import Use
from runner.api.strategies.bulk_order import GroupOrder
from runner.api.strategies.bulk_workbook import resume_group, submit_group
from runner.api.vocabulary.lifedata import Settle
from runner.model.event import Event, GroupIntended, Intended, Member, Settling
from runner.model.fold import fold_group, fold_instance, join_group
from runner.model.http import Answer, Call, NoAnswer, Reply
from runner.model.observation import Remote
from runner.model.state import GroupState, InstanceState, Phase

EPOCH = 1_700_000_000.0
ADDRESS = "dub/ep01"
LOST = NoAnswer(True, "the connection was closed without an answer")
MOODS = (
    ("well", "well", "lost", "gone", "500", "500 gone", "garbage", "429", "unsent", "422"),
    ("lost", "gone", "gone", "500 gone"),
    ("lost", "gone", "garbage", "429", "422"),
)
"""What becomes of paid calls on good days and on bad ones."""
DONE = (Phase.RUNNING, Phase.DOUBT, Phase.REFUSED)


class Crash(Exception):
    """The process is killed here."""


@dataclass
class Thing:
    """Something that exists there from `at`, and that lists show from `shown`. Times are the world's."""

    id: str
    mark: str
    at: float
    shown: float


@dataclass
class World:
    """The remote side, the journal's folded state, and a process that may die; `clock` is the world's own time."""

    dice: random.Random
    settle: Settle
    crashes: int
    danger: float = 0.05
    moods: tuple[str, ...] = ()
    clock: float = 0.0
    born: float = 0.0
    boot: int = 0
    things: list[Thing] = field(default_factory=list)
    state: dict[str, InstanceState] = field(default_factory=dict)
    groups: dict[str, GroupState] = field(default_factory=dict)
    dateless: bool = False
    stamps: str = "full"
    lost_last: bool = False
    numbers: Iterator[int] = field(default_factory=lambda: count(100))

    # What a lifecycle sees.

    def monotonic(self) -> float:
        return self.clock - self.born

    def owner(self, account: str, id: str, *_: object, besides: str = "") -> str:
        held = (one for one in self.state.values() if one.id == id or id in dict(one.former).values())
        return next((one.address for one in held if one.address != besides), "")

    def mint(self) -> str:
        return f"bits{next(self.numbers)}"

    def stamp(self) -> str:
        return f"{self.boot} {self.clock}"

    def passed(self, stamp: str) -> float | None:
        boot, _, then = stamp.partition(" ")
        return self.clock - float(then) if boot == str(self.boot) else None

    # What the world does.

    def crash(self) -> None:
        if self.crashes > 0 and self.dice.random() < self.danger:
            self.crashes -= 1
            raise Crash

    def make(self, mark: str, *, foreign: bool = False) -> Thing:
        """An effect: it comes late, and lists show it later still, but within the settling time."""
        late = 0.0 if foreign else self.dice.choice([0.0, self.dice.uniform(0, 0.95 * self.settle.effect)])
        shown = self.dice.uniform(late, 0.97 * self.settle.effect)
        made = Thing(str(next(self.numbers)), mark, self.clock + late, self.clock + shown)
        self.things.append(made)
        return made

    def effects(self, mark: str) -> list[Thing]:
        return [thing for thing in self.things if fold_mark(thing.mark) == fold_mark(mark)]

    def drive(self, lifecycle: Lifecycle) -> Outcome:
        value: Any = None
        for _ in range(3000):
            try:
                effect = lifecycle.send(value)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            self.crash()
            value = self.answer(effect)
            self.crash()
        raise AssertionError("the lifecycle does not end")

    def answer(self, effect: Effect) -> Any:
        match effect:
            case Record():
                for event in effect.events:
                    self.record(event)
            case Request(intent=None):
                self.clock += self.dice.uniform(0.01, 0.5)
                return self.read(effect.call)
            case Request():
                assert effect.intent is not None
                self.record(effect.intent)
                self.crash()
                reply = self.paid(effect)
                self.clock += self.dice.uniform(0.01, 5.0)
                return reply
            case Walk():
                return self.walk()
            case Until():
                self.clock = max(self.clock, effect.moment + self.born) + self.dice.uniform(0, 2)
        return None

    def record(self, event: Event) -> None:
        address = getattr(event, "address", "")
        if isinstance(event, Settling) and event.accepted and self.dice.random() < 0.5:
            # What is known to be accepted is never sent again, even when nobody can wait for it.
            for thing in self.things:
                if not thing.mark.startswith("somebody's") and thing.shown > self.clock:
                    thing.shown += 20 * self.settle.effect
        if isinstance(event, GroupIntended):
            for place, member in enumerate(event.members):
                self.state[member.address] = join_group(self.state.get(member.address), event, place, "")
        group = fold_group(self.groups.get(address), event)
        if group is not None:
            self.groups[address] = group
            return
        known = fold_instance(self.state.get(address), event, "")
        if known is not None:
            self.state[address] = known

    def walk(self) -> Walked | Reply:
        began, date = self.monotonic(), EPOCH + self.clock
        self.clock += self.dice.uniform(0.01, 1.0)
        if self.dice.random() < 0.1:
            return self.dice.choice([LOST, Answer(500), Answer(200, body=None, unreadable="no list")])
        shown = [thing for thing in self.things if thing.shown <= began + self.born]
        if shown and not self.lost_last and self.dice.random() < 0.15:
            shown.remove(self.dice.choice(shown))  # it moved from page to page while they were read
            self.lost_last = True
        else:
            self.lost_last = False
        if self.dice.random() < 0.15:
            self.make(f"somebody's {next(self.numbers)}", foreign=True)
        remotes = [self.remote(thing) for thing in shown]
        by_mark: dict[str, tuple[Remote, ...]] = {}
        for one in remotes:
            by_mark[fold_mark(one.mark)] = (*by_mark.get(fold_mark(one.mark), ()), one)
        known = None if self.dateless and self.dice.random() < 0.7 else float(int(date))
        return Walked({one.id: one for one in remotes}, by_mark, began, known)

    def remote(self, thing: Thing) -> Remote:
        moment = datetime.fromtimestamp(EPOCH + thing.at, UTC)
        created = {
            "full": moment.isoformat(),
            "minute": moment.strftime("%Y-%m-%dT%H:%MZ"),
            "day": moment.strftime("%Y-%m-%d"),
            "local": datetime.fromtimestamp(EPOCH + thing.at - 8 * 3600, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        }[self.stamps]
        name = thing.mark.upper() if self.stamps == "minute" else thing.mark
        item = {"project_id": thing.id, "id": thing.id, "name": name, "created_date": created}
        return Remote(thing.id, name, item)

    def read(self, call: Call) -> Reply:
        raise AssertionError(f"nobody asked for {call}")

    def paid(self, request: Request) -> Reply:
        """A paid call: what it does there, and what is heard of it."""
        intent = request.intent
        assert isinstance(intent, Intended)
        match self.dice.choice(self.moods):
            case "well":
                made = self.make(intent.mark)
                return Answer(200, body={"project_id": made.id, "cost_minutes": 3})
            case "lost" | "500" as how:
                self.make(intent.mark)
                return LOST if how == "lost" else Answer(500)
            case "garbage":
                self.make(intent.mark)
                return Answer(200, body=None, unreadable="the answer is an HTML page")
            case "gone":
                return LOST
            case "429":
                return Answer(429, {"retry-after": "7"} if self.dice.random() < 0.5 else {})
            case "unsent":
                return NoAnswer(False, "no connection")
            case "422":
                return Answer(422, body={"error": "ValidationError", "message": "no"})
        return Answer(502)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    return Catalogue()


def use_of(name: str) -> Use:
    use = catalogue().use(name)
    assert use is not None
    return use


def single(world: World, generation: int) -> Order:
    inputs = {
        "name": "ep01 fr-FR",
        "source_lang": "en",
        "target_lang": "fr-FR",
        "source_video_url": "https://media.example.com/ep01.mp4",
    }
    if world.stamps == "day":
        del inputs["name"]  # so a mark is minted
    return Order(
        address=ADDRESS,
        generation=generation,
        use=use_of("dubformer.project"),
        inputs=inputs,
        digest="d1",
        canonical=inputs,
        account="dubformer x",
        settle=world.settle,
        collection=Collection("dubformer", "projects", (), "dubformer x projects", "$item#/name"),
    )


def next_lifecycle(world: World) -> Lifecycle | None:
    """What the next run does about the instance; None when it is done."""
    held = world.state.get(ADDRESS)
    if held is None or held.phase is Phase.WITHDRAWN:
        return submit(single(world, held.generation + 1 if held is not None else 1), world)
    if held.phase is not Phase.UNSETTLED:
        return None
    assert held.intent is not None
    return settle(
        single(world, held.generation),
        world,
        held.intent,
        alive=None,
        since=held.settling_since,
        wanted=world.dice.random() < 0.85,
        resend_now=held.resend,
    )


def history(seed: int) -> World:
    """One wish, from the first run to its end."""
    dice = random.Random(seed)
    world = World(dice, Settle(120.0, 30.0), crashes=dice.randint(0, 4))
    world.danger = dice.choice([0.02, 0.05, 0.12])
    world.moods = dice.choice(MOODS)
    world.dateless = dice.random() < 0.2
    world.stamps = dice.choice(["full", "minute", "day", "local"])
    for _ in range(dice.randint(0, 40)):
        world.make(f"somebody's {next(world.numbers)}", foreign=True)
    world.clock = 1000.0
    for _ in range(200):
        world.born = world.clock - dice.uniform(0, 5000)
        lifecycle = next_lifecycle(world)
        if lifecycle is None:
            return world
        try:
            world.drive(lifecycle)
        except Crash:
            world.clock += dice.choice([0.5, 60.0, dice.uniform(0, 4000)])
    raise AssertionError(f"seed {seed} does not come to an end")


@pytest.mark.parametrize("part", range(8))
def test_a_wish_is_never_done_twice_and_nothing_done_is_forgotten(part: int) -> None:
    ends = set()
    for seed in range(part * 200, part * 200 + 200):
        world = history(seed)
        held = world.state[ADDRESS]
        ours = [thing for thing in world.things if not thing.mark.startswith("somebody's")]
        assert held.phase in DONE, f"seed {seed}"
        assert len(ours) <= 1, f"seed {seed}: done {len(ours)} times"
        if held.phase is Phase.RUNNING:
            assert [thing.id for thing in ours] == [held.id], f"seed {seed}"
        if held.phase is Phase.REFUSED:
            assert not ours, f"seed {seed}: refused, and done all the same"
        ends.add(held.phase)
    assert {Phase.RUNNING, Phase.REFUSED} <= ends


class BulkWorld(World):
    """The same for workbooks: a request makes its rows one after the other, or refuses some."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)
        super().__init__(dice, Settle(900.0, 30.0), crashes=dice.randint(0, 4))
        self.danger = dice.choice([0.02, 0.05, 0.12])
        self.moods = dice.choice(MOODS)
        self.dateless = dice.random() < 0.2
        self.requests: dict[str, list[tuple[str, Thing | None]]] = {}
        self.forgets = dice.random() < 0.1
        self.ends: dict[str, float] = {}

    def paid(self, request: Request) -> Reply:
        intent = request.intent
        assert isinstance(intent, GroupIntended)
        how = self.dice.choice(self.moods)
        if how in ("well", "lost", "500", "garbage"):
            id = f"r{next(self.numbers)}"
            refused = self.dice.choice([0.0, 0.0, 0.3])
            rows = [
                (member.name, None if self.dice.random() < refused else self.make(member.name))
                for member in intent.members
            ]
            self.requests[id] = rows
            self.ends[id] = max([self.clock, *(made.at for _, made in rows if made is not None)])
            heard = {"well": Answer(200, body={"requestId": id}), "lost": LOST, "500": Answer(500)}
            return heard.get(how, Answer(200, body={"ok": True}))
        if how in ("gone", "500 gone"):
            return LOST
        if how == "429":
            return Answer(429)
        return NoAnswer(False, "no connection") if how == "unsent" else Answer(422, body={"message": "no"})

    def read(self, call: Call) -> Reply:
        """Pages of a request's rows, which show ids late or forget rows, and its progress."""
        if self.dice.random() < 0.1:
            return self.dice.choice([LOST, Answer(500), Answer(200, body={"message": "later"})])
        id = next(one for one in self.requests if one in call.path)
        if self.forgets:
            return Answer(404, body={"message": "unknown request"})
        ended = self.clock >= self.ends[id]
        rows: list[dict[str, Any]] = []
        if "page=" not in call.path or "page=1" in call.path.split("?")[1].split("&"):
            for name, made in self.requests[id]:
                if made is None:
                    rows.append({"name": name, "message": "no such language"})
                elif made.at <= self.clock and self.dice.random() < 0.9:
                    rows.append({"name": name, "id": made.id, "status": "IN_PROGRESS"})
                elif self.dice.random() < 0.5:
                    rows.append({"name": name})
        return Answer(200, body={"progress": "100" if ended else "40", "batches": rows})


def bulk_order(world: BulkWorld, intent: GroupIntended, members: tuple[Member, ...]) -> GroupOrder:
    return GroupOrder(
        use=use_of("revoice.batch"),
        intent=intent,
        members=members,
        inputs={"projectId": "p1"},
        collection=Collection("revoice", "batches", (), "revoice x batches projectId=p1", "$item#/name"),
        settle=world.settle,
        every=(15.0, 60.0),
    )


def members_to_send(world: BulkWorld, names: list[str]) -> tuple[Member, ...]:
    wanted = []
    for name in names:
        held = world.state.get(f"batch/{name}")
        if held is None or held.phase is Phase.WITHDRAWN:
            generation = held.generation + 1 if held is not None else 1
            wanted.append(
                Member(
                    address=f"batch/{name}",
                    generation=generation,
                    name=name,
                    row=len(wanted) + 1,
                    digest="d",
                    inputs={"projectId": "p1"},
                )
            )
    return tuple(wanted)


def next_bulk(world: BulkWorld, names: list[str]) -> Lifecycle | None:
    for group in world.groups.values():
        if not group.closed:
            members = tuple(
                member
                for member in group.intent.members
                if world.state[member.address].generation == member.generation
                and world.state[member.address].phase is Phase.UNSETTLED
            )
            return resume_group(
                bulk_order(world, group.intent, members), world, group.id, group.settling_since
            )
    members = members_to_send(world, names)
    if not members:
        return None
    walked = world.walk()
    while not isinstance(walked, Walked):
        walked = world.walk()
    intent = GroupIntended(
        address=f"batch@{len(world.groups) + 1}",
        uses="revoice.batch",
        operation="createBulk",
        account="revoice x",
        collection="revoice x batches projectId=p1",
        call=Call("POST", "/projects/p1/batches/bulk"),
        members=members,
        workbook="w",
        baseline={},
        baseline_count=walked.count,
        baseline_date="" if walked.date is None else str(int(walked.date)),
    )
    return submit_group(bulk_order(world, intent, members), world)


def bulk_history(seed: int) -> tuple[BulkWorld, list[str]]:
    world = BulkWorld(seed)
    names = [f"ep{number:02}" for number in range(world.dice.randint(1, 5))]
    for _ in range(world.dice.choice([0, 10, 60])):
        world.make(f"somebody's {next(world.numbers)}", foreign=True)
    world.clock = 1000.0
    for _ in range(200):
        world.born = world.clock - world.dice.uniform(0, 5000)
        lifecycle = next_bulk(world, names)
        if lifecycle is None:
            return world, names
        try:
            world.drive(lifecycle)
        except Crash:
            world.clock += world.dice.choice([0.5, 60.0, world.dice.uniform(0, 4000)])
    raise AssertionError(f"seed {seed} does not come to an end")


@pytest.mark.parametrize("part", range(8))
def test_no_row_of_a_bulk_request_is_done_twice_or_forgotten(part: int) -> None:
    ends = set()
    for seed in range(part * 60, part * 60 + 60):
        world, names = bulk_history(seed)
        for name in names:
            held, ours = world.state[f"batch/{name}"], world.effects(name)
            assert held.phase in DONE, f"seed {seed}"
            assert len(ours) <= 1, f"seed {seed}: {name} was done {len(ours)} times"
            if held.phase is Phase.RUNNING:
                assert [thing.id for thing in ours] == [held.id], f"seed {seed}"
            if held.phase is Phase.REFUSED:
                assert not ours, f"seed {seed}: {name} was refused, and done all the same"
            ends.add(held.phase)
    assert {Phase.RUNNING, Phase.REFUSED, Phase.DOUBT} <= ends
