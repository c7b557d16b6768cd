"""The quick reader of large documents gives what the whole parser gives, or leaves the text to it."""

import random
from pathlib import Path
from typing import Any

import pytest

from runner.api import parse as whole
from runner.api.parse import Unparsable, parse
from runner.api.plain_yaml import Unsure, read_plain

ROOT = Path(__file__).parents[3]
TEXTS = [
    file.read_text(encoding="utf-8")
    for file in sorted([*ROOT.glob("schemas/providers/*.yaml"), *ROOT.glob("manifests/*/*.yaml")])
]
PIECES = [*" :-#'\"{}[]|>&*!?,\n\\%@`", "\n  ", "\n    ", " #", "- ", ": ", "  ", "\t", "~", "0", "<<: "]

TRICKY = """\
a: 1
'b c': "two: 2"   # said
"c": 'it''s'
/path/{id}: {get: [x, "y: z"]}
200:
- one
-   k: v

    l:  [1,
      2]
- - nested
-
  m: n
-
text: goes
  on and

  on
block: |-
  # no comment
    deeper

  - no item
folded: >
  one
  two
empty:
date: 2020-01-01
off: off
octal: 012
url: http://x/y#z
last: -5
"""


def quick(text: str) -> Any:
    return read_plain(text, whole._plain_value, whole._snippet)


def same(one: Any, other: Any) -> bool:
    """Equal, with the same types and the same order of keys."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def test_what_looks_odd_is_read_as_the_parser_reads_it() -> None:
    text = TRICKY.replace("- - nested\n", "")
    assert same(quick(text), parse(text, "d.yaml"))


@pytest.mark.parametrize(
    "line",
    [
        "- - nested",
        "a: &x 1",
        "a: *x",
        "a: !t 1",
        "? a",
        "<<: {a: 1}",
        "\ta: 1",
        "--- a",
        "a: b: c",
        "a: 1\na: 2",
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(line: str) -> None:
    with pytest.raises(Unsure):
        quick(f"first:\n  x: 1\n{line}\n")


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_text_is_never_read_as_anything_else(seed: int) -> None:
    chance = random.Random(seed)
    sure = 0
    for _ in range(60):
        text = damaged(chance.choice([*TEXTS, TRICKY]), chance)
        try:
            found = quick(text)
        except Unsure:
            continue
        sure += 1
        try:
            expected = parse(text, "d.yaml")
        except Unparsable as broken:
            pytest.fail(f"read although broken ({broken}):\n{text}")
        assert same(found, expected), text
    assert sure > 5


def damaged(text: str, chance: random.Random) -> str:
    """A part of a text that begins in the first column, with some characters more or less."""
    lines = text.split("\n")
    start = chance.randrange(max(1, len(lines) - 30))
    while start > 0 and (not lines[start] or lines[start][0] in " #-"):
        start -= 1
    made = "\n".join(lines[start : start + chance.randrange(3, 60)])
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(made) + 1)
        if chance.random() < 0.6:
            made = made[:place] + chance.choice(PIECES) + made[place:]
        else:
            made = made[:place] + made[place + chance.randrange(1, 4) :]
    return made
