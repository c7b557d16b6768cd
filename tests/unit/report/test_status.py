"""Where things stand, and one address whole."""

from runner.model.state import FileState, InstanceState, Phase, State
from runner.report.show import show_json, show_text
from runner.report.status import status_json, status_text
from runner.report.words import Look

HERE = Look(options="-f season.yaml")


def dub(key: str, phase: Phase, **more: object) -> InstanceState:
    return InstanceState(f"dub/{key}", 1, phase, uses="dubformer.project", **more)  # type: ignore[arg-type]


def state_of(*instances: InstanceState) -> State:
    return State("season", "lineage", 7, {one.address: one for one in instances})


MIXED = state_of(
    dub("e1", Phase.READY, cost=10.0, unit="minutes"),
    dub("e2", Phase.READY, cost=2.5, unit="minutes", files={"a": FileState("video", "a", 1, "s")}),
    dub("e3", Phase.RUNNING),
    dub("e4", Phase.DOUBT, message="two candidates"),
    dub("e5", Phase.FAILED, message="no speech found"),
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
    assert status_text(State(), HERE) == "Nothing was done yet. See what would be: runner plan -f season.yaml"


def test_programs_get_every_instance() -> None:
    made = status_json(MIXED)

    assert made["sequence"] == 7
    assert made["jobs"][0]["phases"] == {"ready": 2, "running": 1, "doubt": 1, "failed": 1}
    assert [one["address"] for one in made["instances"]] == ["dub/e1", "dub/e2", "dub/e3", "dub/e4", "dub/e5"]


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
