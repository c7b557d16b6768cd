"""Rows as YAML: pasted into a manifest they are what they were in the table."""

from typing import Any

import pytest

from runner.compile.expressions.template import compile_value
from runner.compile.text.source import parse_yaml
from runner.workbook.as_yaml import rows_yaml


def pasted(value: Any) -> Any:
    """What a manifest makes of the printed rows: its YAML, then its expressions."""
    source = parse_yaml(rows_yaml(value), "manifest.yaml")
    assert source.problems == ()
    return evaluated(source.value)


def evaluated(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: evaluated(child) for key, child in value.items()}
    if isinstance(value, list):
        return [evaluated(child) for child in value]
    return compile_value(value).evaluate({}) if isinstance(value, str) else value


def test_rows_are_a_list_with_a_field_a_line() -> None:
    assert rows_yaml([{"Line ID": "00123", "Character": "Mara", "seconds": 12.5, "note": None}]) == (
        '- "Line ID": "00123"\n  Character: "Mara"\n  seconds: 12.5\n  note: null\n'
    )


@pytest.mark.parametrize(
    "text",
    ["00123", "no", "true", "null", "~", "", " both ", "1e5", "12:30", "2024-01-01", "=1+1", "- a", "# b", "a: b",
     "'q' \"q\"", "a\\b", "two\nlines\r\n", "tab\there", "\x07\x7f\x85\u2028\ufeff", "😀 é עברית", "<<", "*a", "&a",
     "${{ vars.x }}", "a ${{", "}} ${{ ${{ '", "${{ '${{' }}", "{% raw %}", "{# no #}", "$${{"],
)  # fmt: skip
def test_a_text_is_the_same_text_again(text: str) -> None:
    assert pasted([{"cell": text}]) == [{"cell": text}]
    assert pasted([{"nested": [{"cell": text}, text]}]) == [{"nested": [{"cell": text}, text]}]


@pytest.mark.parametrize(
    "name", ["Line ID", "true", "no", "1", "", "a: b", "é", "<<", "x\ny", "null", "Text_FR-FR"]
)
def test_a_heading_is_the_same_heading_again(name: str) -> None:
    assert pasted([{name: 1}]) == [{name: 1}]


@pytest.mark.parametrize(
    "number", [0, -7, 12.0, 0.1, 1e-9, 1.5e300, -2.5, 10**30, -(10**50), 1e-60, True, False, None]
)
def test_a_value_is_the_same_value_again(number: Any) -> None:
    (row,) = pasted([{"cell": number}])
    assert row["cell"] == number
    assert isinstance(row["cell"], bool) == isinstance(number, bool)


def test_rows_by_key_are_a_mapping() -> None:
    rows = {"ep01": {"id": 1}, "no": {"id": 2}, "empty": {}}
    assert rows_yaml(rows) == "ep01:\n  id: 1\nno:\n  id: 2\nempty:\n  {}\n"
    assert pasted({"a b": {"x": [1, {"y": None}]}}) == {"a b": {"x": [1, {"y": None}]}}


def test_rows_that_are_no_mappings_and_no_rows_at_all_are_yaml_too() -> None:
    assert pasted(["fr-FR", 2, ["a"], {}]) == ["fr-FR", 2, ["a"], {}]
    assert (rows_yaml([]), rows_yaml({})) == ("[]\n", "{}\n")
