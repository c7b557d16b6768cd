"""kill -9 at every point of a run, under every contract: nothing is ordered twice, nothing ordered is lost.

`make test` dies at every fourth point, each case beginning with another, so that cases of one shape cover all of them;
`make crash` dies at every point of every case.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from crashpoints import EVERYTHING, Case, every_point, scene_of
from workshop import Workshop, open_workshop

GIVEN = (
    "  one:\n    uses: workshop.{use}\n    with: {{title: T, ref: mine}}\n    save: {{file: out/one.bin}}\n"
)
MINTED = "  one:\n    uses: workshop.{use}\n    with: {{title: T}}\n    save: {{file: out/one.bin}}\n"

KINDS = {
    "tables: before": 1,
    "tables: durable": 1,
    "commit: before": 7,
    "commit: durable": 7,
    "call: before": 1,
    "call: left": 1,
    "call: answered": 1,
    "file: durable": 4,
    "file: before its name": 1,
    "file: named": 1,
}
"""What the run of one paid call with one file passes, at the least: else the harness looks past something."""


def single(contract: str, text: str = MINTED, kind: str = "minted") -> Case:
    doubtful = contract in ("hook", "none")
    return Case(
        f"{contract}-{kind}", (contract,), text.format(use=contract), ("T",), ("one.bin",), doubtful=doubtful
    )


CASES = [
    single("find"), single("find", GIVEN, "given"), single("key"), single("both"),
    single("both", GIVEN, "given"), single("hook"), single("hook", GIVEN, "given"), single("none"),
]  # fmt: skip


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with open_workshop() as made:
        yield made


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
def test_a_run_may_die_at_any_point(number: int, workshop: Workshop, tmp_path: Path) -> None:
    case, step = CASES[number], 1 if EVERYTHING else 4

    seen = every_point(case, workshop, tmp_path, first=1 + number % step, step=step)

    assert sum(seen.deaths.values()) >= case.points // step
    assert seen.doubts == 0 or case.doubtful


def test_the_points_of_a_run_are_all_met(workshop: Workshop, tmp_path: Path) -> None:
    scene = scene_of(CASES[0], workshop, tmp_path / "run")

    assert scene.apply() == 0

    assert {kind: scene.points.count(kind) for kind in KINDS if scene.points.count(kind) < KINDS[kind]} == {}
