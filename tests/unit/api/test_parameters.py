"""The examples of OpenAPI 3.1, "Style Examples", for the parameter `color`."""

from typing import Any

import pytest

from runner.api.openapi.operation import Parameter
from runner.api.openapi.parameters import cookie_texts, form_text, header_text, path_text, query_texts

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
    ("style", "explode", "value", "texts"),
    [
        ("form", True, "blue", ["color=blue"]),
        ("form", True, ARRAY, ["color=blue", "color=black"]),
        ("form", False, ARRAY, ["color=blue,black"]),
        ("form", True, OBJECT, ["R=100", "G=200"]),
        ("form", False, OBJECT, ["color=R,100,G,200"]),
        ("spaceDelimited", False, ARRAY, ["color=blue%20black"]),
        ("spaceDelimited", True, ARRAY, ["color=blue", "color=black"]),
        ("spaceDelimited", False, OBJECT, ["color=R%20100%20G%20200"]),
        ("pipeDelimited", False, ARRAY, ["color=blue%7Cblack"]),
        ("deepObject", True, OBJECT, ["color[R]=100", "color[G]=200"]),
        (
            "deepObject",
            True,
            {"at": {"gte": 1}, "of": ["a", "b"]},
            ["color[at][gte]=1", "color[of][0]=a", "color[of][1]=b"],
        ),
        ("form", True, True, ["color=true"]),
        ("form", True, 1.5, ["color=1.5"]),
        ("form", True, [], []),
        ("form", False, ["a,b", "c d"], ["color=a%2Cb,c%20d"]),
    ],
)
def test_a_parameter_in_the_query(style: str, explode: bool, value: Any, texts: list[str]) -> None:
    assert query_texts(parameter("query", style, explode), value) == texts


def test_a_parameter_written_as_json() -> None:
    assert query_texts(parameter("query", "form", True, media="application/json"), {"R": 100}) == [
        "color=%7B%22R%22%3A100%7D"
    ]


def test_reserved_characters_stay_where_they_may() -> None:
    assert query_texts(parameter("query", "form", True), "x/y&z") == ["color=x%2Fy%26z"]
    assert query_texts(parameter("query", "form", True, reserved=True), "x/y&z#+") == ["color=x/y%26z%23%2B"]
    assert path_text(parameter("path", "simple", False, reserved=True), "a/b c?d") == "a/b%20c%3Fd"


def test_a_cookie_cannot_end_early() -> None:
    assert cookie_texts(parameter("cookie", "form", True), "a; b=c,é") == ["color=a%3B%20b=c%2C%C3%A9"]
    assert cookie_texts(parameter("cookie", "form", False), ARRAY) == ["color=blue,black"]


def test_a_form_gives_lists_and_mappings_the_style_of_their_encoding() -> None:
    fields = {
        "items": [{"price": "p_1", "n": 2}],
        "metadata": {"a b": "c&d"},
        "tags": ["x", "y"],
        "raw": {"k": 1},
    }
    deep = {"style": "deepObject", "explode": True}
    encoding = {"items": deep, "metadata": deep, "tags": {"style": "form", "explode": False}}
    assert form_text(fields, encoding).split("&") == [
        "items[0][price]=p_1",
        "items[0][n]=2",
        "metadata[a%20b]=c%26d",
        "tags=x,y",
        "raw=%7B%22k%22%3A1%7D",
    ]
    assert form_text({"tags": ["x", "y"]}) == "tags=x&tags=y"


def test_a_parameter_in_a_header() -> None:
    assert header_text(parameter("header", "simple", False), ARRAY) == "blue,black"
    assert header_text(parameter("header", "simple", True), OBJECT) == "R=100,G=200"
