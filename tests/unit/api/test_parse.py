import gc
from typing import Any

import pytest

from runner.api.openapi.parse import Unparsable, parse, place_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("012", "012"),
        ("2024-06-05", "2024-06-05"),
        ("12:30:45", "12:30:45"),
        ("+1", "+1"),
        ("1_000", "1_000"),
        ("-7", -7),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("~", None),
        ("'1'", "1"),
        ("!!str 1", "1"),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    parsed = parse(f"a: {text}", "f.yaml")["a"]
    assert parsed == value
    assert type(parsed) is type(value)


def test_keys_are_texts_so_that_status_codes_are_found() -> None:
    assert parse("responses: {200: ok, '404': gone}", "f.yaml") == {"responses": {"200": "ok", "404": "gone"}}


def test_a_merge_takes_the_base_and_the_own_keys_win() -> None:
    parsed = parse("base: &b {x: 1, y: 1}\nmore: &m {y: 2, z: 2}\nown: {<<: [*b, *m], z: 3}", "f.yaml")
    assert parsed["own"] == {"x": 1, "y": 1, "z": 3}


def test_a_repeated_key_is_refused_at_its_place() -> None:
    with pytest.raises(Unparsable) as caught:
        parse("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert str(caught.value.problem.where) == "f.yaml:3:1"


def test_a_broken_text_is_refused_with_place_and_line() -> None:
    with pytest.raises(Unparsable) as caught:
        parse("a: [1, 2\nb: 3\n", "f.yaml")
    problem = caught.value.problem
    assert problem.where.line == 2
    assert problem.source == "b: 3"


def test_broken_json_is_refused_too() -> None:
    with pytest.raises(Unparsable):
        parse('{"a": [1, 2}', "f.json")


def test_json_is_read_as_json() -> None:
    assert parse('{"a": [1, null, "2024-06-05"]}', "f.json") == {"a": [1, None, "2024-06-05"]}


def test_an_alias_bomb_stays_small() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    parsed = parse("\n".join(lines), "f.yaml")
    assert parsed["a39"][0] is parsed["a39"][1]


def test_an_alias_that_holds_itself_is_refused() -> None:
    with pytest.raises(Unparsable, match="holds itself"):
        parse("a: &a [*a]", "f.yaml")


def test_too_deep_a_text_is_refused() -> None:
    with pytest.raises(Unparsable, match="deeper"):
        parse("a: " + "[" * 300 + "]" * 300, "f.yaml")


def test_the_collector_runs_again_after_a_parse() -> None:
    parse("a: 1", "f.yaml")
    assert gc.isenabled()


def test_a_place_is_that_of_the_key_or_the_nearest_above() -> None:
    text = "a:\n  b:\n    - c: 1\n    - d: 2\n"
    assert str(place_of(text, "f.yaml", ("a", "b", 1, "d"))[0]) == "f.yaml:4:7"
    assert place_of(text, "f.yaml", ("a", "nothing"))[1] == "a:"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.json", '{"a":' + "[" * 100_000),
        ("a.yaml", "a: " + "[" * 100_000),
        ("a.yaml", "a: " + "[" * 300 + "]" * 300),
        ("a.yaml", "- " * 100_000 + "x"),
        ("a.yaml", "\n".join(" " * level + "a:" for level in range(1500))),
    ],
    ids=["json", "unclosed", "closed", "dashes", "indents"],
)
def test_a_text_that_is_nested_without_end_is_refused(file: str, text: str) -> None:
    with pytest.raises(Unparsable) as caught:
        parse(text, file)
    assert "nested" in caught.value.problem.message


def test_broken_json_is_told_as_json_and_with_a_comma_too_many_it_is_read() -> None:
    with pytest.raises(Unparsable) as caught:
        parse('{"a": [1,\n 2}', "a.json")
    assert caught.value.problem.message.startswith("not valid JSON")
    assert caught.value.problem.where.line == 2
    assert parse('{"a": 1,}', "a.json") == {"a": 1}
