"""What only a person can tell: doubt, and the three ways out of it."""

import pytest
from applying import Stage, captured, fault


def doubtful(season: Stage) -> list[str]:
    """dub/e1 is in doubt: its answer was lost, and two things carry its name since. Their ids."""
    season.faults(
        fault("createProject", drop="after"),
        {"match": {"operation": "listProjects"}, "skip": 2, "times": 6, "do": {"status": 503}},
        idempotency="ignore",
    )
    cut = season.apply("--no-wait", "--target", "dub/e1")
    assert season.paid() == {"e1": 1}, cut.all
    season.faults()
    season.create_by_hand("e1")
    listed = season.ask("GET", "/api/v1/projects")["projects"]
    return [one["project_id"] for one in listed if one["name"] == "e1"]


def test_several_candidates_are_left_to_a_person_while_the_others_go_on(stage) -> None:
    season = stage()
    ids = doubtful(season)

    ended = season.apply()

    assert ended.code == 5, ended.all
    assert season.paid() == {"e1": 2, "e2": 1}
    assert season.phases() == {"dub/e1": "doubt", "dub/e2": "ready"}
    assert all(id in ended.out for id in ids), ended.all
    assert "runner resolve" in ended.out


def test_a_doubt_stays_until_somebody_resolves_it(stage) -> None:
    season = stage(ids=("e1",))
    doubtful(season)
    season.apply()

    again = season.apply()

    assert again.code == 5, again.all
    assert "dub/e1" in again.out
    assert season.paid() == {"e1": 2}


def test_adopt_takes_the_one_that_a_person_names(stage) -> None:
    season = stage(ids=("e1",))
    ids = doubtful(season)
    season.apply()

    said = season.run("resolve", "dub/e1", "--adopt", ids[0])
    ended = season.apply()

    assert said.code == 0, said.all
    assert ended.code == 0, ended.all
    assert season.state().instances["dub/e1"].id == ids[0]
    assert season.paid() == {"e1": 2}
    assert season.saved() == {"out/e1.mp4"}


def test_resend_sends_it_once_more(stage) -> None:
    season = stage(ids=("e1",))
    ids = doubtful(season)
    season.apply()
    season.faults(idempotency="ignore")

    season.run("resolve", "dub/e1", "--resend")
    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 3}
    assert season.state().instances["dub/e1"].id not in ids


def test_abandon_lets_the_next_plan_say_that_the_name_is_taken(stage) -> None:
    season = stage(ids=("e1",))
    doubtful(season)
    season.apply()

    season.run("resolve", "dub/e1", "--abandon")
    ended = season.apply()

    assert ended.code == 7, ended.all
    assert season.paid() == {"e1": 2}
    again = season.apply("--new-state")
    assert again.code == 0, again.all
    assert season.paid() == {"e1": 3}


def test_one_candidate_that_differs_is_not_adopted(stage) -> None:
    season = stage(ids=("e1",))
    season.faults(
        fault("createProject", drop="before"),
        {"match": {"operation": "listProjects"}, "skip": 2, "times": 6, "do": {"status": 503}},
    )
    season.apply("--no-wait")
    season.faults()
    season.ask(
        "POST",
        "/api/v1/projects",
        {"name": "e1", "source_lang": "en", "target_lang": "de-DE", "source_video_url": "https://a.b/c.mp4"},
    )

    ended = season.apply()

    assert ended.code == 5, ended.all
    assert season.paid() == {"e1": 1}
    assert "differs" in ended.out


@pytest.mark.parametrize("whole", [False, True])
def test_a_list_that_may_be_cut_off_proves_nothing_unless_the_user_vouches_for_it(stage, whole) -> None:
    season = stage(ids=("e1",))
    for number in range(50):
        season.create_by_hand(f"old {number}")
    if whole:
        season.change("jobs:\n", "providers: {dubformer: {settle: {whole: true}}}\njobs:\n")
    season.faults(fault("createProject", drop="before"))

    ended = season.apply()

    assert ended.code == (0 if whole else 5), ended.all
    assert season.paid().get("e1", 0) == (1 if whole else 0)
    if not whole:
        assert "whole: true" in ended.out


def test_a_word_that_came_too_late_is_told_and_not_carried_out(stage) -> None:
    season = stage(ids=("e1",))
    ids = doubtful(season)
    season.apply()
    season.run("resolve", "dub/e1", "--adopt", ids[0])
    season.run("resolve", "dub/e1", "--resend")

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert "Not taken in: `runner resolve dub/e1 --resend`: it is running by now." in ended.err
    assert season.paid() == {"e1": 2}


def test_a_plan_that_is_saved_after_a_word_shows_what_it_brings_and_can_be_applied(stage) -> None:
    season = stage(ids=("e1",))
    ids = doubtful(season)
    season.apply()
    season.run("resolve", "dub/e1", "--adopt", ids[0])
    plan = str(season.folder / "plan.json")

    shown = season.run("plan", "--out", plan)
    ended = captured(["apply", plan, "--speed", str(season.speed)])

    assert shown.code == 0, shown.all
    assert "resume    dub/e1" in shown.out
    assert ended.code == 0, ended.all
    assert season.state().instances["dub/e1"].id == ids[0]
    assert season.paid() == {"e1": 2}
