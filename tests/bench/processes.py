"""Whole processes, as a user starts them: their seconds, on the clock or of computing, taken in turns."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


def runner() -> list[str]:
    """The installed console script beside this interpreter, which is what a user has."""
    script = Path(sys.executable).parent / "runner"
    if script.exists():
        return [str(script)]
    return [sys.executable, "-c", "from runner.cli.main import entry; entry()"]


@contextmanager
def surroundings() -> Iterator[Mapping[str, str]]:
    """An environment in which Python keeps compiled modules, as it does for a user, in a folder that goes again."""
    with tempfile.TemporaryDirectory(prefix="runner-bench-") as folder:
        own = {"PYTHONPYCACHEPREFIX": folder, "NO_COLOR": "1"}
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        yield inherited | own


def process(
    words: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT, codes: Sequence[int] = (0,)
) -> Callable[[], float]:
    """A measure of one process: its wall seconds, from start to end. What it prints goes nowhere."""

    def taken() -> float:
        begun = time.perf_counter()
        _ran(words, env, cwd, codes)
        return time.perf_counter() - begun

    return taken


def computing(
    words: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT, codes: Sequence[int] = (0,)
) -> Callable[[], float]:
    """A measure of one process that only computes: its seconds of CPU, in itself and in the system, which change
    little with what else the machine does."""
    return lambda: _ran(words, env, cwd, codes)


def _ran(words: Sequence[str], env: Mapping[str, str], cwd: Path, codes: Sequence[int]) -> float:
    """Runs a process to its end; its seconds of CPU."""
    with tempfile.TemporaryFile() as said:
        started = subprocess.Popen(words, env=dict(env), cwd=cwd, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        assert started.returncode in codes, (words, started.returncode, said.read().decode()[-2000:])
    return used.ru_utime + used.ru_stime
