"""(d) A workbook built by runner beside bare openpyxl, write-only, with the same cells.

Each build is a process of its own that has the same rows in hand, and ends with the workbook in a file. Its seconds
begin when the rows are there and end with the file, and are those of CPU, as it does nothing but compute; its memory is
the most that it held, beyond an interpreter that has done nothing. Runner also checks each cell, and finds its column;
openpyxl is handed lists in the right order.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from figures import RUNS, Figure, medians_in_time

HEADINGS = ("ID", "Character", "Emotion", "Intensity", "Text_EN-GB", "Text_FR-FR")


def measure(quick: bool) -> Iterator[Figure]:
    """Time and memory."""
    count, runs = (2_000, 1) if quick else (100_000, RUNS)
    held: dict[str, list[float]] = {"runner": [], "openpyxl": []}

    def taken(how: str) -> float:
        spent, most = _child(how, count)
        held[how].append(most)
        return spent

    (time_ours, time_theirs), often = medians_in_time(
        [lambda: taken("runner"), lambda: taken("openpyxl")], runs
    )
    held_ours, held_theirs = (statistics.median(held[how]) for how in ("runner", "openpyxl"))
    detail = {"runner s": time_ours, "openpyxl s": time_theirs, "runs": often}
    yield Figure(f"a workbook of {count:,} rows, time", time_ours / time_theirs, 1.25, detail=detail)
    detail = {"runner MiB": held_ours, "openpyxl MiB": held_theirs}
    yield Figure(f"a workbook of {count:,} rows, memory", held_ours / held_theirs, 1.5, detail=detail)


def _child(how: str, count: int) -> tuple[float, float]:
    """Seconds and MiB of one build."""
    said = subprocess.run(
        [sys.executable, __file__, how, str(count)], stdout=subprocess.PIPE, text=True, check=True
    )
    seconds, held = json.loads(said.stdout)
    return seconds, held


def _rows(count: int) -> list[dict[str, object]]:
    emotions = ("Joy", "Fear", "Narration", "Surprise")
    return [
        {
            "ID": number,
            "Character": f"Character {number % 40}",
            "Emotion": emotions[number % 4],
            "Intensity": "Normal",
            "Text_EN-GB": f"This is what is said in line {number} of the script.",
            "Text_FR-FR": f"Voilà ce qui se dit à la ligne {number} du scénario <i>ici</i>.",
        }
        for number in range(1, count + 1)
    ]


def _by_runner(rows: list[dict[str, object]], file: Path) -> None:
    from runner.engine.machine.files import write_whole
    from runner.model.problem import Place
    from runner.workbook.build import build
    from runner.workbook.rows import Row
    from runner.workbook.templates import load_template

    where = Place("season.yaml")
    built = build(load_template("revoice-production", file.parent), [Row(row, where) for row in rows])
    assert not built.problems, built.problems[:1]
    write_whole(file, built.content)


def _by_openpyxl(rows: list[dict[str, object]], file: Path) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Script")
    sheet.append(list(HEADINGS))
    for row in rows:
        sheet.append([row[heading] for heading in HEADINGS])
    book.save(file)


def _told(how: str, count: int) -> None:
    """What a child prints: its seconds, and the MiB by which it grew."""
    bare = _peak()
    rows = _rows(count)
    build: Callable[[list[dict[str, object]], Path], None] = {
        "runner": _by_runner, "openpyxl": _by_openpyxl,
    }[how]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="runner-bench-") as folder:
        begun = time.process_time()
        build(rows, Path(folder) / "book.xlsx")
        spent = time.process_time() - begun
    print(json.dumps([spent, _peak() - bare]))


def _peak() -> float:
    """The most memory that this process held, in MiB."""
    status = Path("/proc/self/status")
    if (
        status.exists()
    ):  # of this program alone; what getrusage tells begins with the most of whoever started it
        lines = (line.split() for line in status.read_text("utf-8").splitlines())
        return next(int(words[1]) for words in lines if words[0] == "VmHWM:") / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    sys.path.insert(0, os.fspath(Path(__file__).parents[2]))
    _told(sys.argv[1], int(sys.argv[2]))
