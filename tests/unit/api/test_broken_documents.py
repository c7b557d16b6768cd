"""A document that is broken anywhere is refused with a reason, or does not matter; it never ends in a traceback."""

import json
import random
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from runner.api.catalogue import load_provider
from runner.api.messages.encode import encode
from runner.api.openapi.parse import parse
from runner.api.openapi.schemas import schema_text
from runner.api.provider import Provider, Use
from runner.model.errors import InvalidInput, RunnerError

JUNK: list[Any] = [
    None, True, 1.5, "", "x", [], {}, ["x"], [None], {"a": 1}, {"$ref": "#/paths"}, {"$ref": "#/none"},
    {"$ref": "x.yaml"}, {"$ref": 5},
]  # fmt: skip
INPUTS = {"id": "x", "projectId": "x", "batchId": "x", "requestId": "x", "name": "x"}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    for key, child in children:
        yield (*at, key)
        yield from places(child, (*at, key))


def use_everything(provider: Provider) -> None:
    for name in provider.names():
        kind = provider.find(name)
        assert kind is not None
        use = Use(provider, name, kind)
        jsonschema.Draft202012Validator.check_schema(use.inputs_schema())
        use.output_names()
        try:
            encode(use.operation, INPUTS)
        except RunnerError:
            continue


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("described", [True, False])
def test_junk_at_any_place_is_refused_or_harmless(seed: int, described: bool) -> None:
    chance = random.Random(seed)
    text = json.dumps(parse(schema_text("providers/dubformer.openapi.yaml"), "d"))
    spots = list(places(json.loads(text)))
    outcomes = []
    for _ in range(5):
        document = json.loads(text)
        *above, last = chance.choice(spots)
        held = document
        for step in above:
            held = held[step]
        held[last] = chance.choice(JUNK)
        if not described:
            document.pop("x-runner", None)
        try:
            use_everything(load_provider("acme", json.dumps(document), "acme.json"))
            outcomes.append("harmless")
        except InvalidInput:
            outcomes.append("refused")
    assert len(outcomes) == 5


def test_a_schema_that_is_none_is_refused_where_it_is_used() -> None:
    text = (
        "openapi: 3.1.0\ninfo: {title: A}\npaths:\n  /a:\n    post:\n      operationId: a\n"
        "      requestBody: {content: {application/json: {schema: {type: object, properties: {n: {type: text}}}}}}\n"
    )
    provider = load_provider("acme", text, "acme.yaml")
    with pytest.raises(InvalidInput) as caught:
        Use(provider, "a", provider.actions["a"]).inputs_schema()
    (problem,) = caught.value.problems
    assert problem.where.line == 7
    assert "text" in problem.message


def test_a_pattern_that_python_does_not_read_is_left_to_the_api() -> None:
    text = (
        "openapi: 3.1.0\ninfo: {title: A}\npaths:\n  /a:\n    get:\n      operationId: a\n"
        "      parameters: [{name: q, in: query, schema: {type: string, pattern: '^\\p{L}+$'}}]\n"
    )
    provider = load_provider("acme", text, "acme.yaml")
    schema = Use(provider, "a", provider.lookups["a"]).inputs_schema()
    assert schema["properties"]["q"] == {"type": "string"}


def test_a_broken_reference_is_told_where_it_stands() -> None:
    text = (
        "openapi: 3.1.0\ninfo: {title: A}\npaths:\n  /a:\n    post:\n      operationId: a\n      requestBody:\n"
        "        content:\n          application/json:\n            schema:\n              $ref: '#/none'\n"
    )
    with pytest.raises(InvalidInput) as caught:
        load_provider("acme", text, "acme.yaml").operation("a")
    assert caught.value.problems[0].where.line == 11
