"""How much time has passed since a moment that is written down: suspend included, and across processes.

`time.monotonic` stands still while a Linux machine sleeps, and means nothing to another process; the time of day can be
set. So a stamp holds the machine's boot and its clock since then, and the time of day beside it: whichever says that
more time has passed is believed.
"""

import time
from functools import cache
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def awake() -> float:
    """Seconds on a clock that goes on while the machine sleeps, where the system has one; else the monotonic clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(clock) if clock is not None else time.monotonic()


def slept() -> float:
    """Seconds that the machine has slept since it was started; 0 where nobody counts them."""
    return awake() - time.monotonic()


def stamp(process: str) -> str:
    """This moment as text. `process` is a word of this process alone, for systems that do not name their boots."""
    return f"{_boot() or process} {awake()!r} {time.time()!r}"


def passed(since: str, process: str) -> float | None:
    """Seconds since a stamp; None when nobody can know them: another boot, another machine, or a text that is none."""
    boot, _, rest = since.partition(" ")
    if boot != (_boot() or process) or not boot:
        return None
    try:
        then, day = (float(word) for word in rest.split(" "))
    except ValueError:
        return None
    gone = awake() - then
    return max(gone, time.time() - day) if gone >= 0 else None


@cache
def _boot() -> str:
    """The name of this boot of the machine; empty where the system has none, or no clock that counts from it."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return ""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
