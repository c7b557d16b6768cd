"""Approvals are left without a lock, seen by whoever looks, and taken in once by whoever holds the state."""

import pytest

from runner.engine.state.approvals import (
    APPROVE,
    approved_by_me,
    foreseen_instance,
    leave_approvals,
    take_in_approvals,
)
from runner.engine.state.inbox import foreseen_state, leave_in_inbox, take_in
from runner.engine.state.journal import Journal, open_journal
from runner.engine.state.lock import Holder
from runner.engine.state.states import ensure_state, read_events, read_standing, read_state, read_words
from runner.model.event import Finished, Gated
from runner.model.phase import Phase
from runner.model.state_place import StatePlace

ME = Holder("here", 1, "apply", "2026-01-01T00:00:00Z")
GATED = Gated(address="dub/a", generation=1, uses="acme.dub", digest="d", inputs={"n": 1})


def opened(place: StatePlace) -> Journal:
    return open_journal(place, name="season", holder=ME)


@pytest.fixture
def waiting(place: StatePlace) -> StatePlace:
    """A state in which dub/a waits at its gate."""
    with opened(place) as journal:
        journal.record_now(GATED)
    return place


def test_an_approval_is_left_while_somebody_holds_the_state_and_read_by_the_holder(
    waiting: StatePlace,
) -> None:
    with opened(waiting) as journal:
        leave_approvals(waiting, [approved_by_me("dub/a", 1, "d")])
        take_in_approvals(journal)

        gate = journal.instances["dub/a"].gate

    assert gate is not None
    assert gate.opened(1, "d")
    assert read_words(waiting, "season") == []


def test_who_and_when_stand_in_the_journal(waiting: StatePlace) -> None:
    leave_approvals(waiting, [approved_by_me("dub/a", 1, "d", "kim")])
    with opened(waiting) as journal:
        take_in_approvals(journal)

    _, _, kind, data = read_events(waiting, "dub/a")[-1]

    assert kind == "approved"
    assert '"by":"kim (as ' in data
    assert '"given":"20' in data


def test_whoever_looks_sees_an_approval_that_nobody_has_taken_in_yet(waiting: StatePlace) -> None:
    leave_approvals(waiting, [approved_by_me("dub/a", 1, "d")])

    seen = foreseen_state(waiting, "season")
    alone = foreseen_instance(waiting, "season", "dub/a")

    assert seen.instances["dub/a"] == alone
    assert alone is not None
    assert alone.gate is not None
    assert alone.gate.by
    assert seen.sequence == read_state(waiting, "season").sequence


def test_an_approval_is_taken_in_once(waiting: StatePlace) -> None:
    leave_approvals(waiting, [approved_by_me("dub/a", 1, "d")])
    for _ in range(2):
        with opened(waiting) as journal:
            take_in_approvals(journal)

    assert [kind for _, _, kind, _ in read_events(waiting, "dub/a")] == ["gated", "approved"]


def test_a_word_about_a_call_in_doubt_is_left_to_those_whom_it_concerns(waiting: StatePlace) -> None:
    leave_in_inbox(waiting, "dub/b", "abandon", "")
    leave_approvals(waiting, [approved_by_me("dub/a", 1, "d")])

    with opened(waiting) as journal:
        take_in_approvals(journal)
        assert [word[2] for word in journal.read_inbox()] == ["abandon"]
        take_in(journal)
        assert journal.read_inbox() == []


@pytest.mark.parametrize(
    "argument", ["", "[]", "{}", '{"generation": "x", "digest": "d", "by": "k", "at": ""}']
)
def test_what_is_no_approval_of_ours_opens_nothing(waiting: StatePlace, argument: str) -> None:
    leave_in_inbox(waiting, "dub/a", APPROVE, argument)

    with opened(waiting) as journal:
        take_in_approvals(journal)
        gate = journal.instances["dub/a"].gate

    assert gate is not None
    assert not gate.by


def test_a_state_is_made_where_there_is_none_to_leave_a_word_in(place: StatePlace) -> None:
    ensure_state(place, "season")
    leave_approvals(place, [approved_by_me("dub/a", 1, "d")])

    with opened(place) as journal:
        take_in_approvals(journal)
        assert journal.instances["dub/a"].phase is Phase.GATED


def test_a_state_that_somebody_holds_is_left_alone(place: StatePlace) -> None:
    with opened(place) as journal:
        ensure_state(place, "season")

        assert read_state(place, "season").lineage == journal.lineage


def test_what_waits_is_counted_and_named_also_beside_what_is_ready(place: StatePlace) -> None:
    ready = Finished(address="dub/b", generation=1, outcome="ready", uses="acme.dub")
    again = Gated(
        address="dub/b", generation=2, uses="acme.dub", digest="e", inputs={}, note="kim approved another"
    )
    with opened(place) as journal:
        journal.record_now(GATED, ready, again)

    with read_standing(place, "season") as reader:
        assert reader is not None
        standing = reader.standing(-1)

    assert standing.count(Phase.GATED) == 2
    assert [(one.address, one.phase, one.message) for one in standing.attention] == [
        ("dub/a", Phase.GATED, "waits for approval"),
        ("dub/b", Phase.GATED, "kim approved another"),
    ]
