"""What fits for certain fits by jsonschema, too; and what is common is certain."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from runner.api.openapi.schemas import schema_text
from runner.compile.fitting import fits
from runner.compile.text.source import parse_yaml
from runner.model.unknown import Unknown

EXAMPLES = [
    file for file in sorted(Path("manifests").glob("*/*.yaml")) if "\njobs:" in file.read_text("utf-8")
]
NAMES = st.sampled_from(["a", "ab", "b1"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "", "a", "ab"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)
TYPES = st.sampled_from(["object", "array", "string", "boolean", "null", "integer", "number"])
SIMPLE = st.fixed_dictionaries(
    {},
    optional={
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
        "const": SCALARS,
        "pattern": st.sampled_from(["^a", "b", "^$"]),
        "minLength": st.integers(0, 2),
        "maxLength": st.integers(0, 2),
        "minItems": st.integers(0, 2),
        "maxItems": st.integers(0, 2),
        "minProperties": st.integers(0, 2),
        "maxProperties": st.integers(0, 2),
        "minimum": st.integers(-2, 2),
        "exclusiveMaximum": st.integers(-2, 2),
        "uniqueItems": st.booleans(),
        "required": st.lists(st.sampled_from(["a", "ab"]), unique=True),
        "$ref": st.sampled_from(["#/$defs/one", "#/$defs/two"]),
        "multipleOf": st.just(2),
        "title": st.just("a title"),
    },
)
SCHEMAS = st.recursive(
    SIMPLE | st.booleans(),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from(["a", "ab"]), inner, max_size=2),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "1$"]), inner, max_size=2),
            "additionalProperties": inner,
            "propertyNames": inner,
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner | st.just({"required": ["a"]}),
            "then": inner,
            "else": inner,
        },
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(SCHEMAS, st.tuples(SIMPLE, SIMPLE), VALUES)
def test_whatever_fits_for_certain_fits_by_jsonschema(schema: Any, defs: tuple[Any, Any], value: Any) -> None:
    plain = [{key: one for key, one in each.items() if key != "$ref"} for each in defs]
    whole = (
        {**schema, "$defs": dict(zip(("one", "two"), plain, strict=True))}
        if isinstance(schema, dict)
        else schema
    )

    if fits(whole, value):
        assert list(Draft202012Validator(whole).iter_errors(value)) == []


@pytest.mark.parametrize("file", EXAMPLES, ids=str)
def test_every_example_is_certain_to_fit(file: Path) -> None:
    assert fits(
        json.loads(schema_text("manifest.schema.json")), parse_yaml(file.read_text("utf-8"), str(file)).value
    )


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"oneOf": [{"type": "string"}]}, "x"),
        ({"not": {"type": "string"}}, 1),
        ({"enum": [1.0]}, 1),
        ({"enum": [1]}, True),
        ({"type": "integer"}, 1.0),
        ({"properties": {"a": {"$id": "x", "type": "string"}}}, {"a": "x"}),
        ({"$ref": "https://example.com/schema"}, 1),
        ({"additionalProperties": False}, {1: 2}),
        ({"uniqueItems": True}, [1, 2]),
    ],
)
def test_what_is_not_certain_is_left_to_jsonschema(schema: Any, value: Any) -> None:
    assert not fits(schema, value)


def test_a_schema_that_leads_to_itself_is_left_to_jsonschema() -> None:
    assert not fits({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, 1)


def test_what_is_not_known_yet_fits_anywhere() -> None:
    assert fits({"type": "object", "properties": {"a": {"enum": ["x"]}}}, {"a": Unknown("jobs.x")})
