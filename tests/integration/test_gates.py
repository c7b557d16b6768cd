"""Approval gates: what says `approve: true` waits for a person, and nothing else does."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable

import pytest
from applying import ROWS, SEASON, Stage, captured, episodes, fault
from failing import until
from jsonschema import Draft202012Validator
from seasons import FIX, HEAD

from runner.api.openapi.schemas import schema_text
from runner.engine.state.states import read_history

Staging = Callable[..., Stage]

GATED = SEASON.replace("    save:", "    approve: true\n    save:")
"""Each dub waits for approval."""

DRAFT_AND_DUB = """\
  draft:
    uses: dubformer.project
    for_each: ${{ data.episodes }}
    with:
      name: draft ${{ each.id }}
      source_lang: en
      target_lang: fr-FR
      source_video_url: https://cdn.example.com/${{ each.id }}.mp4?minutes=3
    save: {video: "out/draft/${{ each.key }}.mp4"}
  dub:
    uses: dubformer.project
    for_each: ${{ jobs.draft }}
    approve: true
    with:
      name: dub ${{ each.id }}
      source_lang: en
      target_lang: fr-FR
      source_video_url: https://cdn.example.com/${{ jobs.draft[each.key].outputs.id }}.mp4
    save: {video: "out/${{ each.key }}.mp4"}
"""
CHAIN = f"{HEAD}jobs:\n{DRAFT_AND_DUB}{FIX}"
"""A draft, a dub that is approved after a look at the draft, and a correction of the dub."""


def approved(season: Stage, *words: str) -> str:
    """What `approve` prints; it must take."""
    ended = season.run("approve", *words)
    assert ended.code == 0, ended.all
    return ended.out


def test_nothing_is_sent_before_somebody_approved_it(stage: Staging) -> None:
    season = stage(GATED)

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert season.paid() == {}
    assert "2 waiting for approval:" in ended.out
    assert f"runner approve -f {season.file} --sandbox 'dub/e1'" in ended.out


def test_what_was_approved_is_sent_once_and_the_rest_still_waits(stage: Staging) -> None:
    season = stage(GATED)
    season.apply()

    approved(season, "dub/e1")
    ended = season.apply()

    assert ended.code == 7, ended.all
    assert season.paid() == {"e1": 1}
    assert season.phases() == {"dub/e1": "ready", "dub/e2": "gated"}


def test_what_it_builds_on_runs_and_is_there_to_be_looked_at(stage: Staging) -> None:
    season = stage(CHAIN, ids=("e1",))
    early = season.run("approve", "dub/e1")

    ended = season.apply()

    assert early.code == 64
    assert "does not wait for approval yet: it does once draft/e1 is done" in early.err
    assert ended.code == 7, ended.all
    assert season.paid() == {"draft e1": 1}
    assert "dub/e1  waits for approval; look at out/draft/e1.mp4" in ended.out
    assert "fix/e1  waits for dub/e1" in ended.out
    assert season.saved() == {"out/draft/e1.mp4"}


def test_an_approval_right_after_the_plan_needs_no_run_before(stage: Staging) -> None:
    season = stage(GATED)

    approved(season, "dub/*")
    plan = season.run("plan")
    ended = season.apply()

    assert plan.code == 0, plan.all
    assert "new; approved by " in plan.out
    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1, "e2": 1}


def test_an_approval_does_not_count_for_inputs_that_changed_after_it(stage: Staging) -> None:
    season = stage(GATED, ids=("e1",))
    season.apply()
    approved(season, "dub/e1")

    season.change("target_lang: fr-FR", "target_lang: de-DE")
    ended = season.apply()

    assert ended.code == 7, ended.all
    assert season.paid() == {}
    assert "waits for approval: " in ended.out
    assert "approved other inputs (target_lang changed)" in ended.out
    approved(season, "dub/e1")
    assert season.apply().code == 0
    assert season.paid() == {"e1": 1}


def test_inputs_that_went_back_to_what_was_approved_are_approved(stage: Staging) -> None:
    season = stage(GATED, ids=("e1",))
    approved(season, "dub/e1")
    season.change("target_lang: fr-FR", "target_lang: de-DE")
    assert season.run("plan").code == 7
    season.change("target_lang: de-DE", "target_lang: fr-FR")

    assert season.apply().code == 0
    assert season.paid() == {"e1": 1}


def test_a_replacement_is_a_new_generation_and_its_approval_is_the_consent_too(stage: Staging) -> None:
    season = stage(GATED, ids=("e1",))
    approved(season, "dub/e1")
    season.apply()
    season.change("name: ${{ each.id }}", "name: new ${{ each.id }}")
    unasked = season.run("approve", "dub/e1")

    waiting = season.apply("--replace", "dub/e1")
    status = season.run("status")
    approved(season, "dub/e1")
    ended = season.apply()

    assert unasked.code == 64
    assert "runner apply --replace 'dub/e1'" in unasked.err
    assert waiting.code == 7, waiting.all
    assert "1 to approve" in status.out
    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1, "new e1": 1}


def test_a_retry_of_what_failed_there_waits_anew(stage: Staging) -> None:
    season = stage(GATED, ids=("fail",))
    approved(season, "dub/fail")
    failed = season.apply()

    waiting = season.apply("--retry-failed")
    paid = season.paid()
    approved(season, "dub/fail")
    season.apply()

    assert failed.code == 1, failed.all
    assert waiting.code == 7, waiting.all
    assert paid == {"fail": 1}
    assert season.paid() == {"fail": 2}


def test_a_call_that_was_refused_used_no_approval_up(stage: Staging) -> None:
    season = stage(GATED, ids=("e1",))
    season.faults(fault("createProject", status=422, when="before"))
    approved(season, "dub/e1")
    refused = season.apply()

    ended = season.apply()

    assert refused.code == 1, refused.all
    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1}


def test_a_row_that_waits_holds_up_no_workbook(stage: Staging) -> None:
    season = stage(
        ROWS.replace("    bulk: true", "    bulk: true\n    approve: true"), ids=("e1", "e2", "e3")
    )
    approved(season, "batch/e1", "batch/e3")

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert season.paid() == {"e1": 1, "e3": 1}
    assert len([name for name in (season.folder / "published").iterdir() if name.suffix == ".xlsx"]) == 1
    approved(season, "batch/*")
    assert season.apply().code == 0
    assert season.paid() == {"e1": 1, "e2": 1, "e3": 1}


def test_whoever_tolerates_a_failure_waits_all_the_same(stage: Staging) -> None:
    tolerant = CHAIN.replace(
        "jobs.draft[each.key].outputs.id", 'jobs.draft[each.key].outputs.id | default("none")'
    )
    tolerant = tolerant.replace("    approve: true\n", "").replace(
        "    save:", "    approve: true\n    save:", 1
    )
    season = stage(tolerant, ids=("e1",))

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert season.paid() == {}
    assert "dub/e1  waits for draft/e1" in ended.out


def test_what_is_not_selected_stays_out_of_it(stage: Staging) -> None:
    season = stage(GATED)
    approved(season, "dub/*")

    ended = season.apply("--target", "dub/e2")

    assert ended.code == 0, ended.all
    assert season.paid() == {"e2": 1}


def test_a_run_that_could_only_stand_at_gates_is_none(stage: Staging) -> None:
    season = stage(CHAIN, ids=("e1",))
    season.apply()
    before = len(read_history(season.database, season.name))

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert "runner approve" in ended.out
    assert len(read_history(season.database, season.name)) == before


def test_what_left_the_manifest_while_it_waited_is_forgotten(stage: Staging) -> None:
    season = stage(GATED)
    season.apply()

    season.write("episodes.csv", episodes("e2"))
    season.apply()

    assert season.phases() == {"dub/e2": "gated"}


def test_a_replacement_that_is_wanted_no_more_waits_no_more(stage: Staging) -> None:
    season = stage(GATED, ids=("e1",))
    approved(season, "dub/e1")
    season.apply()
    season.change("target_lang: fr-FR", "target_lang: de-DE")
    season.apply("--replace", "dub/e1")
    season.change("target_lang: de-DE", "target_lang: fr-FR")

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert "to approve" not in season.run("status").out


def test_a_saved_plan_goes_through_a_gate_that_it_shows_once_that_was_opened(stage: Staging) -> None:
    season = stage(GATED)
    file = season.folder / "plan.json"
    saved = season.run("plan", "--out", str(file))
    assert saved.code == 7, saved.all
    approved(season, "dub/e1")

    ended = captured(["apply", str(file), "--speed", str(season.speed)])

    assert ended.code == 7, ended.all
    assert season.paid() == {"e1": 1}
    Draft202012Validator(json.loads(schema_text("plan.schema.json"))).validate(json.loads(file.read_text()))


def test_a_saved_plan_goes_on_where_an_earlier_run_came_to_the_gate(stage: Staging) -> None:
    season = stage(GATED, ids=("e1",))
    season.apply()
    file = season.folder / "plan.json"
    season.run("plan", "--out", str(file))
    approved(season, "dub/e1")

    ended = captured(["apply", str(file), "--auto-approve", "--speed", str(season.speed)])

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1}


def test_a_saved_plan_that_shows_an_approval_is_carried_out(stage: Staging) -> None:
    season = stage(GATED, ids=("e1",))
    approved(season, "dub/e1")
    file = season.folder / "plan.json"
    season.run("plan", "--out", str(file))

    ended = captured(["apply", str(file), "--speed", str(season.speed)])

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1}


def test_lines_for_programs_have_the_published_shape(stage: Staging) -> None:
    season = stage(CHAIN, ids=("e1",))
    lines = Draft202012Validator(json.loads(captured(["schema", "events"]).out))

    told = [json.loads(line) for line in season.apply("--json").out.splitlines()]

    for line in told:
        lines.validate(line)
    assert [line["address"] for line in told if line.get("what") == "gated"] == ["dub/e1"]
    assert [one["kind"] for one in told[-1]["troubles"]] == ["approval", "skipped"]
    assert told[-1]["exit"] == 7


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dub/e3",), "no instance is called dub/e3"),
        (("draft/e1",), "draft/e1 does not wait for approval: create, new — `runner apply` does it"),
        (("dub/e1", "dub/e9"), "dub/e1 does not wait for approval yet"),
    ],
)
def test_what_does_not_wait_is_refused_with_what_to_do(
    stage: Staging, words: tuple[str, ...], said: str
) -> None:
    season = stage(CHAIN)

    ended = season.run("approve", *words)

    assert ended.code == 64
    assert said in ended.err


def test_an_approval_is_not_given_twice(stage: Staging) -> None:
    season = stage(GATED, ids=("e1",))
    approved(season, "dub/e1")

    again = season.run("approve", "dub/e1")

    assert again.code == 64
    assert "dub/e1 was approved by " in again.err


class Terminal:
    """An apply in a process of its own, whose standard input is a terminal."""

    def __init__(self, season: Stage, *words: str) -> None:
        self.ours, theirs = pty.openpty()
        self.log = season.folder / "apply.log"
        program = [sys.executable, "-m", "runner.cli.main", "apply", "-f", str(season.file), "--sandbox"]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [*program, "--speed", str(season.speed), *words], stdin=theirs, stdout=log, stderr=log
            )
        os.close(theirs)

    def asked(self, question: str) -> None:
        until(lambda: question in self.said, question)

    def types(self, word: str) -> None:
        os.write(self.ours, f"{word}\n".encode())

    def ended(self) -> int:
        code = self.process.wait(60)
        os.close(self.ours)
        return code

    @property
    def said(self) -> str:
        return self.log.read_text()


def test_on_a_terminal_it_asks_when_the_gate_is_reached_and_shows_what_is_to_be_approved(
    stage: Staging,
) -> None:
    season = stage(CHAIN, ids=("e1",))
    terminal = Terminal(season)
    terminal.asked("Do this?")
    terminal.types("y")

    terminal.asked("Approve dub/e1?")
    shown = terminal.said
    terminal.types("what?")
    terminal.types("y")

    assert terminal.ended() == 0, terminal.said
    assert season.paid() == {"draft e1": 1, "dub e1": 1}
    assert "draft/e1: out/draft/e1.mp4" in shown
    assert "target_lang: fr-FR" in shown
    assert terminal.said.count("Approve dub/e1?") == 2


@pytest.mark.parametrize(
    ("answers", "paid", "code"),
    [(("a",), 3, 0), (("q",), 0, 7), (("n", "y", ""), 1, 7)],
    ids=["all", "no more", "one of them"],
)
def test_each_that_waits_is_asked_about_on_its_own(
    stage: Staging, answers: tuple[str, ...], paid: int, code: int
) -> None:
    season = stage(GATED, ids=("e1", "e2", "e3"))
    terminal = Terminal(season)
    terminal.asked("Do this?")
    terminal.types("y")
    for number, answer in enumerate(answers, 1):
        terminal.asked(f"Approve dub/e{number}?")
        terminal.types(answer)

    assert terminal.ended() == code, terminal.said
    assert sum(season.paid().values()) == paid


def test_an_approval_from_elsewhere_reaches_a_run_that_asks_and_it_goes_on(stage: Staging) -> None:
    season = stage(GATED, ids=("e1",))
    terminal = Terminal(season)
    terminal.asked("Do this?")
    terminal.types("y")
    terminal.asked("Approve dub/e1?")

    approved(season, "dub/e1")

    assert terminal.ended() == 0, terminal.said
    assert "dub/e1 was approved elsewhere." in terminal.said
    assert season.paid() == {"e1": 1}


def test_auto_approve_opens_no_gate_and_asks_nobody(stage: Staging) -> None:
    season = stage(GATED, ids=("e1",))
    terminal = Terminal(season, "--auto-approve")

    assert terminal.ended() == 7, terminal.said
    assert "Approve dub/e1?" not in terminal.said
    assert season.paid() == {}


def test_who_hangs_up_leaves_the_rest_to_the_next_run(stage: Staging) -> None:
    season = stage(GATED, ids=("e1",))
    terminal = Terminal(season)
    terminal.asked("Do this?")
    terminal.types("y")
    terminal.asked("Approve dub/e1?")

    os.write(terminal.ours, b"\x04")  # the end of the input

    assert terminal.ended() == 7, terminal.said
    assert season.paid() == {}
