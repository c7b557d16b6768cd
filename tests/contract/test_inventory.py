"""Every operation and every request field of the original texts stands in our provider documents, and nothing more
than a vendor's page adds. The inventories beside this file are written by hand from the texts."""

from pathlib import Path
from typing import Any

import pytest

from runner.api.catalogue import Catalogue
from runner.api.openapi.operation import Operation
from runner.api.openapi.parse import parse
from runner.api.provider import Provider

FOLDER = Path(__file__).parent / "inventory"
PROVIDERS = sorted(file.stem for file in FOLDER.glob("*.yaml"))
INVENTORIES: dict[str, Any] = {
    name: parse((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), name) for name in PROVIDERS
}
OPERATIONS = [(name, entry) for name in PROVIDERS for entry in INVENTORIES[name]["operations"]]
IDS = [f"{name}: {entry['title']}" for name, entry in OPERATIONS]

each_operation = pytest.mark.parametrize(("name", "entry"), OPERATIONS, ids=IDS)
each_provider = pytest.mark.parametrize("name", PROVIDERS)


def operation_at(provider: Provider, call: str) -> Operation:
    method, path = call.split(" ")
    for id, target in provider.index.items():
        if (target.method.upper(), target.path) == (method, path):
            return provider.operation(id)
    raise AssertionError(f"{provider.name} has no {call}")


def schema_at(operation: Operation, schema: Any, field: str) -> tuple[Any, bool]:
    """The schema of a field written `a.b[].c`, and whether it is required where it stands."""
    document = operation.document
    required = False
    for step in [part for part in field.replace("[]", ".[]").split(".") if part]:
        schema = document.resolve(schema)
        if step == "[]":
            schema, required = schema["items"], False
        else:
            required = step in schema.get("required", [])
            schema = schema["properties"][step]
    resolved = document.resolve(schema)
    return {**resolved, **{key: held for key, held in schema.items() if key != "$ref"}}, required


def fields_of(operation: Operation, schema: Any, prefix: str = "") -> set[str]:
    """Every field of a body, written the same way."""
    found: set[str] = set()
    resolved = operation.document.resolve(schema)
    if resolved.get("type") == "array":
        return fields_of(operation, resolved.get("items", {}), f"{prefix}[]")
    for name, child in resolved.get("properties", {}).items():
        path = f"{prefix}.{name}" if prefix else name
        found |= {path} | fields_of(operation, child, path)
    return found


def check_field(schema: Any, required: bool, expected: Any) -> None:
    assert schema["type"] == expected["type"]
    assert schema.get("description"), "every request field says what it is"
    for key in ("default", "minimum", "maximum", "enum"):
        if key in expected:
            assert schema[key] == expected[key]
    if expected.get("required") == "always":
        assert required
    else:
        assert not required or "required" not in expected


@each_operation
def test_an_operation_of_the_text_is_in_the_document(name: str, entry: Any) -> None:
    operation = operation_at(Catalogue().provider(name), entry["call"])
    assert operation.summary
    assert [p.name for p in operation.parameters if p.place == "path"] == entry.get("path", [])


@each_operation
def test_every_request_field_of_the_text_is_in_the_document_as_the_text_says(name: str, entry: Any) -> None:
    operation = operation_at(Catalogue().provider(name), entry["call"])
    form = operation.media_type()
    assert (form is None) == ("body" not in entry)
    for field, expected in entry.get("body", {}).items():
        assert form is not None
        schema, required = schema_at(operation, form.schema, field)
        if field.endswith("[]"):
            assert schema["type"] == expected["type"]
        else:
            check_field(schema, required, expected)


@each_operation
def test_the_document_has_no_request_field_that_no_page_knows(name: str, entry: Any) -> None:
    operation = operation_at(Catalogue().provider(name), entry["call"])
    form = operation.media_type()
    ours = fields_of(operation, form.schema) if form else set()
    known = {field.removesuffix("[]") for field in entry.get("body", {})} | set(entry.get("vendor", []))
    assert ours == known
    for field in entry.get("vendor", []):
        assert form is not None
        assert "vendor's page" in schema_at(operation, form.schema, field)[0]["description"]


@each_operation
def test_the_parameters_are_those_of_the_text(name: str, entry: Any) -> None:
    operation = operation_at(Catalogue().provider(name), entry["call"])
    query = {p.name: p for p in operation.parameters if p.place == "query"}
    assert set(query) == set(entry.get("query", {}))
    for field, expected in entry.get("query", {}).items():
        schema = {**operation.document.resolve(query[field].schema), "description": query[field].description}
        check_field(schema, query[field].required, expected)
    assert [p.name for p in operation.parameters if p.place == "header"] == entry.get("headers", [])


@each_operation
def test_the_answer_and_the_codes_are_those_of_the_text(name: str, entry: Any) -> None:
    operation = operation_at(Catalogue().provider(name), entry["call"])
    statuses = set(operation.responses)
    assert {str(code) for code in entry.get("codes", [])} <= statuses
    if "codes" in entry:
        assert statuses == {str(code) for code in (*entry["codes"], *entry.get("vendor_codes", []))}
    success = operation.document.resolve(operation.responses[min(statuses)])
    if "file" in entry:
        assert set(success["content"]) == {entry["file"]}
        return
    if "answer" not in entry:
        assert "content" not in success
        return
    schema = success["content"]["application/json"]["schema"]
    for field in entry["answer"]:
        schema_at(operation, schema, field)


@each_provider
def test_the_document_has_the_texts_operations_and_the_named_ones_of_the_vendor_only(name: str) -> None:
    provider = Catalogue().provider(name)
    known = {entry["call"] for entry in INVENTORIES[name]["operations"]} | set(INVENTORIES[name]["vendor"])
    assert {f"{target.method.upper()} {target.path}" for target in provider.index.values()} == known
    for call in INVENTORIES[name]["vendor"]:
        assert "vendor's page" in operation_at(provider, call).summary


@each_provider
def test_every_operation_is_used_by_something_that_a_manifest_can_name(name: str) -> None:
    provider = Catalogue().provider(name)
    used: set[str] = set()

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            used.update([value["operation"]] if "operation" in value else [])
            for child in value.values():
                gather(child)
        elif isinstance(value, list):
            for child in value:
                gather(child)

    gather(provider.document.root["x-runner"])
    assert used == set(provider.index)


@each_provider
def test_the_address_is_that_of_the_text(name: str) -> None:
    assert Catalogue().provider(name).base_url == INVENTORIES[name]["base_url"]


def test_every_error_type_of_dubformers_text_is_named_in_the_document() -> None:
    document = Catalogue().provider("dubformer").document
    said = document.at("/components/responses/Error")["description"]
    assert all(kind in said for kind in INVENTORIES["dubformer"]["errors"])


@each_provider
def test_no_status_word_of_an_answer_is_a_closed_set(name: str) -> None:
    schemas = Catalogue().provider(name).document.at("/components/schemas")
    for schema in schemas.values():
        assert "enum" not in schema.get("properties", {}).get("status", {})
