"""The published schema of manifests, which editors read too."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from runner.api.openapi.schemas import schema_text

SCHEMA: dict[str, Any] = json.loads(schema_text("manifest.schema.json"))


def properties(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, child in schema.get("properties", {}).items():
            yield f"{path}/{name}", child
        for name, child in schema.items():
            yield from properties(child, f"{path}/{name}")
    elif isinstance(schema, list):
        for index, child in enumerate(schema):
            yield from properties(child, f"{path}/{index}")


def described(schema: dict[str, Any]) -> bool:
    if "description" in schema:
        return True
    reference = schema.get("$ref", "").removeprefix("#/$defs/")
    return bool(reference) and described(SCHEMA["$defs"][reference])


def test_it_is_a_schema_of_the_draft_it_names() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_editors_can_describe_every_property() -> None:
    assert [path for path, schema in properties(SCHEMA) if not described(schema)] == []


def test_every_form_that_a_problem_may_speak_of_has_words() -> None:
    """Whatever can fail has a `title`: the words behind "must be"."""
    failing = {"type", "enum", "const", "pattern", "anyOf"}

    def silent(schema: Any, path: str) -> Iterator[str]:
        if isinstance(schema, dict):
            if failing & schema.keys() and "title" not in schema:
                yield path
            for name, child in schema.items():
                if name not in ("properties", "required", "enum"):
                    yield from silent(child, f"{path}/{name}")
            for name, child in schema.get("properties", {}).items():
                yield from silent(child, f"{path}/properties/{name}")
        elif isinstance(schema, list):
            for index, child in enumerate(schema):
                yield from silent(child, f"{path}/{index}")

    assert list(silent(SCHEMA, "")) == []
