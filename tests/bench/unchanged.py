"""(c) Where nothing is to be done: `apply` beside `plan`, and `status` beside `--help`, over finished instances.

The state is written by the real journal; each instance has a file that is really there. All are whole processes.
"""

import asyncio
import csv
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from figures import RUNS, Figure, medians, medians_in_time
from processes import process, runner, surroundings

from runner.compile.checks.check import check_file
from runner.compile.instances.surroundings import Surroundings
from runner.compile.planning.canonical import canonical
from runner.engine.state.journal import Journal, open_journal
from runner.engine.state.lock import Holder
from runner.model.event import Event, Finished, Received, Saved, Saving

MANIFEST = """\
version: 1
name: finished
data: {items: {file: items.csv}}
providers: {dubformer: {auth: {token: "${{ env.BENCH_TOKEN }}"}}}
jobs:
  dub:
    uses: dubformer.project
    for_each: ${{ data.items }}
    with:
      name: ${{ each.id }} ${{ each.title }}
      source_lang: en
      target_lang: fr-FR
      source_video_url: https://media.example.com/${{ each.id }}.mp4
    save: {video: "out/${{ each.folder }}/${{ each.id }}.mp4"}
"""
AT_ONCE = 2_000
TOKEN = {"BENCH_TOKEN": "no-token-is-needed"}


def measure(quick: bool) -> Iterator[Figure]:
    """The two ratios."""
    count, runs = (1_000, 1) if quick else (100_000, RUNS)
    with tempfile.TemporaryDirectory(prefix="runner-bench-") as folder, surroundings() as inherited:
        here, env = Path(folder), {**inherited, **TOKEN}
        _make(here, count)
        plan = process([*runner(), "plan", "season.yaml"], env, here)
        apply = process([*runner(), "apply", "season.yaml"], env, here)
        status = process([*runner(), "status", "season.yaml"], env, here)
        help_ = process([*runner(), "--help"], env, here)
        for work in (plan, status, help_):
            work()  # compiles what it imports
        (planned, applied), often = medians_in_time([plan, apply], runs)
        detail = {"apply s": applied, "plan s": planned, "runs": often}
        yield Figure(f"apply without changes at {count:,}", applied / planned, 1.3, detail=detail)
        stood, helped = medians([status, help_], 3 if quick else 15)
        detail = {"status s": stood, "help s": helped}
        yield Figure(f"status at {count:,}", stood / helped, 3.0, detail=detail)


def _make(folder: Path, count: int) -> None:
    """A manifest, its table, its state and its files, as if everything had been made."""
    (folder / "season.yaml").write_text(MANIFEST, "utf-8")
    with open(folder / "items.csv", "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "title", "folder"))
        rows.writerows(
            (f"e{number:06}", f"Episode {number}", f"f{number // 1000}") for number in range(count)
        )
    for number in range((count - 1) // 1000 + 1):
        (folder / "out" / f"f{number}").mkdir(parents=True)
    work, problems = check_file(folder / "season.yaml", {}, Surroundings({**os.environ, **TOKEN}))
    assert work is not None, problems
    account = ""
    use = work.catalogue.use("dubformer.project")
    assert use is not None
    holder = Holder("bench", os.getpid(), "bench", "2026-01-01T00:00:00Z")
    with open_journal(work.state_place, name="finished", holder=holder) as journal:
        instances = list(work.graph.instances.values())
        for first in range(0, len(instances), AT_ONCE):
            events: list[Event] = []
            for number, instance in enumerate(instances[first : first + AT_ONCE], first):
                inputs = work.evaluator.inputs(instance, lambda _: None)
                path = work.evaluator.saves(instance, lambda _: None)["video"][0]
                made = canonical("dubformer.project", inputs, use.provider)
                events += _life(
                    folder, instance.address, number, made.digest, made.inputs, str(path), account
                )
            _record(journal, events)


def _life(
    folder: Path, address: str, number: int, digest: str, inputs: Any, path: str, account: str
) -> list[Event]:
    """The events of a dub that was made and saved, and the file."""
    file = folder / path
    file.touch()
    outputs: Mapping[str, Any] = {"id": number, "status": "READY"}
    return [
        Received(
            address=address, generation=1, id=str(number), how="answered", status="READY", outputs=outputs,
            cost=1.5, unit="minutes", uses="dubformer.project", account=account, digest=digest, inputs=inputs,
        ),
        Finished(address=address, generation=1, outcome="ready", status="READY"),
        Saving(address=address, generation=1, name="video", path=path, size=0, sha256="e3b0c44298fc1c14"),
        Saved(address=address, generation=1, path=path, mtime_ns=file.stat().st_mtime_ns),
    ]  # fmt: skip


def _record(journal: Journal, events: list[Event]) -> None:
    asyncio.run(journal.record(*events))
