"""What stood under a given mark is looked at anew when a call waited too long for its turn, whatever it waited for."""

from dataclasses import replace
from typing import Any

import pytest
from lifeworld import DATE, LOST, World, dub_order

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.effects import Collection
from runner.api.lifecycles.lifecycle import submit
from runner.api.lifecycles.order import Order
from runner.api.lifecycles.settling import settle
from runner.api.strategies.bulk_order import GroupOrder
from runner.api.strategies.bulk_workbook import submit_group
from runner.api.vocabulary.lifedata import Settle
from runner.model.event import GroupIntended, Intended, Member, Received
from runner.model.http import Answer, Call
from runner.model.observation import Remote

NAME = "ep01 fr-FR"
CREATED = Answer(200, body={"project_id": "77", "cost_minutes": 10})
NOT_NOW = Answer(429, {"retry-after": "90"}, body={"error": {"message": "slow down"}})


def order(**changes: Any) -> Order:
    use = Catalogue().use("dubformer.project")
    assert use is not None
    return dub_order(use, "dub/ep01", NAME, **changes)


def stranger(id: str = "5") -> Remote:
    item = {
        "project_id": id,
        "name": NAME,
        "source_lang": "en",
        "target_lang": "fr-FR",
        "status": "in_progress",
    }
    return Remote(id, NAME, item)


def test_a_call_that_waited_for_its_slot_is_sent_on_what_stands_there_now() -> None:
    world = World([CREATED], queues=[61.0, 1.0])

    outcome = world.drive(submit(order(), world))

    assert (outcome.kind, outcome.id) == ("received", "77")
    (intent,) = [event for event in world.events if isinstance(event, Intended)]
    assert intent.baseline_date == str(int(DATE) + 61)
    assert world.requests[0].walked == 1061.0


def test_a_strangers_thing_of_that_name_made_while_the_call_waited_keeps_it_from_being_sent() -> None:
    world = World([CREATED], queues=[300.0], appear={1200.0: stranger()})

    outcome = world.drive(submit(order(), world))

    assert outcome.kind == "blocked"
    assert "already holds 1" in outcome.reason
    assert world.requests == []
    assert world.events == []


def test_a_strangers_thing_made_during_a_pause_is_never_taken_for_ours() -> None:
    world = World([NOT_NOW, LOST, CREATED], appear={1050.0: stranger()})

    outcome = world.drive(submit(order(consent=True), world))

    assert [event.id for event in world.events if isinstance(event, Received)] == ["77"]
    assert outcome.id == "77"
    intents = [event for event in world.events if isinstance(event, Intended)]
    assert [intent.baseline for intent in intents][:2] == [(), ("5",)]


def test_a_call_keeps_its_key_when_it_is_looked_at_anew() -> None:
    world = World([CREATED], queues=[61.0, 1.0])

    world.drive(submit(order(), world))

    intent = next(event for event in world.events if isinstance(event, Intended))
    assert intent.key == "bits1"
    assert dict(world.requests[0].call.headers)["Idempotency-Key"] == "bits1"


def test_a_mark_of_our_own_grows_old_without_harm() -> None:
    inputs = {name: value for name, value in order().inputs.items() if name != "name"}
    world = World([CREATED], queues=[3600.0])

    outcome = world.drive(submit(order(inputs=inputs), world))

    assert outcome.kind == "received"
    assert world.requests[0].walked is None


@pytest.mark.parametrize("minted", [False, True])
def test_what_was_shown_to_be_absent_is_looked_for_again_when_sending_had_to_wait(minted: bool) -> None:
    """The effect of the lost call comes late, while its repeat waits for a slot."""
    late = stranger("9")
    mine = replace(order(), inputs={**order().inputs, "name": ""} if minted else order().inputs)
    use = replace(mine.use, kind=replace(mine.use.kind, delivery=replace(mine.delivery, key=None)))  # type: ignore[type-var]
    world = World([LOST, CREATED])
    first = submit(replace(mine, use=use), world)
    world.queues = [0.0, 600.0]

    def appears() -> list[Remote]:
        sent = next(event for event in world.events if isinstance(event, Intended))
        return [replace(late, mark=sent.mark)] if world.now > 1700.0 else []

    world.shows = appears

    outcome = world.drive(first)

    assert (outcome.kind, outcome.id) == ("received", "9")
    assert len(world.requests) == 1


def test_a_call_that_a_person_wants_sent_again_is_sent_without_a_look() -> None:
    world = World([LOST], queues=[0.0])
    lifecycle = submit(order(retries=0), world)
    effect = lifecycle.send(None)
    while not world.requests:
        effect = lifecycle.send(world.answer(effect))
    intent = next(event for event in world.events if isinstance(event, Intended))
    again = World([CREATED], queues=[600.0])

    outcome = again.drive(settle(order(), again, intent, alive=None, resend_now=True))

    assert outcome.kind == "received"


# Bulk.


def group(walked: float, *names: str) -> GroupOrder:
    use = Catalogue().use("revoice.batch")
    assert use is not None
    members = tuple(
        Member(address=f"batch/{name}", generation=1, name=name, row=row, digest="d", inputs={})
        for row, name in enumerate(names, 1)
    )
    intent = GroupIntended(
        address="batch@1",
        uses="revoice.batch",
        operation="createBulkBatches",
        account="revoice x",
        collection="revoice batches",
        call=Call("POST", "/bulk"),
        members=members,
        workbook="sha",
        baseline={},
        baseline_count=0,
    )
    return GroupOrder(
        use=use,
        intent=intent,
        members=members,
        inputs={},
        collection=Collection("revoice", "batches", (), "revoice batches", "$item#/name"),
        settle=Settle(1.0, 0.1),
        walked=walked,
    )


def test_a_bulk_request_that_waited_is_sent_on_what_stands_there_now() -> None:
    world = World([Answer(400, body={"message": "no"})], queues=[61.0, 0.0])

    outcome = world.drive(submit_group(group(1000.0, "a", "b"), world))

    assert outcome.kind == "refused"
    (intent,) = [event for event in world.events if isinstance(event, GroupIntended)]
    assert intent.baseline_date == str(int(DATE) + 61)


def test_a_name_taken_by_a_stranger_meanwhile_keeps_a_bulk_request_from_being_sent() -> None:
    world = World([], queues=[61.0], appear={1010.0: Remote("5", "B", {"id": "5", "name": "B"})})

    outcome = world.drive(submit_group(group(1000.0, "a", "b"), world))

    assert outcome.kind == "blocked"
    assert "'b'" in outcome.reason
    assert world.requests == []
