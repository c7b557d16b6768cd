"""What changes a thing is told by what was kept of it before: without that nothing is sent, and nothing is guessed."""

from dataclasses import replace
from typing import Any

import pytest
from lifeworld import LOST, World, dub_order

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.lifecycle import submit
from runner.api.lifecycles.order import Order
from runner.api.lifecycles.settling import settle
from runner.model.event import Intended
from runner.model.http import Answer

VALID = Answer(200, body={})
BEFORE = Answer(200, body={"status": "ready", "completion_date": "2023-11-14T22:13:20Z"})


def order() -> Order:
    use = Catalogue().use("dubformer.translation")
    assert use is not None
    made = dub_order(use, "fix", "", collection=None)
    return replace(made, inputs={"id": "77", "target_script": [], "target_speakers": []})


@pytest.mark.parametrize("body", [None, [], "ready"], ids=["nothing", "a-list", "a-text"])
def test_nothing_is_sent_while_it_cannot_be_seen_what_was_there_before(body: Any) -> None:
    world = World([VALID, Answer(200, body=body)])

    outcome = world.drive(submit(order(), world))

    assert outcome.kind == "failed"
    assert "could not be read before sending: the answer is no object" in outcome.reason
    assert world.kinds() == []


def test_what_a_cache_has_held_does_not_show_that_nothing_has_changed() -> None:
    held = replace(BEFORE, headers={"age": "3600"})
    world = World([VALID, BEFORE, LOST, *[held] * 10, BEFORE, BEFORE, Answer(200, body={})])

    world.drive(submit(order(), world))

    again = [one.intent for one in world.requests if one.intent is not None]
    assert len(again) == 2
    assert world.requests.index(next(one for one in world.requests if one.intent is again[1])) == 15


def test_a_lost_call_of_which_nothing_was_kept_is_in_doubt() -> None:
    world = World([VALID, BEFORE, LOST])
    lifecycle = submit(order(), world)
    effect = lifecycle.send(None)
    while len(world.requests) < 3:
        effect = lifecycle.send(world.answer(effect))
    intent = next(event for event in world.events if isinstance(event, Intended))
    later = World([])

    outcome = later.drive(settle(order(), later, replace(intent, before={}), alive=None))

    assert (outcome.kind, later.requests) == ("doubt", [])
