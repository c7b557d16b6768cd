"""The journal on a real disk: what is recorded is there for the next process, and nobody else writes meanwhile."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from runner.engine.state.inbox import leave_in_inbox
from runner.engine.state.journal import Journal, open_journal
from runner.engine.state.lock import Holder
from runner.engine.state.states import read_events, read_state
from runner.model.errors import StateCorrupt, StateForeign, StateLocked, StateNewer
from runner.model.event import Finished, Forgotten, Intended, Moved, Received, Saved, Saving, Withdrawn
from runner.model.http import Call, Upload
from runner.model.state import Phase
from runner.model.state_place import StatePlace

ME = Holder("here", os.getpid(), "apply", "2026-01-01T00:00:00Z")


def opened(place: StatePlace, name: str = "season") -> Journal:
    return open_journal(place, name=name, holder=ME)


def intended(address: str = "dub/ep01", generation: int = 1, body: bytes = b'{"a":1}') -> Intended:
    return Intended(
        address=address,
        generation=generation,
        uses="dubformer.project",
        operation="createProject",
        account="dubformer x",
        digest="d1",
        inputs={"name": "ep01", "text": "é"},
        call=Call("POST", "/api/v1/projects", (("Idempotency-Key", "k"),), (body,)),
        mark="ep01",
        key="k",
        baseline=("1", "2"),
        baseline_count=2,
    )


def received(address: str = "dub/ep01", generation: int = 1, id: str = "77") -> Received:
    return Received(
        address=address, generation=generation, id=id, how="answered", outputs={"id": id}, cost=4.0
    )


def test_what_was_recorded_is_there_for_the_next_process(place: StatePlace) -> None:
    with opened(place) as journal:
        journal.record_now(intended(), received())

    state = read_state(place, "season")

    assert state.instances["dub/ep01"].phase is Phase.RUNNING
    assert state.instances["dub/ep01"].outputs == {"id": "77"}
    assert [kind for _, _, kind, _ in read_events(place, "dub/ep01")] == ["intended", "received"]


def test_an_open_intent_comes_back_with_its_whole_request(place: StatePlace) -> None:
    event = intended()
    with opened(place) as journal:
        journal.record_now(event)

    held = read_state(place, "season").instances["dub/ep01"]

    assert held.phase is Phase.UNSETTLED
    assert held.intent == event


@pytest.mark.parametrize(
    "body", [b"\x00\xff binary", b"x" * 100_000, "ünïcode".encode()], ids=["binary", "large", "text"]
)
def test_a_body_of_any_kind_comes_back_byte_for_byte(place: StatePlace, body: bytes) -> None:
    with opened(place) as journal:
        journal.record_now(intended(body=body))

    intent = read_state(place, "season").instances["dub/ep01"].intent

    assert intent is not None
    assert intent.call.content() == body


def test_a_large_body_stands_in_a_file_beside_the_journal(tmp_path: Path) -> None:
    with opened(tmp_path / "state.db") as journal:
        journal.record_now(intended(body=b"x" * 100_000))

    assert [blob.stat().st_size for blob in (tmp_path / "state.db.blobs").iterdir()] == [100_000]


def test_a_streamed_file_is_recorded_by_its_digest(place: StatePlace) -> None:
    call = Call("POST", "/upload", body=(b"--b", Upload("a.wav", 4, "abcd")))
    event = intended()
    with opened(place) as journal:
        journal.record_now(
            Intended(**{name: getattr(event, name) for name in event.__slots__} | {"call": call})
        )

    intent = read_state(place, "season").instances["dub/ep01"].intent

    assert intent is not None
    assert intent.call == call


def test_news_of_an_older_generation_changes_nothing(place: StatePlace) -> None:
    with opened(place) as journal:
        journal.record_now(intended(), received(), intended(generation=2), received(generation=2, id="78"))
        journal.record_now(Finished(address="dub/ep01", generation=1, outcome="failed"))

        held = journal.instances["dub/ep01"]

    assert (held.generation, held.id, held.phase) == (2, "78", Phase.RUNNING)
    assert held.former == ((1, "77"),)


def test_a_withdrawn_intent_leaves_nothing_open(place: StatePlace) -> None:
    with opened(place) as journal:
        journal.record_now(intended(), Withdrawn(address="dub/ep01", generation=1, reason="not sent"))

    held = read_state(place, "season").instances["dub/ep01"]

    assert held.phase is Phase.WITHDRAWN
    assert held.intent is None


def test_a_file_is_recorded_before_and_after_it_gets_its_name(place: StatePlace) -> None:
    with opened(place) as journal:
        journal.record_now(intended(), received())
        journal.record_now(
            Saving(address="dub/ep01", generation=1, name="video", path="out/a.mp4", size=3, sha256="s")
        )
        before = journal.instances["dub/ep01"].files["out/a.mp4"].done
        journal.record_now(Saved(address="dub/ep01", generation=1, path="out/a.mp4", mtime_ns=5))

    held = read_state(place, "season").instances["dub/ep01"].files["out/a.mp4"]

    assert (before, held.done, held.mtime_ns) == (False, True, 5)


def test_moving_and_forgetting_change_addresses_alone(place: StatePlace) -> None:
    with opened(place) as journal:
        journal.record_now(intended(), received(), intended("dub/ep02"), received("dub/ep02", id="78"))
        journal.record_now(Moved(address="dub/ep01", to="dub/e1"), Forgotten(address="dub/ep02"))

    state = read_state(place, "season")

    assert list(state.instances) == ["dub/e1"]
    assert state.instances["dub/e1"].id == "77"


def test_many_steps_share_one_commit(place: StatePlace) -> None:
    async def many(journal: Journal) -> None:
        await asyncio.gather(*(journal.record(intended(f"dub/{number}")) for number in range(500)))

    with opened(place) as journal:
        asyncio.run(many(journal))

        assert len(journal.instances) == 500
        assert journal.commits < 50


def test_a_killed_process_leaves_what_it_recorded_and_lets_go_of_the_lock(tmp_path: Path) -> None:
    script = """
        import os, signal, sys
        from pathlib import Path
        from runner.engine.state.journal import open_journal
        from runner.engine.state.lock import Holder
        from runner.model.event import Received
        holder = Holder("there", os.getpid(), "apply", "2026-01-01T00:00:00Z", "abc")
        journal = open_journal(Path(sys.argv[1]), name="season", holder=holder)
        journal.record_now(Received(address="dub/ep01", generation=1, id="77", how="answered"))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    file = tmp_path / "state.db"
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(file)], check=False)

    with opened(file) as journal:
        assert done.returncode == -signal.SIGKILL
        assert journal.instances["dub/ep01"].id == "77"
        assert journal.former_holder is not None
        assert journal.former_holder.host == "there"


def test_a_second_writer_is_refused_and_told_of_the_first(place: StatePlace) -> None:
    with opened(place), pytest.raises(StateLocked, match=r"'apply' on here \(process \d+"):
        opened(place)


def test_reading_needs_no_lock(place: StatePlace) -> None:
    with opened(place) as journal:
        journal.record_now(received())

        assert read_state(place, "season").instances["dub/ep01"].id == "77"


def test_a_missing_state_is_an_empty_one(tmp_path: Path) -> None:
    assert read_state(tmp_path / "none.db", "season").instances == {}
    assert not (tmp_path / "none.db").exists()


def test_a_file_of_another_manifest_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "state.db", "one").close()

    with pytest.raises(StateForeign, match="'one'"):
        opened(tmp_path / "state.db", "two")


def test_a_newer_journal_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "state.db").close()
    connection = sqlite3.connect(tmp_path / "state.db")
    connection.execute("PRAGMA user_version=99")
    connection.close()

    with pytest.raises(StateNewer, match="newer"):
        opened(tmp_path / "state.db")


def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    file.write_bytes(b"this is a letter to a friend, not a database" * 100)
    before = file.read_bytes()

    with pytest.raises(StateCorrupt):
        opened(file)

    assert file.read_bytes() == before


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "state.db")
    connection.execute("CREATE TABLE friends (name TEXT)")
    connection.close()

    with pytest.raises(StateCorrupt, match="not a journal of runner"):
        opened(tmp_path / "state.db")


def test_only_its_owner_reads_the_state(tmp_path: Path) -> None:
    opened(tmp_path / "state.db").close()

    assert (tmp_path / "state.db").stat().st_mode & 0o777 == 0o600


def test_a_journal_that_cannot_be_written_says_so_and_records_nothing_more(tmp_path: Path) -> None:
    journal = opened(tmp_path / "state.db")
    journal.store.connection.execute("PRAGMA query_only=ON")

    with pytest.raises(StateCorrupt, match="could not be written"):
        journal.record_now(received())
    with pytest.raises(StateCorrupt):
        journal.record_now(received("dub/ep02"))
    journal.close()

    assert read_state(tmp_path / "state.db", "season").instances == {}


def test_a_word_left_in_the_inbox_is_read_once(place: StatePlace) -> None:
    opened(place).close()
    leave_in_inbox(place, "dub/ep01", "adopt", "77")

    with opened(place) as journal:
        first = journal.read_inbox()
        journal.take(first)
        journal.record_now()
    with opened(place) as journal:
        second = journal.read_inbox()

    assert [row[1:] for row in first] == [("dub/ep01", "adopt", "77")]
    assert second == []


def test_what_is_noted_is_on_the_disk_when_what_was_recorded_after_it_is(place: StatePlace) -> None:
    async def steps(journal: Journal) -> list[str]:
        journal.note(intended(), received())
        await journal.record(intended("dub/ep02"))
        return [kind for _, _, kind, _ in read_events(place, "dub/ep01")]

    with opened(place) as journal:
        assert asyncio.run(steps(journal)) == ["intended", "received"]


def test_a_receipt_and_the_intent_that_follows_from_it_share_a_commit(place: StatePlace) -> None:
    async def steps(journal: Journal) -> int:
        await journal.record(intended())
        before = journal.commits
        journal.note(received())
        await asyncio.sleep(0)
        await journal.record(intended("dub/ep02"))
        return journal.commits - before

    with opened(place) as journal:
        assert asyncio.run(steps(journal)) == 1


def test_what_was_noted_in_a_loop_that_has_ended_is_written_by_the_next(place: StatePlace) -> None:
    async def leave(journal: Journal) -> None:
        journal.note(intended())

    with opened(place) as journal:
        asyncio.run(leave(journal))
        journal.record_now(intended("dub/ep02"))
        found = [kind for _, _, kind, _ in read_events(place, "dub/ep01")]

    assert found == ["intended"]


def test_what_was_noted_is_written_when_the_journal_is_closed(place: StatePlace) -> None:
    async def leave(journal: Journal) -> None:
        journal.note(intended())

    with opened(place) as journal:
        asyncio.run(leave(journal))

    assert [kind for _, _, kind, _ in read_events(place, "dub/ep01")] == ["intended"]
