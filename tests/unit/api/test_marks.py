"""Marks: one mark is one mark, however it is written."""

import random
import unicodedata

import pytest

from runner.api.lifecycles.marks import fold_mark, mark_in, mint_bits, minted_mark, with_mark
from runner.api.vocabulary.lifedata import Limit


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Caf\u00e9", "CAFE\u0301"),
        ("stra\u00dfe", "STRASSE"),
        ("  ep01 ", "ep01\u00a0"),
        ("\u01f0", "J\u030c"),
        ("\u212b", "\u00e5"),
    ],
)
def test_marks_meet_whatever_their_case_spaces_and_accents(left: str, right: str) -> None:
    assert fold_mark(left) == fold_mark(right)


def test_a_folded_mark_folds_to_itself() -> None:
    dice = random.Random(1)
    for _ in range(2000):
        text = "".join(
            chr(dice.choice([dice.randrange(32, 0x250), dice.randrange(0x300, 0x600)])) for _ in range(4)
        )
        folded = fold_mark(text)
        assert fold_mark(folded) == folded
        assert fold_mark(unicodedata.normalize("NFD", text)) == folded


@pytest.mark.parametrize("limit", [Limit(), Limit(30), Limit(40, r"^[a-z0-9-]+$")])
def test_a_minted_mark_keeps_its_bits_within_the_limit(limit: Limit) -> None:
    bits = mint_bits()

    mark = minted_mark("dub/" + "ep01/" * 40 + "fr-FR", bits, limit)

    assert mark.endswith(bits)
    assert len(mark) <= limit.max


@pytest.mark.parametrize(
    ("held", "mark"), [("ep01", "ep01"), (7, "7"), (" \u00a0\t", ""), ("", ""), (None, "")]
)
def test_spaces_alone_are_no_mark(held: object, mark: str) -> None:
    assert mark_in({"a": {"name": held}}, "/a/name") == mark


def test_minted_bits_differ() -> None:
    assert len({mint_bits() for _ in range(1000)}) == 1000


def test_a_mark_is_set_without_changing_what_was_given() -> None:
    inputs = {"a": {"b": 1}}

    made = with_mark(inputs, "/a/name", "m")

    assert made == {"a": {"b": 1, "name": "m"}}
    assert inputs == {"a": {"b": 1}}


def test_plain_letters_fold_as_all_others_do() -> None:
    dice = random.Random(2)
    for _ in range(2000):
        text = "".join(chr(dice.randrange(0, 128)) for _ in range(dice.randrange(8)))
        general = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).strip().casefold())
        assert fold_mark(text) == general
