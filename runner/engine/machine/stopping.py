"""Signals that ask for the end: the first lets a run record what is in flight, the second ends the process at once.

Whatever happens after the first one, the process ends within five seconds: the journal is whole at every moment, so
what has no outcome by then is found out by the next run.
"""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

MOST = 5.0
"""Seconds from the first signal to the end of the process."""

GRACE = 3.5
"""Seconds that a command which was stopped waits for the answers under way."""

INTERRUPTED = 130
_NAMES = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LATE = b"runner: stopped before all had ended; the next apply finds out what became of it\n"


def asked_by() -> tuple[signal.Signals, ...]:
    """The signals that ask for the end; those that the caller had ignored, as nohup does, stay ignored."""
    return tuple(name for name in _NAMES if signal.getsignal(name) is not signal.SIG_IGN)


def first_signal() -> None:
    """From now on a further signal ends the process at once, and in five seconds it ends anyway."""
    for name in asked_by():
        signal.signal(name, _at_once)
    timer = threading.Timer(MOST, _too_late)
    timer.daemon = True
    timer.start()


def _at_once(_: int, __: FrameType | None) -> None:
    os._exit(INTERRUPTED)


def _too_late() -> None:
    with contextlib.suppress(OSError):
        os.write(2, _LATE)
    os._exit(INTERRUPTED)


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` in the running loop at the first signal; for the time of the block, and in the main thread only."""
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():  # whoever calls has a way of its own
        yield
        return
    seen = False

    def caught(_: int, __: FrameType | None) -> None:
        nonlocal seen
        seen = True
        first_signal()
        loop.call_soon_threadsafe(stop)

    before = {name: signal.signal(name, caught) for name in asked_by()}
    try:
        yield
    finally:
        if not seen:  # else a second signal is still a second one
            for name, handler in before.items():
                signal.signal(name, handler)
