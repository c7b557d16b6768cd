"""An API that is away for hours of a run's own time, through the real command and real sockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from applying import Ended, Stage, captured
from longtime import LongTime, long_time
from middlebox import Middlebox, Seen

MANIFEST = """\
version: 1
name: season
data: {episodes: {file: episodes.csv}}
providers:
  dubformer:
    base_url: ${{ env.DUBFORMER_URL }}
    auth: {token: "${{ env.DUBFORMER_TOKEN }}"}
    max_in_flight: 1
    allow_hosts: [127.0.0.1]
jobs:
  dub:
    uses: dubformer.project
    for_each: ${{ data.episodes }}
    with:
      name: ${{ each.id }}
      source_lang: en
      target_lang: fr-FR
      source_video_url: ${{ env.MEDIA_URL }}${{ each.id }}.mp4?minutes=3
    save: {video: "out/${{ each.key }}.mp4"}
"""
HOUR = 3600.0


@dataclass
class Away(Middlebox):
    """What stands before the API, and goes away when the answer to the `last`-th order is due; the API has that order
    then. It comes back after `seconds` of the run's time.

    `how`: "gone", nobody listens there; "mute", no connection comes about there; "silent", only that answer never
    comes.
    """

    clock: LongTime = field(default_factory=LongTime)
    seconds: float = HOUR
    how: str = "gone"
    last: int = 2
    gone: float = 0.0
    back: float = 0.0
    port: int = 0
    listener: socket.socket | None = None
    waiting: list[socket.socket] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def open(self) -> None:
        """Listen, at the same address as before."""
        for one in self.waiting:
            one.close()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        self.back = self.clock.now()
        threading.Thread(target=self.serve, args=(self.listener,), daemon=True).start()

    def shut(self) -> None:
        """Be gone: nobody listens there, and what was open is cut."""
        assert self.listener is not None
        self.gone = self.clock.now()
        self.clock.at(self.gone + self.seconds, self.open)
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self._sockets:
            one.close()
        if self.how == "mute":
            self._fill()
        self.clock.leaping = True

    def _fill(self) -> None:
        """A listener with a full queue: the system leaves further connections without an answer."""
        full = socket.create_server(("127.0.0.1", self.port), backlog=0)
        self.waiting.append(full)
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", self.port))
            self.waiting.append(one)

    def end(self) -> None:
        """Let go of all that is open."""
        self.over.set()
        for one in (self.listener, *self.waiting):
            if one is not None:
                one.close()
        self.close()

    def _one(self, connection: socket.socket, raw: bytes, number: int, place: int) -> bool:
        if not raw.startswith(b"POST ") or self.gone or self.posts() + 1 < self.last:
            return super()._one(connection, raw, number, place)
        self.seen.append(Seen(raw.partition(b"\r\n")[0].decode(), number, place))
        self._passed_on(raw)
        if self.how == "silent":
            self.gone = self.clock.now()
            self.clock.leaping = True
            self.over.wait(60)
        else:
            self.shut()
        return False


@pytest.fixture
def away(stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stage, Away]]:
    """A season of four whose API goes away with the second order."""
    season = stage(MANIFEST, ids=("e1", "e2", "e3", "e4"), speed=1200.0)
    with long_time() as clock:
        door = Away(season.sandbox.base_urls["dubformer"], clock=clock)
        door.open()
        monkeypatch.setenv("DUBFORMER_URL", f"http://127.0.0.1:{door.port}{urlsplit(door.target).path}")
        monkeypatch.setenv("DUBFORMER_TOKEN", season.sandbox.credentials["dubformer"]["token"])
        monkeypatch.setenv("MEDIA_URL", season.sandbox.media_url)
        yield season, door
        door.end()


def apply(season: Stage, *words: str) -> Ended:
    return captured(["apply", "--auto-approve", "-f", str(season.file), *words])


@pytest.mark.fault(
    "remote",
    "An API is down for an hour, with one job running, one answer lost, and others not sent yet",
    sees="no usable answer since … nothing is lost … it answers again, after … adopted dub/e2",
    kept={"orders": 4, "files": 4, "facts": ("the same run ends when it is back", "each was ordered once")},
)
def test_an_hour_without_an_api_is_waited_for(away, fault) -> None:
    season, door = away

    ended = apply(season)

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(season.sandbox.ledger()), files=len(season.saved()))
    fault.fact("the same run ends when it is back", door.back - door.gone >= HOUR)
    fault.fact("each was ordered once", season.paid() == dict.fromkeys(("e1", "e2", "e3", "e4"), 1))
    assert ended.err.count("no usable answer since") == 1
    assert ended.err.count("it answers again") == 1


@pytest.mark.fault(
    "connection",
    "no connection comes about for ten minutes, in mid-run",
    sees="no usable answer since … no connection in time; … nothing is lost … it answers again, after",
    kept={"orders": 4, "files": 4, "facts": ("each was ordered once",)},
)
def test_connections_that_never_come_about_are_given_up_and_tried_again(away, fault) -> None:
    season, door = away
    door.how, door.seconds = "mute", 600.0

    ended = apply(season)

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(season.sandbox.ledger()), files=len(season.saved()))
    fault.fact("each was ordered once", season.paid() == dict.fromkeys(("e1", "e2", "e3", "e4"), 1))


@pytest.mark.fault(
    "connection",
    "silence in answer to a paid call",
    sees="sending dub/e2 … adopted dub/e2",
    kept={"orders": 4, "files": 4, "facts": ("each was ordered once",)},
)
def test_an_answer_that_never_comes_is_given_up_after_two_minutes_and_its_effect_found(away, fault) -> None:
    season, door = away
    door.how = "silent"

    ended = apply(season)

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(season.sandbox.ledger()), files=len(season.saved()))
    fault.fact("each was ordered once", season.paid() == dict.fromkeys(("e1", "e2", "e3", "e4"), 1))
    assert door.clock.now() - door.gone >= 120.0


def test_an_api_that_stays_away_is_left_to_the_next_run_which_orders_nothing_twice(away) -> None:
    season, door = away
    door.seconds = 3 * HOUR

    cut = apply(season)

    assert cut.code == 1, cut.all
    assert "gave no usable answer for 2 h" in cut.out
    assert season.paid() == {"e1": 1, "e2": 1}
    assert door.clock.now() - door.gone < 2.5 * HOUR
    door.open()
    ended = apply(season)

    assert ended.code == 0, ended.all
    assert season.paid() == dict.fromkeys(("e1", "e2", "e3", "e4"), 1)
