"""Deleting: what left the manifest (`--prune`), everything (`destroy`), what still runs (`cancel`)."""

import pytest
from applying import ROWS, SEASON, episodes

FOLDERS = """\
version: 1
name: season
jobs:
  room: {uses: respeecher.project, with: {name: Room}}
  shelf: {uses: respeecher.folder, with: {project_id: "${{ jobs.room.outputs.id }}", name: Shelf}}
"""


def projects(season) -> set[str]:
    return {one["name"] for one in season.ask("GET", "/api/v1/projects?limit=100")["projects"]}


def test_what_left_the_manifest_is_deleted_only_when_asked_to(stage) -> None:
    season = stage(SEASON, ids=("e1", "e2"))
    season.apply()
    season.write("episodes.csv", episodes("e1"))

    kept = season.apply()
    pruned = season.apply("--prune")

    assert "Kept, but no longer in the manifest: dub/e2" in kept.out
    assert "delete    dub/e2" in pruned.out
    assert "1 deleted" in pruned.out
    assert list(season.state().instances) == ["dub/e1"]
    assert projects(season) == {"e1"}


def test_files_stay_when_what_they_came_from_is_deleted(stage) -> None:
    season = stage(SEASON, ids=("e1", "e2"))
    season.apply()
    season.write("episodes.csv", episodes("e1"))

    season.apply("--prune")

    assert season.saved() == {"out/e1.mp4", "out/e2.mp4"}


def test_pruning_is_scoped_by_targets(stage) -> None:
    season = stage(SEASON, ids=("e1", "e2", "e3"))
    season.apply()
    season.write("episodes.csv", episodes("e1"))

    season.apply("--prune", "--target", "dub/e2")

    assert sorted(season.state().instances) == ["dub/e1", "dub/e3"]


def test_what_was_most_likely_renamed_is_not_pruned(stage) -> None:
    season = stage(SEASON.replace("name: ${{ each.id }}", "name: Pilot"), ids=("e1",))
    season.change("${{ each.id }}.mp4?minutes=3", "pilot.mp4?minutes=3")
    season.apply()
    season.write("episodes.csv", episodes("renamed"))

    ended = season.apply("--prune")

    assert ended.code == 7
    assert "most likely renamed to dub/renamed" in ended.out
    assert projects(season) == {"Pilot"}


def test_destroy_deletes_what_was_made_last_first(stage) -> None:
    season = stage(FOLDERS)
    season.apply()

    ended = season.run("destroy", "--auto-approve")

    assert ended.code == 0
    assert ended.out.index("shelf") < ended.out.index("room")
    assert "2 deleted" in ended.out
    assert season.state().instances == {}


def test_destroy_does_nothing_without_a_terminal_or_a_word(stage) -> None:
    season = stage(SEASON)
    season.apply()

    ended = season.run("destroy")

    assert ended.code == 64
    assert "delete    dub/e1" in ended.out
    assert len(projects(season)) == 2


def test_after_destroy_the_manifest_is_made_anew(stage) -> None:
    season = stage(SEASON, ids=("e1",))
    season.apply()
    season.run("destroy", "--auto-approve")

    ended = season.apply("--overwrite")

    assert ended.code == 0
    assert season.paid() == {"e1": 2}
    assert "(1 call)" in season.run("report", "cost").out


def test_what_was_replaced_and_stays_there_is_named(stage) -> None:
    season = stage(SEASON, ids=("e1",))
    season.apply()
    former = season.state().instances["dub/e1"].id
    season.change("source_lang: en", "source_lang: es")
    season.apply("--replace", "dub/e1")

    ended = season.run("destroy", "--auto-approve")

    assert f"files here stay; what it replaced stays there: {former}" in ended.out


def test_what_has_gone_there_already_is_deleted(stage) -> None:
    season = stage(SEASON, ids=("e1",))
    season.apply()
    season.ask("DELETE", f"/api/v1/projects/{season.state().instances['dub/e1'].id}")

    ended = season.run("destroy", "--auto-approve")

    assert ended.code == 0
    assert season.state().instances == {}


def test_what_is_refused_stays_known_and_is_told(stage) -> None:
    season = stage(SEASON)
    season.apply()
    season.faults({"match": {"operation": "deleteProject"}, "times": 1, "do": {"status": 403}})

    ended = season.run("destroy", "--auto-approve")

    assert ended.code == 1
    assert "1 deleted" in ended.out
    assert len(season.state().instances) == 1


def test_a_lost_answer_to_a_deletion_is_asked_again(stage) -> None:
    season = stage(SEASON)
    season.apply()
    season.faults({"match": {"operation": "deleteProject"}, "times": 2, "do": {"drop": "after"}})

    ended = season.run("destroy", "--auto-approve")

    assert ended.code == 0
    assert projects(season) == set()


def test_rows_of_a_bulk_request_are_deleted_one_by_one(stage) -> None:
    season = stage(ROWS)
    season.apply()

    ended = season.run("destroy", "--auto-approve")

    assert ended.code == 0
    assert season.state().instances == {}


def test_what_runs_is_cancelled_and_not_ordered_anew_without_consent(stage) -> None:
    season = stage(SEASON, ids=("e1",), speed=1.0)
    season.apply("--no-wait")

    cancelled = season.run("cancel", "dub/e1", "--auto-approve")
    planned = season.run("plan")

    assert cancelled.out == "dub/e1 is cancelled.\n"
    assert "cancelled by a person" in planned.out
    assert planned.code == 7
    assert season.paid() == {"e1": 1}


def test_only_what_runs_can_be_cancelled(stage) -> None:
    season = stage(SEASON, ids=("e1",))
    season.apply()

    ended = season.run("cancel", "dub/e1", "--auto-approve")

    assert ended.code == 64
    assert "is not running: it is ready" in ended.err


@pytest.mark.parametrize("words", [("--label", "episode=e1"), ("--only-failed",), ("--limit", "1")])
def test_what_cannot_choose_among_what_left_does_not_go_with_prune(stage, words: tuple[str, ...]) -> None:
    season = stage(SEASON, ids=("e1", "e2"))
    season.apply()
    season.write("episodes.csv", episodes("e1"))

    ended = season.apply("--prune", *words)

    assert (ended.code, projects(season)) == (64, {"e1", "e2"})
    assert f"`{words[0]}` cannot choose among what left the manifest" in ended.err


@pytest.mark.parametrize("option", ["--target", "--exclude"])
def test_a_misspelt_scope_of_prune_deletes_nothing(stage, option: str) -> None:
    season = stage(SEASON, ids=("e1", "e2"))
    season.apply()
    season.write("episodes.csv", episodes("e1"))

    ended = season.apply("--prune", option, "dub/e02")

    assert (ended.code, projects(season)) == (64, {"e1", "e2"})
    assert f"`{option} dub/e02` names no instance" in ended.err
