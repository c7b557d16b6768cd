"""What a person says about calls in doubt."""

import pytest

from runner.engine.state.inbox import deliver, leave_in_inbox, take_in
from runner.engine.state.journal import open_journal
from runner.engine.state.lock import Holder
from runner.model.errors import WrongUsage
from runner.model.event import Doubted, Event, Intended, Received, Refused
from runner.model.http import Call
from runner.model.state_place import StatePlace

ME = Holder("here", 1, "apply", "2026-01-01T00:00:00Z")


def intended(
    address: str, generation: int = 1, attempt: int = 1, uses: str = "dubformer.project"
) -> Intended:
    return Intended(
        address=address,
        generation=generation,
        attempt=attempt,
        uses=uses,
        operation="createProject",
        account="dubformer x",
        digest="d",
        inputs={},
        call=Call("POST", "/"),
    )


@pytest.fixture
def state(place: StatePlace) -> StatePlace:
    """A state that owns 77 as dub/a, and is in doubt about dub/b."""
    with open_journal(place, name="season", holder=ME) as journal:
        journal.record_now(
            intended("dub/a"), Received(address="dub/a", generation=1, id="77", how="answered")
        )
        journal.record_now(intended("dub/b"), Doubted(address="dub/b", generation=1, reason="lost"))
    return place


def test_what_belongs_to_somebody_else_cannot_be_adopted(state: StatePlace) -> None:
    with pytest.raises(WrongUsage, match="belongs to dub/a"):
        deliver(state, "season", "dub/b", "adopt", "77")


def test_a_number_that_something_of_another_sort_has_too_can_be_adopted(state: StatePlace) -> None:
    with open_journal(state, name="season", holder=ME) as journal:
        journal.record_now(
            intended("voice", uses="dubformer.voice"), Doubted(address="voice", generation=1, reason="lost")
        )

    deliver(state, "season", "voice", "adopt", "77")

    with open_journal(state, name="season", holder=ME) as journal:
        assert take_in(journal) == ["voice"]


def test_of_two_words_about_one_call_the_first_holds(state: StatePlace) -> None:
    deliver(state, "season", "dub/b", "adopt", "78")
    deliver(state, "season", "dub/b", "abandon", "")

    with open_journal(state, name="season", holder=ME) as journal:
        settled = take_in(journal)

        assert settled == ["dub/b"]
        assert journal.instances["dub/b"].id == "78"


def taken_after(state: StatePlace, *events: Event) -> tuple[list[str], list[str], str]:
    """What is settled, what is told aside, and the phase of dub/b, when these events came between word and taker."""
    aside: list[str] = []
    with open_journal(state, name="season", holder=ME) as journal:
        journal.record_now(*events)
        settled = take_in(journal, aside.append)
        return settled, aside, journal.instances["dub/b"].phase.value


@pytest.mark.parametrize("how", ["adopt", "resend", "abandon"])
def test_a_word_never_falls_on_a_later_generation(state: StatePlace, how: str) -> None:
    deliver(state, "season", "dub/b", how, "78" if how == "adopt" else "")

    settled, aside, phase = taken_after(
        state,
        Refused(address="dub/b", generation=1, status=422, code="", message="no"),
        intended("dub/b", 2),
        Doubted(address="dub/b", generation=2, reason="lost again"),
    )

    assert (settled, phase) == ([], "doubt")
    assert "said of an earlier call" in aside[0]
    assert "runner resolve dub/b --" in aside[0]


def test_a_word_to_send_again_does_not_hold_for_a_call_that_was_sent_again_since(state: StatePlace) -> None:
    deliver(state, "season", "dub/b", "resend", "")

    settled, aside, phase = taken_after(state, intended("dub/b", attempt=2))

    assert (settled, phase, len(aside)) == ([], "unsettled", 1)


def test_a_word_about_a_call_that_was_settled_meanwhile_is_told_to_be_of_no_use(state: StatePlace) -> None:
    deliver(state, "season", "dub/b", "resend", "")

    settled, aside, phase = taken_after(
        state, Received(address="dub/b", generation=1, id="78", how="adopted")
    )

    assert (settled, phase) == ([], "running")
    assert aside == ["Not taken in: `runner resolve dub/b --resend`: it is running by now."]


def test_what_came_to_belong_to_somebody_else_is_not_adopted_a_second_time(state: StatePlace) -> None:
    deliver(state, "season", "dub/b", "adopt", "78")

    settled, aside, phase = taken_after(
        state, intended("dub/c"), Received(address="dub/c", generation=1, id="78", how="answered")
    )

    assert (settled, phase) == ([], "doubt")
    assert aside == ["Not taken in: `runner resolve dub/b --adopt 78`: 78 belongs to dub/c by now."]


def test_of_two_words_that_name_one_id_the_first_has_it(state: StatePlace) -> None:
    with open_journal(state, name="season", holder=ME) as journal:
        journal.record_now(intended("dub/c"), Doubted(address="dub/c", generation=1, reason="lost"))
    deliver(state, "season", "dub/b", "adopt", "78")
    deliver(state, "season", "dub/c", "adopt", "78")

    settled, aside, _ = taken_after(state)

    assert settled == ["dub/b"]
    assert "78 belongs to dub/b by now" in aside[0]


def test_a_word_that_names_no_call_holds_for_none(state: StatePlace) -> None:
    leave_in_inbox(state, "dub/b", "adopt", "78")

    settled, aside, phase = taken_after(state)

    assert (settled, phase, len(aside)) == ([], "doubt", 1)
