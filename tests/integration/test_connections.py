"""Whole runs over a wire that fails: under each contract, in each way, on a new connection and on one kept alive."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from applying import Ended, captured
from middlebox import EFFECT, WAYS, Middlebox, between
from ports import free_port
from workshop import Workshop, World, document, open_workshop

from runner.engine.state.store import read_state

MANIFEST = """\
version: 1
name: m
webhooks: {{listen: "127.0.0.1:{hook}"}}
providers:
  workshop: {{openapi: workshop.yaml, base_url: "{base}", max_in_flight: 1,
             settle: {{effect: 200ms, lag: 30ms}}}}
jobs:
  one: {{uses: workshop.{use}, with: {{title: first}}}}
  two: {{uses: workshop.{use}, with: {{title: second}}, needs: [one]}}
"""


@dataclass
class Wired:
    """A folder, its manifest, the world that it speaks to and what stands between."""

    folder: Path
    world: World
    box: Middlebox

    def apply(self, *words: str) -> Ended:
        return captured(["apply", "-f", str(self.folder / "m.yaml"), "--auto-approve", *words])

    def phases(self) -> dict[str, str]:
        state = read_state(self.folder / ".runner" / "m.db", "m")
        return {address: held.phase.value for address, held in state.instances.items()}


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with open_workshop() as made:
        yield made


@pytest.fixture
def wired(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Wired]]:
    monkeypatch.setenv("NO_COLOR", "1")
    with ExitStack() as stack:

        def make(use: str, **how: Any) -> Wired:
            world = workshop.put(tmp_path.name, World())
            box = stack.enter_context(between(workshop.url, about=b"second", **how))
            (tmp_path / "workshop.yaml").write_text(document(use))
            text = MANIFEST.format(hook=free_port(), base=f"{box.url}/{tmp_path.name}", use=use)
            (tmp_path / "m.yaml").write_text(text)
            return Wired(tmp_path, world, box)

        yield make


SOME = ("lost-close", "cut", "half")
SETTLED = [
    (use, way, keep)
    for use, ways in (("find", WAYS), ("key", SOME), ("both", SOME))
    for way in ways
    for keep in (True, False)
]
UNTOLD = [("none", way) for way in WAYS] + [("hook", way) for way in WAYS if way not in EFFECT]


@pytest.mark.parametrize(("use", "way", "keep"), SETTLED)
def test_a_contract_settles_a_lost_answer_and_it_is_ordered_once(
    wired: Callable[..., Wired], use: str, way: str, keep: bool
) -> None:
    run = wired(use, way=way, keep=keep)

    ended = run.apply()

    assert ended.code == 0, ended.all
    assert run.world.ordered() == {"first": 1, "second": 1}
    assert (run.box.suffered[0].place > 1) == keep
    # What the API has not done is sent once more; what it has done only where a key makes a repeat harmless.
    assert run.box.posts() == 2 + (way not in EFFECT or use == "key")


@pytest.mark.parametrize("way", sorted(EFFECT))
def test_a_notification_settles_a_lost_answer(wired: Callable[..., Wired], way: str) -> None:
    run = wired("hook", way=way)

    ended = run.apply()

    assert ended.code == 0, ended.all
    assert run.world.ordered() == {"first": 1, "second": 1}
    assert run.box.posts() == 2


@pytest.mark.parametrize(("use", "way"), UNTOLD)
def test_where_nothing_tells_what_became_of_it_it_is_in_doubt_and_not_sent_again(
    wired: Callable[..., Wired], use: str, way: str
) -> None:
    run = wired(use, way=way)

    ended = run.apply()
    again = run.apply()

    assert (ended.code, again.code) == (5, 5), ended.all + again.all
    assert run.phases() == {"one": "ready", "two": "doubt"}
    assert run.world.ordered()["second"] == (way in EFFECT)
    assert run.box.posts() == 2
    if use == "none":  # nobody could tell a connection that died idle from one that carried the call
        assert run.box.suffered[0].place == 1


@pytest.mark.parametrize("use", ["find", "key", "both", "hook", "none"])
def test_while_nobody_takes_connections_nothing_is_ordered_and_the_next_apply_does_it(
    wired: Callable[..., Wired], use: str
) -> None:
    run = wired(use)
    text = (run.folder / "m.yaml").read_text()
    (run.folder / "m.yaml").write_text(text.replace(run.box.url, f"http://127.0.0.1:{free_port()}"))

    ended = run.apply()
    ordered = dict(run.world.ordered())
    (run.folder / "m.yaml").write_text(text)
    again = run.apply()

    assert ended.code in (1, 7), ended.all
    assert "Connection refused" in ended.all or "could not be read" in ended.all, ended.all
    assert ordered == {}
    assert again.code == 0, again.all
    assert run.world.ordered() == {"first": 1, "second": 1}


@pytest.mark.parametrize(
    ("base", "words"),
    [
        pytest.param(
            base,
            words,
            id=title,
            marks=pytest.mark.fault(
                "connection",
                title,
                sees=words,
                kept={"orders": 0, "facts": ("the next apply orders each once",)},
            ),
        )
        for title, base, words in [
            (
                "connection refused",
                "http://127.0.0.1:{port}",
                "no connection to 127.0.0.1:…: Connection refused",
            ),
            (
                "name that cannot be resolved",
                "http://no-such-host.invalid",
                "the name no-such-host.invalid cannot be resolved",
            ),
            ("TLS refused", "https://127.0.0.1:{plain}", "no secure connection to 127.0.0.1:"),
        ]
    ],
)
def test_an_api_that_cannot_be_reached_gets_no_order_and_the_next_apply_sends_it(
    wired: Callable[..., Wired], fault: Any, base: str, words: str
) -> None:
    run = wired("none")
    text = (run.folder / "m.yaml").read_text()
    away = base.format(port=free_port(), plain=run.box.url.rpartition(":")[2])
    (run.folder / "m.yaml").write_text(text.replace(run.box.url, away))

    ended = run.apply()
    ordered = sum(run.world.ordered().values())
    (run.folder / "m.yaml").write_text(text)
    again = run.apply()

    assert ended.code == 1, ended.all
    fault.saw(ended.all)
    fault.kept(orders=ordered)
    once = again.code == 0 and run.world.ordered() == {"first": 1, "second": 1}
    fault.fact("the next apply orders each once", once)


@pytest.mark.fault(
    "connection",
    "the answer is lost, and the API offers no way to look",
    sees="its answer was lost, and workshop offers no way to look it up",
    kept={"orders": 2, "doubt": 1, "facts": ("it is never sent again by itself",)},
)
def test_a_lost_answer_without_a_contract_is_shown_as_doubt(wired: Callable[..., Wired], fault: Any) -> None:
    run = wired("none", way="cut")

    ended = run.apply()
    run.apply()

    assert ended.code == 5, ended.all
    fault.saw(ended.out)
    fault.kept(orders=sum(run.world.ordered().values()), doubt=list(run.phases().values()).count("doubt"))
    fault.fact("it is never sent again by itself", run.box.posts() == 2)
