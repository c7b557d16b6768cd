"""Settling, one trap at a time: each of these was or would be a second bill, or something paid and lost."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from lifeworld import dub_order

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.effects import Hear, Lifecycle, Outcome, Record, Request, Until, Walk, Walked
from runner.api.lifecycles.lifecycle import submit
from runner.api.lifecycles.marks import fold_mark
from runner.api.lifecycles.order import Order
from runner.api.lifecycles.settling import settle
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Delivery, KeySpec, WebhookDelivery
from runner.model.event import Event, Intended, Settling
from runner.model.fold import fold_instance
from runner.model.http import Answer, Call, NoAnswer
from runner.model.observation import Remote
from runner.model.state import InstanceState, Phase

DATE = 1_700_000_000.0
LOST = NoAnswer(True, "the connection was closed without an answer")
UNSENT = NoAnswer(False, "no connection")
CREATED = Answer(200, body={"project_id": "77", "cost_minutes": 10})
GARBAGE = Answer(200, body=None, unreadable="the answer is an HTML page")


@dataclass
class World:
    """Replies in turn, a list, and the folded state; `walks` may replace what a look shows."""

    replies: list[Any] = field(default_factory=list)
    listed: list[Remote] = field(default_factory=list)
    now: float = 1000.0
    date: float | None = DATE
    state: InstanceState | None = None
    events: list[Event] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    walks: list[Any] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    heard: str = ""
    mine: set[str] = field(default_factory=set)

    def monotonic(self) -> float:
        return self.now

    def owner(self, account: str, id: str, *_: object, besides: str = "") -> str:
        return "another" if id in self.mine else ""

    def mint(self) -> str:
        return "bits"

    def stamp(self) -> str:
        return str(self.now)

    def passed(self, stamp: str) -> float | None:
        return self.now - float(stamp) if stamp else None

    def drive(self, lifecycle: Lifecycle) -> Outcome:
        value: Any = None
        for _ in range(800):
            try:
                effect = lifecycle.send(value)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            value = None
            match effect:
                case Record():
                    self.record(*effect.events)
                case Request():
                    if effect.intent is not None:
                        self.record(effect.intent)
                    self.sent.append(effect)
                    value = self.replies.pop(0)
                case Walk():
                    value = self.walks.pop(0) if self.walks else self.walk()
                case Hear():
                    value = self.heard
                case Until():
                    self.pauses.append(effect.moment - self.now)
                    self.now = max(self.now, effect.moment)
        raise AssertionError("the lifecycle does not end")

    def record(self, *events: Event) -> None:
        self.events += events
        for event in events:
            self.state = fold_instance(self.state, event, "")

    def walk(self) -> Walked:
        by_mark: dict[str, tuple[Remote, ...]] = {}
        for item in self.listed:
            by_mark[fold_mark(item.mark)] = (*by_mark.get(fold_mark(item.mark), ()), item)
        date = None if self.date is None else self.date + self.now - 1000.0
        return Walked({item.id: item for item in self.listed}, by_mark, self.now, date)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    @property
    def phase(self) -> Phase:
        assert self.state is not None
        return self.state.phase


@pytest.fixture(scope="module")
def project() -> Use:
    use = Catalogue().use("dubformer.project")
    assert use is not None
    return use


def keyed(use: Use, life: float = 3600.0) -> Use:
    """The same resource, with a key whose life and replay are documented and with no list."""
    delivery = Delivery(key=KeySpec("Idempotency-Key", life, "same_answer"))
    return replace(use, kind=replace(use.kind, delivery=delivery))


def order(use: Use, **changes: Any) -> Order:
    return dub_order(use, "dub/ep01", "ep01", **changes)


def intent(**changes: Any) -> Intended:
    made = Intended(
        address="dub/ep01",
        generation=1,
        uses="dubformer.project",
        operation="createProject",
        account="dubformer https://app.dubformer.ai",
        digest="d1",
        inputs={},
        call=Call("POST", "/api/v1/projects", (("Idempotency-Key", "k"),), (b"{}",)),
        mark="ep01",
        key="k",
        baseline_count=0,
        baseline_date=str(int(DATE)),
    )
    return replace(made, **changes)


def begun(world: World, **changes: Any) -> Intended:
    """The world after an intent was recorded by a process that died."""
    made = intent(**changes)
    world.record(made)
    return made


def remote(id: str, created: Any = None) -> Remote:
    stamp = datetime.fromtimestamp(DATE + 5, UTC).isoformat() if created is None else created
    item = {"project_id": id, "name": "ep01", "source_lang": "en", "target_lang": "fr-FR"}
    return Remote(id, "ep01", item | {"created_date": stamp})


@pytest.mark.parametrize("answer", [Answer(429), Answer(425), UNSENT])
def test_a_repeat_that_did_nothing_does_not_close_what_may_have_been_done_before(
    project: Use, answer: Any
) -> None:
    world = World([LOST, *[answer] * 300])

    outcome = world.drive(submit(order(keyed(project), collection=None, retries=2), world))

    assert outcome.kind == "failed"
    assert world.phase is Phase.UNSETTLED
    assert "withdrawn" not in world.kinds()


def test_a_repeat_that_did_nothing_after_proven_absence_is_closed(project: Use) -> None:
    world = World([UNSENT] * 10)
    begun(world)

    world.drive(settle(order(project, retries=2), world, intent(), alive=1000.0))

    assert world.phase is Phase.WITHDRAWN


def test_a_not_now_in_the_middle_of_a_repeat_is_waited_out(project: Use) -> None:
    world = World([Answer(429, {"retry-after": "7"}), CREATED])
    begun(world)

    outcome = world.drive(settle(order(project), world, intent(), alive=1000.0))

    assert outcome.id == "77"
    assert 7.0 in world.pauses


def test_under_a_documented_key_repeats_are_not_hammered(project: Use) -> None:
    world = World([LOST, LOST, LOST, LOST, LOST])

    outcome = world.drive(submit(order(keyed(project), collection=None, retries=3), world))

    assert outcome.kind == "doubt"
    assert len(world.sent) == 4
    assert sum(world.pauses) >= 3.0


def test_a_documented_key_is_not_trusted_beyond_half_of_its_life(project: Use) -> None:
    world = World([LOST, Answer(429, {"retry-after": "4000"}), LOST])

    outcome = world.drive(submit(order(keyed(project, life=3600.0), collection=None), world))

    assert outcome.kind == "doubt"
    assert len(world.sent) == 3


def test_a_documented_key_carries_a_call_over_a_crash(project: Use) -> None:
    world = World([CREATED], now=1000.0 + 600.0)
    begun(world)
    held = intent(key="bits", clock="1000.0")

    outcome = world.drive(settle(order(keyed(project), collection=None), world, held, alive=None))

    assert outcome.id == "77"
    assert [sent.intent.key for sent in world.sent] == ["bits"]


@pytest.mark.parametrize(
    ("clock", "why"), [("", "nobody can tell its age"), ("1000.0", "half its life is over")]
)
def test_after_a_crash_a_key_that_may_be_forgotten_is_not_trusted(project: Use, clock: str, why: str) -> None:
    world = World(now=1000.0 + 1801.0)
    begun(world)
    single = order(keyed(project, life=3600.0), collection=None)

    outcome = world.drive(settle(single, world, intent(key="bits", clock=clock), alive=None))

    assert outcome.kind == "doubt", why
    assert world.sent == []


def test_a_key_is_not_trusted_with_other_bytes(project: Use) -> None:
    """Its links were signed by a process that is gone: an API that compares what came under a key must not see two."""
    world = World(now=1000.0 + 600.0)
    begun(world)
    other = order(keyed(project), collection=None, other_bytes=True)

    outcome = world.drive(settle(other, world, intent(key="bits", clock="1000.0"), alive=None))

    assert outcome.kind == "doubt"
    assert world.sent == []


def test_what_is_no_longer_wanted_is_looked_for_even_under_a_documented_key(project: Use) -> None:
    world = World()
    begun(world)
    single = order(keyed(project), collection=None)

    outcome = world.drive(settle(single, world, intent(), alive=1000.0, wanted=False))

    assert outcome.kind == "doubt"


def test_an_accepted_call_without_an_id_is_not_sent_again_after_a_crash_either(project: Use) -> None:
    world = World([GARBAGE])
    first = submit(order(project), world)
    value: Any = None
    while not any(isinstance(event, Settling) and event.accepted for event in world.events):
        effect = first.send(value)
        value = None
        if isinstance(effect, Record):
            world.record(*effect.events)
        elif isinstance(effect, Request):
            assert effect.intent is not None
            world.record(effect.intent)
            value = world.replies.pop(0)
        else:
            value = world.walk()
    first.close()
    assert world.state is not None
    assert world.state.intent is not None

    outcome = world.drive(settle(order(project), world, world.state.intent, alive=None))

    assert outcome.kind == "doubt"
    assert world.sent == []


def test_a_person_may_have_even_an_accepted_call_sent_again(project: Use) -> None:
    world = World([CREATED])
    begun(world, accepted=True)

    outcome = world.drive(settle(order(project), world, intent(accepted=True), alive=None, resend_now=True))

    assert outcome.id == "77"
    assert world.state is not None


def test_a_call_is_looked_for_only_where_it_was_sent(project: Use) -> None:
    world = World([CREATED])
    begun(world)

    outcome = world.drive(
        settle(order(project, account="dubformer https://other.example"), world, intent(), alive=None)
    )

    assert outcome.kind == "doubt"
    assert world.sent == []


def test_a_server_that_stops_telling_its_date_does_not_make_the_search_endless(project: Use) -> None:
    world = World([CREATED], date=None)
    begun(world)

    outcome = world.drive(settle(order(project), world, intent(), alive=None, since=str(int(DATE))))

    assert outcome.id == "77"
    assert world.now >= 1000.0 + 120.0


def test_a_server_whose_date_goes_backwards_does_not_make_the_search_endless(project: Use) -> None:
    world = World([CREATED], date=DATE - 86400)
    begun(world)

    outcome = world.drive(settle(order(project), world, intent(), alive=None, since=str(int(DATE))))

    assert outcome.id == "77"


def test_a_servers_date_that_jumps_while_this_process_looks_shortens_nothing(project: Use) -> None:
    world = World([CREATED])
    begun(world)
    ahead = [
        Walked({}, {}, 1000.0, DATE),
        Walked({}, {}, 1030.0, DATE + 9000),
        Walked({}, {}, 1060.0, DATE + 9030),
    ]
    world.walks = list(ahead)

    world.drive(settle(order(project), world, intent(), alive=None))

    assert world.now >= 1000.0 + 120.0


def test_a_list_that_can_never_be_read_is_left_to_the_next_run(project: Use) -> None:
    world = World(walks=[Answer(403)] * 100)
    begun(world)

    outcome = world.drive(settle(order(project), world, intent(), alive=1000.0))

    assert outcome.kind == "failed"
    assert world.phase is Phase.UNSETTLED
    assert world.sent == []


@pytest.mark.parametrize(
    "created",
    [
        datetime.fromtimestamp(DATE + 5, UTC).strftime("%Y-%m-%d"),
        datetime.fromtimestamp(DATE + 5, UTC).strftime("%Y-%m-%dT%H:%MZ"),
        datetime.fromtimestamp(DATE + 5 - 8 * 3600, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "yesterday",
        "",
        1_699_999_000,
        {"at": 1},
        "0001-01-01T00:00:00Z",
        "1970-01-01",
        "9999-12-31T23:59:59",
    ],
)
def test_a_stamp_that_proves_little_hides_no_effect(project: Use, created: Any) -> None:
    world = World(listed=[remote("77", created)])
    begun(world)

    outcome = world.drive(settle(order(project), world, intent(), alive=1000.0))

    assert outcome.id == "77"
    assert world.sent == []


def test_a_minted_mark_is_ours_whatever_its_stamp_says(project: Use) -> None:
    world = World(listed=[remote("77", "1999-01-01T00:00:00Z")])
    begun(world, minted=True)

    outcome = world.drive(settle(order(project), world, intent(minted=True), alive=1000.0))

    assert outcome.id == "77"


def test_something_of_our_mark_without_a_readable_id_needs_a_person(project: Use) -> None:
    world = World(listed=[Remote("", "ep01", {"name": "ep01"})])
    begun(world)

    outcome = world.drive(settle(order(project), world, intent(), alive=1000.0))

    assert outcome.kind == "doubt"
    assert world.sent == []


def test_a_refusal_is_on_the_disk_before_anything_else_is_asked(project: Use) -> None:
    world = World([Answer(402, body={"error": "PaymentRequiredError", "message": "no"}), Answer(500)])
    lifecycle = submit(order(project), world)
    value: Any = None
    while len(world.sent) < 2:
        effect = lifecycle.send(value)
        value = None
        if isinstance(effect, Record):
            world.record(*effect.events)
        elif isinstance(effect, Request):
            if effect.intent is not None:
                world.record(effect.intent)
            world.sent.append(effect)
            value = world.replies.pop(0)
        else:
            value = world.walk()
    lifecycle.close()

    assert world.phase is Phase.REFUSED


def test_credentials_refused_on_a_repeat_leave_the_call_to_be_settled_later(project: Use) -> None:
    world = World([Answer(401)])
    begun(world)

    outcome = world.drive(settle(order(project), world, intent(), alive=1000.0))

    assert outcome.kind == "failed"
    assert outcome.stop_provider
    assert world.phase is Phase.UNSETTLED


def notified(use: Use, **compare: str) -> Use:
    """The same resource, whose lost creates only a notification tells of."""
    delivery = Delivery(webhook=WebhookDelivery("/name", 600.0), compare=compare)
    return replace(use, kind=replace(use.kind, delivery=delivery))


SHOWN = Answer(200, body={"name": "ep01", "status": "in_progress"})


def test_what_a_notification_names_is_adopted_once_the_api_itself_shows_the_mark(project: Use) -> None:
    world = World([SHOWN], heard="77")
    begun(world)
    use = notified(project, name="$response.body#/name")

    outcome = world.drive(
        settle(order(use, collection=None, notify="https://hooks.example"), world, intent(), alive=1000.0)
    )

    assert outcome.id == "77"


@pytest.mark.parametrize(
    ("compare", "heard", "mine", "answer"),
    [
        ({"name": "$response.body#/name"}, "", set(), SHOWN),
        ({"name": "$response.body#/name"}, "77", set(), Answer(200, body={"name": "another"})),
        ({"name": "$response.body#/name"}, "77", set(), Answer(404)),
        ({"name": "$response.body#/name"}, "77", {"77"}, SHOWN),
        ({}, "77", set(), SHOWN),
    ],
    ids=["nothing came", "another mark", "unknown there", "somebody else's", "nothing to compare"],
)
def test_a_notification_alone_proves_nothing(
    project: Use, compare: dict[str, str], heard: str, mine: set[str], answer: Answer
) -> None:
    world = World([answer], heard=heard, mine=mine)
    begun(world)
    single = order(notified(project, **compare), collection=None, notify="https://hooks.example")

    outcome = world.drive(settle(single, world, intent(), alive=1000.0))

    assert outcome.kind == "doubt"
    assert "received" not in world.kinds()
