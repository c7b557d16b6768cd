"""The state is lost, the remote work is not: nothing is paid twice, and there are ways back."""

from threading import Thread

from applying import SEASON, Stage


def applied_and_lost(season: Stage) -> dict[str, int]:
    """A finished season whose journal is gone; what was paid for it."""
    first = season.apply()
    assert first.code == 0, first.all
    season.lose_state()
    return season.paid()


def test_apply_is_blocked_and_pays_nothing(stage) -> None:
    season = stage()
    paid = applied_and_lost(season)

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert season.paid() == paid
    assert "--match 'dub/*'" in ended.out


def test_import_takes_over_and_files_that_are_there_are_not_downloaded_again(stage) -> None:
    season = stage()
    paid = applied_and_lost(season)
    before = {name: (season.folder / name).stat().st_mtime_ns for name in season.saved()}

    imported = season.run("import", "--match", "dub/*")
    ended = season.apply()

    assert imported.code == 0, imported.all
    assert ended.code == 0, ended.all
    assert season.paid() == paid
    assert {name: (season.folder / name).stat().st_mtime_ns for name in season.saved()} == before
    assert all(file.done for held in season.state().instances.values() for file in held.files.values())
    assert season.apply().out == "Nothing to do: 2 unchanged.\n"


def test_after_an_import_a_file_of_another_size_blocks_that_download_only(stage) -> None:
    season = stage()
    applied_and_lost(season)
    (season.folder / "out" / "e1.mp4").write_bytes(b"mine")
    (season.folder / "out" / "e2.mp4").unlink()
    season.run("import", "--match", "dub/*")

    ended = season.apply()

    assert ended.code == 1, ended.all
    assert "out/e1.mp4 exists" in ended.out
    assert (season.folder / "out" / "e1.mp4").read_bytes() == b"mine"
    assert (season.folder / "out" / "e2.mp4").stat().st_size > 4
    over = season.apply("--overwrite")
    assert over.code == 0, over.all
    assert (season.folder / "out" / "e1.mp4").stat().st_size > 4


def test_import_of_a_part_leaves_the_rest_blocked(stage) -> None:
    season = stage()
    paid = applied_and_lost(season)
    season.run("import", "--match", "dub/e1")

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert season.paid() == paid
    assert season.phases() == {"dub/e1": "ready"}


def test_import_of_work_that_is_still_running_waits_for_it(stage) -> None:
    season = stage(speed=300.0)
    season.apply("--no-wait")
    paid = season.paid()
    season.lose_state()

    season.run("import", "--match", "*")
    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == paid
    assert season.saved() == {"out/e1.mp4", "out/e2.mp4"}


def test_import_of_a_name_that_is_there_twice_takes_neither_and_names_both(stage) -> None:
    season = stage(ids=("e1",))
    ids = [season.create_by_hand("e1"), season.create_by_hand("e1")]

    imported = season.run("import", "--match", "*")

    assert imported.code == 7, imported.all
    assert f"which is meant: {ids[0]}, {ids[1]}" in imported.out
    assert "--match 'dub/e1' --id ID" in imported.out
    assert "dubformer holds 2 projects of this name" in season.apply().out
    assert season.paid() == {"e1": 2}


def test_import_by_id_takes_the_one_that_is_meant_and_nothing_is_paid_again(stage) -> None:
    season = stage(ids=("e1",))
    ids = [season.create_by_hand("e1"), season.create_by_hand("e1")]

    imported = season.run("import", "--match", "dub/e1", "--id", ids[1])
    ended = season.apply()

    assert (imported.code, ended.code) == (0, 0), imported.all + ended.all
    assert season.state().instances["dub/e1"].id == ids[1]
    assert season.paid() == {"e1": 2}


def test_import_by_id_takes_what_has_another_name_there(stage) -> None:
    season = stage(ids=("e1",))
    id = season.create_by_hand("Made by hand")

    imported = season.run("import", "--match", "dub/e1", "--id", id)
    ended = season.apply()

    assert (imported.code, ended.code) == (0, 0), imported.all + ended.all
    assert season.paid() == {"Made by hand": 1}


def test_import_by_an_id_that_nothing_has_takes_nothing(stage) -> None:
    season = stage(ids=("e1",))

    imported = season.run("import", "--match", "dub/e1", "--id", "4711")

    assert imported.code == 64
    assert "dubformer shows no project 4711" in imported.err
    assert season.state().instances == {}


def test_import_by_id_leaves_what_belongs_to_somebody_here(stage) -> None:
    season = stage(ids=("e1", "e2"))
    season.apply("--limit", "1")
    held = season.state().instances["dub/e1"].id

    other = season.run("import", "--match", "dub/e2", "--id", held)
    again = season.run("import", "--match", "dub/e1", "--id", season.create_by_hand("e1"))

    assert (other.code, again.code) == (64, 64)
    assert f"{held} belongs to dub/e1 here" in other.err
    assert f"dub/e1 stands for {held} already" in again.err


def test_one_thing_is_not_taken_over_for_two_instances_of_one_name(stage) -> None:
    season = stage(SEASON.replace("name: ${{ each.id }}", "name: Pilot"), ids=("e1", "e2"))
    id = season.create_by_hand("Pilot")

    imported = season.run("import", "--match", "dub")

    assert imported.code == 7, imported.all
    assert f"dub/e1  not taken over, as its name does not tell which is meant: {id}" in imported.out
    assert season.state().instances == {}


def test_what_has_the_name_and_is_something_else_is_not_taken_over_by_it(stage) -> None:
    season = stage(SEASON.replace("target_lang: fr-FR", "target_lang: de-DE"), ids=("e1",))
    id = season.create_by_hand("e1")

    imported = season.run("import", "--match", "dub/*")

    assert imported.code == 7, imported.all
    assert f"as what has its name there differs in target_lang: {id}" in imported.out
    assert season.state().instances == {}


def test_import_of_what_the_manifest_does_not_have_is_wrong_usage(stage) -> None:
    imported = stage(ids=("e1",)).run("import", "--match", "dubs/*")

    assert imported.code == 64
    assert "`--match dubs/*` names no instance" in imported.err


def test_new_state_consents_to_pay_again(stage) -> None:
    season = stage()
    applied_and_lost(season)

    ended = season.apply("--new-state", "--overwrite")

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 2, "e2": 2}


def test_an_appended_mark_names_things_apart(stage) -> None:
    season = stage(SEASON + "    mark: append\n", ids=("e1",))
    season.create_by_hand("e1")

    ended = season.apply()

    assert ended.code == 0, ended.all
    names = sorted(season.paid())
    assert names[0] == "e1"
    assert names[1].startswith("e1 ")
    assert len(names) == 2


def test_a_name_that_appears_between_plan_and_sending_is_not_paid_twice(stage) -> None:
    season = stage(ids=("e1",))
    season.faults({"match": {"operation": "listProjects"}, "times": 1, "do": {"delay": 0.5, "when": "after"}})
    somebody = Thread(target=_create_once_the_plan_has_looked, args=(season,))
    somebody.start()

    ended = season.apply()
    somebody.join()

    assert ended.code == 7, ended.all
    assert "1 to create" in ended.out
    assert season.paid() == {"e1": 1}
    assert "runner import" in ended.out


def _create_once_the_plan_has_looked(season: Stage) -> None:
    while season.sandbox.requests().get("dubformer.listProjects", 0) < 1:
        continue
    season.create_by_hand("e1")
