"""How a command ends when it is asked to, or when nobody hears it any more."""

import contextlib
import errno
import os
import signal
import sys
from types import FrameType


def catch_signals() -> None:
    """Ctrl-C, SIGTERM and the end of the terminal all end a command in order; see `runner.engine.machine.stopping`."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(name) is not signal.SIG_IGN:
            signal.signal(name, _caught)


def _caught(_: int, __: FrameType | None) -> None:
    from runner.engine.machine.stopping import first_signal

    first_signal()
    raise KeyboardInterrupt


def open_streams() -> None:
    """Let the three standard streams be open, so that no file of ours takes the place of a closed one."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 — for the life of the process


def reader_has_gone(error: OSError) -> bool:
    """Whether an error says that nobody reads the output any more: a closed pipe, a terminal that hung up."""
    return error.errno in (errno.EPIPE, errno.EIO) and error.filename is None


def silence() -> None:
    """Nothing can be told any more, at the end of the process neither."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # a stream of its own kind has no number
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
