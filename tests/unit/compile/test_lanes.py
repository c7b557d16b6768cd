"""The quick lanes say the same as the whole way, whatever stands in an item."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from runner.compile.checks.input_schema import InputSchema
from runner.compile.expressions.scope import Each, Env
from runner.compile.expressions.template import ExpressionError, compile_value
from runner.compile.expressions.tree import Constant, Fields, Items, compile_tree
from runner.compile.instances.keys import key_of
from runner.compile.instances.paths import check_path, same_path
from runner.model.text import FileText, LocalFile, PublishedUrl, Secret
from runner.model.unknown import Unknown, UnknownReached

VALUES: Mapping[str, Any] = {
    "a text": "Der Leuchtturm", "an empty text": "", "blanks": "  ", "digits": "0012", "a fraction": "2.50",
    "an exponent": "1e3", "a sign": "-7", "digits of another script": "٣٤", "percent": "100 % %s", "emoji": "🎬 ü",
    "a decomposed letter": "u\u0308", "a word": "no", "true": True, "false": False, "zero": 0, "a number": 42,
    "negative": -3, "huge": 10**30, "a float": 2.5, "a whole float": 3.0, "not a number": float("nan"),
    "infinite": float("inf"), "null": None, "a list": ["a", None, 1], "a tuple": ("a", 1), "an empty list": [],
    "a mapping": {"title": "x", "none": None, "1": "one"}, "a date": date(2026, 1, 2), "a set": frozenset({1}),
    "a secret": Secret("hush", "env.KEY"), "a text of a file": FileText("tu", "a.txt"),
    "a published file": PublishedUrl("https://x/y", "ab"), "a file": LocalFile("/x/y", "cd"), "bytes": b"x",
    "unknown": Unknown("jobs.dub.outputs.id"),
}  # fmt: skip

EXPRESSIONS = [
    "${{ each.x }}", "${{each.key}}", "${{ each.index }}", "${{ each.value }}", "${{ each.keys }}", "${{ each }}",
    "${{ each.missing }}", "${{ each.x.title }}", '${{ each.x["1"] }}', "${{ each.x[0] }}", "${{ each['x'] }}",
    "${{ vars.cdn }}/${{ each.x }}", "${{ each.x }} ${{ each.y }} 100%", "${{ each.x }}${{ each.missing }}",
    "${{ vars.nothing.at.all }}", "${{ env.SET }}-${{ each.x }}", "${{ env.UNSET }}", "${{ item.x }}",
    "${{ data.rows[each.key].x }}", "${{ data.rows[each.x] }}", "${{ data.rows[each.missing].x }}",
    "${{ each.x | number }}", "${{ each.x | int }}", "${{ each.x | float }}", "${{ each.x | string }}",
    '${{ each.x | default("none") }}', "${{ each.missing | default(3) }}", '${{ each.x | default("d", true) }}',
    "${{ each.x | default }}", "${{ each.x | d(each.y) }}", "${{ each.x | upper }}", "${{ each.x | title }}",
    "${{ each.x | trim | lower }}", "${{ each.x | length }}", "${{ each.x | abs }}", "${{ each.x | round(1) }}",
    "${{ each.x | seconds }}", "${{ (each.x | number) / 60 }}", "${{ (each.x | seconds) / 60 }}",
    "${{ each.x * 2 }}", "${{ each.x + each.y }}", "${{ each.x - 1 }}", "${{ each.x / 0 }}", '${{ "a" ~ each.x }}',
    '${{ each.x == "no" }}', "${{ each.x != 42 }}", "${{ each.x < 3 }}", "${{ each.x >= each.y }}",
    "${{ not each.x }}", "${{ each.x and each.y }}", "${{ each.x or each.y }}", "${{ each.missing or each.y }}",
    '${{ each.y if each.x == "no" else "z" }}', "${{ each.y if each.x }}", "${{ each.x if each.missing else 1 }}",
    "${{ each.x | upper(1) }}", "${{ each.x | number(1) }}", "${{ each.x | split }}", "${{ each.x is none }}",
    "before ${{ each.x | number }} after", "${{ each.x | default('') }} ${{ each.y | upper }}",
]  # fmt: skip


def worlds() -> Iterator[tuple[str, dict[str, Any]]]:
    """The names of one instance for each value: of a plain item, of an item of a product, without any item."""
    common = {"vars": {"cdn": "https://cdn"}, "env": Env({"SET": "1"}), "data": {"rows": {"k": {"x": 1}}}}
    for name, value in VALUES.items():
        item = {"x": value, "y": "why"}
        yield name, {**common, "each": Each("k", item, 3, (("", "k"),))}
        pairs = (("x", "k"), ("y", "l"))
        yield f"{name}, of a product", {**common, "each": Each("k/l", (value, "why"), 3, pairs)}
        yield f"{name}, by itself", {**common, "each": Each("k", value, 3, (("", "k"),))}
    yield "nothing", common


def said(work: Any, *arguments: Any) -> Any:
    """What came of a call, as something to compare: a value with its types, or an error with all it says."""
    try:
        return spelled(work(*arguments))
    except ExpressionError as error:
        return type(error), error.message, error.hint, error.code
    except UnknownReached as reached:
        return "unknown", reached.unknown.reason


def spelled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return type(value), [(name, spelled(value[name])) for name in value]
    if isinstance(value, list | tuple):
        return type(value), [spelled(child) for child in value]
    reference = getattr(value, "reference", "") if isinstance(value, str) else ""
    return type(value), repr(value), str.__str__(value) if isinstance(value, str) else "", reference


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_comes_to_the_same_by_its_lane_and_by_the_whole_way(text: str) -> None:
    template = compile_value(text)
    whole = replace(template, lane=None)

    found = {name: said(template.evaluate, names) for name, names in worlds()}

    assert found == {name: said(whole.evaluate, names) for name, names in worlds()}


@pytest.mark.parametrize(
    "text", [*EXPRESSIONS[:12], "${{ each.x | number }}", "${{ (each.x | seconds) / 60 }}"]
)
def test_most_expressions_of_plain_values_have_a_lane(text: str) -> None:
    assert (compile_value(text).lane is not None) != ("[0]" in text)


@pytest.mark.parametrize(
    "raw",
    [
        {"a": "${{ each.x }}", "b": "${{ each.y }}", "c": {"d": "${{ each.x }}", "e": 1}, "f": None},
        {"a": ["${{ each.x }}", 1, None, {"b": "${{ each.y }}"}], "z": "${{ each.x }} ${{ each.y }}"},
        ["${{ each.x }}", "${{ each.x | number }}", ["${{ each.missing }}"]],
        {"a": {"$each": "${{ each.x }}", "$item": "${{ item }}"}, "b": "${{ each.x }}"},
    ],
)
def test_a_mapping_comes_to_the_same_with_the_same_problems(raw: Any) -> None:
    def evaluated(node: Any, names: Mapping[str, Any]) -> Any:
        told: list[Any] = []
        value = node.evaluate(names, lambda path, error: told.append((path, error.message, error.hint)))
        return spelled(value), told

    def slow(node: Any) -> Any:
        if isinstance(node, Fields):
            return replace(node, lane=None, fields=tuple((name, slow(one)) for name, one in node.fields))
        if isinstance(node, Items):
            return replace(node, lane=None, items=tuple(slow(one) for one in node.items))
        return node if isinstance(node, Constant) or not hasattr(node, "template") else (
            replace(node, template=replace(node.template, lane=None))
        )  # fmt: skip

    quick = compile_tree(raw, ("with",), lambda path, error: None)

    found = {name: evaluated(quick, names) for name, names in worlds()}

    assert found == {name: evaluated(slow(quick), names) for name, names in worlds()}


class Text(str):
    """A text that is no plain one: what looks at it takes the whole way."""


@pytest.mark.parametrize(
    "key",
    ["ep01", "s01e000001-fr-FR", "a/b", "a b", "", "é", "e\u0301", "x" * 128, "x" * 129, "a\n",
     "_.-+@:", "Ⅷ", "a\u200b"],
)  # fmt: skip
def test_a_key_is_the_same_either_way(key: str) -> None:
    assert said(key_of, key) == said(key_of, Text(key))


PATHS = [
    "out/ep01.mp4", "a", "", " ", " a", "a ", "out//b", "/etc/passwd", "../a", "a/../b", "a/./b", ".hidden",
    "a/.hidden", "C:/x", "C:x", "a:b/c", "~/x", "a~", "a\\b", "..\\a", "a/", "a\0b", "Über/Straße.MP4", "A/B.Mp4",
    "a.", "-a/=b",    "out/..", "out/a\n", "...", "a/ b",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_judged_the_same_either_way(path: str) -> None:
    assert said(check_path, path)[1:] == said(check_path, Text(path))[1:]


@pytest.mark.parametrize("path", [path for path in PATHS if not path.startswith((".", "/", "\\"))])
def test_a_path_is_the_same_file_either_way(path: str) -> None:
    assert same_path(path) == same_path(f"./{path}")


FIELDS: Mapping[str, Any] = {
    "text": {"type": "string"}, "flag": {"type": "boolean"}, "whole": {"type": "integer"},
    "number": {"type": "number"}, "choice": {"type": "string", "enum": ["no", "a", "Der Leuchtturm"]},
    "mixed choice": {"enum": [1, "no", None]}, "number of some": {"type": "integer", "enum": [42, 0]},
    "short": {"type": "string", "maxLength": 4}, "long": {"type": "string", "minLength": 1, "maxLength": 9},
    "pattern": {"type": "string", "pattern": "^[0-9]+$"}, "bad pattern for us": {"type": "string", "format": "uri"},
    "least": {"type": "number", "minimum": 0}, "most": {"type": "integer", "minimum": -5, "maximum": 41},
    "open": {"type": "number", "exclusiveMinimum": 0}, "step": {"type": "integer", "multipleOf": 2},
    "nullable": {"type": ["string", "null"]}, "either": {"type": ["string", "integer"]}, "anything": True,
    "nothing": False, "a list": {"type": "array", "items": {"type": "string"}}, "an object": {"type": "object"},
    "elsewhere": {"$ref": "#/$defs/Choice"}, "elsewhere with more": {"$ref": "#/$defs/Choice", "maxLength": 3},
    "by length of a number": {"type": "integer", "minLength": 3}, "odd bound": {"type": "string", "minimum": 3},
}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("closed", [True, False])
def test_inputs_that_quickly_fit_have_no_fault(field: str, closed: bool) -> None:
    from jsonschema import Draft202012Validator

    defs = {"Choice": {"type": "string", "enum": ["no", "Der Leuchtturm"], "description": "A choice."}}
    schema = {
        "type": "object",
        "properties": {"x": FIELDS[field]},
        "additionalProperties": not closed,
        "$defs": defs,
    }
    given = InputSchema("acme.thing", schema)
    reference = Draft202012Validator(schema)
    seen = set()
    for name, value in VALUES.items():
        inputs = {"x": value} if name != "emoji" else {"x": value, "y": "more"}
        if isinstance(value, Unknown):
            assert not list(given.faults(inputs))
            continue
        wrong = not reference.is_valid(inputs)
        assert bool(list(given.faults(inputs))) == wrong, name
        fits = given.fits(inputs)
        assert not (fits and wrong), name
        seen.add(fits)
    assert (
        field not in ("text", "flag", "number", "choice", "elsewhere", "pattern", "nullable") or True in seen
    )
