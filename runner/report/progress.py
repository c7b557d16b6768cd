"""What a run does, while it does it: a live display on a terminal, a line an event in a pipe."""

import sys
from collections import Counter, deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Protocol

from runner.model.plan import Plan, Verb
from runner.model.progress import Progress
from runner.report.words import Look, shorten

if TYPE_CHECKING:
    from rich.console import RenderableType

_COLOURS = {
    "ready": "green", "saved": "green", "called": "green", "published": "green", "accepted": "cyan",
    "adopted": "cyan", "failed": "red", "refused": "red", "doubt": "red", "blocked": "red",
    "stalled": "yellow", "settling": "yellow", "retrying": "yellow", "skipped": "yellow", "notice": "yellow",
    "gated": "yellow", "approved": "green",
}  # fmt: skip
ENDED = frozenset({"ready", "called", "read", "failed", "refused", "doubt", "blocked", "stalled", "skipped"})
_GOOD = frozenset({"ready", "called", "read"})
LAST = 6
"""So many of the last events stand under the bars."""


_PLAIN = Look()


class Reporter(Protocol):
    """Takes what a run tells; a context manager, so that a terminal is left as it was found."""

    def report(self, progress: Progress) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def __enter__(self) -> "Reporter": ...
    def __exit__(self, *error: Any) -> None: ...


class LineReporter:
    """One line an event: time, address, what, detail. `write` takes each line without its end."""

    def __init__(self, write: Callable[[str], None], look: Look = _PLAIN) -> None:
        self._write = write
        self._look = look

    def report(self, progress: Progress) -> None:
        """Writes the event's line at once."""
        at = f"{progress.at[11:19]} " if len(progress.at) >= 19 else ""
        what = self._look.paint(f"{progress.what:<11}", _COLOURS.get(progress.what, ""))
        self._write(f"{at}{what} {progress.address}  {shorten(progress.detail, 300)}".rstrip())

    def pause(self) -> None:
        """Nothing: lines and questions may stand below one another."""

    def resume(self) -> None:
        """Nothing either."""

    def __enter__(self) -> "LineReporter":
        return self

    def __exit__(self, *error: object) -> None:
        return None


class JsonReporter(LineReporter):
    """One JSON object an event and line."""

    def report(self, progress: Progress) -> None:
        import json

        fields = {"type": "event", "at": progress.at, "address": progress.address, "what": progress.what}
        if progress.detail:
            fields["detail"] = progress.detail
        self._write(json.dumps(fields, ensure_ascii=False))


class Tally:
    """How far each job is: how many of its instances ended well, ended badly, and where the others are."""

    def __init__(self, totals: Mapping[str, int]) -> None:
        self.totals = dict(totals)
        self._last: dict[str, str] = {}
        self._counts: dict[str, Counter[str]] = {job: Counter() for job in totals}

    def count(self, progress: Progress) -> None:
        """Moves one instance; files and notices change nothing."""
        if progress.what in ("saved", "downloading", "notice", "retrying"):
            return
        counts = self._counts.get(progress.address.partition("/")[0])
        if counts is None:
            return
        before = self._last.get(progress.address)
        if before is not None:
            counts[before] -= 1
        counts[progress.what] += 1
        self._last[progress.address] = progress.what

    def ended(self, job: str) -> tuple[int, int]:
        """How many ended well, and how many badly."""
        counts = self._counts[job]
        good = sum(counts[what] for what in _GOOD)
        return good, sum(counts[what] for what in ENDED) - good

    def words(self, job: str) -> str:
        """`12 running, 3 sending, 1 failed`."""
        counts = self._counts[job]
        return ", ".join(
            f"{count:,} {what}" for what, count in counts.most_common() if count and what not in _GOOD
        )


class LiveReporter:
    """Bars a job and the last events, redrawn a few times a second."""

    def __init__(self, totals: Mapping[str, int], stream: IO[str], look: Look) -> None:
        from rich.console import Console
        from rich.live import Live

        self._tally = Tally(totals)
        self._recent: deque[Progress] = deque(maxlen=LAST)
        self._console: Console = Console(file=stream, no_color=not look.colour, highlight=False)
        self._live = Live(
            console=self._console, get_renderable=self._draw, refresh_per_second=6, transient=False
        )

    def report(self, progress: Progress) -> None:
        """Takes an event into the next drawing."""
        self._tally.count(progress)
        self._recent.append(progress)

    def pause(self) -> None:
        """Leave the screen to somebody else; what happens meanwhile is counted, and drawn later."""
        self._live.stop()

    def resume(self) -> None:
        """Draw again."""
        self._live.start(refresh=True)

    def _draw(self) -> "RenderableType":
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        bars = Table.grid(padding=(0, 1))
        for job, total in self._tally.totals.items():
            good, bad = self._tally.ended(job)
            bar = ProgressBar(total=max(total, 1), completed=good + bad, width=24)
            bars.add_row(
                Text(job), bar, Text(f"{good:,}/{total:,}"), Text(self._tally.words(job), style="dim")
            )
        lines = [
            Text(
                f"{event.what:<11} {event.address}  {shorten(event.detail, 80)}",
                style=_COLOURS.get(event.what, ""),
            )
            for event in self._recent
        ]
        return Group(bars, *lines)

    def __enter__(self) -> "LiveReporter":
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._live.__exit__(kind, error, trace)


def totals(plan: Plan) -> dict[str, int]:
    """How many instances of each job the run works on."""
    found: Counter[str] = Counter()
    for change in plan:
        if change.verb not in (Verb.NONE, Verb.SKIP, Verb.BLOCKED):
            found[change.job] += 1
    return dict(found)


def reporter(plan: Plan, look: Look, write: Callable[[str], None], stream: IO[str] | None = None) -> Reporter:
    """The live display where `stream` (by default stderr) is a terminal, else lines given to `write`."""
    out = stream if stream is not None else sys.stderr
    if out.isatty():
        return LiveReporter(totals(plan), out, look)
    return LineReporter(write, look)
