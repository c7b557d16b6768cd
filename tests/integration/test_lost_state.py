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


def test_import_of_a_name_that_is_there_twice_takes_neither(stage) -> None:
    season = stage(ids=("e1",))
    season.create_by_hand("e1")
    season.create_by_hand("e1")

    imported = season.run("import", "--match", "*")

    assert "0 instances" in imported.out, imported.all
    assert season.apply().code == 7
    assert season.paid() == {"e1": 2}


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
