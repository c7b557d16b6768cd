"""The journal when something breaks: a full disk, a lost piece, a loop that has gone. Nobody waits for ever, and
nothing is believed that is not on the disk."""

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from runner.engine.state.journal import Journal, open_journal
from runner.engine.state.lock import Holder
from runner.engine.state.states import read_events, read_state
from runner.model.errors import StateCorrupt
from runner.model.event import (
    Finished,
    GroupIntended,
    Intended,
    Member,
    Moved,
    Received,
    Saved,
    Settling,
    Withdrawn,
)
from runner.model.http import Call
from runner.model.state import Phase
from runner.model.state_place import StatePlace

ME = Holder("here", os.getpid(), "apply", "2026-01-01T00:00:00Z")


def opened(place: StatePlace) -> Journal:
    return open_journal(place, name="season", holder=ME)


def intended(address: str = "dub/ep01", body: bytes = b"{}", generation: int = 1) -> Intended:
    return Intended(
        address=address,
        generation=generation,
        uses="dubformer.project",
        operation="createProject",
        account="dubformer x",
        digest="d1",
        inputs={},
        call=Call("POST", "/api/v1/projects", (), (body,)),
    )


def received(address: str = "dub/ep01", id: str = "77", generation: int = 1) -> Received:
    return Received(address=address, generation=generation, id=id, how="answered")


def test_on_a_full_disk_every_recorder_is_told_and_nothing_more_is_taken(tmp_path: Path) -> None:
    journal = opened(tmp_path / "state.db")
    pages = journal.store.connection.execute("PRAGMA page_count").fetchone()[0]
    journal.store.connection.execute(f"PRAGMA max_page_count={pages + 2}")

    async def many() -> list[BaseException | None]:
        work = (journal.record(intended(f"dub/{n}", b"x" * 5000)) for n in range(200))
        return await asyncio.wait_for(asyncio.gather(*work, return_exceptions=True), 20)

    told = asyncio.run(many())
    with pytest.raises(StateCorrupt, match="could not be written"):
        journal.record_now(intended("dub/later"))
    journal.close()

    assert all(isinstance(one, StateCorrupt) for one in told)
    assert read_state(tmp_path / "state.db", "season").instances == {}


def test_what_was_written_before_the_disk_was_full_is_still_there(tmp_path: Path) -> None:
    journal = opened(tmp_path / "state.db")
    journal.record_now(intended())
    pages = journal.store.connection.execute("PRAGMA page_count").fetchone()[0]
    journal.store.connection.execute(f"PRAGMA max_page_count={pages}")

    with pytest.raises(StateCorrupt):
        journal.record_now(*(intended(f"dub/{number}", b"x" * 5000) for number in range(50)))
    journal.close()

    with opened(tmp_path / "state.db") as again:
        assert again.instances["dub/ep01"].phase is Phase.UNSETTLED


def test_a_large_piece_that_cannot_be_put_on_the_disk_breaks_the_journal(tmp_path: Path) -> None:
    journal = opened(tmp_path / "state.db")
    (tmp_path / "state.db.blobs").write_text("a file where the folder should be")

    with pytest.raises(StateCorrupt, match="could not be written"):
        journal.record_now(intended(body=b"x" * 100_000))
    with pytest.raises(StateCorrupt):
        journal.record_now(intended("dub/ep02"))
    journal.close()

    assert read_events(tmp_path / "state.db", "dub/ep01") == []


def test_events_recorded_together_are_taken_all_or_none(place: StatePlace) -> None:
    with opened(place) as journal:
        bad = Finished(address="dub/ep01", generation=1, outcome="ready", outputs={"x": object()})
        with pytest.raises(TypeError):
            journal.record_now(intended(), bad)
        journal.record_now(intended("dub/ep02"))

        assert list(journal.instances) == ["dub/ep02"]

    assert read_events(place, "dub/ep01") == []


def test_an_error_of_ours_in_the_writer_lets_nobody_wait(tmp_path: Path) -> None:
    journal = opened(tmp_path / "state.db")
    journal.store.connection.execute("DROP TABLE inbox")
    journal._batch.taken.append(1)

    async def one() -> None:
        await asyncio.wait_for(journal.record(intended()), 10)

    with pytest.raises(StateCorrupt):
        asyncio.run(one())
    journal.close()


def test_an_event_loop_that_is_gone_does_not_take_the_writer_with_it(place: StatePlace) -> None:
    journal = opened(place)

    left: list[asyncio.Future[None]] = []

    async def leave() -> None:
        left.append(asyncio.ensure_future(journal.record(intended())))
        await asyncio.sleep(0)

    for _ in range(20):
        asyncio.run(leave())
    journal.record_now(received())
    journal.close()

    assert read_state(place, "season").instances["dub/ep01"].id == "77"


def test_a_closed_journal_says_so(place: StatePlace) -> None:
    journal = opened(place)
    journal.close()

    with pytest.raises(StateCorrupt, match="closed"):
        journal.record_now(intended())


def test_a_lost_piece_is_told_and_not_guessed(tmp_path: Path) -> None:
    with opened(tmp_path / "state.db") as journal:
        journal.record_now(intended(body=b"x" * 100_000))
    for blob in (tmp_path / "state.db.blobs").iterdir():
        blob.unlink()

    with pytest.raises(StateCorrupt, match="cannot be read"):
        opened(tmp_path / "state.db")
    with pytest.raises(StateCorrupt, match="cannot be read"):
        read_state(tmp_path / "state.db", "season")


def test_outputs_that_look_like_our_own_notation_do_not_lock_the_state(place: StatePlace) -> None:
    outputs = {"$call": {"method": 1}, "inner": {"$event": "received", "fields": {}}, "half": "\ud83d"}
    with opened(place) as journal:
        done = Finished(address="dub/ep01", generation=1, outcome="ready", outputs=outputs)
        journal.record_now(intended(), received(), done)

    with opened(place) as journal:
        assert journal.instances["dub/ep01"].outputs == outputs


def test_what_is_sent_again_after_a_move_speaks_of_the_new_address(place: StatePlace) -> None:
    with opened(place) as journal:
        journal.record_now(intended(), Moved(address="dub/ep01", to="dub/one"))

    with opened(place) as journal:
        intent = journal.instances["dub/one"].intent

    assert intent is not None
    assert intent.address == "dub/one"


def test_what_stands_again_after_a_move_stands_at_the_new_address(place: StatePlace) -> None:
    with opened(place) as journal:
        done = Finished(address="dub/ep01", generation=1, outcome="ready")
        journal.record_now(intended(), received(), done, intended(generation=2))
        journal.record_now(Moved(address="dub/ep01", to="dub/one"))
        journal.record_now(Withdrawn(address="dub/one", generation=2, reason="not done"))

    known = read_state(place, "season").instances

    assert {address: (held.address, held.id) for address, held in known.items()} == {
        "dub/one": ("dub/one", "77")
    }


def test_a_moved_row_stays_a_member_of_its_open_request(place: StatePlace) -> None:
    group = GroupIntended(
        address="batch@1",
        uses="revoice.batch",
        operation="createBulk",
        account="revoice x",
        collection="c",
        call=Call("POST", "/bulk"),
        members=(Member(address="batch/a", generation=1, name="a", row=1, digest="d", inputs={}),),
        workbook="w",
        baseline={},
    )
    with opened(place) as journal:
        journal.record_now(group, Moved(address="batch/a", to="batch/b"))

    state = read_state(place, "season")

    assert [member.address for member in state.groups["batch@1"].intent.members] == ["batch/b"]
    assert state.instances["batch/b"].group == "batch@1"


def test_ids_of_former_generations_stay_ours_in_a_later_process(place: StatePlace) -> None:
    with opened(place) as journal:
        journal.record_now(intended(), received(), intended(generation=2))
        journal.record_now(Withdrawn(address="dub/ep01", generation=2, reason="not done"))

    with opened(place) as journal:
        assert ("dubformer x", "77") in journal.owned


def test_what_is_on_the_disk_equals_what_the_process_knew(place: StatePlace) -> None:
    journal = opened(place)

    async def work() -> None:
        for number in range(30):
            address = f"dub/{number % 3}"
            await asyncio.gather(
                journal.record(intended(address, generation=number)),
                journal.record(Settling(address=address, generation=number, reason="r", since=str(number))),
                journal.record(received(address, str(number), number)),
                journal.record(Saved(address=address, generation=number, path="never announced", mtime_ns=1)),
                journal.record(Moved(address=address, to=f"{address}'") if number == 7 else received("x")),
            )

    asyncio.run(work())
    known = journal.state
    journal.close()

    assert read_state(place, "season").instances == known.instances


def test_a_file_whose_making_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "state.db.new")
    connection.execute("CREATE TABLE half (a)")
    connection.close()

    assert read_state(tmp_path / "state.db", "season").instances == {}
    with opened(tmp_path / "state.db") as journal:
        journal.record_now(intended())
    assert "dub/ep01" in read_state(tmp_path / "state.db", "season").instances
    assert not (tmp_path / "state.db.new").exists()


def test_a_disk_that_refuses_what_was_only_noted_is_told_at_once(tmp_path: Path) -> None:
    journal = opened(tmp_path / "state.db")
    journal.store.connection.execute("PRAGMA query_only=ON")

    async def steps() -> StateCorrupt:
        told: asyncio.Future[StateCorrupt] = asyncio.get_running_loop().create_future()
        journal.broken = told.set_result
        journal.note(intended())
        return await asyncio.wait_for(told, 10)

    found = asyncio.run(steps())
    journal.close()

    assert "could not be written" in found.message
