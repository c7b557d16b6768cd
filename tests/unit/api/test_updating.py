"""What can be updated of what a use makes, and what becomes of an update whose answer was lost."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from lifeworld import LOST, NOT_SENT, World

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.effects import Request
from runner.api.lifecycles.lifecycle import submit
from runner.api.lifecycles.order import Order, Target
from runner.api.lifecycles.settling import settle
from runner.api.lifecycles.updating import UpdateWay, update_use, update_way
from runner.api.provider import Provider, Use
from runner.api.vocabulary.lifedata import Settle
from runner.model.errors import InvalidInput
from runner.model.event import Doubted, Intended, Received, Withdrawn
from runner.model.http import Answer

Make = Callable[..., Provider]

UPDATABLE = {
    "respeecher.project": {"name"},
    "respeecher.folder": {"name"},
    "respeecher.recording": {"label"},
    "respeecher.tts": {"label"},
    "respeecher.tts_v1": {"label"},
    "respeecher.note": {"text"},
    "blurb.media_bundle": {
        "name", "artistId", "imageUrl", "externalIds", "clientRef", "upc", "projectNumber", "releaseNumber",
        "albumVersion",
    },
    "blurb.media": {
        "name", "mediaBundleId", "imageUrl", "plainTextLyrics", "language", "isrc", "trackVersion", "trackNumber",
        "discNumber", "audioUrl", "videoUrls", "youtubeUrl", "spotifyUrl", "appleMusicUrl",
    },
}  # fmt: skip


def uses(name: str) -> Use:
    use = Catalogue().use(name)
    assert use is not None
    return use


def way(name: str) -> UpdateWay:
    found = update_way(uses(name))
    assert found is not None
    return found


def test_these_things_of_the_five_apis_can_be_updated_and_no_others() -> None:
    catalogue = Catalogue()
    found = {}
    for provider in catalogue.names():
        for name in catalogue.provider(provider).resources:
            made = update_way(uses(f"{provider}.{name}"))
            if made is not None:
                found[f"{provider}.{name}"] = set(made.takes)

    assert found == UPDATABLE


@pytest.mark.parametrize("name", UPDATABLE)
def test_an_update_of_the_five_apis_is_free_and_may_be_sent_again(name: str) -> None:
    found = way(name)

    assert (found.paid, found.safe, found.anew, found.contract(found.takes)) == (False, True, False, "repeat")


def test_what_finds_the_thing_cannot_be_changed_by_its_update() -> None:
    assert "recording_id" not in way("respeecher.note").takes


def test_a_partial_update_sends_what_changed_and_what_it_needs_beside() -> None:
    inputs = {"name": "Song", "mediaBundleId": "b1", "isrc": "X"}

    assert way("blurb.media").sent(inputs, frozenset({"isrc"})) == {"name": "Song", "isrc": "X"}


def test_a_whole_update_sends_all_that_it_takes() -> None:
    found = replace(way("blurb.media"), whole=True)

    assert found.sent({"name": "Song", "isrc": "X"}, frozenset({"isrc"})) == {"name": "Song", "isrc": "X"}


PATHS = """
paths:
  /renders:
    post:
      operationId: makeRender
      requestBody: {content: {application/json: {schema: {type: object, properties: {title: {}, look: {}, ref: {}}}}}}
      responses: {"200": {description: it}}
  /renders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: getRender, responses: {"200": {description: it}}}
    patch:
      operationId: changeRender
      requestBody: {content: {application/json: {schema: {type: object, properties: {title: {}, note: {}}}}}}
      responses: {"200": {description: it}}
    put:
      operationId: setRender
      requestBody: {content: {application/json: {schema: {type: object, properties: {title: {}, look: {}}}}}}
      responses: {"200": {description: it}}
"""
RUNNER = """
x-runner:
  version: 1
  resources:
    render:
      effect: paid
      create: {operation: makeRender}
      read: {operation: getRender, send: {id: $id}}
      update: %s
      id: "$response.body#/id"
"""


def rendered(acme: Make, update: str) -> UpdateWay:
    provider = acme(PATHS + RUNNER % update)
    found = update_way(Use(provider, "render", provider.resources["render"]))
    assert found is not None
    return found


def test_an_update_takes_what_it_has_in_common_with_create(acme: Make) -> None:
    assert rendered(acme, "{operation: changeRender, send: {id: $id}}").takes == {"title"}


def test_a_document_may_say_what_an_update_takes(acme: Make) -> None:
    assert rendered(acme, "{operation: setRender, send: {id: $id}, takes: [look]}").takes == {"look"}


def test_an_input_that_nobody_makes_anything_of_cannot_be_taken(acme: Make) -> None:
    with pytest.raises(InvalidInput) as told:
        acme(PATHS + RUNNER % "{operation: changeRender, send: {id: $id}, takes: [note]}")

    assert "makeRender has no input note" in told.value.problems[0].message


def test_the_update_of_something_paid_counts_as_paid(acme: Make) -> None:
    found = rendered(acme, "{operation: changeRender, send: {id: $id}}")

    assert (found.paid, found.safe, found.contract(["title"])) == (True, False, "read")


def test_the_update_of_something_paid_may_be_free(acme: Make) -> None:
    found = rendered(acme, "{operation: changeRender, send: {id: $id}, effect: free}")

    assert (found.paid, found.safe, found.contract(["title"])) == (False, True, "repeat")


def test_a_free_update_may_be_one_that_is_not_simply_sent_again(acme: Make) -> None:
    found = rendered(acme, "{operation: changeRender, send: {id: $id}, effect: free, repeat: unsafe}")

    assert (found.paid, found.safe) == (False, False)


def test_a_put_takes_all_at_once(acme: Make) -> None:
    assert rendered(acme, "{operation: setRender, send: {id: $id}}").whole


# Lost answers.

BEFORE = Answer(200, body={"id": "r1", "title": "T", "revision": 1})
AFTER = Answer(200, body={"id": "r1", "title": "U", "revision": 2})
GONE = Answer(404, body={})
PAID = "{operation: changeRender, send: {id: $id}}"


def order(acme: Make, update: str = PAID, **inputs: Any) -> Order:
    provider = acme(PATHS + RUNNER % update)
    use = Use(provider, "render", provider.resources["render"])
    found = update_way(use)
    assert found is not None
    wanted: Mapping[str, Any] = {"title": "U", **inputs}
    return Order(
        address="one",
        generation=3,
        use=update_use(use, found, "r1", wanted),
        inputs=wanted,
        digest="d2",
        canonical=wanted,
        account="acme https://acme.test/v1",
        settle=Settle(120.0, 30.0),
        target=Target("r1", ("title",), {"title": "U"}, free=not found.paid),
    )


def test_an_update_is_intended_under_the_number_and_received_under_the_id_of_what_it_changes(
    acme: Make,
) -> None:
    world = World([BEFORE, AFTER], mine={"r1"})

    outcome = world.drive(submit(order(acme), world))

    intent, receipt = world.events[0], world.events[1]
    assert isinstance(intent, Intended)
    assert isinstance(receipt, Received)
    assert (intent.generation, intent.update, intent.free) == (3, ("title",), False)
    assert (intent.call.method, intent.call.path, intent.call.content()) == (
        "PATCH",
        "/renders/r1",
        b'{"title":"U"}',
    )
    assert (outcome.kind, receipt.id, receipt.how) == ("received", "r1", "answered")


def test_what_has_nothing_to_wait_for_is_ready_with_the_receipt(acme: Make) -> None:
    world = World([BEFORE, AFTER], mine={"r1"})

    world.drive(submit(order(acme), world))

    assert world.kinds() == ["intended", "received", "finished"]


def test_an_accepted_update_whose_answer_cannot_be_read_is_accepted(acme: Make) -> None:
    world = World([BEFORE, Answer(204)], mine={"r1"})

    assert world.drive(submit(order(acme), world)).id == "r1"


def test_an_answer_with_another_id_is_left_to_a_person(acme: Make) -> None:
    world = World([BEFORE, Answer(200, body={"id": "r2"})], mine={"r1"})

    outcome = world.drive(submit(order(acme), world))

    assert outcome.kind == "doubt"
    assert isinstance(world.events[-1], Doubted)
    assert world.events[-1].candidates == ("r2",)


def test_what_cannot_be_looked_at_is_not_changed_for_money(acme: Make) -> None:
    world = World([GONE], mine={"r1"})

    outcome = world.drive(submit(order(acme), world))

    assert (outcome.kind, world.events) == ("failed", [])


def test_a_lost_paid_update_that_shows_is_not_sent_again(acme: Make) -> None:
    world = World([BEFORE, LOST, AFTER], mine={"r1"})

    outcome = world.drive(submit(order(acme), world))

    assert outcome.kind == "received"
    assert [event.how for event in world.events if isinstance(event, Received)] == ["adopted"]
    assert [request.call.method for request in world.requests] == ["GET", "PATCH", "GET"]


def test_a_lost_paid_update_is_sent_again_when_two_late_looks_show_nothing_of_it(acme: Make) -> None:
    world = World([BEFORE, LOST, *[BEFORE] * 7, AFTER], mine={"r1"})
    began = world.now

    outcome = world.drive(submit(order(acme), world))

    assert outcome.kind == "received"
    assert [request.call.method for request in world.requests if request.call.method != "GET"] == [
        "PATCH",
        "PATCH",
    ]
    assert world.now >= began + 120.0


def test_an_update_of_what_has_gone_meanwhile_is_left_to_a_person(acme: Make) -> None:
    world = World([BEFORE, LOST, GONE, GONE, GONE], mine={"r1"})

    outcome = world.drive(submit(order(acme), world))

    assert (outcome.kind, outcome.reason) == ("doubt", "its answer was lost, and acme no longer knows r1")


def test_a_change_that_was_there_before_proves_nothing(acme: Make) -> None:
    world = World([AFTER, LOST], mine={"r1"})

    outcome = world.drive(submit(order(acme), world))

    assert outcome.kind == "doubt"
    assert [request.call.method for request in world.requests] == ["GET", "PATCH"]


def test_a_result_that_is_made_anew_is_told_by_what_is_fresh(acme: Make) -> None:
    fresh = "{operation: changeRender, send: {id: $id}, fresh: {differs: [revision], within: 10m}}"
    world = World([AFTER, LOST, AFTER, Answer(200, body={"id": "r1", "revision": 3})], mine={"r1"})

    outcome = world.drive(submit(order(acme, fresh), world))

    assert outcome.kind == "received"
    assert world.kinds()[-1] == "received"  # whether it is ready is waited for


def test_a_lost_free_update_is_sent_again_at_once(acme: Make) -> None:
    world = World([LOST, AFTER], mine={"r1"})

    outcome = world.drive(
        submit(order(acme, "{operation: changeRender, send: {id: $id}, effect: free}"), world)
    )

    assert outcome.kind == "received"
    assert [request.call.method for request in world.requests] == ["PATCH", "PATCH"]


def test_an_update_that_never_left_did_nothing(acme: Make) -> None:
    world = World([BEFORE, *[NOT_SENT] * 8], mine={"r1"})

    outcome = world.drive(submit(order(acme), world))

    assert outcome.kind == "failed"
    assert isinstance(world.events[-1], Withdrawn)
    assert not world.events[-1].unsure


def prepared(order: Order, world: World) -> Intended:
    """The intent of an order whose process was killed then."""
    request = next(submit(order, world))
    assert isinstance(request, Request)
    assert isinstance(request.intent, Intended)
    return request.intent


def test_an_update_that_nobody_wants_any_more_may_have_been_done(acme: Make) -> None:
    free = order(acme, "{operation: changeRender, send: {id: $id}, effect: free}")
    world = World([], mine={"r1"})
    intent = prepared(free, world)

    outcome = world.drive(settle(free, world, intent, alive=None, wanted=False))

    assert outcome.kind == "withdrawn"
    assert world.events[-1].unsure
