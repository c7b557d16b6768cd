"""What the journal says of gates: an approval is for one generation with one set of inputs, until it is used up."""

from typing import Any

import pytest

from runner.model.event import (
    Approved,
    Event,
    Finished,
    Gated,
    Intended,
    Received,
    Refused,
    Resolved,
    Ungated,
    Withdrawn,
)
from runner.model.fold import fold_instance
from runner.model.http import Call
from runner.model.state import InstanceState, Phase

AT = "2026-01-01T00:00:00Z"


def gated(generation: int = 1, digest: str = "d", note: str = "") -> Gated:
    return Gated(
        address="dub/a",
        generation=generation,
        uses="acme.dub",
        digest=digest,
        inputs={"n": digest},
        note=note,
    )


def approved(generation: int = 1, digest: str = "d") -> Approved:
    return Approved(address="dub/a", generation=generation, digest=digest, by="kim", given=AT)


def intended(generation: int = 1) -> Intended:
    return Intended(
        address="dub/a",
        generation=generation,
        uses="acme.dub",
        operation="make",
        account="acme x",
        digest="d",
        inputs={},
        call=Call("POST", "/"),
    )


def made(generation: int = 1) -> tuple[Event, ...]:
    received = Received(address="dub/a", generation=generation, id=f"i{generation}", how="answered")
    return intended(generation), received, Finished(address="dub/a", generation=generation, outcome="ready")


REFUSED = Refused(address="dub/a", generation=1, status=422, code="", message="no")
WITHDRAWN = Withdrawn(address="dub/a", generation=1, reason="never done")


def fold(*events: Event) -> InstanceState:
    known: InstanceState | None = None
    for event in events:
        known = fold_instance(known, event, AT)
    assert known is not None
    return known


def opened(held: InstanceState, generation: int, digest: str = "d") -> bool:
    return held.gate is not None and held.gate.opened(generation, digest)


def test_what_was_never_sent_stands_at_its_gate_under_the_generation_that_it_will_have() -> None:
    held = fold(gated())

    assert (held.phase, held.generation, held.next_generation) == (Phase.GATED, 1, 1)
    assert held.gate is not None
    assert held.gate.inputs == {"n": "d"}
    assert held.outputs == {}
    assert not held.owns_remote


def test_an_approval_opens_the_gate_for_this_generation_and_these_inputs_alone() -> None:
    held = fold(gated(), approved())

    assert opened(held, 1)
    assert not opened(held, 2)
    assert not opened(held, 1, "other")


def test_an_approval_may_come_before_any_run_came_to_the_gate() -> None:
    assert opened(fold(approved()), 1)


def test_inputs_that_changed_close_the_gate_again() -> None:
    held = fold(gated(), approved(), gated(digest="new", note="kim approved other inputs"))

    assert not opened(held, 1, "new")
    assert not opened(held, 1, "d")
    assert held.standing is Phase.GATED


def test_an_approval_of_other_inputs_than_those_at_the_gate_is_for_those_that_it_names() -> None:
    held = fold(gated(), approved(digest="new"))

    assert opened(held, 1, "new")
    assert not opened(held, 1, "d")


def test_a_replacement_waits_beside_what_stands_there() -> None:
    held = fold(*made(), gated(2, "new"))

    assert (held.phase, held.standing, held.id) == (Phase.READY, Phase.GATED, "i1")
    assert held.next_generation == 2


@pytest.mark.parametrize("late", [approved(), approved(3), gated(), gated(3)], ids=repr)
def test_a_word_about_another_generation_changes_nothing(late: Event) -> None:
    held = fold(*made())

    assert fold_instance(held, late, AT) == held


def test_an_approval_is_used_up_by_an_effect() -> None:
    held = fold(gated(), approved(), *made())

    assert held.gate is None


@pytest.mark.parametrize("end", [REFUSED, WITHDRAWN], ids=lambda end: end.kind)
def test_an_approval_outlives_a_call_that_had_no_effect(end: Event) -> None:
    held = fold(gated(), approved(), intended(), end)

    assert held.next_generation == 2
    assert opened(held, 2)


def test_an_approval_outlives_a_replacement_that_was_refused() -> None:
    refused = Refused(address="dub/a", generation=2, status=422, code="", message="no")

    held = fold(*made(), gated(2), approved(2), intended(2), refused)

    assert (held.phase, held.id, held.next_generation) == (Phase.READY, "i1", 3)
    assert opened(held, 3)


def test_a_call_that_a_person_gave_up_may_have_had_an_effect_and_needs_a_new_approval() -> None:
    held = fold(gated(), approved(), intended(), Resolved(address="dub/a", generation=1, how="abandon"))

    assert held.phase is Phase.ABANDONED
    assert held.gate is None


def test_a_gate_that_nothing_comes_to_any_more_is_taken_away() -> None:
    held = fold(*made(), gated(2), Ungated(address="dub/a", reason="as it was"))

    assert (held.gate, held.standing) == (None, Phase.READY)


@pytest.mark.parametrize("before", [(), (intended(),), made()], ids=["nothing", "sent", "ready"])
def test_what_is_under_way_never_looks_as_if_it_waited(before: Any) -> None:
    held = fold(*before, *(() if before else made()))

    assert held.standing is held.phase
