"""Drift: what the APIs say now, beside what the state knows."""

import json

from applying import ROWS, SEASON


def project(season, address: str = "dub/e1") -> str:
    return f"/api/v1/projects/{season.state().instances[address].id}"


def test_where_nothing_differs_nothing_is_noted(stage) -> None:
    season = stage(SEASON)
    season.apply()
    before = season.state().sequence

    ended = season.run("refresh", "--detailed-exitcode")

    assert ended.code == 0
    assert ended.out == "Looked at 2 instances: no difference.\n"
    assert season.state().sequence == before


def test_everything_is_learnt_from_the_list(stage) -> None:
    season = stage(SEASON, ids=tuple(f"e{number}" for number in range(10)))
    season.apply()
    before = season.sandbox.requests()

    season.run("refresh")

    after = season.sandbox.requests()
    assert after.get("dubformer.getProject", 0) == before.get("dubformer.getProject", 0)
    assert after["dubformer.listProjects"] - before["dubformer.listProjects"] <= 2


def test_what_has_gone_is_told_and_nothing_need_be_done_while_its_file_is_here(stage) -> None:
    season = stage(SEASON)
    season.apply()
    season.ask("DELETE", project(season))

    ended = season.run("refresh", "--detailed-exitcode")
    planned = season.run("plan")

    assert ended.code == 2
    assert "dub/e1  not there any more; its files are here: nothing to do" in ended.out
    assert planned.out == "Nothing to do: 2 unchanged.\n"


def test_what_has_gone_with_its_file_comes_back_only_by_paying_with_consent(stage) -> None:
    season = stage(SEASON)
    season.apply()
    season.ask("DELETE", project(season))
    (season.folder / "out/e1.mp4").unlink()

    ended = season.run("refresh")
    planned = season.run("plan")

    assert "out/e1.mp4 is not here" in ended.out
    assert "--replace 'dub/e1'" in ended.out
    assert planned.code == 7
    assert "only paying anew brings it back" in planned.out


def test_what_has_gone_is_paid_for_once_more_by_the_command_that_is_told(stage) -> None:
    season = stage(SEASON)
    season.apply()
    season.ask("DELETE", project(season))
    (season.folder / "out/e1.mp4").unlink()
    season.run("refresh")

    ended = season.apply("--replace", "dub/e1")

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 2, "e2": 1}
    assert season.saved() == {"out/e1.mp4", "out/e2.mp4"}


def test_what_nobody_knows_here_is_told_with_its_name(stage) -> None:
    season = stage(SEASON)
    season.apply()
    id = season.create_by_hand("stranger")

    ended = season.run("refresh", "--json")

    (found,) = json.loads(ended.out)["drift"]
    assert (found["kind"], found["id"]) == ("unknown", id)
    assert "'stranger' is there, and this state does not know it" in found["detail"]


def test_only_named_addresses_are_looked_at(stage) -> None:
    season = stage(SEASON)
    season.apply()
    season.ask("DELETE", project(season))

    assert season.run("refresh", "dub/e2").out == "Looked at 1 instance: no difference.\n"


def test_what_cannot_be_learnt_is_said_and_changes_nothing(stage) -> None:
    season = stage(SEASON, ids=("e1",))
    season.apply()
    season.faults(
        {"match": {"operation": "listProjects"}, "do": {"status": 500}},
        {"match": {"operation": "getProject"}, "do": {"status": 500}},
    )

    ended = season.run("refresh")

    assert "1 unread:" in ended.out
    assert season.state().instances["dub/e1"].seen == ""


def test_a_second_look_after_something_came_back_says_so(stage) -> None:
    season = stage(ROWS)
    season.apply()

    first = season.run("refresh", "--json")

    assert json.loads(first.out)["looked"] == 2
    assert json.loads(first.out)["drift"] == []


def test_a_plan_can_ask_first_and_notes_nothing(stage) -> None:
    season = stage(SEASON)
    season.apply()
    season.ask("DELETE", project(season))
    (season.folder / "out/e1.mp4").unlink()
    before = season.state().sequence

    told = season.run("plan", "--refresh", "--json")

    plan = json.loads(told.out)
    assert [(one["kind"], one["address"]) for one in plan["drift"]] == [("gone", "dub/e1")]
    assert plan["changes"][0]["verb"] == "blocked"
    assert season.state().sequence == before
