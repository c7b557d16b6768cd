"""A manifest that is older than what was last applied is warned of, in a real repository."""

import json
from pathlib import Path

import pytest
from applying import SEASON, Stage, captured, episodes
from workflows import git

OLDER = "the manifest stands at a commit that is older than "


def commit(folder: Path, *ids: str) -> str:
    """These episodes, committed; the commit."""
    (folder / "episodes.csv").write_text(episodes(*ids))
    git(folder, "add", "season.yaml", "episodes.csv")
    git(folder, "commit", "-q", "-m", f"{len(ids)} episodes")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def season(stage) -> Stage:
    """Applied at its second commit."""
    made: Stage = stage(SEASON)
    git(made.folder, "init", "-q")
    commit(made.folder, "e1")
    commit(made.folder, "e1", "e2")
    ended = made.apply()
    assert ended.code == 0, ended.all
    assert OLDER not in ended.all
    return made


def test_plan_and_apply_warn_of_an_older_commit(season: Stage) -> None:
    applied = git(season.folder, "rev-parse", "HEAD")
    git(season.folder, "checkout", "-q", "HEAD~1")

    told = [season.run("plan"), season.run("plan", "--offline"), season.apply()]

    assert [ended.code for ended in told] == [0, 0, 0]
    assert [f"{OLDER}{applied[:12]}, which was applied at 20" in ended.out for ended in told] == [True] * 3


def test_the_warning_is_told_to_programs_and_to_reviewers(season: Stage) -> None:
    git(season.folder, "checkout", "-q", "HEAD~1")

    ended = season.run("plan", "--json", "--markdown", str(season.folder / "plan.md"))

    assert [warning["code"] for warning in json.loads(ended.out)["warnings"]] == ["older-commit"]
    assert OLDER in (season.folder / "plan.md").read_text()


def test_a_saved_plan_is_carried_out_with_its_warning(season: Stage) -> None:
    git(season.folder, "checkout", "-q", "HEAD~1")
    (season.folder / "episodes.csv").write_text(episodes("e1", "e3"))
    season.run("plan", "--out", str(season.folder / "plan.json"))

    ended = captured(["apply", str(season.folder / "plan.json"), "--speed", str(season.speed)])

    assert ended.code == 0, ended.all
    assert OLDER in ended.out
    assert season.paid() == {"e1": 1, "e2": 1, "e3": 1}


@pytest.mark.parametrize("where", ["the same", "newer", "beside", "unknown"])
def test_other_commits_are_not_warned_of(season: Stage, where: str) -> None:
    if where == "newer":
        commit(season.folder, "e1", "e2", "e3")
    elif where == "beside":
        git(season.folder, "checkout", "-q", "HEAD~1")
        commit(season.folder, "e1", "e3")
    elif where == "unknown":
        (season.folder / ".git").rename(season.folder / "elsewhere")

    ended = season.run("plan")

    assert ended.code == 0, ended.all
    assert OLDER not in ended.all
