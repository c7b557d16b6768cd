"""The quick reader of large documents gives what the whole parser gives, or leaves the text to it."""

import random
from typing import Any

import pytest

from runner.api.openapi.parse import Unparsable, by_parser, plain_value
from runner.api.openapi.plain_yaml import Unsure, read_plain
from tests.support.odd_yaml import TEXTS, TRICKY, damaged, same


def quick(text: str) -> Any:
    return read_plain(text, plain_value, by_parser)


def test_what_looks_odd_is_read_as_the_parser_reads_it() -> None:
    assert same(quick(TRICKY), by_parser(TRICKY, "d.yaml"))


def test_the_usual_pieces_need_no_parser() -> None:
    assert same(read_plain(TRICKY, plain_value, refused), by_parser(TRICKY, "d.yaml"))


def refused(text: str) -> Any:
    pytest.fail(f"this was left to the parser:\n{text}")


def test_a_value_that_is_mentioned_twice_is_there_once() -> None:
    made = quick("a: &x {b: [1]}\nc: *x\n")
    assert made["a"] is made["c"]


@pytest.mark.parametrize(
    "line",
    [
        "- - nested",
        "a: &x 1\nb: &x 2",
        "a: *x\nb: &x 1",
        "a: &x [*x]",
        "a: &x\n  - &x 1",
        "a: {b: &x 1}\nb: [&x 2]",
        "a: &x 1\nb: {<<: *x}",
        "a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x",
        'a: &x {b: "\\t"}\nb: {c: "\\t", d: *x}',
        "a: [1, 2",
        "a: [1, 2] 3",
        "a: {b: 1, b: 2}",
        "a: {b: c: d}",
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
    for _ in range(100):
        text = damaged(chance.choice([*TEXTS, TRICKY]), chance)
        try:
            found = quick(text)
        except Unsure:
            continue
        sure += 1
        try:
            expected = by_parser(text, "d.yaml")
        except Unparsable as broken:
            pytest.fail(f"read although broken ({broken}):\n{text}")
        assert same(found, expected), text
    assert sure > 5
