"""Ids that are counted: a card 1 and a sign 1 are two things, and whoever has the one has not got the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from applying import Ended, captured
from faultbook import Fault
from workshop import Counted, Workshop, World, document, open_workshop

MANIFEST = """\
version: 1
name: m
providers:
  workshop: {openapi: workshop.yaml, base_url: "BASE", settle: {effect: 200ms, lag: 20ms}}
jobs:
  card:
    uses: workshop.card
    with: {title: C, ref: c}
"""

SIGN = """\
  sign:
    uses: workshop.sign
    needs: [card]
    with: {title: S, ref: s}
    save: {file: out/sign.bin}
"""


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with open_workshop() as made:
        yield made


@pytest.fixture
def world(workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A card was made, as the first; from now on a sign is wanted too."""
    monkeypatch.setenv("NO_COLOR", "1")
    world = workshop.put(tmp_path.name, Counted())
    (tmp_path / "workshop.yaml").write_text(document("card", "sign"))
    text = MANIFEST.replace("BASE", world.base)
    (tmp_path / "m.yaml").write_text(text)
    assert apply(tmp_path).code == 0
    (tmp_path / "m.yaml").write_text(text + SIGN)
    return world


def apply(folder: Path, *words: str) -> Ended:
    return captured(["apply", "--auto-approve", *words, "-f", str(folder / "m.yaml")])


@pytest.mark.fault(
    "lists",
    "The id of what a lost call made is also that of something of another sort",
    sees="sending sign … adopted sign",
    kept={"orders": 2, "files": 1},
)
def test_a_lost_thing_is_found_under_a_number_that_another_sort_has_too(
    world: World, tmp_path: Path, fault: Fault
) -> None:
    world.lose = 1

    ended = apply(tmp_path)

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(world.ledger), files=len(list((tmp_path / "out").iterdir())))


def test_a_strangers_thing_is_seen_under_a_number_that_another_sort_has_too(
    world: World, tmp_path: Path
) -> None:
    world._one("signs", {"title": "S", "ref": "s"})

    ended = apply(tmp_path)

    assert ended.code == 7, ended.all
    assert len(world.ledger) == 2
