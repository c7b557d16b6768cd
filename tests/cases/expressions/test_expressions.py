"""Expressions and keys that other tools get wrong: each file in this folder is one case.

A case has a `why`, the `row` of a table or other `names` that the expression reads, the scalar `text`, and
either the `value` (and its Python `type`), the `error` with its hint, or the error's `message` alone. With
`key: true` the text's value is made an item's key.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.compile.expressions.scope import Each
from runner.compile.expressions.template import ExpressionError, compile_value
from runner.compile.instances.keys import key_of

CASES = sorted(Path(__file__).parent.glob("*.yaml"))


def names_of(case: dict[str, Any]) -> dict[str, Any]:
    names = dict(case.get("names", {}))
    if "row" in case:
        names["each"] = Each("k", case["row"], 0, (("", "k"),))
        names["row"] = names["item"] = case["row"]
    return names


def outcome(case: dict[str, Any]) -> Any:
    value = compile_value(case["text"]).evaluate(names_of(case))
    return key_of(value) if case.get("key") else value


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_the_expression_comes_to_what_its_case_says(file: Path) -> None:
    case = yaml.safe_load(file.read_text(encoding="utf-8"))

    if "message" in case:
        with pytest.raises(ExpressionError) as caught:
            outcome(case)
        assert caught.value.message == case["message"]
    elif "error" in case:
        with pytest.raises(ExpressionError) as caught:
            outcome(case)
        assert str(caught.value) == case["error"]
    else:
        value = outcome(case)
        assert value == case["value"]
        assert type(value).__name__ == case.get("type", type(case["value"]).__name__)


def test_there_are_at_least_twenty_cases() -> None:
    assert len(CASES) >= 20
