"""Asking on the terminal at approval gates, one question after the other, while the run goes on."""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runner.cli.screen import Screen
    from runner.model.at_gate import AtGate
    from runner.report.progress import Reporter

    Question = tuple[AtGate, Callable[[bool], None]]


def terminal_approver(screen: "Screen") -> "TerminalApprover | None":
    """Who asks on this terminal; None where there is none."""
    return TerminalApprover(screen, sys.stdin.fileno()) if sys.stdin.isatty() else None


class TerminalApprover:
    """An `Approver` that reads lines from a terminal. It never blocks: the loop tells when there is one to read."""

    def __init__(self, screen: "Screen", terminal: int) -> None:
        self._screen = screen
        self._terminal = terminal
        self._reporter: Reporter | None = None
        self._open: Question | None = None
        self._queue: deque[Question] = deque()
        self._typed = b""
        self._over = False

    def pausing(self, reporter: "Reporter") -> None:
        """From now on this display rests while a question stands on the terminal."""
        self._reporter = reporter

    def ask(self, at: "AtGate", answered: Callable[[bool], None]) -> None:
        """Ask when those before it have their answer."""
        if self._over:
            asyncio.get_running_loop().call_soon(answered, False)
            return
        self._queue.append((at, answered))
        if self._open is None:
            self._open_next(first=True)

    def withdraw(self, address: str) -> None:
        """Somebody else has answered."""
        self._queue = deque(one for one in self._queue if one[0].address != address)
        if self._open is not None and self._open[0].address == address:
            self._open = None
            self._screen.aside(f"\n{address} was approved elsewhere.")
            self._open_next()

    def close(self) -> None:
        """Ask nothing more."""
        self._over = True
        self._queue.clear()
        if self._open is not None:
            self._open = None
            self._screen.aside("")
            self._rest()

    def _open_next(self, *, first: bool = False) -> None:
        if not self._queue:
            self._rest()
            return
        if first:
            if self._reporter is not None:
                self._reporter.pause()
            asyncio.get_running_loop().add_reader(self._terminal, self._readable)
        from runner.report.gate_text import gate_text

        self._open = self._queue.popleft()
        self._screen.aside("\n" + gate_text(self._open[0], self._screen.look_aside))
        self._prompt()

    def _prompt(self) -> None:
        assert self._open is not None
        at = self._open[0]
        job = at.address.partition("/")[0]
        others = sum(one.address.partition("/")[0] == job for one, _ in self._queue)
        more = "the other one" if others == 1 else f"the {others} others"
        every = f", a: also {more} of {job}" if others else ""
        click.echo(f"Approve {at.address}? [y: yes, n: not now{every}, q: ask no more] ", nl=False, err=True)

    def _rest(self) -> None:
        asyncio.get_running_loop().remove_reader(self._terminal)
        if self._reporter is not None:
            self._reporter.resume()

    def _readable(self) -> None:
        try:
            read = os.read(self._terminal, 4096)
        except OSError:  # the terminal has gone: nobody will answer
            read = b""
        self._typed += read
        if not read:
            self._answer("q")
        while b"\n" in self._typed and self._open is not None:
            line, _, self._typed = self._typed.partition(b"\n")
            self._answer(line.decode(errors="replace").strip().lower())

    def _answer(self, word: str) -> None:
        if self._open is None:
            return
        if word not in ("y", "yes", "n", "no", "a", "all", "q", ""):
            self._prompt()
            return
        (at, answered), self._open = self._open, None
        chosen: list[Question] = []
        if word in ("a", "all"):
            job = at.address.partition("/")[0]
            chosen = [one for one in self._queue if one[0].address.partition("/")[0] == job]
        elif word == "q":
            self._over = True
            chosen = list(self._queue)
        self._queue = deque(one for one in self._queue if one not in chosen)
        yes = word in ("y", "yes", "a", "all")
        self._open_next()
        for tell in [answered, *(tell for _, tell in chosen)]:
            tell(yes)
