"""What a plan says has changed."""

from runner.compile.planning.diff import MOST_FIELDS, MOST_LINES, diff_inputs
from runner.model.plan import FieldDiff


def test_the_same_inputs_do_not_differ() -> None:
    value = {"a": [1, {"b": None}], "c": "x\ny"}

    assert diff_inputs(value, {"c": "x\ny", "a": [1, {"b": None}]}) == ()


def test_fields_are_named_by_their_dotted_path() -> None:
    before = {"settings": {"takes": 1, "mode": "fast"}, "members": [{"id": "u1"}]}
    after = {"settings": {"takes": 2}, "members": [{"id": "u2"}, {"id": "u3"}]}

    assert diff_inputs(before, after) == (
        FieldDiff("settings.takes", "1", "2"),
        FieldDiff("settings.mode", "fast", None),
        FieldDiff("members[0].id", "u1", "u2"),
        FieldDiff("members[1]", None, '{"id": "u3"}'),
    )


def test_a_long_text_differs_by_its_lines() -> None:
    before = "one\ntwo\nthree\nfour"
    after = "one\n2\nthree\nfour\nfive"

    assert diff_inputs({"glossary": before}, {"glossary": after}) == (
        FieldDiff("glossary:2", "two", "2"),
        FieldDiff("glossary:5", None, "five"),
    )


def test_a_line_taken_out_is_shown_at_its_old_number() -> None:
    assert diff_inputs({"t": "a\nb\nc"}, {"t": "a\nc"}) == (FieldDiff("t:2", "b", None),)


def test_true_is_not_one_and_a_text_is_not_a_number() -> None:
    found = diff_inputs({"a": True, "b": 1}, {"a": 1, "b": "1"})

    assert [entry.field for entry in found] == ["a", "b"]


def test_a_huge_text_is_compared_without_growing_with_its_square() -> None:
    before = "\n".join(f"line {number}" for number in range(MOST_LINES * 3))
    after = "\n".join(f"other {number}" for number in range(MOST_LINES * 3))

    assert len(diff_inputs({"t": before}, {"t": after})) == MOST_FIELDS
