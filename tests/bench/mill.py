"""Projects whose jobs run at the small API of `server.py`, and one apply of them in this process."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from server import DOCUMENT

from runner.compile.checks.check import check_file
from runner.compile.checks.work import Work
from runner.compile.instances.surroundings import Surroundings
from runner.engine.run import open_session
from runner.engine.running.desk import RunOptions
from runner.model.progress import RunResult
from runner.report.progress import LineReporter

AT_ONCE = 64
"""Requests in flight, for the engine and for the loops that it is compared with."""

HEAD = """\
version: 1
name: bench
providers:
  mill: {{openapi: {document}, base_url: "{url}", max_in_flight: {at_once}, max_downloads: {at_once}}}
"""

CHAINS = """\
data: {{rows: {{file: rows.csv}}}}
jobs:
  make:
    uses: mill.{resource}
    for_each: ${{{{ data.rows }}}}
    with:
      name: ${{{{ each.id }}}}
      source: "media/${{{{ each.id }}}}.mp4"
      language: ${{{{ each.language }}}}
    save: {{result: "out/${{{{ each.key }}}}.bin"}}
"""

STEP = """\
  s{number}:
    uses: mill.step
    with: {{name: s{number}, source: "{source}"}}
"""

FAN_IN = """\
data: {rows: {file: rows.csv}}
jobs:
  part:
    uses: mill.step
    for_each: ${{ data.rows }}
    with: {name: "${{ each.id }}", source: "media/${{ each.id }}.mp4"}
  whole:
    uses: mill.step
    with: {name: whole, inputs: "${{ jobs.part | items | map('last') | map(attribute='outputs.id') | list }}"}
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """One apply: the wall seconds of planning and of applying, and what came of it."""

    planning: float
    seconds: float
    result: RunResult


def chains(folder: Path, url: str, count: int, resource: str = "job") -> Path:
    """A manifest of so many independent chains; each creates a job, waits for it, and saves its result."""
    rows = [f"e{number:06},fr-FR" for number in range(count)]
    (folder / "rows.csv").write_text("\n".join(["id,language", *rows]) + "\n", "utf-8")
    return written(folder, url, CHAINS.format(resource=resource))


def serial(folder: Path, url: str, count: int) -> Path:
    """A manifest of one chain: every step needs what the step before it gave."""
    steps = ["jobs:\n"]
    for number in range(count):
        source = f"${{{{ jobs.s{number - 1}.outputs.id }}}}" if number else "media/first.mp4"
        steps.append(STEP.format(number=number, source=source))
    return written(folder, url, "".join(steps))


def fan_in(folder: Path, url: str, count: int) -> Path:
    """A manifest of one job that needs what so many others gave."""
    (folder / "rows.csv").write_text("\n".join(["id", *(f"e{n:06}" for n in range(count))]) + "\n", "utf-8")
    return written(folder, url, FAN_IN)


def written(folder: Path, url: str, jobs: str) -> Path:
    """The manifest's file."""
    file = folder / "bench.yaml"
    file.write_text(HEAD.format(document=DOCUMENT, url=url, at_once=AT_ONCE) + jobs, "utf-8")
    return file


def checked(file: Path) -> Work:
    """The work of a manifest; what is wrong with it fails here."""
    work, problems = check_file(file, {}, Surroundings(os.environ))
    assert work is not None, problems
    return work


def applied(work: Work, options: RunOptions | None = None, around: Callable[[], None] = lambda: None) -> Ran:
    """Plan, and do what the plan says, as `runner apply` does; its lines of progress go nowhere. `around` is called
    between the two."""
    begun = time.perf_counter()
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        open_session(work, options or RunOptions()) as session,
    ):
        plan = session.plan()
        planned = time.perf_counter()
        around()
        planned_again = time.perf_counter()
        result = session.apply(plan, LineReporter(_writer(nowhere)).report)
    return Ran(planned - begun, time.perf_counter() - planned_again, result)


def _writer(stream: TextIO) -> Callable[[str], None]:
    def write(line: str) -> None:
        stream.write(line)
        stream.write("\n")

    return write
