"""(e) Cold starts: `--help`, `validate` of the quickstart and `status` of it, beside `python -c "import click"`.

Each is a whole process, the installed console script, with compiled modules in place as after its first use. The
quickstart's state is that of a finished run on the sandbox. Seconds are those of CPU: a start does nothing but compute.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from figures import Figure, medians
from processes import ROOT, computing, process, runner, surroundings

ROUNDS = 25
TARGETS = (("--help", 1.3), ("validate", 3.0), ("status", 2.0))


def measure(quick: bool) -> Iterator[Figure]:
    """Ratios to an interpreter that imports click; beside an interpreter that does nothing, for the record."""
    with tempfile.TemporaryDirectory(prefix="runner-bench-") as folder, surroundings() as env:
        here = Path(folder)
        shutil.copytree(
            ROOT / "manifests" / "quickstart",
            here,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns(".runner", "out"),
        )
        process([*runner(), "apply", "season.yaml", "--sandbox", "--auto-approve"], env, here)()
        works = [
            computing([sys.executable, "-c", "pass"], env, here),
            computing([sys.executable, "-c", "import click"], env, here),
            computing([*runner(), "--help"], env, here),
            computing([*runner(), "validate", "season.yaml"], env, here),
            computing([*runner(), "status", "season.yaml", "--sandbox"], env, here),
        ]
        for work in works:
            work()  # compiles what it imports
        nothing, click, *ours = medians(works, 3 if quick else ROUNDS)
    for (name, target), seconds in zip(TARGETS, ours, strict=True):
        detail = {"runner s": seconds, "click s": click, "pass s": nothing}
        yield Figure(f"{name} beside importing click", seconds / click, target, detail=detail)
    for (name, _), seconds in zip(TARGETS, ours, strict=True):
        yield Figure(f"{name} beside an interpreter", seconds / nothing)
