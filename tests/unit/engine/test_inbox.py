"""What a person says about calls in doubt."""

import pytest

from runner.engine.inbox import deliver, take_in
from runner.engine.journal import open_journal
from runner.engine.lock import Holder
from runner.model.errors import WrongUsage
from runner.model.event import Doubted, Intended, Received
from runner.model.http import Call
from runner.model.state_place import StatePlace

ME = Holder("here", 1, "apply", "2026-01-01T00:00:00Z")


def intended(address: str) -> Intended:
    return Intended(
        address=address,
        generation=1,
        uses="dubformer.project",
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


def test_of_two_words_about_one_call_the_first_holds(state: StatePlace) -> None:
    deliver(state, "season", "dub/b", "adopt", "78")
    deliver(state, "season", "dub/b", "abandon", "")

    with open_journal(state, name="season", holder=ME) as journal:
        settled = take_in(journal)

        assert settled == ["dub/b"]
        assert journal.instances["dub/b"].id == "78"
