"""Where things stand, and one address whole."""

import json

from runner.model.standing import Brief, JobStanding, Standing
from runner.model.state import FileState, InstanceState, Phase
from runner.report.show import show_json, show_text
from runner.report.status import status_json, status_text
from runner.report.words import Look

HERE = Look(options="-f season.yaml")


def dub(key: str, phase: Phase, **more: object) -> InstanceState:
    return InstanceState(f"dub/{key}", 1, phase, uses="dubformer.project", **more)  # type: ignore[arg-type]


MIXED = Standing(
    "season",
    "lineage",
    7,
    (
        JobStanding(
            "dub",
            "dubformer.project",
            {Phase.READY: 2, Phase.RUNNING: 1, Phase.DOUBT: 1, Phase.FAILED: 1},
            1,
            {"minutes": 12.5},
        ),
    ),
    (
        Brief("dub/e4", Phase.DOUBT, 1, message="two candidates"),
        Brief("dub/e5", Phase.FAILED, 1, message="no speech found"),
    ),
)


def test_each_job_has_a_line_and_what_needs_a_person_follows() -> None:
    assert status_text(MIXED, HERE) == (
        "dub (dubformer.project)  2 ready, 1 running, 1 in doubt, 1 failed, 1 file not saved  (12.5 minutes)\n"
        "\n"
        "in doubt  dub/e4  two candidates\n"
        "failed    dub/e5  no speech found\n"
        "  in doubt: runner resolve -f season.yaml ADDRESS --adopt ID | --resend | --abandon\n"
        "  failed: runner apply -f season.yaml --retry-failed\n"
        "\n"
        "1 instance not ended: runner apply -f season.yaml"
    )


def test_an_empty_state_says_what_to_type() -> None:
    assert (
        status_text(Standing(), HERE) == "Nothing was done yet. See what would be: runner plan -f season.yaml"
    )


def test_of_very_many_that_need_somebody_the_first_are_told_and_the_rest_is_counted() -> None:
    job = JobStanding("dub", "", {Phase.FAILED: 5_000}, 0, {})
    told = Standing(jobs=(job,), attention=(Brief("dub/e1", Phase.FAILED, 1, message="no speech"),))

    assert "failed    dub/e1  no speech\n… and 4,999 more (--verbose shows all)\n" in status_text(told)


def test_programs_get_every_instance() -> None:
    briefs = [Brief("dub/e1", Phase.READY, 1, id="P-1"), Brief("dub/e2", Phase.RUNNING, 2)]

    made = json.loads("".join(status_json(MIXED, iter(briefs))))

    assert made["sequence"] == 7
    assert made["jobs"][0]["phases"] == {"ready": 2, "running": 1, "doubt": 1, "failed": 1}
    assert made["instances"] == [
        {"address": "dub/e1", "phase": "ready", "generation": 1, "id": "P-1"},
        {"address": "dub/e2", "phase": "running", "generation": 2},
    ]


def test_pieces_for_programs_are_laid_out_as_one_text() -> None:
    text = "".join(status_json(MIXED, [Brief("dub/e1", Phase.READY, 1)]))

    assert text == json.dumps(json.loads(text), indent=2)


def test_programs_get_an_empty_list_of_nothing() -> None:
    assert json.loads("".join(status_json(Standing("season"), ())))["instances"] == []


def test_an_address_is_shown_with_inputs_outputs_files_and_past() -> None:
    held = InstanceState(
        "dub/e1",
        2,
        Phase.READY,
        uses="dubformer.project",
        id="P-2",
        how="answered",
        status="ready",
        inputs={"name": "e1", "settings": {"takes": 2}},
        outputs={"script": "line one\nline two"},
        files={"out/e1.mp4": FileState("video", "out/e1.mp4", 2048, "ab" * 32, done=True)},
        former=((1, "P-1"),),
        since="2026-01-02T03:04:05Z",
    )
    history = [{"at": "2026-01-02T03:04:05Z", "kind": "finished", "generation": 2, "outcome": "ready"}]

    assert show_text(held, HERE, history) == (
        "dub/e1\n"
        "  uses        dubformer.project\n"
        "  phase       ready since 2026-01-02T03:04:05Z\n"
        "  id          P-2 (answered)\n"
        "  status      ready\n"
        "  generation  2\n"
        "\n"
        "  inputs\n"
        "    name: e1\n"
        "    settings:\n"
        "      takes: 2\n"
        "\n"
        "  outputs\n"
        "    script: line one\\nline two\n"
        "\n"
        "  files\n"
        "    out/e1.mp4  2,048 bytes  sha256 abababababab\n"
        "\n"
        "  former\n"
        "    generation 1: P-1\n"
        "\n"
        "  history\n"
        "    2026-01-02T03:04:05Z  finished    generation 2, outcome ready"
    )


def test_a_doubt_is_shown_with_the_command_that_settles_it() -> None:
    text = show_text(dub("e4", Phase.DOUBT, candidates=("P-1", "P-2")), HERE)

    assert "candidates  P-1, P-2" in text
    assert text.endswith("runner resolve -f season.yaml dub/e4 --adopt ID | --resend | --abandon")


def test_a_long_text_is_cut_for_people_and_whole_for_programs() -> None:
    held = dub("e1", Phase.READY, outputs={"text": "x" * 10_000})

    assert "… (10,000 characters)" in show_text(held)
    assert len(show_json(held)["outputs"]["text"]) == 10_000
