from collections.abc import Callable

import pytest

from runner.api.openapi.operation import snake
from runner.api.provider import Provider
from runner.model.errors import InvalidInput

Make = Callable[..., Provider]

CLASH = """
paths:
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    post:
      operationId: changeThing
      parameters: [{name: id, in: query, schema: {type: string}}, {name: Accept, in: header, schema: {}}]
      requestBody:
        content:
          multipart/form-data: {schema: {type: object, properties: {file: {type: string, format: binary}}}}
          application/json: {schema: {type: object, properties: {id: {type: string}, size: {type: integer}}}}
      responses: {200: {description: ok, content: {application/json: {}}}}
"""


def test_a_name_that_the_body_has_too_is_the_bodys_and_the_parameters_say_their_place(acme: Make) -> None:
    operation = acme(CLASH).operation("changeThing")
    assert [(p.name, p.place, p.input) for p in operation.parameters] == [
        ("id", "path", "id_path"),
        ("id", "query", "id_query"),
    ]


def test_json_is_the_preferred_form_of_a_body(acme: Make) -> None:
    operation = acme(CLASH).operation("changeThing")
    assert [form.name for form in operation.media] == ["application/json", "multipart/form-data"]


def test_a_parameter_of_the_path_is_overridden_by_the_operations_own(acme: Make) -> None:
    provider = acme(
        "paths: {/a: {parameters: [{name: q, in: query, schema: {type: string}}],"
        " get: {operationId: a, parameters: [{name: q, in: query, required: true, schema: {type: integer}}]}}}"
    )
    (only,) = provider.operation("a").parameters
    assert only.required
    assert only.schema == {"type": "integer"}


def test_a_hole_of_the_path_that_nobody_declares_is_a_parameter_all_the_same(acme: Make) -> None:
    (only,) = acme("paths: {'/a/{b}': {get: {operationId: a}}}").operation("a").parameters
    assert (only.name, only.place, only.required) == ("b", "path", True)


UNNAMED = (
    "paths: {'/a/{b}': {get: {}}, /x: {get: {operationId: same}, put: {operationId: same}}, /a-b: {get: {}},"
    " /a_b: {get: {}}}"
)


def test_a_missing_or_shared_operation_id_becomes_a_stable_name(acme: Make) -> None:
    names = set(acme(UNNAMED).index)
    assert {"get_a_b", "get_x", "put_x"} <= names
    assert "same" not in names
    assert len(names) == 5
    assert names == set(acme(UNNAMED).index)


@pytest.mark.parametrize(
    ("name", "snaked"),
    [
        ("createBatch", "create_batch"),
        ("repos/list-all", "repos_list_all"),
        ("getHTTPStatus", "get_http_status"),
    ],
)
def test_a_name_in_snake_case(name: str, snaked: str) -> None:
    assert snake(name) == snaked


def test_a_broken_parameter_is_refused_at_its_place(acme: Make) -> None:
    provider = acme(
        "paths:\n  /a:\n    get:\n      operationId: a\n      parameters: [{name: q, in: nowhere}]\n"
    )
    with pytest.raises(InvalidInput) as caught:
        provider.operation("a")
    assert caught.value.problems[0].where.line == 8


def test_an_operation_that_nobody_uses_is_never_looked_into(acme: Make) -> None:
    provider = acme(
        "paths: {/a: {get: {operationId: a}}, /b: {get: {operationId: b, parameters: [{$ref: '#/none'}]}}}"
    )
    assert provider.operation("a").path == "/a"
    with pytest.raises(InvalidInput):
        provider.operation("b")


def test_the_inputs_that_are_files_are_known(acme: Make) -> None:
    assert acme(CLASH).operation("changeThing").files() == {"file"}
    raw = "paths: {/a: {put: {operationId: a, requestBody: {content: {application/octet-stream: {}}}}}}"
    assert acme(raw).operation("a").files() == {"body"}
