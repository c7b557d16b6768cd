"""Where everything stands is counted by SQLite, in states of this version and of the one before."""

import json
import os
import sqlite3
from pathlib import Path

import pytest

from runner.engine.state.columns import NAMES, columns, columns_of_json
from runner.engine.state.counting import read_standing
from runner.engine.state.journal import open_journal
from runner.engine.state.lock import Holder
from runner.engine.state.store import VERSION, read_addresses, read_instance, read_state
from runner.model.errors import StateCorrupt, StateForeign
from runner.model.event import Doubted, Finished, Intended, Received, Saved, Saving
from runner.model.http import Call
from runner.model.phase import Phase
from runner.model.standing import Standing

ME = Holder("here", os.getpid(), "apply", "2026-01-01T00:00:00Z")


def intended(address: str) -> Intended:
    return Intended(
        address=address, generation=1, uses="dubformer.project", operation="createProject", account="a",
        digest="d", inputs={"name": "é"}, call=Call("POST", "/", (), (b"{}",)), mark="m", key="k",
    )  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two dubs that are ready (one with a file that is missing), one in doubt, a song that failed."""
    made = tmp_path / "state.db"
    with open_journal(made, name="season", holder=ME) as journal:
        for number, minutes in ((1, 10.0), (2, 2.5)):
            address = f"dub/e{number}"
            given = Received(
                address=address, generation=1, id=f"P{number}", how="answered", cost=minutes, unit="minutes"
            )
            ended = Finished(address=address, generation=1, outcome="ready")
            journal.record_now(intended(address), given, ended)
        for number in (1, 2):
            saving = Saving(
                address=f"dub/e{number}", generation=1, name="video", path="a.mp4", size=1, sha256="s"
            )
            journal.record_now(saving)
        journal.record_now(Saved(address="dub/e1", generation=1, path="a.mp4", mtime_ns=5))
        journal.record_now(
            intended("dub/e3"), Doubted(address="dub/e3", generation=1, reason="two candidates")
        )
        journal.record_now(
            Finished(address="song/s1", generation=1, outcome="failed", uses="x.song", message="no voice")
        )
    return made


def standing(file: Path, most: int = 20) -> Standing:
    with read_standing(file, "season") as reader:
        assert reader is not None
        return reader.standing(most)


def as_version_1(file: Path) -> Path:
    """The file as the first version wrote it."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("DROP INDEX instances_standing")
    for name in NAMES:
        connection.execute(f"ALTER TABLE instances DROP COLUMN {name}")
    connection.execute("PRAGMA user_version=1")
    connection.close()
    return file


def test_jobs_are_counted_by_phase_with_what_is_unsaved_and_paid(file: Path) -> None:
    dub, song = standing(file).jobs

    assert (dub.job, dub.uses, dub.phases) == ("dub", "dubformer.project", {Phase.READY: 2, Phase.DOUBT: 1})
    assert (dub.unsaved, dub.cost) == (1, {"minutes": 12.5})
    assert (song.job, song.phases, song.cost) == ("song", {Phase.FAILED: 1}, {})


def test_those_that_need_somebody_come_by_urgency(file: Path) -> None:
    told = [(one.address, one.phase, one.message) for one in standing(file).attention]

    assert told == [("dub/e3", Phase.DOUBT, "two candidates"), ("song/s1", Phase.FAILED, "no voice")]


@pytest.mark.parametrize(("most", "addresses"), [(1, ["dub/e3"]), (0, []), (-1, ["dub/e3", "song/s1"])])
def test_no_more_are_read_than_were_asked_for(file: Path, most: int, addresses: list[str]) -> None:
    assert [one.address for one in standing(file, most).attention] == addresses


def test_every_instance_can_be_listed(file: Path) -> None:
    with read_standing(file, "season") as reader:
        assert reader is not None
        listed = [(one.address, one.id) for one in reader.instances()]

    assert listed == [("dub/e1", "P1"), ("dub/e2", "P2"), ("dub/e3", ""), ("song/s1", "")]


def test_no_count_reads_a_row_itself(file: Path) -> None:
    connection = sqlite3.connect(file)
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT job, phase, uses, unit, count(*), total(cost), sum(unsaved) FROM instances"
        " GROUP BY phase, job, uses, unit"
    ).fetchall()
    connection.close()

    assert [step[3] for step in plan] == ["SCAN instances USING COVERING INDEX instances_standing"]


def test_columns_are_the_same_from_a_value_and_from_its_row(file: Path) -> None:
    connection = sqlite3.connect(file)
    rows = connection.execute("SELECT address, data FROM instances").fetchall()
    connection.close()
    held = read_state(file, "season").instances

    for address, data in rows:
        assert columns_of_json(address, json.loads(data)) == columns(held[address])


def test_a_state_of_version_1_is_told_without_being_changed(file: Path) -> None:
    now = standing(file)
    before = as_version_1(file).read_bytes()

    assert standing(file) == now
    assert file.read_bytes() == before


def test_a_state_of_version_1_gets_its_columns_when_it_is_opened_for_writing(file: Path) -> None:
    now, held = standing(file), read_state(file, "season")
    as_version_1(file)

    open_journal(file, name="season", holder=ME).close()

    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    connection.close()
    assert standing(file) == now
    assert read_state(file, "season") == held


def test_an_upgrade_that_breaks_leaves_the_state_as_it_was(file: Path) -> None:
    as_version_1(file)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("CREATE VIEW instances_standing AS SELECT 1")  # takes the name that the index needs
    connection.close()
    before = read_state(file, "season")

    with pytest.raises(StateCorrupt):
        open_journal(file, name="season", holder=ME)

    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()
    assert read_state(file, "season") == before


def test_no_state_is_told_as_none_and_none_is_made(tmp_path: Path) -> None:
    with read_standing(tmp_path / "none.db", "season") as reader:
        assert reader is None
    assert not (tmp_path / "none.db").exists()


def test_the_state_of_another_manifest_is_refused(file: Path) -> None:
    with pytest.raises(StateForeign), read_standing(file, "other"):
        pass


def test_a_row_that_cannot_be_read_is_told_with_a_way_out(file: Path) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("UPDATE instances SET data = '{' WHERE address = 'dub/e3'")
    connection.close()

    with pytest.raises(StateCorrupt, match="cannot be read"):
        standing(file)


def test_one_address_is_read_alone(file: Path) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("UPDATE instances SET data = '{' WHERE address = 'dub/e3'")
    connection.close()

    held = read_instance(file, "season", "dub/e1")

    assert held is not None
    assert held.id == "P1"
    assert read_instance(file, "season", "dub/e9") is None
    assert read_addresses(file, "season") == ["dub/e1", "dub/e2", "dub/e3", "song/s1"]
