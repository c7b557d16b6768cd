"""A world in which lifecycles live without network, clock or disk."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from runner.api.lifecycles.effects import (
    BASELINE_AGE,
    OUTDATED,
    Collection,
    Effect,
    Hear,
    Lifecycle,
    Outcome,
    Record,
    Request,
    Until,
    Walk,
    Walked,
)
from runner.api.lifecycles.marks import fold_mark, loose_mark
from runner.api.lifecycles.order import Order
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Settle
from runner.model.http import NoAnswer
from runner.model.observation import Remote

DATE = 1_700_000_000.0
LOST = NoAnswer(True, "the connection was closed without an answer")
NOT_SENT = NoAnswer(False, "refused")


@dataclass
class World:
    """A clock, a list, and replies to be given in turn; it notes all that a lifecycle asked for.

    `listed` is always there, `appear` from a moment on, `shows` once something was sent. `heard` are ids by mark.
    `queues` are the seconds that requests with an intent wait for their slots, in turn.
    """

    replies: list[Any]
    listed: list[Remote] = field(default_factory=list)
    now: float = 1000.0
    mine: set[str] = field(default_factory=set)
    events: list[Any] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    appear: dict[float, Remote] = field(default_factory=dict)
    shows: Callable[[], list[Remote]] = list
    heard: dict[str, str] = field(default_factory=dict)
    date: float | None = DATE
    queues: list[float] = field(default_factory=list)
    minted: Iterator[int] = field(default_factory=lambda: count(1))

    def monotonic(self) -> float:
        return self.now

    def owner(self, account: str, id: str, *_: object, besides: str = "") -> str:
        return "another" if id in self.mine else ""

    def mint(self) -> str:
        return f"bits{next(self.minted)}"

    def stamp(self) -> str:
        return str(self.now)

    def passed(self, stamp: str) -> float | None:
        return self.now - float(stamp) if stamp else None

    def drive(self, lifecycle: Lifecycle) -> Outcome:
        value: Any = None
        for _ in range(500):
            try:
                effect = lifecycle.send(value)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            value = self.answer(effect)
        raise AssertionError("the lifecycle does not end")

    def answer(self, effect: Effect) -> Any:
        match effect:
            case Record():
                self.events += effect.events
            case Request():
                if effect.intent is not None:
                    self.now += self.queues.pop(0) if self.queues else 0.0
                    if effect.walked is not None and self.now - effect.walked > BASELINE_AGE:
                        return OUTDATED
                    self.events.append(effect.intent)
                self.requests.append(effect)
                return self.replies.pop(0)
            case Walk():
                return self.walk()
            case Hear():
                return self.hear(effect)
            case Until():
                self.now = max(self.now, effect.moment)
        return None

    def hear(self, wish: Hear) -> str:
        if wish.mark not in self.heard:
            self.now = max(self.now, wish.until)
        return self.heard.get(wish.mark, "")

    def walk(self) -> Walked:
        shown = self.listed + [item for moment, item in self.appear.items() if moment <= self.now]
        shown += self.shows() if self.requests else []
        by_mark: dict[str, tuple[Remote, ...]] = {}
        alike: dict[str, tuple[Remote, ...]] = {}
        for item in shown:
            by_mark[fold_mark(item.mark)] = (*by_mark.get(fold_mark(item.mark), ()), item)
            alike[loose_mark(item.mark)] = (*alike.get(loose_mark(item.mark), ()), item)
        date = None if self.date is None else self.date + self.now - 1000.0
        return Walked({item.id: item for item in shown}, by_mark, self.now, date, alike=alike)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


def dub_order(use: Use, address: str, name: str, **changes: Any) -> Order:
    """The order of a dub, as the engine gives it to a lifecycle; `changes` are other fields of it."""
    inputs = {
        "name": name,
        "source_lang": "en",
        "target_lang": "fr-FR",
        "source_video_url": "https://media.example.com/ep01.mp4",
    }
    made = Order(
        address=address,
        generation=1,
        use=use,
        inputs=inputs,
        digest="d1",
        canonical=inputs,
        account="dubformer https://app.dubformer.ai",
        settle=Settle(120.0, 30.0),
        collection=Collection("dubformer", "projects", (), "dubformer projects", "$item#/name"),
    )
    return replace(made, **changes)
