"""The fold: what events make of what was known, above all what they must not undo."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from runner.model.event import (
    Accepted,
    Doubted,
    Event,
    Finished,
    GroupClosed,
    GroupIntended,
    GroupReceived,
    Intended,
    Member,
    Received,
    Refused,
    Resolved,
    Saved,
    Saving,
    Settling,
    Withdrawn,
)
from runner.model.fold import fold_group, fold_instance, join_group
from runner.model.http import Call
from runner.model.state import GroupState, InstanceState, Phase

AT = "2026-01-01T00:00:00.000Z"
WHO: dict[str, Any] = {"address": "dub/ep01", "generation": 1}


def intended(generation: int = 1, attempt: int = 1) -> Intended:
    return Intended(
        address="dub/ep01",
        generation=generation,
        uses="dubformer.project",
        operation="createProject",
        account="dubformer x",
        digest=f"d{generation}",
        inputs={"name": "ep01"},
        call=Call("POST", "/api/v1/projects"),
        mark="ep01",
        attempt=attempt,
    )


def received(id: str = "77", generation: int = 1) -> Received:
    return Received(address="dub/ep01", generation=generation, id=id, how="answered")


def fold(*events: Event) -> InstanceState:
    known: InstanceState | None = None
    for event in events:
        known = fold_instance(known, event, AT)
    assert known is not None
    return known


def test_time_counts_anew_from_a_call_that_is_sent_again() -> None:
    state = fold(intended(), Settling(**WHO, reason="looking", since="1700000000"), intended(attempt=2))

    assert state.settling_since == ""
    assert state.intent is not None
    assert state.intent.attempt == 2


def test_an_accepted_call_without_an_identity_is_remembered_as_accepted() -> None:
    state = fold(intended(), Settling(**WHO, reason="no id", accepted=True))

    assert state.intent is not None
    assert state.intent.accepted


def test_a_later_look_does_not_forget_when_the_first_one_was() -> None:
    state = fold(
        intended(),
        Settling(**WHO, reason="looking", since="1700000000"),
        Settling(**WHO, reason="looking again"),
    )

    assert state.settling_since == "1700000000"


@pytest.mark.parametrize(
    "late",
    [
        Withdrawn(**WHO, reason="not done"),
        Refused(**WHO, status=422, code="", message="no"),
        Doubted(**WHO, reason="several"),
        Resolved(**WHO, how="resend"),
        Resolved(**WHO, how="abandon"),
    ],
    ids=lambda event: f"{event.kind}-{getattr(event, 'how', '')}",
)
@pytest.mark.parametrize("end", [(), (Finished(**WHO, outcome="ready"),)], ids=["running", "ready"])
def test_nothing_said_of_an_intent_takes_back_an_identity(late: Event, end: Sequence[Event]) -> None:
    before = fold(intended(), received(), *end)

    assert fold_instance(before, late, AT) == before


def test_a_second_generation_keeps_the_id_of_the_first() -> None:
    state = fold(intended(), received("77"), intended(2))

    assert (state.id, state.former, state.phase) == ("", ((1, "77"),), Phase.UNSETTLED)
    assert fold_instance(state, received("99", 1), AT) == state


def test_the_ids_of_all_former_generations_outlive_a_withdrawn_one() -> None:
    gone = Withdrawn(address="dub/ep01", generation=2, reason="not done")
    state = fold(intended(), received("77"), intended(2), gone, intended(3), received("79", 3), intended(4))

    assert state.former == ((1, "77"), (3, "79"))


def test_a_doubt_keeps_the_intent_for_a_person_to_send_again() -> None:
    state = fold(
        intended(),
        Settling(**WHO, reason="looking", since="1700000000"),
        Doubted(**WHO, reason="several", candidates=("1", "2")),
        Resolved(**WHO, how="resend"),
    )

    assert (state.phase, state.resend, state.settling_since) == (Phase.UNSETTLED, True, "")
    assert state.intent == intended()


def test_a_file_that_nobody_announced_is_not_taken_for_saved() -> None:
    before = fold(intended(), received())

    assert fold_instance(before, Saved(**WHO, path="a.mp4", mtime_ns=1), AT) == before


def test_files_of_a_former_generation_are_ours_to_replace() -> None:
    saving = Saving(**WHO, name="video", path="a.mp4", size=3, sha256="s")
    state = fold(intended(), received(), saving, Saved(**WHO, path="a.mp4", mtime_ns=1), intended(2))

    assert not state.files["a.mp4"].done
    assert state.files["a.mp4"].sha256 == ""


def group(attempt: int = 1) -> GroupIntended:
    return GroupIntended(
        address="batch@1",
        uses="revoice.batch",
        operation="createBulk",
        account="revoice x",
        collection="revoice x batches",
        call=Call("POST", "/bulk"),
        members=(Member(address="dub/ep01", generation=1, name="ep01", row=1, digest="d", inputs={}),),
        workbook="w",
        baseline={},
        attempt=attempt,
    )


def test_a_member_that_has_its_identity_keeps_it_when_the_group_is_sent_again() -> None:
    first = join_group(None, group(), 0, AT)
    known = fold_instance(first, received("5"), AT)

    assert join_group(known, group(2), 0, AT) == known


def test_a_member_that_was_withdrawn_joins_the_group_again() -> None:
    gone = fold_instance(join_group(None, group(), 0, AT), Withdrawn(**WHO, reason="429"), AT)

    assert join_group(gone, group(), 0, AT).phase is Phase.UNSETTLED


def test_a_group_goes_from_intent_to_id_to_its_end() -> None:
    known: GroupState | None = None
    told = Settling(address="batch@1", generation=0, reason="looking", since="17", accepted=True)
    for event in (group(), told, GroupReceived(address="batch@1", id="r1")):
        known = fold_group(known, event)
        assert known is not None
    assert known is not None
    assert (known.id, known.settling_since, known.intent.accepted) == ("r1", "", True)

    closed = fold_group(known, GroupClosed(address="batch@1", reason="all"))

    assert closed is not None
    assert closed.closed


DONE = Finished(**WHO, outcome="ready", outputs={"url": "u1"})
SECOND: dict[str, Any] = {"address": "dub/ep01", "generation": 2}
NOT_MADE: list[Event] = [
    Withdrawn(**SECOND, reason="not done"),
    Refused(**SECOND, status=422, code="", message="no such language"),
    Resolved(**SECOND, how="abandon"),
]


@pytest.mark.parametrize("end", NOT_MADE, ids=lambda event: event.kind)
def test_what_a_replacement_without_effect_was_to_replace_stands_as_before(end: Event) -> None:
    saved = (
        Saving(**WHO, name="video", path="a.mp4", size=1, sha256="s"),
        Saved(**WHO, path="a.mp4", mtime_ns=5),
    )
    before = fold(intended(), received("77"), DONE, *saved)

    state = fold(intended(), received("77"), DONE, *saved, intended(2), end)

    assert (state.phase, state.id, state.digest, state.outputs) == (Phase.READY, "77", "d1", {"url": "u1"})
    assert (state.files, state.former, state.intent) == (before.files, (), None)
    assert (state.next_generation, state.consented) == (3, "d2")
    assert "generation 2" in state.message


def test_a_replacement_that_is_sent_again_and_made_takes_the_place() -> None:
    gone = Withdrawn(**SECOND, reason="429")

    state = fold(intended(), received("77"), DONE, intended(2), gone, intended(2), received("79", 2))

    assert (state.phase, state.id, state.former) == (Phase.RUNNING, "79", ((1, "77"),))
    assert (state.superseded, state.consented) == (None, "")


def test_an_intent_for_a_replacement_is_open_again_after_it_was_taken_back() -> None:
    gone = Withdrawn(**SECOND, reason="429")

    state = fold(intended(), received("77"), DONE, intended(2), gone, intended(2), intended(2, attempt=2))

    assert (state.phase, state.generation, state.id) == (Phase.UNSETTLED, 2, "")
    assert state.superseded is not None
    assert state.superseded.id == "77"


def test_the_row_of_a_replaced_batch_whose_group_was_never_sent_stands_as_before() -> None:
    second = replace(group(), members=tuple(replace(one, generation=2) for one in group().members))
    ready = fold_instance(fold_instance(join_group(None, group(), 0, AT), received("77"), AT), DONE, AT)

    state = join_group(ready, second, 0, AT)
    assert (state.phase, state.id) == (Phase.UNSETTLED, "")

    again = fold_instance(state, Withdrawn(**SECOND, reason="429"), AT)
    assert again is not None
    assert (again.phase, again.id) == (Phase.READY, "77")
    assert join_group(again, second, 0, AT).phase is Phase.UNSETTLED


def updating(attempt: int = 1, **changes: Any) -> Intended:
    made = replace(intended(attempt=attempt), digest="d2", inputs={"name": "new"}, update=("name",))
    return replace(made, **changes)


def finished() -> InstanceState:
    return fold(
        intended(),
        received("77"),
        Finished(**WHO, outcome="ready", outputs={"id": "77", "url": "u"}, cost=2.0),
    )


def then(known: InstanceState, *events: Event) -> InstanceState:
    for event in events:
        held = fold_instance(known, event, AT)
        assert held is not None
        known = held
    return known


def test_an_update_keeps_the_number_the_id_and_what_came_of_it() -> None:
    state = then(finished(), updating(), replace(received("77"), outputs={"name": "new"}))

    assert (state.generation, state.id, state.former, state.phase) == (1, "77", (), Phase.RUNNING)
    assert state.outputs == {"id": "77", "url": "u", "name": "new"}


def test_the_digest_moves_when_an_update_is_confirmed() -> None:
    open_ = then(finished(), updating())

    assert open_.superseded == finished()
    assert then(open_, received("77")).digest == "d2"


@pytest.mark.parametrize(
    "end",
    [Refused(**WHO, status=422, code="", message="no"), Withdrawn(**WHO, reason="never sent")],
    ids=lambda event: event.kind,
)
def test_an_update_without_effect_leaves_what_was_there(end: Event) -> None:
    state = then(finished(), updating(), end)

    assert replace(state, message="") == finished()


@pytest.mark.parametrize(
    "ends",
    [
        (Withdrawn(**WHO, reason="not wanted", unsure=True),),
        (Doubted(**WHO, reason="lost"), Resolved(**WHO, how="abandon")),
        (updating(attempt=2), Refused(**WHO, status=422, code="", message="no")),
    ],
    ids=["withdrawn", "abandoned", "refused when sent again"],
)
def test_an_update_that_may_be_there_makes_its_inputs_unknown(ends: Sequence[Event]) -> None:
    state = then(finished(), updating(), *ends)

    assert (state.phase, state.inputs, state.outputs["url"]) == (Phase.READY, {}, "u")
    assert state.digest not in ("d1", "d2")


def test_an_update_forgets_what_a_person_let_stand() -> None:
    accepted = then(finished(), Accepted(address="dub/ep01", digest="d2", inputs={}))

    assert then(accepted, updating(digest="d3"), received("77")).accepted == ""


def test_the_price_of_an_update_comes_on_top() -> None:
    state = then(finished(), updating(), replace(received("77"), cost=0.5, unit="minutes"))

    assert state.cost == 2.5


def test_files_that_are_made_anew_are_no_longer_here() -> None:
    known = then(
        finished(),
        Saving(**WHO, name="video", path="a.mp4", size=3, sha256="x"),
        Saved(**WHO, path="a.mp4", mtime_ns=1),
    )

    assert then(known, updating()).files["a.mp4"].done
    assert not then(known, updating(anew=True)).files["a.mp4"].done


def test_an_update_may_be_found_under_another_id() -> None:
    state = then(finished(), updating(), Doubted(**WHO, reason="another"), received("78"))

    assert (state.id, state.former) == ("78", ((1, "77"),))
