"""Answers of somebody in between: a cache that mixes them up, a gateway that repeats itself, or never ends."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from applying import Ended, captured
from faultbook import Fault
from workshop import Workshop, World, content_of, document, open_workshop

from runner.engine.state.store import read_state

MANIFEST = """\
version: 1
name: m
providers:
  workshop: {openapi: workshop.yaml, base_url: "BASE", settle: {effect: 200ms, lag: 20ms}}
jobs:
  one: {uses: workshop.USE, with: {title: first}, save: {file: out/one.bin}}
  two: {uses: workshop.USE, with: {title: second}, needs: [one], save: {file: out/two.bin}}
"""

Applied = Callable[[str], tuple[World, Ended]]


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with open_workshop() as made:
        yield made


@pytest.fixture
def mixed_up(workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Applied:
    """Applies two orders, of which the second is answered with what the first has got."""
    monkeypatch.setenv("NO_COLOR", "1")

    def apply(use: str) -> tuple[World, Ended]:
        world = workshop.put(tmp_path.name, World())
        (tmp_path / "workshop.yaml").write_text(document(use))
        (tmp_path / "m.yaml").write_text(MANIFEST.replace("BASE", world.base).replace("USE", use))
        words = ["apply", "--auto-approve", "-f", str(tmp_path / "m.yaml")]
        first = captured([*words, "--target", "one"])
        assert first.code == 0, first.all
        world.stale = 1
        return world, captured(words)

    return apply


@pytest.mark.fault(
    "answers",
    "An order is answered with what another one got",
    sees="sending two … adopted two things-2",
    kept={"orders": 2, "files": 2, "facts": ("each has its own thing there",)},
)
def test_its_own_thing_is_found_in_the_list(mixed_up: Applied, tmp_path: Path, fault: Fault) -> None:
    world, ended = mixed_up("find")

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(world.ledger), files=len(list((tmp_path / "out").iterdir())))
    own = (tmp_path / "out" / "two.bin").read_bytes() == content_of("things-2")
    fault.fact("each has its own thing there", own)


@pytest.mark.fault(
    "answers",
    "answer to a paid call: without end",
    sees="sending one workshop.find … adopted one things-1",
    kept={"orders": 1, "files": 1},
)
def test_an_answer_without_end_is_not_read_to_it(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    world = workshop.put(tmp_path.name, World(huge=1))
    (tmp_path / "workshop.yaml").write_text(document("find"))
    (tmp_path / "m.yaml").write_text(MANIFEST.replace("BASE", world.base).replace("USE", "find"))

    ended = captured(["apply", "--auto-approve", "-f", str(tmp_path / "m.yaml"), "--target", "one"])

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(world.ledger), files=len(list((tmp_path / "out").iterdir())))


def test_without_a_contract_it_is_in_doubt_and_never_sent_again(mixed_up: Applied, tmp_path: Path) -> None:
    world, ended = mixed_up("none")

    assert ended.code == 5, ended.all
    assert len(world.ledger) == 2
    held = read_state(tmp_path / ".runner" / "m.db", "m").instances
    assert {address: one.phase.value for address, one in held.items()} == {"one": "ready", "two": "doubt"}
