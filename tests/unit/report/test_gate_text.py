"""What a person is shown at an approval gate."""

from runner.model.at_gate import AtGate
from runner.model.plan import Cost
from runner.report.gate_text import gate_text


def at_gate(**more: object) -> AtGate:
    return AtGate("dub/e1", "acme.dub", inputs={"name": "e1", "tone": {"pace": 2}}, digest="d", **more)  # type: ignore[arg-type]


def test_inputs_price_and_what_to_look_at_are_shown() -> None:
    shown = gate_text(
        at_gate(generation=1, cost=Cost(12, "minutes"), looks={"draft/e1": ("out/draft/e1.mp4",)})
    )

    assert shown.splitlines() == [
        "dub/e1 (acme.dub) waits for approval",
        "  costs about 12 minutes",
        "  inputs",
        "    name: e1",
        "    tone:",
        "      pace: 2",
        "  to look at",
        "    draft/e1: out/draft/e1.mp4",
    ]


def test_a_new_generation_and_an_approval_that_does_not_count_are_told() -> None:
    lines = gate_text(at_gate(generation=2, note="kim approved other inputs")).splitlines()

    assert lines[1:3] == [
        "  kim approved other inputs",
        "  generation 2: what stood there before is kept as superseded",
    ]


def test_of_very_many_that_it_builds_on_the_first_few_are_named() -> None:
    looks = {f"draft/e{number}": tuple(f"{file}.mp4" for file in range(8)) for number in range(9)}

    lines = gate_text(at_gate(generation=1, looks=looks)).splitlines()

    assert lines[-2:] == [
        "    draft/e4: 0.mp4, 1.mp4, 2.mp4, 3.mp4, 4.mp4 and 3 more",
        "    … and 4 more instances that it builds on",
    ]
