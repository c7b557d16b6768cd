"""The verbs of a plan, made of real manifests and of states as the journal would give them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.compile.checks.check import check_file
from runner.compile.checks.work import Work
from runner.compile.instances.surroundings import Surroundings
from runner.compile.planning.canonical import canonical
from runner.compile.planning.plan import plan
from runner.model.observation import Block, Observations, Remote
from runner.model.part import PartState
from runner.model.plan import Cost, FieldDiff, Plan, Verb
from runner.model.state import FileState, InstanceState, Phase, State
from runner.model.wishes import Wishes

DUB = """
version: 1
name: season
data: {episodes: {file: episodes.csv}}
jobs:
  dub:
    uses: dubformer.project
    for_each: ${{ data.episodes }}
    with:
      name: ${{ each.id }}
      source_lang: en
      target_lang: fr-FR
      source_video_url: https://cdn.example.com/${{ each.id }}.mp4
    cost: {minutes: "${{ each.minutes | number }}"}
"""
SAVED = DUB + "    save: {video: 'out/${{ each.key }}.mp4'}\n"
FIXED = (
    DUB
    + """
  fix:
    uses: dubformer.translation
    for_each: ${{ jobs.dub }}
    with:
      id: ${{ jobs.dub[each.key].outputs.id }}
      target_script: [{start_ms: 0, end_ms: 1000, text: Bonjour, speaker_id: 1}]
      target_speakers: ${{ jobs.dub[each.key].outputs.speakers }}
"""
)
AGAIN = (
    DUB
    + """
  again:
    uses: dubformer.project
    for_each: ${{ jobs.dub }}
    with:
      name: again ${{ each.id }}
      source_lang: fr-FR
      target_lang: de-DE
      source_video_url: ${{ jobs.dub[each.key].outputs.output_video_url }}
"""
)
EPISODES = "id,minutes\ne1,10\ne2,20\ne3,30\n"

OUTPUTS = {"id": "P-up", "speakers": [], "output_video_url": "https://cdn.example.com/up.mp4"}

Make = Callable[..., Work]


@pytest.fixture
def work_of(tmp_path: Path) -> Make:
    """Checks a manifest beside the given files."""

    def make(text: str, episodes: str = EPISODES) -> Work:
        (tmp_path / "season.yaml").write_text(text)
        (tmp_path / "episodes.csv").write_text(episodes)
        work, problems = check_file(tmp_path / "season.yaml", {}, Surroundings(offline=True))
        assert work is not None, problems
        return work

    return make


def held(work: Work, address: str, phase: Phase = Phase.READY, **more: Any) -> InstanceState:
    """What the journal holds of an instance that was sent with the inputs it has now."""
    instance = work.graph.instances[address]
    uses = work.manifest.jobs[instance.job].uses
    made = canonical(uses, work.evaluator.inputs(instance, lambda _: OUTPUTS))
    values: dict[str, Any] = {
        "uses": uses,
        "digest": made.digest,
        "inputs": made.inputs,
        "id": f"P-{instance.key}",
        "outputs": OUTPUTS,
    }
    return InstanceState(address, 1, phase, **(values | more))


def renamed(known: InstanceState, address: str, **more: Any) -> InstanceState:
    """The same as it was made under another address and another name."""
    inputs = known.inputs | {"name": address} | more
    return replace(known, address=address, inputs=inputs, digest=canonical(known.uses, inputs).digest)


def state_of(*instances: InstanceState) -> State:
    return State("season", "lineage", 1, {one.address: one for one in instances})


def verbs(made: Plan) -> dict[str, str]:
    return {change.address: change.spelled for change in made}


def test_what_is_new_is_created_at_its_estimated_cost(work_of: Make) -> None:
    change = plan(work_of(DUB), State()).changes["dub/e2"]

    assert (change.verb, change.reason, change.paid) == (Verb.CREATE, "new", True)
    assert change.cost == Cost(20.0, "minutes")
    assert change.contract == "find+key"


def test_what_is_finished_with_the_same_inputs_is_left_alone(work_of: Make) -> None:
    work = work_of(DUB)

    made = plan(work, state_of(*(held(work, f"dub/e{number}") for number in (1, 2, 3))))

    assert made.empty
    assert set(verbs(made).values()) == {"none"}


@pytest.mark.parametrize(
    ("phase", "verb"),
    [
        (Phase.UNSETTLED, "settle"),
        (Phase.RUNNING, "resume"),
        (Phase.STALLED, "resume"),
        (Phase.DOUBT, "blocked"),
        (Phase.FAILED, "blocked"),
        (Phase.REFUSED, "create"),
        (Phase.WITHDRAWN, "create"),
        (Phase.ABANDONED, "create"),
    ],
)
def test_each_phase_leads_to_its_verb(work_of: Make, phase: Phase, verb: str) -> None:
    work = work_of(DUB)

    made = plan(work, state_of(held(work, "dub/e1", phase)))

    assert verbs(made)["dub/e1"] == verb


def test_a_running_generation_is_resumed_although_its_inputs_changed(work_of: Make) -> None:
    work = work_of(DUB)

    made = plan(work, state_of(held(work, "dub/e1", Phase.RUNNING, digest="other")))

    assert verbs(made)["dub/e1"] == "resume"


def test_a_doubt_names_the_command_that_settles_it(work_of: Make) -> None:
    work = work_of(DUB)
    doubt = held(work, "dub/e1", Phase.DOUBT, message="two candidates", candidates=("P-1", "P-2"))

    change = plan(work, state_of(doubt)).changes["dub/e1"]

    assert change.reason == "in doubt: two candidates (candidates: P-1, P-2)"
    assert change.command == "runner resolve dub/e1 --adopt ID | --resend | --abandon"
    assert change.in_doubt


def changed(work: Work, address: str = "dub/e1", **more: Any) -> InstanceState:
    now = held(work, address)
    return replace(now, digest="before", inputs={**now.inputs, "source_lang": "es"}, **more)


def test_changed_inputs_of_paid_work_wait_for_consent(work_of: Make) -> None:
    work = work_of(DUB)

    change = plan(work, state_of(changed(work))).changes["dub/e1"]

    assert change.verb is Verb.BLOCKED
    assert change.diff == (FieldDiff("source_lang", "es", "en"),)
    assert change.command == "runner apply --replace 'dub/e1'"


def test_consent_makes_it_a_replacement_of_the_next_generation(work_of: Make) -> None:
    work = work_of(DUB)

    change = plan(work, state_of(changed(work)), wishes=Wishes(replace=("dub/*",))).changes["dub/e1"]

    assert (change.verb, change.generation, change.paid) == (Verb.REPLACE, 2, True)


def test_consent_pays_for_nothing_that_did_not_change(work_of: Make) -> None:
    work = work_of(DUB)

    made = plan(work, state_of(changed(work), held(work, "dub/e2")), wishes=Wishes(replace=("dub/*",)))

    assert verbs(made) == {"dub/e1": "replace", "dub/e2": "none", "dub/e3": "create"}


@pytest.mark.parametrize(
    ("on_change", "verb"), [("replace", "replace"), ("keep", "none"), ("confirm", "blocked")]
)
def test_on_change_decides_where_nobody_is_asked(work_of: Make, on_change: str, verb: str) -> None:
    work = work_of(DUB + f"    on_change: {on_change}\n")

    assert verbs(plan(work, state_of(changed(work))))["dub/e1"] == verb


def test_accepted_inputs_count_as_unchanged(work_of: Make) -> None:
    work = work_of(DUB)
    accepted = changed(work, accepted=held(work, "dub/e1").digest)

    assert verbs(plan(work, state_of(accepted)))["dub/e1"] == "none"


def test_what_failed_there_waits_for_consent_to_retry(work_of: Make) -> None:
    work = work_of(DUB)
    failed = held(work, "dub/e1", Phase.FAILED, message="no speech found")

    change = plan(work, state_of(failed)).changes["dub/e1"]
    retried = plan(work, state_of(failed), wishes=Wishes(retry_failed=True)).changes["dub/e1"]

    assert (change.reason, change.command) == ("failed there: no speech found", "runner apply --retry-failed")
    assert (retried.verb, retried.generation) == (Verb.REPLACE, 2)


def test_redo_consents_to_so_many_replacements(work_of: Make) -> None:
    work = work_of(DUB + "    redo: 1\n")
    first = held(work, "dub/e1", Phase.FAILED)
    second = replace(first, generation=2, former=((1, "P-1"),))

    assert verbs(plan(work, state_of(first)))["dub/e1"] == "replace"
    assert verbs(plan(work, state_of(second)))["dub/e1"] == "blocked"


def test_a_missing_file_is_downloaded_again_for_nothing(work_of: Make) -> None:
    work = work_of(SAVED)
    file = FileState("video", "out/e1.mp4", 10, "aa", done=True)
    there = held(work, "dub/e1", files={"out/e1.mp4": file})

    kept = plan(work, state_of(there), files=lambda _: True).changes["dub/e1"]
    lost = plan(work, state_of(there), files=lambda _: False).changes["dub/e1"]
    never = plan(work, state_of(held(work, "dub/e1"))).changes["dub/e1"]

    assert kept.verb is Verb.NONE
    assert (lost.verb, lost.reason, lost.paid) == (
        Verb.DOWNLOAD,
        "out/e1.mp4 is not here as it was saved",
        False,
    )
    assert never.verb is Verb.DOWNLOAD


def test_a_thing_of_the_same_name_that_no_state_knows_blocks(work_of: Make) -> None:
    work = work_of(DUB)
    observed = Observations(remotes={"dub/e1": (Remote("P-9", "e1"),)})

    change = plan(work, State(), observed).changes["dub/e1"]

    assert change.verb is Verb.BLOCKED
    assert change.reason == "dubformer holds a project of this name that this state does not know"
    assert change.command == "runner import --match 'dub/*'"


def test_a_new_state_on_purpose_or_an_appended_mark_goes_on(work_of: Make) -> None:
    observed = Observations(remotes={"dub/e1": (Remote("P-9", "e1"),)})

    meant = plan(work_of(DUB), State(), observed, Wishes(new_state=True))
    appended = plan(work_of(DUB + "    mark: append\n"), State(), observed)

    assert verbs(meant)["dub/e1"] == verbs(appended)["dub/e1"] == "create"


def test_what_was_observed_can_block_what_would_be_sent_and_nothing_else(work_of: Make) -> None:
    work = work_of(DUB)
    observed = Observations(blocks={"dub/e1": Block("fr-FR was withdrawn"), "dub/e2": Block("the same")})

    made = plan(work, state_of(held(work, "dub/e2")), observed)

    assert verbs(made) == {"dub/e1": "blocked", "dub/e2": "none", "dub/e3": "create"}
    assert made.changes["dub/e1"].reason == "fr-FR was withdrawn"


def test_what_depends_on_a_new_upstream_is_created_behind_it(work_of: Make) -> None:
    made = plan(work_of(FIXED), State())

    assert verbs(made)["fix/e1"] == "create"


def test_what_depends_on_something_blocked_is_skipped_with_its_reason(work_of: Make) -> None:
    work = work_of(FIXED)

    made = plan(work, state_of(held(work, "dub/e1", Phase.DOUBT)))

    assert made.changes["fix/e1"].verb is Verb.SKIP
    assert made.changes["fix/e1"].reason == "waits for dub/e1, which is blocked"
    assert verbs(made)["fix/e2"] == "create"


def test_paid_work_behind_a_replaced_upstream_may_be_replaced_with_consent(work_of: Make) -> None:
    work = work_of(AGAIN)
    state = state_of(changed(work), held(work, "again/e1"))

    asked = plan(work, state, wishes=Wishes(replace=("dub/*",))).changes["again/e1"]
    given = plan(work, state, wishes=Wishes(replace=("*",))).changes["again/e1"]

    assert asked.spelled == given.spelled == "replace?"
    assert (asked.consent, asked.command) == (False, "runner apply --replace 'again/e1'")
    assert (given.consent, given.command) == (True, "")


def test_free_work_behind_a_replaced_upstream_needs_no_consent(work_of: Make) -> None:
    work = work_of(FIXED)
    state = state_of(changed(work), held(work, "fix/e1"))

    change = plan(work, state, wishes=Wishes(replace=("dub/*",))).changes["fix/e1"]

    assert (change.spelled, change.consent, change.paid) == ("replace?", True, False)


def test_a_false_condition_skips_and_keeps_what_is_paid_for(work_of: Make) -> None:
    work = work_of(DUB.replace("    with:", "    if: ${{ each.minutes | number > 15 }}\n    with:"))

    made = plan(work, state_of(held(work, "dub/e1")))

    assert verbs(made) == {"dub/e1": "none", "dub/e2": "create", "dub/e3": "create"}
    assert verbs(plan(work, State()))["dub/e1"] == "skip"


def test_a_condition_that_only_apply_knows_makes_it_unsure(work_of: Make) -> None:
    text = FIXED.replace(
        "    for_each: ${{ jobs.dub }}",
        "    for_each: ${{ jobs.dub }}\n    if: ${{ jobs.dub[each.key].outputs.id }}",
    )

    assert verbs(plan(work_of(text), State()))["fix/e1"] == "create?"


def test_what_left_the_manifest_is_reported_and_kept(work_of: Make) -> None:
    work = work_of(DUB)
    gone = replace(held(work, "dub/e1"), address="dub/e9", digest="its own")

    made = plan(work, state_of(gone))

    assert made.left == ("dub/e9",)
    assert "dub/e9" not in made.changes


def test_a_likely_rename_is_blocked_with_the_move_that_settles_it(work_of: Make) -> None:
    work = work_of(DUB)
    gone = replace(held(work, "dub/e1"), address="dub/old")

    change = plan(work, state_of(gone)).changes["dub/e1"]
    meant = plan(work, state_of(gone), wishes=Wishes(replace=("dub/e1",))).changes["dub/e1"]

    assert (change.verb, change.command) == (Verb.BLOCKED, "runner state mv dub/old dub/e1")
    assert meant.verb is Verb.CREATE


def test_what_differs_in_its_name_alone_is_a_likely_rename_too(work_of: Make) -> None:
    work = work_of(DUB)
    gone = [renamed(held(work, "dub/e1"), f"dub/old{number}") for number in (1, 2)]

    change = plan(work, state_of(*gone)).changes["dub/e1"]

    assert change.command == "runner state mv dub/old1 dub/e1"
    assert change.reason.startswith("differs from dub/old1, which left the manifest, in its name alone")


def test_nobody_is_taken_for_two_that_were_renamed(work_of: Make) -> None:
    alike = DUB.replace("/${{ each.id }}.mp4", "/one.mp4")
    work = work_of(alike)
    gone = [renamed(held(work, "dub/e1"), f"dub/old{number}") for number in (1, 2)]

    made = plan(work, state_of(*gone))

    assert [change.command for change in made.changes.values() if change.verb is Verb.BLOCKED] == [
        "runner state mv dub/old1 dub/e1",
        "runner state mv dub/old2 dub/e2",
    ]
    assert made.changes["dub/e3"].verb is Verb.CREATE


def test_who_has_the_inputs_that_another_item_had_is_most_likely_renamed(work_of: Make) -> None:
    work = work_of(DUB)
    shifted = replace(held(work, "dub/e3"), address="dub/e2")

    change = plan(work, state_of(held(work, "dub/e1"), shifted)).changes["dub/e3"]

    assert (change.verb, change.command) == (Verb.BLOCKED, "runner state mv dub/e2 dub/e3")
    assert change.reason.startswith("has the inputs of dub/e2, whose key another item has now")


def test_so_is_who_differs_from_them_in_its_name_alone(work_of: Make) -> None:
    work = work_of(DUB)
    shifted = renamed(held(work, "dub/e3"), "dub/e2")

    change = plan(work, state_of(shifted)).changes["dub/e3"]

    assert change.command == "runner state mv dub/e2 dub/e3"


def test_who_is_beside_one_that_has_another_name_alone_is_new(work_of: Make) -> None:
    work = work_of(DUB.replace("/${{ each.id }}.mp4", "/one.mp4"))

    made = plan(work, state_of(replace(renamed(held(work, "dub/e1"), "dub/e9"), address="dub/e1")))

    assert verbs(made) == {"dub/e1": "blocked", "dub/e2": "create", "dub/e3": "create"}


def test_what_differs_in_more_than_its_name_is_new(work_of: Make) -> None:
    work = work_of(DUB)
    gone = renamed(held(work, "dub/e1"), "dub/old", source_lang="pt")

    assert plan(work, state_of(gone)).changes["dub/e1"].verb is Verb.CREATE


def test_a_limit_lets_the_first_items_through_with_what_follows(work_of: Make) -> None:
    made = plan(work_of(FIXED), State(), wishes=Wishes(limit=1))

    assert verbs(made) == {
        "dub/e1": "create",
        "dub/e2": "skip",
        "dub/e3": "skip",
        "fix/e1": "create",
        "fix/e2": "skip",
        "fix/e3": "skip",
    }
    assert made.changes["dub/e2"].reason == "beyond --limit 1"


def test_the_next_limit_takes_the_next_items(work_of: Make) -> None:
    work = work_of(DUB)

    made = plan(work, state_of(held(work, "dub/e1")), wishes=Wishes(limit=1))

    assert verbs(made) == {"dub/e1": "none", "dub/e2": "create", "dub/e3": "skip"}


def test_a_target_brings_what_it_needs_and_leaves_the_rest(work_of: Make) -> None:
    made = plan(work_of(FIXED), State(), wishes=Wishes(targets=("fix/e2",)))

    assert [address for address, verb in verbs(made).items() if verb == "create"] == ["dub/e2", "fix/e2"]


LOOKED_UP = DUB.replace("target_lang: fr-FR", "target_lang: ${{ jobs.voices.outputs.voices[0].lang }}") + (
    """
  voices:
    uses: dubformer.voices
"""
)


def test_a_lookup_is_read_for_what_will_be_sent(work_of: Make) -> None:
    assert verbs(plan(work_of(LOOKED_UP), State()))["voices"] == "read"


def test_a_lookup_that_nothing_reads_leaves_the_plan_empty(work_of: Make) -> None:
    work = work_of(DUB + "\n  voices:\n    uses: dubformer.voices\n")

    made = plan(work, state_of(*(held(work, f"dub/e{number}") for number in (1, 2, 3))))

    assert verbs(made)["voices"] == "none"
    assert made.empty


def test_what_a_lookup_gave_is_seen_by_the_plan(work_of: Make) -> None:
    work = work_of(LOOKED_UP)
    finished = held(work_of(DUB), "dub/e1")
    work = work_of(LOOKED_UP)

    same = plan(work, state_of(finished), Observations(lookups={"voices": {"voices": [{"lang": "fr-FR"}]}}))
    other = plan(work, state_of(finished), Observations(lookups={"voices": {"voices": [{"lang": "de-DE"}]}}))
    nobody = plan(work, state_of(finished))

    assert verbs(same)["dub/e1"] == "none"
    assert other.changes["dub/e1"].diff == (FieldDiff("target_lang", "fr-FR", "de-DE"),)
    assert verbs(nobody)["dub/e1"] == "none?"


def test_an_expression_that_a_lookup_makes_wrong_blocks_only_its_instance(work_of: Make) -> None:
    work = work_of(LOOKED_UP)

    made = plan(work, State(), Observations(lookups={"voices": {"voices": []}}))

    assert made.changes["dub/e1"].verb is Verb.BLOCKED


def test_what_is_finished_is_not_blocked_by_what_is_offered_no_more(work_of: Make) -> None:
    finished = held(work_of(DUB), "dub/e1")

    made = plan(work_of(LOOKED_UP), state_of(finished), Observations(lookups={"voices": {"voices": []}}))

    assert verbs(made)["dub/e1"] == "none?"
    assert made.changes["dub/e1"].reason.startswith("done; what it should be made of now cannot be had: ")


BULK = """
version: 1
name: lines
data: {episodes: {file: episodes.csv}}
publish: {directory: published, base_url: "https://files.example.com/"}
jobs:
  script:
    uses: workbook.file
    for_each: ${{ data.episodes }}
    with:
      template: revoice-production
      rows: [{ID: "${{ each.id }}", "Text_FR-FR": "${{ each.minutes }}"}]
  batch:
    uses: revoice.batch
    bulk: {size: 2}
    for_each: ${{ jobs.script }}
    with:
      projectId: P
      name: ${{ each.id }}
      scriptPath: ${{ jobs.script[each.key].outputs.url }}
"""


def test_rows_are_counted_into_the_most_requests(work_of: Make) -> None:
    made = plan(work_of(BULK), State())

    (bulk,) = made.bulk
    assert (bulk.job, bulk.rows, bulk.most) == ("batch", 3, 2)
    assert made.changes["batch/e1"].group == "batch[1]"


def test_a_workbook_is_built_when_it_is_not_recorded_with_the_same_content(work_of: Make) -> None:
    work = work_of(BULK)
    known = held(work, "script/e1", id="")

    made = plan(work, state_of(known, replace(held(work, "script/e2", id=""), digest="other")))

    assert (verbs(made)["script/e1"], verbs(made)["script/e2"]) == ("none", "create")
    assert not made.changes["script/e2"].paid


def test_a_call_that_left_the_manifest_unsettled_is_not_sent_again_under_a_new_name(work_of: Make) -> None:
    work = work_of(DUB)
    lost = replace(held(work, "dub/e1", Phase.UNSETTLED, id=""), address="dub/old")

    assert plan(work, state_of(lost)).changes["dub/e1"].command == "runner state mv dub/old dub/e1"


def test_what_was_imported_without_known_inputs_counts_as_it_is(work_of: Make) -> None:
    work = work_of(DUB)

    assert verbs(plan(work, state_of(held(work, "dub/e1", digest="", inputs=None))))["dub/e1"] == "none"


def test_what_may_be_replaced_is_held_back_by_what_was_observed(work_of: Make) -> None:
    work = work_of(AGAIN)
    state = state_of(changed(work), held(work, "again/e1"))
    observed = Observations(blocks={"again/e1": Block("out of credit")})

    made = plan(work, state, observed, Wishes(replace=("*",)))

    assert made.changes["again/e1"].reason == "out of credit"


def test_going_back_to_the_inputs_of_what_stands_after_a_refused_replacement_costs_nothing(
    work_of: Make,
) -> None:
    work = work_of(DUB)
    restored = held(work, "dub/e1", tried=2, consented="another")

    assert verbs(plan(work, state_of(restored)))["dub/e1"] == "none"


def test_a_consented_replacement_that_was_refused_is_tried_again_under_a_new_number(work_of: Make) -> None:
    work = work_of(DUB)
    restored = changed(work, tried=2, consented=held(work, "dub/e1").digest)

    change = plan(work, state_of(restored)).changes["dub/e1"]

    assert (change.verb, change.generation) == (Verb.REPLACE, 3)


def test_other_inputs_than_those_consented_to_need_consent_of_their_own(work_of: Make) -> None:
    work = work_of(DUB)

    made = plan(work, state_of(changed(work, tried=2, consented="yet another")))

    assert verbs(made)["dub/e1"] == "blocked"


def test_a_failed_one_whose_retry_was_refused_is_tried_again_without_asking_twice(work_of: Make) -> None:
    work = work_of(DUB)
    digest = held(work, "dub/e1").digest
    failed = held(work, "dub/e1", Phase.FAILED, tried=2, consented=digest)

    assert verbs(plan(work, state_of(failed)))["dub/e1"] == "replace"


RENDERS = """
jobs:
  trailer:
    uses: respeecher.conversion
    with:
      original_id: o1
      conversions: [{voice_id: v1, label: One}, {voice_id: v2, label: Two}]
    save: {audio: "out/${{ item.name }}.wav"}
"""


@pytest.mark.parametrize(
    ("saved", "verb", "lost"),
    [((), "download", "out/One.wav"), (("One",), "download", "out/Two.wav"), (("One", "Two"), "none", "")],
)
def test_the_files_of_parts_are_missed_even_when_none_was_ever_announced(
    work_of: Make, saved: tuple[str, ...], verb: str, lost: str
) -> None:
    work = work_of(RENDERS)
    parts = tuple(
        PartState(place, f"p{place}", "", name, "ready") for place, name in enumerate(("One", "Two"))
    )
    files = {
        path: FileState("audio", path, 1, "s", done=True) for path in (f"out/{name}.wav" for name in saved)
    }

    change = plan(work, state_of(held(work, "trailer", parts=parts, files=files))).changes["trailer"]

    assert change.verb.value == verb
    assert lost in change.reason
