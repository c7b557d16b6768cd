"""`runner` in a process of its own, whose machine refuses: real errors of the kernel, made by seccomp filters.

Called as a script it is the launcher: it prepares the process, then runs the command line in it.

    python failing.py '{"refuse": ["pwrite64"], "error": "ENOSPC", "when": "/path"}' apply -f …

`when`: refuse from the moment on that this file stands there; another one of that name and `.done` tells that it holds.
`modes`: file modes count, for root too.
"""

import ctypes
import errno
import json
import os
import platform
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NUMBERS = {
    "x86_64": {"fsync": 74, "fdatasync": 75, "pwrite64": 18, "seccomp": 317},
    "aarch64": {"fsync": 82, "fdatasync": 83, "pwrite64": 68, "seccomp": 277},
}
WAIT = 90.0


def start(*words: str, cwd: Path | None = None, **wishes: Any) -> "subprocess.Popen[str]":
    """`runner WORDS…` in a process of its own; `wishes` are those of the launcher."""
    return subprocess.Popen(
        [sys.executable, __file__, json.dumps(wishes), *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, and fail with its name when it does not come true."""
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, f"never came true: {what}"
        time.sleep(0.03)


def can_refuse() -> bool:
    """Whether this machine lets a process filter its own system calls."""
    done = subprocess.run(
        [sys.executable, __file__, '{"refuse": ["fsync"], "error": "EIO", "probe": true}'], check=False
    )
    return done.returncode == 0


def _refuse(names: list[str], error: int) -> None:
    """From now on these system calls of all threads end with this error, and do nothing."""
    numbers = NUMBERS[platform.machine()]
    load, equal, end, allow, refuse = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000
    code = [(load, 0, 0, 0)]
    code += [(equal, len(names) - place, 0, numbers[name]) for place, name in enumerate(names)]
    code += [(end, 0, 0, allow), (end, 0, 0, refuse | error)]
    bytes_ = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    program = Program(len(code), ctypes.cast(bytes_, ctypes.c_void_p))
    system = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_filter, for_all_threads = 38, 1, 1
    if system.prctl(no_new_privileges, 1, 0, 0, 0) or system.syscall(
        numbers["seccomp"], set_filter, for_all_threads, ctypes.byref(program)
    ):
        raise OSError(ctypes.get_errno(), "seccomp")


def _refuse_when(file: Path, names: list[str], error: int) -> None:
    while not file.exists():
        time.sleep(0.002)
    _refuse(names, error)
    file.with_name(file.name + ".done").touch()


def _heed_modes() -> None:
    """Take the right to pass over file modes from root; it is gone after the next exec."""
    system = ctypes.CDLL(None, use_errno=True)
    drop, override, search = 24, 1, 2
    system.prctl(drop, override, 0, 0, 0)
    system.prctl(drop, search, 0, 0, 0)


def main() -> None:
    wishes = json.loads(sys.argv[1])
    if wishes.pop("modes", False):
        _heed_modes()
        os.execv(sys.executable, [sys.executable, __file__, json.dumps(wishes), *sys.argv[2:]])
    if "refuse" in wishes:
        refused = (wishes["refuse"], getattr(errno, wishes["error"]))
        if "when" in wishes:
            threading.Thread(target=_refuse_when, args=(Path(wishes["when"]), *refused), daemon=True).start()
        else:
            _refuse(*refused)
    if wishes.get("probe"):
        return
    from runner.cli.main import entry

    sys.argv[:] = ["runner", *sys.argv[2:]]
    entry()


if __name__ == "__main__":
    main()
