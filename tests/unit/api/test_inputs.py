from collections.abc import Callable
from typing import Any

import jsonschema

from runner.api.catalogue import Catalogue
from runner.api.inputs import inputs_schema
from runner.api.provider import Provider

Make = Callable[..., Provider]


def fits(schema: dict[str, Any], value: Any) -> bool:
    jsonschema.Draft202012Validator.check_schema(schema)
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))


def test_parameters_and_body_fields_stand_in_one_closed_mapping(acme: Make) -> None:
    provider = acme(
        """
paths:
  /a/{id}:
    post:
      operationId: a
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: q, in: query, schema: {type: integer}}
      requestBody: {content: {application/json: {schema: {required: [name], properties: {name: {type: string}}}}}}
"""
    )
    schema = inputs_schema(provider.operation("a"))
    assert fits(schema, {"id": "1", "q": 2, "name": "x"})
    assert not fits(schema, {"id": "1", "name": "x", "nmae": "x"})
    assert not fits(schema, {"id": "1"})
    assert not fits(schema, {"id": "1", "q": "2", "name": "x"})


def test_the_schema_stands_alone_even_when_the_document_turns_in_circles(acme: Make) -> None:
    provider = acme(
        """
paths:
  /a:
    post:
      operationId: a
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Tree'}}}}
components:
  schemas:
    Tree:
      type: object
      properties:
        name: {type: string}
        children: {type: array, items: {$ref: '#/components/schemas/Tree'}}
"""
    )
    schema = inputs_schema(provider.operation("a"))
    assert fits(schema, {"name": "a", "children": [{"name": "b", "children": [{"name": "c"}]}]})
    assert not fits(schema, {"children": [{"children": [{"name": 3}]}]})


def test_nullable_and_exclusive_bounds_of_3_0_are_translated(acme: Make) -> None:
    provider = acme(
        """
paths:
  /a:
    post:
      operationId: a
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                kind: {type: string, enum: [x], nullable: true}
                size: {type: integer, minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false}
""",
        version="3.0.3",
    )
    schema = inputs_schema(provider.operation("a"))
    assert fits(schema, {"kind": None, "size": 9})
    assert not fits(schema, {"size": 0})
    assert not fits(schema, {"kind": "y"})


def test_branches_of_a_body_are_asked_of_the_whole_mapping(acme: Make) -> None:
    provider = acme(
        """
paths:
  /a/{id}:
    post:
      operationId: a
      requestBody:
        content:
          application/json:
            schema:
              oneOf:
                - {type: object, required: [url], properties: {url: {type: string}}, additionalProperties: false}
                - {type: object, required: [text], properties: {text: {type: string}}, additionalProperties: false}
"""
    )
    schema = inputs_schema(provider.operation("a"))
    assert fits(schema, {"id": "1", "url": "x"})
    assert not fits(schema, {"id": "1"})
    assert not fits(schema, {"id": "1", "url": "x", "other": "x"})


def test_all_of_is_one_mapping_and_read_only_fields_are_no_inputs(acme: Make) -> None:
    provider = acme(
        """
paths:
  /a:
    post:
      operationId: a
      requestBody:
        content:
          application/json:
            schema:
              allOf:
                - {type: object, required: [id, name], properties: {id: {type: string, readOnly: true}, name: {}}}
                - {type: object, properties: {size: {type: integer}}}
"""
    )
    schema = inputs_schema(provider.operation("a"))
    assert set(schema["properties"]) == {"name", "size"}
    assert schema["required"] == ["name"]


def test_a_body_that_is_no_object_is_the_input_body(acme: Make) -> None:
    provider = acme(
        "paths: {/a: {post: {operationId: a, requestBody: {required: true, content: {application/json:"
        " {schema: {type: array, items: {type: integer}}}}}}}}"
    )
    schema = inputs_schema(provider.operation("a"))
    assert fits(schema, {"body": [1, 2]})
    assert not fits(schema, {})


def test_the_field_of_the_mark_is_never_required_however_deep(acme: Make) -> None:
    provider = acme(
        """
paths:
  /a:
    post:
      operationId: a
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
components:
  schemas:
    Order:
      type: object
      required: [parts]
      properties: {parts: {type: array, items: {$ref: '#/components/schemas/Part'}}}
    Part: {type: object, required: [label, text], properties: {label: {type: string}, text: {type: string}}}
"""
    )
    schema = inputs_schema(provider.operation("a"), optional=["/parts/*/label"])
    assert fits(schema, {"parts": [{"text": "x"}]})
    assert not fits(schema, {"parts": [{"label": "x"}]})


def test_a_batch_needs_no_name_since_runner_can_mint_it() -> None:
    use = Catalogue().use("revoice.batch")
    assert use is not None
    schema = use.inputs_schema()
    assert fits(schema, {"projectId": "p", "scriptPath": "https://x/s.xlsx"})
    assert not fits(schema, {"projectId": "p", "settings": {"removeBackground": True}})
    assert fits(schema, {"projectId": "p", "settings": {"removeBackgroud": True, "noOfAlternativeTakes": 2}})


def test_what_runner_sends_by_itself_is_no_input() -> None:
    catalogue = Catalogue()
    project, rows = catalogue.use("dubformer.project"), catalogue.use("revoice.batches")
    assert project is not None
    assert rows is not None
    assert "Idempotency-Key" not in project.inputs_schema()["properties"]
    assert set(rows.inputs_schema()["properties"]) == {"projectId"}


def test_a_file_is_told_by_its_format_whatever_the_document_calls_it(acme: Make) -> None:
    provider = acme(
        """
paths:
  /raw: {put: {operationId: raw, requestBody: {content: {application/octet-stream: {}}}}}
  /form:
    post:
      operationId: form
      requestBody:
        content:
          multipart/form-data:
            schema:
              type: object
              properties:
                one: {type: string, contentMediaType: audio/wav}
                many: {type: array, items: {type: string, format: binary}}
                note: {type: string}
"""
    )
    assert inputs_schema(provider.operation("raw"))["properties"] == {
        "body": {"type": "string", "format": "binary"}
    }
    held = inputs_schema(provider.operation("form"))["properties"]
    assert held["one"]["format"] == held["many"]["items"]["format"] == "binary"
    assert "format" not in held["note"]
