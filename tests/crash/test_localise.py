"""Five APIs in one manifest, killed again and again: every order exactly once, every file there."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from crashing import SPEED, Season, first_seed, quota

from runner.sandbox.serve import SandboxSettings, running

KILLS = quota(12, 1) if quota(12, 1) < 100 else 100
"""One season comes to its end in fewer."""
MANIFEST = Path(__file__).parents[2] / "manifests" / "localise"


@pytest.fixture
def localise(tmp_path: Path) -> Iterator[Season]:
    """The example across five APIs, on a sandbox that outlives the runs."""
    for file in MANIFEST.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path / file.name)
    (tmp_path / "published").mkdir()
    settings = SandboxSettings(
        tmp_path / ".runner" / "localise.sandbox", speed=SPEED, files=tmp_path / "published"
    )
    with running(settings) as sandbox:
        yield Season(tmp_path, sandbox, Random(first_seed(5)))


def test_five_apis_survive_kills_without_a_double_order(localise: Season) -> None:
    for _ in range(KILLS):
        localise.killed_after(localise.dice.uniform(0.1, 2.0))
    code = localise.finish()
    if code == 5:
        localise.settle_doubts()
        code = localise.finish()

    twice = {name: times for name, times in localise.ordered().items() if times != 1}
    files = {str(path.relative_to(localise.folder)) for path in (localise.folder / "out").iterdir()}
    assert twice == {}, localise.log.read_text()[-3000:]
    assert code == 0, localise.log.read_text()[-3000:]
    assert {"out/Narrator one.wav", "out/Narrator two.wav", "out/trailer-0.mp4"} <= files
    assert {
        f"out/ep{number:02}{end}" for number in (1, 2, 3) for end in (".txt", ".srt", ".fr-FR.mp4")
    } <= files
