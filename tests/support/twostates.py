"""One season over a state in a file or in a database, with a workshop that it orders from."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from applying import Ended, captured
from pgserver import end_lease, place_of
from workshop import World, document, open_workshop

from runner.engine.state.states import read_state
from runner.model.state_place import StatePlace

COUNT = 8
TITLES = Counter(f"T{number}" for number in range(COUNT))
MANIFEST = """\
version: 1
name: season
state: ${{{{ env.RUNNER_STATE }}}}
providers: {{workshop: {{openapi: workshop.yaml, base_url: "{base}", settle: {{effect: 250ms, lag: 30ms}}}}}}
jobs:
  one:
    uses: workshop.find
    for_each: [{titles}]
    with: {{title: "${{{{ each.key }}}}"}}
    save: {{file: "out/${{{{ each.key }}}}.bin"}}
"""


class Season:
    """A manifest, its state, and the world that it orders from."""

    def __init__(self, folder: Path, place: StatePlace, url: str, world: World) -> None:
        self.folder, self.place, self.url, self.world = folder, place, url, world

    def run(self, *words: str) -> Ended:
        """`runner WORDS…` in this process."""
        return captured([*words, "-f", str(self.folder / "m.yaml")])

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """The same in a process of its own."""
        program = [sys.executable, "-m", "runner.cli.main", *words, "-f", str(self.folder / "m.yaml")]
        pipe: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(program, stdin=subprocess.DEVNULL, **pipe)

    def under_way(self) -> "subprocess.Popen[str]":
        """An apply that has ordered two things; what else it has sent waits until `the_rest_is_made`."""
        self.world.slow, self.world.quick = 3600.0, 2
        process = self.start("apply", "--auto-approve")
        _until(lambda: self.world.asked > 2 == len(self.world.ledger), "two are made and more is asked for")
        return process

    def the_rest_is_made(self) -> None:
        """And whatever is asked for from now on is made at once."""
        self.world.slow = 0.0

    def killed(self) -> None:
        """An apply that is killed with calls under way; what it had asked for is made all the same."""
        process = self.under_way()
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()
        self.the_rest_is_made()
        _until(lambda: self.world.asked == len(self.world.ledger), "everything asked for is made")

    def a_minute_passes(self) -> None:
        """Since the last heartbeat."""
        if self.url:
            end_lease(self.url)

    def phases(self) -> Counter[str]:
        """How many instances stand where."""
        return Counter(one.phase.value for one in read_state(self.place, "season").instances.values())


def _until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"never came true: {what}"
        time.sleep(0.01)


@contextmanager
def season_over(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Season]:
    """The season with its state in a file, or in the database at this URL."""
    place: StatePlace = place_of(url) if url else folder / "state.db"
    monkeypatch.setenv("RUNNER_STATE", url or str(place))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    (folder / "workshop.yaml").write_text(document("find"))
    with open_workshop() as workshop:
        world = workshop.put("season", World(slow=0.02))
        text = MANIFEST.format(base=f"{workshop.url}/season", titles=", ".join(TITLES))
        (folder / "m.yaml").write_text(text)
        yield Season(folder, place, url, world)
