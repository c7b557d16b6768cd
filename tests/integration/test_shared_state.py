"""Whole runs over a state in a file and in a database: the ledger shows each item once, whatever happens in between."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from faultbook import Fault
from pgserver import told
from twostates import COUNT, TITLES, Season, season_over


@pytest.fixture(params=["file", "database"])
def season(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Season]:
    """The same season over both places."""
    url = request.getfixturevalue("postgres") if request.param == "database" else ""
    with season_over(tmp_path, url, monkeypatch) as season:
        yield season


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
    first = season.under_way()

    approved = season.run("approve", "two/G2")
    season.the_rest_is_made()
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
    first = season.under_way()

    second = season.run("apply", "--auto-approve")
    season.the_rest_is_made()
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
    process = season.under_way()

    told(
        season.url,
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
        " WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()",
    )
    season.the_rest_is_made()
    said = process.communicate(timeout=120)[0]
    asked = season.world.asked
    season.a_minute_passes()
    again = season.run("apply", "--auto-approve")

    fault.saw(said)
    assert (process.returncode, again.code) == (4, 0), said + again.all
    assert season.world.ordered() == TITLES
    fault.kept(orders=len(season.world.ledger))
    fault.fact("nothing new is sent; the next apply finds out what became of the calls", asked < COUNT)


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
