"""Budgets over a state in a file and in a database: whoever pays out of it, together they never pass them."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faultbook import Fault
from twostates import COUNT, Season, season_over

ALLOWED = 5


@pytest.fixture(params=["file", "database"])
def season(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Season]:
    """Eight things to order, and a budget for five of them."""
    url = request.getfixturevalue("postgres") if request.param == "database" else ""
    with season_over(tmp_path, url, monkeypatch) as season:
        allow(season, f"{{calls: {ALLOWED}}}")
        yield season


def allow(season: Season, budget: str) -> None:
    """Give the workshop a budget."""
    file = season.folder / "m.yaml"
    file.write_text(file.read_text().replace("openapi:", f"budget: {budget}, openapi:"))


def budget_of(season: Season) -> dict[str, Any]:
    """The budget as the plan shows it."""
    planned = season.run("plan", "--json")
    (found,) = json.loads(planned.out)["budgets"]
    held: dict[str, Any] = found
    return held


def test_two_applies_at_once_together_stay_within_the_budget(season: Season) -> None:
    season.world.lose, season.world.drop, season.world.slow = 2, 1, 0.5

    both = [season.start("apply", "--auto-approve", "--lock-timeout", "60s") for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in both]

    assert [process.returncode for process in both] == [7, 7], said
    assert sum(season.world.ordered().values()) == ALLOWED, said
    assert set(season.world.ordered().values()) == {1}


def test_what_the_plan_lets_through_is_what_apply_orders(season: Season) -> None:
    planned = json.loads(season.run("plan", "--json").out)
    creates = Counter(one["address"].split("/")[1] for one in planned["changes"] if one["verb"] == "create")

    ended = season.run("apply", "--auto-approve")

    assert ended.code == 7, ended.all
    assert season.world.ordered() == creates
    assert planned["summary"] == {"create": ALLOWED, "blocked": COUNT - ALLOWED}


@pytest.mark.fault(
    "process",
    "kill -9 with calls under way that a budget was reserved for",
    sees="Budget: workshop: 5 calls, … reserved",
    kept={"orders": ALLOWED, "facts": ("what was reserved counts until it is settled",)},
)
def test_a_killed_run_leaves_its_reservations_until_they_are_settled(season: Season, fault: Fault) -> None:
    season.killed()
    plan, after = season.run("plan"), budget_of(season)
    season.a_minute_passes()

    ended = season.run("apply", "--auto-approve")
    settled = budget_of(season)

    assert ended.code == 7, ended.all
    fault.saw(plan.out)
    fault.kept(orders=sum(season.world.ordered().values()))
    counted = after["reserved"] > 0 and after["spent"] + after["reserved"] + after["planned"] == ALLOWED
    fault.fact("what was reserved counts until it is settled", counted and settled["reserved"] == 0)
    assert settled["spent"] == ALLOWED


def test_what_was_reserved_is_free_again_once_nothing_was_done(season: Season) -> None:
    season.world.drop = 1
    season.run("apply", "--auto-approve", "--no-wait", "--target", "one/T0")
    file = season.folder / "m.yaml"
    file.write_text(file.read_text().replace("[T0, ", "["))  # nobody wants it any more: it is not sent again
    reserved = budget_of(season)["reserved"]

    season.run("apply", "--auto-approve")
    ended = season.run("apply", "--auto-approve")

    assert reserved == 1
    assert ended.code == 7, ended.all
    assert sum(season.world.ordered().values()) == ALLOWED
    assert "T0" not in season.world.ordered()


def test_what_a_person_gave_up_stays_spent(season: Season) -> None:
    season.world.drop = 1
    season.run("apply", "--auto-approve", "--no-wait", "--target", "one/T0")
    season.run("resolve", "one/T0", "--abandon")

    ended = season.run("apply", "--auto-approve")
    told = season.run("report", "cost")

    assert ended.code == 7, ended.all
    assert sum(season.world.ordered().values()) == ALLOWED - 1
    assert "1 call that was given up may have been accepted; budgets count it as paid." in told.out


def test_what_was_forgotten_and_made_again_is_spent_twice(season: Season) -> None:
    season.run("apply", "--auto-approve", "--target", "one/T0")
    season.run("state", "rm", "one/T0", "--auto-approve")

    season.run("apply", "--auto-approve", "--new-state")

    assert budget_of(season)["spent"] == ALLOWED
    assert sum(season.world.ordered().values()) == ALLOWED
    assert season.world.ordered()["T0"] == 2


def test_what_was_forgotten_and_imported_again_is_spent_once(season: Season) -> None:
    ref = 'ref: "${{ each.key }}"'
    file = season.folder / "m.yaml"
    file.write_text(file.read_text().replace("with: {", f"with: {{{ref}, "))
    season.run("apply", "--auto-approve", "--target", "one/T0")
    season.run("state", "rm", "one/T0", "--auto-approve")

    season.run("import", "--match", "one/T0")

    assert budget_of(season)["spent"] == 1
