"""(g) What a waiting instance costs in memory, and what 100,000 of them take from the system.

Each measure is a process of its own, which plans, waits, and tells its resident memory: a state of instances that run
there already, as after `runner apply --no-wait`. The bytes of one are told by the difference between 10,000 and
100,000, so that what every process needs does not count; its row, its inputs and the plan's line on it are counted
apart, as the memory before the wait.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import mill
from figures import Figure
from server import serving

KIB, MIB = 1024, 1024 * 1024


def measure(quick: bool) -> Iterator[Figure]:
    """Bytes per waiting instance, and the resident memory of many."""
    small, large = (1_000, 5_000) if quick else (10_000, 100_000)
    with serving(seconds=3600) as url:
        few, many = _waiting(url, small), _waiting(url, large)
    apart = large - small
    each = {stage: (many[stage] - few[stage]) / apart for stage in many}
    detail = {
        "bytes of a row planned": each["planned"],
        "bytes of a row waiting": each["waiting"],
        f"MiB of {small:,}": few["waiting"] / MIB,
    }
    yield Figure("KiB per waiting instance", (each["waiting"] - each["planned"]) / KIB, 1.0, detail=detail)
    peak = {"peak MiB": many["peak"] / MIB, "planned MiB": many["planned"] / MIB}
    yield Figure(f"MiB of {large:,} planned and waiting", many["waiting"] / MIB, 500.0, detail=peak)


def _waiting(url: str, count: int) -> dict[str, int]:
    """Resident bytes of a process whose instances wait, by stage."""
    with tempfile.TemporaryDirectory(prefix="runner-bench-") as folder:
        mill.chains(Path(folder), url, count, "waiting")
        words = [sys.executable, __file__, folder]
        subprocess.run([*words, "fill"], check=True)
        told = subprocess.run([*words, "wait"], check=True, stdout=subprocess.PIPE, text=True)
        found: dict[str, int] = json.loads(told.stdout)
        return found


def _fill(folder: Path) -> None:
    """Make the state of instances that run there."""
    from runner.compile.planning.canonical import canonical
    from runner.engine.run import open_session
    from runner.engine.running.desk import RunOptions
    from runner.model.event import Received

    work = mill.checked(folder / "bench.yaml")
    account = f"mill {work.settings['mill'].base_url}"
    with open_session(work, RunOptions()) as session:
        events = []
        for number, instance in enumerate(work.graph):
            made = canonical("mill.waiting", work.evaluator.inputs(instance, lambda _: None))
            outputs = {"id": f"j{number}", "name": instance.key, "state": "queued"}
            events.append(
                Received(
                    address=instance.address, generation=1, id=f"j{number}", how="imported", status="queued",
                    outputs=outputs, uses="mill.waiting", account=account, digest=made.digest, inputs=made.inputs,
                )
            )  # fmt: skip
        for first in range(0, len(events), 5_000):
            session.journal.record_now(*events[first : first + 5_000])


def _wait(folder: Path) -> None:
    """Plan and wait for a while; prints the resident memory before the wait, in it, and at its highest."""
    from runner.engine.running.desk import RunOptions

    seen: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            seen.append(_resident())

    planned: list[int] = []
    watcher = threading.Thread(target=watch)
    watcher.start()
    work = mill.checked(folder / "bench.yaml")
    ran = mill.applied(work, RunOptions(max_time=10), around=lambda: planned.append(_resident()))
    over.set()
    watcher.join()
    assert ran.result.running == len(work.graph), ran.result
    print(json.dumps({"planned": planned[0], "waiting": seen[-2], "peak": max(seen)}))


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    (_fill if sys.argv[2] == "fill" else _wait)(Path(sys.argv[1]))
