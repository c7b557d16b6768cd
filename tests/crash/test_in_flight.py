"""A crash with many calls in flight leaves no more of them unsettled than may be in flight at once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from crashpoints import EVERYTHING, KILLED, Case, carried_on, check, staged, write
from workshop import Workshop, open_workshop

from runner.model.state import Phase

MANY = 24
MOST = 4
JOB = """\
  many:
    uses: workshop.find
    for_each: [NAMES]
    with: {title: "${{ each.value }}"}
    save: {file: "out/${{ each.key }}.bin"}
"""


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with open_workshop() as made:
        yield made


@pytest.mark.fault(
    "process",
    "kill -9 while many calls are in flight",
    sees="its answer was lost; looked for there",
    kept={"orders": MANY, "files": MANY, "facts": ("at most max_in_flight calls were unsettled",)},
)
def test_a_crash_leaves_at_most_max_in_flight_calls_unsettled(
    workshop: Workshop, tmp_path: Path, fault
) -> None:
    dice = Random(17)
    names = [f"T{number}" for number in range(MANY)]
    files = tuple(f"{name}.bin" for name in names)
    case = Case("in-flight", ("find",), JOB.replace("NAMES", ", ".join(names)), tuple(names), files)
    open_after: Counter[int] = Counter()
    said = ""
    for kill in range(60 if EVERYTHING else 6):
        folder = write(case, workshop, tmp_path / str(kill))
        manifest = folder / "m.yaml"
        manifest.write_text(manifest.read_text().replace("lag: 30ms}", f"lag: 30ms}}, max_in_flight: {MOST}"))
        with staged(case, workshop, folder) as scene:
            assert scene.world is not None
            scene.world.slow = 0.1
            code = scene.apply(dies_at=dice.randrange(12, 70))
            phases = [one.phase for one in scene.state().instances.values()]
            open_after[phases.count(Phase.UNSETTLED)] += 1
            assert code == KILLED
            carried_on(case, scene, f"killed with {phases} in flight")
            check(case, scene, kill)
            said += (folder / "apply.log").read_text()
            orders, saved = len(scene.ledger()), len(list((folder / "out").iterdir()))

    fault.saw(said)
    fault.kept(orders=orders, files=saved)
    fault.fact("at most max_in_flight calls were unsettled", 0 < max(open_after) <= MOST)
