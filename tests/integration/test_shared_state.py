"""Whole runs over a state in a file and in a database: the ledger shows each item once, whatever happens in between."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from applying import Ended, captured
from faultbook import Fault
from pgserver import end_lease, place_of, told
from workshop import World, document, open_workshop

from runner.engine.states import read_state
from runner.model.state_place import StatePlace

COUNT = 8
TITLES = Counter(f"T{number}" for number in range(COUNT))
MANIFEST = """\
version: 1
name: season
state: ${{{{ env.RUNNER_STATE }}}}
providers: {{workshop: {{openapi: workshop.yaml, base_url: "{base}", settle: {{effect: 250ms, lag: 30ms}}}}}}
jobs:
  one:
    uses: workshop.find
    for_each: [{titles}]
    with: {{title: "${{{{ each.key }}}}"}}
    save: {{file: "out/${{{{ each.key }}}}.bin"}}
"""


class Season:
    """A manifest, its state, and the world that it orders from."""

    def __init__(self, folder: Path, place: StatePlace, url: str, world: World) -> None:
        self.folder, self.place, self.url, self.world = folder, place, url, world

    def run(self, *words: str) -> Ended:
        """`runner WORDS…` in this process."""
        return captured([*words, "-f", str(self.folder / "m.yaml")])

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """The same in a process of its own."""
        program = [sys.executable, "-m", "runner.cli.main", *words, "-f", str(self.folder / "m.yaml")]
        pipe: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(program, stdin=subprocess.DEVNULL, **pipe)

    def under_way(self, slow: float = 0.3) -> "subprocess.Popen[str]":
        """An apply that has ordered something, and has more to order, which takes so many seconds."""
        self.world.slow = slow
        process = self.start("apply", "--auto-approve")
        until = time.monotonic() + 60
        while not self.world.ledger:
            assert time.monotonic() < until, "nothing was ordered"
            time.sleep(0.01)
        return process

    def killed(self) -> None:
        """An apply that is killed with calls under way."""
        process = self.under_way()
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()

    def a_minute_passes(self) -> None:
        """Since the last heartbeat."""
        if self.url:
            end_lease(self.url)

    def phases(self) -> Counter[str]:
        """How many instances stand where."""
        return Counter(one.phase.value for one in read_state(self.place, "season").instances.values())


@pytest.fixture(params=["file", "database"])
def season(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Season]:
    """The same season over both places."""
    url = request.getfixturevalue("postgres") if request.param == "database" else ""
    place: StatePlace = place_of(url) if url else tmp_path / "state.db"
    monkeypatch.setenv("RUNNER_STATE", url or str(place))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    (tmp_path / "workshop.yaml").write_text(document("find"))
    with open_workshop() as workshop:
        world = workshop.put("season", World(slow=0.02))
        text = MANIFEST.format(base=f"{workshop.url}/season", titles=", ".join(TITLES))
        (tmp_path / "m.yaml").write_text(text)
        yield Season(tmp_path, place, url, world)


def test_lost_answers_are_found_again(season: Season) -> None:
    season.world.lose, season.world.drop = 3, 2

    ended = season.run("apply", "--auto-approve")

    assert ended.code == 0, ended.all
    assert season.world.ordered() == TITLES, ended.all
    assert season.phases() == {"ready": COUNT}


def test_a_second_apply_changes_nothing(season: Season) -> None:
    season.run("apply", "--auto-approve")

    ended = season.run("apply", "--auto-approve")

    assert ended.code == 0, ended.all
    assert season.world.ordered() == TITLES


def test_what_a_killed_run_left_is_taken_over_and_the_former_holder_named(season: Season) -> None:
    season.killed()
    season.a_minute_passes()

    ended = season.run("apply", "--auto-approve")

    assert ended.code == 0, ended.all
    assert "Taken over from 'apply' on" in ended.err
    assert season.world.ordered() == TITLES, ended.all


def test_an_approval_reaches_the_run_that_holds_the_state(season: Season) -> None:
    manifest = season.folder / "m.yaml"
    gated = (
        '  two: {uses: workshop.find, approve: true, for_each: [G1, G2], with: {title: "${{ each.key }}"}}\n'
    )
    manifest.write_text(manifest.read_text() + gated)
    first = season.under_way(slow=1.5)

    approved = season.run("approve", "two/G2")
    said = first.communicate(timeout=120)[0]
    again = season.run("apply", "--auto-approve")

    assert approved.code == 0, approved.all
    assert first.returncode == 7, said
    assert "approved    two/G2" in said
    assert season.world.ordered() == TITLES + Counter({"G2": 1}), said
    assert again.code == 7, again.all
    assert season.phases() == {"ready": COUNT + 1, "gated": 1}


def test_two_applies_at_once_order_each_item_once(season: Season) -> None:
    season.world.lose, season.world.drop, season.world.slow = 3, 2, 1.5

    both = [season.start("apply", "--auto-approve", "--lock-timeout", "60s") for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert season.world.ordered() == TITLES, said
    assert any("Waiting for 'apply' on" in text for text in said), said


def test_whoever_finds_the_state_in_use_is_told_by_whom(season: Season) -> None:
    first = season.under_way(slow=2.0)

    second = season.run("apply", "--auto-approve")
    said = first.communicate(timeout=120)[0]

    assert (second.code, first.returncode) == (4, 0), second.all + said
    assert f"(process {first.pid}" in second.err
    assert season.world.ordered() == TITLES


def test_status_show_and_plan_read_the_same_state(season: Season) -> None:
    season.run("apply", "--auto-approve")

    status, shown = season.run("status", "--json"), season.run("show", "one/T1", "--json")
    plan = season.run("plan", "--detailed-exitcode")

    assert (status.code, shown.code, plan.code) == (0, 0, 0), status.all + shown.all + plan.all
    assert '"ready": 8' in status.out
    assert '"received"' in shown.out


@pytest.mark.fault(
    "state",
    "the connection to the database is cut in mid-run",
    sees="could not be written: … — see that the database runs and can be reached",
    kept={
        "orders": COUNT,
        "facts": ("nothing new is sent; the next apply finds out what became of the calls",),
    },
)
@pytest.mark.parametrize("season", ["database"], indirect=True)
def test_a_connection_that_is_cut_in_mid_run_ends_it_and_loses_nothing(season: Season, fault: Fault) -> None:
    process = season.under_way(slow=3.0)  # the second half is not begun before the cut

    told(
        season.url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'runner' AND pid <> pg_backend_pid()",
    )
    said = process.communicate(timeout=120)[0]
    ordered = sum(season.world.ordered().values())
    season.world.slow = 0.0
    season.a_minute_passes()
    again = season.run("apply", "--auto-approve")

    fault.saw(said)
    assert (process.returncode, again.code) == (4, 0), said + again.all
    assert season.world.ordered() == TITLES
    fault.kept(orders=len(season.world.ledger))
    fault.fact("nothing new is sent; the next apply finds out what became of the calls", ordered < COUNT)


@pytest.mark.parametrize("season", ["database"], indirect=True)
@pytest.mark.parametrize("words", ["status", "plan", "apply --auto-approve", "show one/T1", "report cost"])
def test_no_command_tells_the_password_of_a_database_that_refuses(
    season: Season, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_STATE", "postgresql://someone:geh%2Feim@127.0.0.1:1/season")

    ended = season.run(*words.split())

    assert ended.code == 4, ended.all
    assert "postgresql://127.0.0.1:1/season (state season) cannot be used" in ended.err
    assert "geh" not in ended.all
