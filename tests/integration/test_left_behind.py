"""What left the manifest while its outcome was open keeps its name, and troubles nobody else."""

from applying import SEASON, Stage, episodes, fault

OTHER = """\
version: 1
name: season
data: {episodes: {file: episodes.csv}}
jobs:
  room: {uses: respeecher.project, with: {name: Room}}
"""
PILOT = SEASON.replace("name: ${{ each.id }}", "name: Pilot")


def lost(stage, manifest: str = SEASON) -> Stage:
    """A season whose one call got no answer and did nothing there, which nobody has found out yet."""
    season: Stage = stage(manifest, ids=("e1",))
    season.faults(fault("createProject", drop="before"), idempotency="ignore")
    season.apply("--no-wait")
    assert season.phases() == {"dub/e1": "unsettled"}
    season.faults()
    return season


def test_a_lost_call_of_a_provider_that_left_is_told_of_and_kept(stage) -> None:
    season = lost(stage)
    season.file.write_text(OTHER)

    ended = season.apply()

    assert season.phases() == {"dub/e1": "unsettled", "room": "ready"}, ended.all
    assert ended.code == 7
    assert "the manifest no longer names dubformer: put it back" in ended.out


def test_a_plan_does_not_say_that_it_looks_where_nobody_can(stage) -> None:
    season = lost(stage)
    season.file.write_text(OTHER)

    ended = season.run("plan")

    assert "dub/e1: warning: the answer to its call was lost" in ended.out, ended.all
    assert "the manifest no longer names dubformer — put it back" in ended.out
    assert "Looked for" not in ended.out


def test_a_lost_call_of_a_provider_that_came_back_is_settled(stage) -> None:
    season = lost(stage)
    before = season.file.read_text()
    season.file.write_text(OTHER)
    season.apply()
    season.file.write_text(before)

    ended = season.apply()

    assert season.phases()["dub/e1"] == "ready", ended.all
    assert season.paid() == {"e1": 1}


def test_work_that_runs_at_a_provider_that_left_troubles_nobody_else(stage) -> None:
    season = stage(SEASON, ids=("e1",))
    season.apply("--no-wait")
    jobs = "  dub: {uses: respeecher.project, for_each: '${{ data.episodes }}', with: {name: Studio}}\n"
    season.file.write_text(OTHER + jobs)

    ended = season.apply()

    assert season.phases() == {"dub/e1": "running", "room": "ready"}, ended.all
    assert ended.code == 7


def test_a_name_whose_call_left_the_manifest_is_not_sent_before_its_outcome_is_known(stage) -> None:
    season = lost(stage, PILOT)
    season.write("episodes.csv", episodes("e2"))

    ended = season.apply()

    assert "dub/e2  waits for its turn" in ended.err, ended.all
    assert season.phases() == {"dub/e1": "withdrawn", "dub/e2": "ready"}
    assert season.paid() == {"Pilot": 1}


def test_a_call_in_doubt_that_left_the_manifest_is_a_trouble_that_is_told(stage) -> None:
    season = lost(stage, PILOT)
    season.create_by_hand("Pilot")
    season.create_by_hand("Pilot")
    season.file.write_text(OTHER + "  dub: {uses: dubformer.voices}\n")

    ended = season.apply()

    assert season.phases()["dub/e1"] == "doubt", ended.all
    assert ended.code == 5
    assert "dub/e1 --adopt ID | --resend | --abandon" in ended.out
