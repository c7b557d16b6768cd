"""A lost call that only a notification can settle, on the real Blurb document."""

from dataclasses import replace
from typing import Any

import pytest
from lifeworld import LOST, World

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.lifecycle import submit
from runner.api.lifecycles.order import Order
from runner.api.provider import Use
from runner.model.http import Answer

INPUTS = {
    "ref": "trailer 1",
    "artist": "a-1",
    "mediaBundle": "b-1",
    "media": "m-1",
    "renders": [{"contentId": "X"}],
}


def batch(ref: str) -> Answer:
    body = {"batchId": "batch-7", "ref": ref, "status": "PENDING", "renders": []}
    return Answer(200, body={"success": True, "message": "", "data": body})


@pytest.fixture(scope="module")
def blurb() -> Use:
    use = Catalogue().use("blurb.batch")
    assert use is not None
    return use


def order(use: Use, **changes: Any) -> Order:
    made = Order("trailer", 1, use, INPUTS, "d", INPUTS, "blurb x", notify="https://hooks.example.com/abc")
    return replace(made, **changes)


def test_a_notification_leads_to_the_batch_which_the_api_confirms(blurb: Use) -> None:
    world = World([LOST, batch("trailer 1")], heard={"trailer 1": "batch-7"})

    outcome = world.drive(submit(order(blurb), world))

    assert (outcome.kind, outcome.id) == ("received", "batch-7")
    assert [request.call.method for request in world.requests] == ["POST", "GET"]


def test_a_notification_that_the_api_does_not_confirm_is_not_believed(blurb: Use) -> None:
    world = World([LOST, batch("somebody else's")], heard={"trailer 1": "batch-7"})

    outcome = world.drive(submit(order(blurb), world))

    assert outcome.kind == "doubt"


def test_without_a_notification_a_person_must_say(blurb: Use) -> None:
    world = World([LOST])

    outcome = world.drive(submit(order(blurb), world))

    assert outcome.kind == "doubt"
    assert len(world.requests) == 1


def test_where_nobody_listens_a_lost_answer_is_in_doubt_at_once(blurb: Use) -> None:
    world = World([LOST])

    outcome = world.drive(submit(order(blurb, notify=""), world))

    assert outcome.kind == "doubt"
    assert world.now == 1000.0


def test_the_request_names_where_notifications_are_heard(blurb: Use) -> None:
    world = World([batch("trailer 1")])

    world.drive(submit(order(blurb), world))

    assert b'"webhookUrl":"https://hooks.example.com/abc"' in world.requests[0].call.content()


def test_a_webhook_of_the_users_own_is_left_as_it_is(blurb: Use) -> None:
    world = World([batch("trailer 1")])
    inputs = {**INPUTS, "webhookUrl": "https://mine.example.com/x"}

    world.drive(submit(order(blurb, inputs=inputs), world))

    assert b"https://mine.example.com/x" in world.requests[0].call.content()
