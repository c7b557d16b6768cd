"""An answer that names what somebody else has got is no answer to this call: its own effect is looked for."""

from dataclasses import replace
from typing import Any

import pytest
from lifeworld import World, dub_order

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.effects import Collection
from runner.api.lifecycles.lifecycle import submit
from runner.api.lifecycles.marks import receipt_key
from runner.api.lifecycles.order import Order
from runner.api.strategies.bulk_workbook import GroupOrder, submit_group
from runner.api.vocabulary.lifedata import Settle
from runner.model.event import Doubted, GroupIntended, Member, Received
from runner.model.http import Answer, Call
from runner.model.observation import Remote

NAME = "ep01 fr-FR"
MIXED_UP = Answer(200, body={"project_id": "77", "cost_minutes": 10})


def order(uses: str = "dubformer.project", **changes: Any) -> Order:
    use = Catalogue().use(uses)
    assert use is not None
    return dub_order(use, "dub/ep01", NAME, **changes)


def mine(id: str) -> Remote:
    item = {"project_id": id, "name": NAME, "source_lang": "en", "target_lang": "fr-FR"}
    return Remote(id, NAME, item | {"status": "in_progress"})


def test_its_own_thing_is_adopted_where_a_list_shows_it() -> None:
    world = World([MIXED_UP], mine={"77"}, shows=lambda: [mine("78")])

    outcome = world.drive(submit(order(), world))

    assert (outcome.kind, outcome.id) == ("received", "78")
    assert len(world.requests) == 1


def test_what_no_list_shows_is_in_doubt_and_never_sent_again() -> None:
    world = World([MIXED_UP], mine={"77"})

    outcome = world.drive(submit(order(), world))

    assert outcome.kind == "doubt"
    assert len(world.requests) == 1


def test_what_changes_a_thing_has_the_id_of_that_thing_by_right() -> None:
    made = order("dubformer.translation", collection=None)
    made = replace(made, inputs={"id": "77", "target_script": [], "target_speakers": []})
    asked_before = [Answer(200, body={}), Answer(200, body={"revision": 1})]
    world = World([*asked_before, Answer(200, body={"project_id": "77"})], mine={"77"})

    outcome = world.drive(submit(made, world))

    assert outcome.kind == "received"


def test_what_costs_nothing_may_be_had_twice_under_one_id() -> None:
    free = order()
    kind: Any = free.use.kind
    free = replace(free, use=replace(free.use, kind=replace(kind, effect="free", repeat="safe")))
    world = World([MIXED_UP], mine={"77"})

    outcome = world.drive(submit(free, world))

    assert (outcome.kind, outcome.id) == ("received", "77")


# Rows of a bulk request.

ACCEPTED = Answer(200, body={"requestId": "r1"})
NO_MORE = Answer(200, body={"progress": 100, "batches": []})


def rows(*ids: str) -> list[Answer]:
    """What the API says of a request that has ended, in pages: a row of that name with each of these ids."""
    shown = Answer(200, body={"progress": 100, "batches": [{"name": "a", "id": id} for id in ids]})
    return [shown, shown, NO_MORE]


def group(**baseline: tuple[str, ...]) -> GroupOrder:
    use = Catalogue().use("revoice.batch")
    assert use is not None
    member = Member(address="batch/a", generation=1, name="a", row=1, digest="d", inputs={})
    intent = GroupIntended(
        address="batch@1",
        uses="revoice.batch",
        operation="createBulkBatches",
        account="revoice x",
        collection="revoice batches",
        call=Call("POST", "/bulk"),
        members=(member,),
        workbook="sha",
        baseline=baseline,
        baseline_count=0,
    )
    return GroupOrder(
        use=use,
        intent=intent,
        members=(member,),
        inputs={},
        collection=Collection("revoice", "batches", (), "revoice batches", "$item#/name"),
        settle=Settle(1.0, 0.1),
        walked=1000.0,
        whole=True,
    )


def test_a_bulk_request_that_is_answered_with_the_id_of_another_looks_for_its_rows_by_name() -> None:
    world = World([ACCEPTED], mine={receipt_key("r1")}, shows=lambda: [Remote("6", "a", {"id": "6"})])

    world.drive(submit_group(group(), world))

    assert [(event.id, event.how) for event in world.events if isinstance(event, Received)] == [
        ("6", "adopted")
    ]


@pytest.mark.parametrize(
    ("world", "made"),
    [
        pytest.param(World([ACCEPTED, *rows("5", "6")], mine={"5"}), group(), id="somebody-has-it"),
        pytest.param(World([ACCEPTED, *rows("5", "6")]), group(a=("5",)), id="it-stood-there-before"),
    ],
)
def test_a_row_of_an_earlier_request_is_not_taken_for_ours(world: World, made: GroupOrder) -> None:
    world.drive(submit_group(made, world))

    assert [event.id for event in world.events if isinstance(event, Received)] == ["6"]


def test_a_row_that_is_listed_twice_is_one() -> None:
    world = World([ACCEPTED, *rows("6", "6")])

    world.drive(submit_group(group(), world))

    assert [event.id for event in world.events if isinstance(event, Received)] == ["6"]


def test_two_rows_of_one_name_need_a_person() -> None:
    world = World([ACCEPTED, *rows("6", "7")])

    world.drive(submit_group(group(), world))

    assert [event.candidates for event in world.events if isinstance(event, Doubted)] == [("6", "7")]
