"""The examples of OpenAPI 3.1, "Style Examples", for the parameter `color`."""

from typing import Any

import pytest

from runner.api.operation import Parameter
from runner.api.parameters import header_text, path_text, query_pairs, quoted_query

ARRAY = ["blue", "black"]
OBJECT = {"R": 100, "G": 200}


def parameter(place: str, style: str, explode: bool, **more: Any) -> Parameter:
    return Parameter("color", place, "color", False, {}, style, explode, **more)


@pytest.mark.parametrize(
    ("style", "explode", "value", "text"),
    [
        ("simple", False, "blue", "blue"),
        ("simple", False, ARRAY, "blue,black"),
        ("simple", False, OBJECT, "R,100,G,200"),
        ("simple", True, OBJECT, "R=100,G=200"),
        ("label", False, "blue", ".blue"),
        ("label", False, ARRAY, ".blue,black"),
        ("label", True, ARRAY, ".blue.black"),
        ("label", True, OBJECT, ".R=100.G=200"),
        ("matrix", False, "blue", ";color=blue"),
        ("matrix", False, ARRAY, ";color=blue,black"),
        ("matrix", True, ARRAY, ";color=blue;color=black"),
        ("matrix", False, OBJECT, ";color=R,100,G,200"),
        ("matrix", True, OBJECT, ";R=100;G=200"),
    ],
)
def test_a_parameter_in_the_path(style: str, explode: bool, value: Any, text: str) -> None:
    assert path_text(parameter("path", style, explode), value) == text


@pytest.mark.parametrize(
    ("style", "explode", "value", "pairs"),
    [
        ("form", True, "blue", [("color", "blue")]),
        ("form", True, ARRAY, [("color", "blue"), ("color", "black")]),
        ("form", False, ARRAY, [("color", "blue,black")]),
        ("form", True, OBJECT, [("R", "100"), ("G", "200")]),
        ("form", False, OBJECT, [("color", "R,100,G,200")]),
        ("spaceDelimited", False, ARRAY, [("color", "blue black")]),
        ("pipeDelimited", False, ARRAY, [("color", "blue|black")]),
        ("deepObject", True, OBJECT, [("color[R]", "100"), ("color[G]", "200")]),
        ("form", True, True, [("color", "true")]),
        ("form", True, 1.5, [("color", "1.5")]),
        ("form", True, [], []),
    ],
)
def test_a_parameter_in_the_query(
    style: str, explode: bool, value: Any, pairs: list[tuple[str, str]]
) -> None:
    assert query_pairs(parameter("query", style, explode), value) == pairs


def test_a_parameter_written_as_json() -> None:
    assert query_pairs(parameter("query", "form", True, media="application/json"), OBJECT) == [
        ("color", '{"R":100,"G":200}')
    ]


def test_reserved_characters_stay_where_they_may() -> None:
    assert quoted_query("a b", "x/y&z", reserved=False) == "a%20b=x%2Fy%26z"
    assert quoted_query("a", "x/y&z#+", reserved=True) == "a=x/y%26z%23%2B"


def test_a_parameter_in_a_header() -> None:
    assert header_text(parameter("header", "simple", False), ARRAY) == "blue,black"
    assert header_text(parameter("header", "simple", True), OBJECT) == "R=100,G=200"
