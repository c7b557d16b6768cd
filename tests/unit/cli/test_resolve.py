"""A call in doubt, from the plan that shows it to the person that settles it."""

from pathlib import Path

import pytest

from runner.engine.machine.daytime import now_text
from runner.engine.state.journal import open_journal
from runner.engine.state.lock import Holder
from runner.model.event import Doubted, Intended
from runner.model.http import Call

APPLY = ("apply", "--sandbox", "--auto-approve", "--speed", "1200")


@pytest.fixture
def doubt(folder: Path) -> Path:
    """A sandbox's state in which dub/e1 is in doubt."""
    file = folder / ".runner" / "season.sandbox.db"
    file.parent.mkdir()
    holder = Holder("here", 1, "test", now_text(), "")
    with open_journal(file, name="season", holder=holder) as journal:
        journal.record_now(
            Intended(
                address="dub/e1",
                generation=1,
                uses="dubformer.project",
                operation="createProject",
                account="dubformer http://127.0.0.1:1/dubformer",
                digest="d",
                inputs={"name": "e1"},
                call=Call("POST", "/projects"),
                mark="e1",
            ),
            Doubted(address="dub/e1", generation=1, reason="two candidates", candidates=("P-1", "P-2")),
        )
    return file


def test_a_doubt_stops_only_itself_and_says_how_to_settle_it(runner, doubt: Path) -> None:
    ended = runner(*APPLY)

    assert ended.code == 5
    assert "in doubt: two candidates (candidates: P-1, P-2)" in ended.out
    assert "runner resolve -f season.yaml --sandbox dub/e1 --adopt ID | --resend | --abandon" in ended.out
    assert "1 done" in ended.out


def test_status_names_it(runner, doubt: Path) -> None:
    assert "in doubt  dub/e1  two candidates" in runner("status", "--sandbox").out


def test_an_abandoned_call_is_planned_anew(runner, doubt: Path) -> None:
    resolved = runner("resolve", "dub/e1", "--abandon", "--sandbox")
    after = runner(*APPLY)

    assert resolved.code == 0
    assert "Carry on with: runner apply -f season.yaml --sandbox" in resolved.out
    assert "Plan: 2 to create." in after.out
    assert after.code == 0


def test_only_what_is_in_doubt_can_be_resolved(runner, doubt: Path) -> None:
    ended = runner("resolve", "dub/e2", "--resend", "--sandbox")

    assert ended.code == 64
    assert "dub/e2" in ended.err


def test_a_state_of_another_manifest_is_refused(runner, folder: Path, doubt: Path) -> None:
    file = folder / "season.yaml"
    file.write_text(
        file.read_text().replace("name: season\n", "name: other\nstate: .runner/season.sandbox.db\n")
    )

    ended = runner("status")

    assert ended.code == 4
    assert "season" in ended.err
