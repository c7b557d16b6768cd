"""One request that makes many results, on the real Respeecher document."""

from dataclasses import replace
from typing import Any

import pytest
from lifeworld import LOST, World

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.effects import Collection
from runner.api.lifecycles.lifecycle import submit
from runner.api.lifecycles.order import Order
from runner.api.lifecycles.parts import failed_places, place_of, whole_outcome
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Settle
from runner.model.event import Intended, Received
from runner.model.http import Answer
from runner.model.observation import Remote
from runner.model.part import PartState

INPUTS = {
    "original_id": "o-1",
    "conversions": [{"voice_id": "v-1", "label": "Deep"}, {"voice_id": "v-2"}, {"voice_id": "v-3"}],
}
ANSWER = Answer(
    200, body=[{"id": f"order-{n}", "conversion_id": f"c-{n}", "original_id": "o-1"} for n in range(3)]
)


@pytest.fixture(scope="module")
def conversion() -> Use:
    use = Catalogue().use("respeecher.conversion")
    assert use is not None
    return use


def order(use: Use, **changes: Any) -> Order:
    made = Order(
        address="speak",
        generation=1,
        use=use,
        inputs=INPUTS,
        digest="d",
        canonical=INPUTS,
        account="respeecher x",
        settle=Settle(120.0, 30.0),
        whole=True,
        collection=Collection("respeecher", "new_conversions", (), "conversions", "$item#/label"),
    )
    return replace(made, **changes)


def intent(world: World) -> Intended:
    return next(event for event in world.events if isinstance(event, Intended))


def test_every_part_carries_a_mark_its_own_or_a_minted_one(conversion: Use) -> None:
    world = World([ANSWER])

    world.drive(submit(order(conversion), world))

    marks = intent(world).marks
    assert marks[0] == "Deep"
    assert len(set(marks)) == 3
    assert all(mark.encode() in intent(world).call.content() for mark in marks)


def test_minted_marks_stay_within_the_apis_limits(conversion: Use) -> None:
    world = World([ANSWER])

    world.drive(submit(order(conversion, address="speak/a very long key.with_odd+signs@" + "x" * 60), world))

    for mark in intent(world).marks[1:]:
        assert len(mark) <= 40
        assert all(sign.isalnum() or sign in " -" for sign in mark)


def test_the_answer_gives_each_part_its_identity_in_the_manifests_order(conversion: Use) -> None:
    world = World([ANSWER])

    outcome = world.drive(submit(order(conversion), world))

    receipt = world.events[-1]
    assert isinstance(receipt, Received)
    assert outcome.kind == "received"
    assert [(part.index, part.id) for part in receipt.parts] == [(0, "c-0"), (1, "c-1"), (2, "c-2")]


def test_a_lost_order_is_adopted_when_all_of_its_parts_show(conversion: Use) -> None:
    world = World([LOST])
    world.shows = lambda: [Remote(f"c-{n}", mark, {}) for n, mark in enumerate(intent(world).marks)]

    outcome = world.drive(submit(order(conversion), world))

    assert outcome.id == "c-0,c-1,c-2"
    assert len(world.requests) == 1


@pytest.mark.parametrize("told", [["c-0", "c-1"], ["c-0", "c-1", "c-1"]], ids=["fewer", "one-twice"])
def test_parts_that_the_answer_does_not_tell_of_are_looked_for(conversion: Use, told: list[str]) -> None:
    world = World([Answer(200, body=[{"id": "order", "conversion_id": id} for id in told])])
    world.shows = lambda: [Remote(f"c-{n}", mark, {}) for n, mark in enumerate(intent(world).marks)]

    outcome = world.drive(submit(order(conversion), world))

    assert outcome.id == "c-0,c-1,c-2"
    assert len(world.requests) == 1


def test_a_lost_order_of_which_some_parts_show_needs_a_person(conversion: Use) -> None:
    world = World([LOST])
    world.shows = lambda: [Remote("c-0", intent(world).marks[0], {})]

    outcome = world.drive(submit(order(conversion), world))

    assert outcome.kind == "doubt"
    assert "1 of its 3 parts" in outcome.reason
    assert len(world.requests) == 1


def test_a_lost_order_of_which_nothing_shows_is_sent_again_with_the_same_marks(conversion: Use) -> None:
    world = World([LOST, ANSWER])

    outcome = world.drive(submit(order(conversion), world))

    first, second = (event for event in world.events if isinstance(event, Intended))
    assert outcome.kind == "received"
    assert second.call == first.call
    assert second.marks == first.marks


def test_a_retry_asks_for_the_failed_parts_alone(conversion: Use) -> None:
    world = World([Answer(200, body=[{"conversion_id": "c-9"}])])

    world.drive(submit(order(conversion, generation=2, parts=(2,)), world))

    receipt = world.events[-1]
    assert isinstance(receipt, Received)
    assert b"v-3" in intent(world).call.content()
    assert b"v-1" not in intent(world).call.content()
    assert [(part.index, part.id) for part in receipt.parts] == [(2, "c-9")]


def test_a_lost_order_that_no_mark_went_with_is_never_sent_again(conversion: Use) -> None:
    world = World([LOST])

    outcome = world.drive(submit(order(conversion, inputs={**INPUTS, "conversions": []}), world))

    assert outcome.kind == "doubt"
    assert len(world.requests) == 1


def test_an_accepted_order_whose_parts_cannot_be_read_is_never_sent_again(conversion: Use) -> None:
    world = World([Answer(200, body=[{"state": "new"}])])

    outcome = world.drive(submit(order(conversion), world))

    assert outcome.kind == "doubt"
    assert len(world.requests) == 1


def test_the_whole_is_ready_when_each_part_is_and_names_those_that_are_not() -> None:
    ready = PartState(0, "c-0", outcome="ready")
    failed = PartState(1, "c-1", name="Deep", outcome="failed", message="no")

    assert whole_outcome([ready]) == ("ready", "")
    assert whole_outcome([ready, failed]) == ("failed", "1 of 2 parts failed (Deep: no)")
    assert failed_places([ready, failed]) == (1,)
    assert failed_places([failed]) == ()


def test_a_part_is_known_by_its_mark_whatever_the_order_of_the_answer() -> None:
    parts = [PartState(0, "c-0", mark="Deep"), PartState(1, "c-1", mark="bright"), PartState(2, "c-2")]

    assert place_of(parts, "Bright ", 0) == 1
    assert place_of(parts, "somebody else's", 2) == 2
