"""(a) How much the engine adds to the network: its applies beside loops that send the same requests and keep no state.

The engine's seconds are those of `apply` after planning; where the whole is told, it is planning and applying together.
Everything runs against the API of `server.py`, 64 requests in flight, in a folder on the machine's own disk: the engine
makes each step, and each file, durable; the loops make nothing durable.
"""

import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import loops
import mill
from figures import RUNS, Figure, medians
from server import forget, serving

PATIENCE = 90.0
"""Seconds that a large apply and its loop may take together to be measured more than once."""

LATENCY = 0.02
"""What a real API takes to answer, at its best, in seconds."""


def measure(quick: bool) -> Iterator[Figure]:
    """Independent chains, a serial chain, and a fan-in."""
    runs = 1 if quick else RUNS
    small, large, steps = (100, 300, 20) if quick else (1_000, 10_000, 200)
    with serving() as url, tempfile.TemporaryDirectory(prefix="runner-bench-") as folder:
        bench = _Bench(url, Path(folder))
        yield from _chains(bench, small, large, runs)
        yield from _serial(bench, steps, runs)
        yield from _fan_in(bench, small, runs)
    with serving(latency=LATENCY) as url, tempfile.TemporaryDirectory(prefix="runner-bench-") as folder:
        bench = _Bench(url, Path(folder))
        engine, loop = medians(
            [lambda: bench.engine(mill.chains, small), lambda: bench.chains(small)], min(runs, 3)
        )
        detail = {"engine s": engine, "loop s": loop, "latency s": LATENCY}
        yield Figure(f"{small:,} chains at an API that answers in 20 ms", loop / engine, detail=detail)


def _chains(bench: "_Bench", small: int, large: int, runs: int) -> Iterator[Figure]:
    engine, loop, bare, httpx = medians(
        [
            lambda: bench.engine(mill.chains, small),
            lambda: bench.chains(small),
            lambda: bench.chains(small, loops.over_aiohttp),
            lambda: bench.chains(small, loops.over_httpx),
        ],
        runs,
    )
    planning = statistics.median(bench.planning[-runs:])
    detail = {"engine s": engine, "planning s": planning, "loop s": loop, "aiohttp s": bare, "httpx s": httpx}
    yield Figure(f"{small:,} chains", loop / engine, 0.85, at_least=True, detail=detail)
    yield Figure(f"{small:,} chains, with planning", loop / (engine + planning), detail=detail)
    yield Figure(f"{small:,} chains beside bare aiohttp", bare / engine, detail=detail)
    yield Figure(
        f"{small:,} chains beside httpx as it comes", httpx / engine, 8.0, at_least=True, detail=detail
    )
    often = min(runs, 3) if (engine + loop) * large / small < PATIENCE else 1
    long, long_loop = medians([lambda: bench.engine(mill.chains, large), lambda: bench.chains(large)], often)
    long_detail = {"engine s": long, "loop s": long_loop}
    yield Figure(f"{large:,} chains", long_loop / long, 0.85, at_least=True, detail=long_detail)
    growth = (long / large) / (engine / small)
    yield Figure(f"a chain of {large:,} beside one of {small:,}", growth, 1.2, detail=long_detail)


def _serial(bench: "_Bench", steps: int, runs: int) -> Iterator[Figure]:
    engine, loop, syncing = medians(
        [
            lambda: bench.engine(mill.serial, steps),
            lambda: bench.serial(steps),
            lambda: bench.serial(steps, sync=True),
        ],
        runs,
    )
    detail = {"engine s": engine, "loop s": loop, "loop with a sync each step s": syncing}
    yield Figure(f"one chain of {steps} steps", loop / engine, 0.5, at_least=True, detail=detail)
    name = f"one chain of {steps} steps beside a loop that writes and syncs a file each step"
    yield Figure(name, syncing / engine, detail=detail)


def _fan_in(bench: "_Bench", count: int, runs: int) -> Iterator[Figure]:
    engine, loop = medians([lambda: bench.engine(mill.fan_in, count), lambda: bench.fan_in(count)], runs)
    detail = {"engine s": engine, "loop s": loop}
    yield Figure(f"a fan-in of {count:,}", loop / engine, 0.7, at_least=True, detail=detail)


class _Bench:
    """Runs of one kind after another, each in a folder of its own and at an API that has forgotten the others."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._number = 0
        self.planning: list[float] = []

    def engine(self, manifest: Callable[[Path, str, int], Path], count: int) -> float:
        """Seconds of an apply."""
        work = mill.checked(manifest(self._anew(), self._url, count))
        ran = mill.applied(work)
        assert not ran.result.troubles, ran.result.troubles[0]
        self.planning.append(ran.planning)
        return ran.seconds

    def chains(self, count: int, client: loops.Opened = loops.over_transport) -> float:
        """Seconds of the same by a loop."""
        folder = self._anew()
        return loops.timed(client, self._url, lambda opened: loops.chains(opened, count, folder))

    def serial(self, count: int, *, sync: bool = False) -> float:
        notes = self._anew() / "notes"
        work = loops.serial_noted if sync else loops.serial
        return loops.timed(loops.over_transport, self._url, lambda opened: work(opened, count, notes))

    def fan_in(self, count: int) -> float:
        forget(self._url)
        return loops.timed(loops.over_transport, self._url, lambda opened: loops.fan_in(opened, count))

    def _anew(self) -> Path:
        forget(self._url)
        self._number += 1
        folder = self._folder / str(self._number)
        folder.mkdir()
        return folder
