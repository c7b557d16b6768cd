"""Selection by label and by failure; what is needed comes along."""

from applying import SEASON, fault

LABELLED = (
    SEASON
    + """\
    labels: {episode: "${{ each.id }}", show: pilot}
  fix:
    uses: dubformer.translation
    for_each: ${{ jobs.dub }}
    labels: {episode: "${{ each.id }}"}
    with:
      id: ${{ jobs.dub[each.key].outputs.id }}
      target_script: [{start_ms: 0, end_ms: 900, text: Encore, speaker_id: 1}]
      target_speakers: [{speaker_id: 1, voice_key: soundalike, style: feminine}]
"""
)


def test_a_label_selects_instances_and_what_they_need(stage) -> None:
    season = stage(LABELLED, ids=("e1", "e2"))

    ended = season.apply("--label", "episode=e2")

    assert ended.code == 0, ended.all
    assert season.paid() == {"e2": 1}
    assert sorted(season.state().instances) == ["dub/e2", "fix/e2"]


def test_every_label_that_is_given_must_be_carried(stage) -> None:
    season = stage(LABELLED, ids=("e1", "e2"))

    season.apply("--label", "episode=e1", "--label", "show=pilot")

    assert sorted(season.state().instances) == ["dub/e1"]


def test_only_what_failed_is_looked_at(stage) -> None:
    season = stage(SEASON, ids=("e1", "e2", "e3"))
    season.faults({"match": {"operation": "createProject"}, "times": 1, "do": {"status": 400}})
    season.apply("--limit", "2")
    season.faults()

    ended = season.apply("--only-failed")

    assert ended.code == 0, ended.all
    assert sum(season.paid().values()) == 2
    assert "dub/e3" not in season.state().instances


def test_what_was_left_out_keeps_its_name_while_nobody_knows_what_became_of_its_call(stage) -> None:
    twin = SEASON[SEASON.index("  dub:") :].replace("  dub:", "  twin:").replace("out/", "out/twin/")
    season = stage(SEASON + twin, ids=("e1",))
    season.faults(
        fault("createProject", drop="before"),
        {"match": {"operation": "listProjects"}, "skip": 2, "times": 6, "do": {"status": 503}},
    )
    season.apply("--no-wait", "--target", "dub/e1")
    season.faults()
    assert season.phases() == {"dub/e1": "unsettled"}

    ended = season.apply("--target", "twin/e1")

    assert ended.code == 7, ended.all
    assert "waits for dub/e1, whose outcome is not known" in ended.out
    assert season.paid() == {}
    assert season.apply().code == 0


def test_a_label_without_a_value_is_wrong_usage(stage) -> None:
    assert stage(SEASON).run("plan", "--label", "episode").code == 64


def test_a_label_that_nothing_carries_is_most_likely_misspelt(stage) -> None:
    season = stage(LABELLED, ids=("e1", "e2"))

    ended = season.run("plan", "--label", "episode=e3")

    assert ended.code == 64
    assert (
        "no instance carries the label episode=e3 — labels are written into jobs; episode is e1, e2"
        in ended.err
    )
