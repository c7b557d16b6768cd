"""`runner state`: looked at, mended, unlocked, exported and moved; over a file and over a database."""

import json
import os
from pathlib import Path

import pytest
from applying import Ended, captured
from pgserver import place_of, told

from runner.engine.state.journal import Journal, open_journal
from runner.engine.state.lock import Holder
from runner.engine.state.states import leave_word, read_events, read_state
from runner.model.event import Finished, Intended, Received
from runner.model.http import Call
from runner.model.state_place import StatePlace

OTHER = Holder("there", 7, "apply", "2026-01-01T00:00:00Z", "abcdef0123456789")
MANIFEST = """\
version: 1
name: season
state: ${{ env.RUNNER_STATE }}
jobs:
  dub:
    uses: dubformer.project
    for_each: [e1]
    with: {name: a, source_lang: en, target_lang: fr-FR, source_video_url: "https://cdn.example.com/a.mp4"}
"""


@pytest.fixture(autouse=True)
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a manifest whose state is where RUNNER_STATE says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("DUBFORMER_TOKEN", "t")
    file = tmp_path / "season.yaml"
    file.write_text(MANIFEST)
    return file


@pytest.fixture(params=["file", "database"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StatePlace:
    """Either place, and RUNNER_STATE saying so."""
    url = request.getfixturevalue("postgres") if request.param == "database" else ""
    monkeypatch.setenv("RUNNER_STATE", url or str(tmp_path / "state.db"))
    return place_of(url) if url else tmp_path / "state.db"


def run(*words: str) -> Ended:
    return captured([*words, "-f", "season.yaml"])


def opened(place: StatePlace) -> Journal:
    return open_journal(place, name="season", holder=OTHER)


def intended(address: str, body: bytes = b"{}") -> Intended:
    return Intended(
        address=address,
        generation=1,
        uses="dubformer.project",
        operation="createProject",
        account="dubformer x",
        digest="d",
        inputs={"name": address},
        call=Call("POST", "/", (), (body,)),
    )


def filled(place: StatePlace) -> None:
    """One that is done, and one whose call is open, with a large body; and a word for the holder."""
    with opened(place) as journal:
        journal.record_now(
            intended("dub/e1"), Received(address="dub/e1", generation=1, id="77", how="answered", cost=4.0)
        )
        journal.record_now(Finished(address="dub/e1", generation=1, outcome="ready", outputs={"x": "é"}))
        journal.record_now(intended("dub/e2", b"x" * 100_000))
    leave_word(place, "dub/e2", "abandon", "")


def test_list_tells_address_phase_and_id(place: StatePlace) -> None:
    filled(place)

    everything, some = run("state", "list"), run("state", "list", "*/e1", "--json")

    assert everything.out.splitlines() == ["dub/e1  ready  77", "dub/e2  unsettled"]
    assert [row["address"] for row in json.loads(some.out)["instances"]] == ["dub/e1"]


def test_history_tells_every_event_without_its_request(place: StatePlace) -> None:
    filled(place)

    ended = run("state", "history", "dub/e1", "--json")

    history = json.loads(ended.out)["history"]
    assert [event["kind"] for event in history] == ["intended", "received", "finished"]
    assert "call" not in history[0]


def test_rm_forgets_what_is_done(place: StatePlace) -> None:
    filled(place)

    ended = run("state", "rm", "dub/e1", "--auto-approve")

    assert ended.code == 0, ended.all
    assert list(read_state(place, "season").instances) == ["dub/e2"]
    assert [kind for _, _, kind, _ in read_events(place, "dub/e1")][-1] == "forgotten"


def test_rm_never_forgets_a_call_without_an_outcome(place: StatePlace) -> None:
    filled(place)

    ended = run("state", "rm", "dub/*", "--auto-approve")

    assert ended.code == 64
    assert "runner resolve dub/e2" in ended.err
    assert list(read_state(place, "season").instances) == ["dub/e1", "dub/e2"]


def test_rm_asks_where_it_is_not_told_otherwise(place: StatePlace) -> None:
    filled(place)

    ended = run("state", "rm", "dub/e1")

    assert ended.code == 64
    assert "no terminal to ask on" in ended.err


def test_unlock_says_when_nobody_holds_the_state(place: StatePlace) -> None:
    filled(place)

    assert run("state", "unlock").out == "Nobody holds the state.\n"


def test_unlock_ends_the_lease_of_a_database_and_its_holder_writes_nothing_more(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_STATE", postgres)
    lost = opened(place_of(postgres))

    ended = run("state", "unlock", "--auto-approve")

    lost.store.renew()
    assert ended.code == 0, ended.all
    assert "'apply' on there (process 7 at commit abcdef012345)" in ended.out
    assert not lost.store.holds()
    with opened(place_of(postgres)) as journal:
        assert str(journal.former_holder).startswith("'apply' on there")
    lost.close()


def test_the_lock_of_a_file_is_not_taken_away_and_names_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_STATE", str(tmp_path / "state.db"))
    with opened(tmp_path / "state.db"):
        ended = run("state", "unlock", "--auto-approve")

    assert ended.code == 4
    assert "end that process" in ended.err


def test_what_was_exported_comes_back_whole(
    place: StatePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(place)
    before = read_state(place, "season")

    exported = run("state", "export", "kept.json")
    monkeypatch.setenv("RUNNER_STATE", "elsewhere.db")
    imported = run("state", "import", "kept.json")

    assert (exported.code, imported.code) == (0, 0), exported.all + imported.all
    assert (tmp_path / "kept.json").stat().st_mode & 0o777 == 0o600
    assert read_state(tmp_path / "elsewhere.db", "season") == before


def test_import_never_goes_over_what_is_there(place: StatePlace) -> None:
    filled(place)
    run("state", "export", "kept.json")
    run("state", "rm", "dub/e1", "--auto-approve")

    ended = run("state", "import", "kept.json")

    assert ended.code == 4
    assert "holds a state already" in ended.err


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1}', '{"version": 9}'])
def test_import_takes_nothing_but_an_export(place: StatePlace, tmp_path: Path, text: str) -> None:
    (tmp_path / "kept.json").write_text(text)

    ended = run("state", "import", "kept.json")

    assert ended.code == 4
    assert "is no state that this runner exported" in ended.err


def test_a_state_moves_to_a_database_and_back(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, database = tmp_path / "state.db", place_of(postgres)
    filled(file)
    before = read_state(file, "season")
    monkeypatch.setenv("OLD", postgres)

    monkeypatch.setenv("RUNNER_STATE", postgres)
    there = run("state", "migrate", "--from", "state.db")
    moved = read_state(database, "season")
    monkeypatch.setenv("RUNNER_STATE", str(file))
    refused = run("status")
    back = run("state", "migrate", "--from", "env:OLD")
    monkeypatch.setenv("RUNNER_STATE", postgres)
    refused_there = run("status")

    assert (there.code, back.code) == (0, 0), there.all + back.all
    assert moved == before == read_state(file, "season")
    assert (refused.code, refused_there.code) == (4, 4)
    assert "was moved to postgresql:///postgres (state season)" in refused.err
    assert f"was moved to {file}" in refused_there.err
    assert [one[1:] for one in read_events(file, "dub/e1")] == [
        one[1:] for one in read_events(file, "dub/e1")
    ]
    with opened(file) as journal:
        assert [row[1:] for row in journal.read_inbox()] == [("dub/e2", "abandon", "")]


def test_a_move_that_was_cut_short_is_finished_by_the_next(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "state.db"
    filled(file)
    monkeypatch.setenv("RUNNER_STATE", postgres)
    run("state", "migrate", "--from", "state.db")
    told_sqlite(file, "DELETE FROM meta WHERE key = 'moved'")  # as when it was killed right before the end

    ended = run("state", "migrate", "--from", "state.db")

    assert ended.code == 0, ended.all
    assert told(postgres, "SELECT count(*) FROM runner_events") == [(4,)]


def test_nothing_is_made_where_no_state_is_to_be_moved_from(place: StatePlace, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.db"

    ended = run("state", "migrate", "--from", str(nowhere))

    assert ended.code == 4
    assert "nowhere.db holds no state" in ended.err
    assert not nowhere.exists()


def test_a_database_is_never_named_on_the_command_line(place: StatePlace) -> None:
    ended = run("state", "migrate", "--from", "postgresql://me:geheim@127.0.0.1:1/x")

    assert ended.code == 64
    assert "geheim" not in ended.all


def told_sqlite(file: Path, statement: str) -> None:
    import sqlite3

    connection = sqlite3.connect(file)
    connection.execute(statement)
    connection.commit()
    connection.close()
    assert os.path.exists(file)
