from collections.abc import Callable

import pytest

from runner.api.catalogue import Catalogue
from runner.api.inputs import answer_schema
from runner.api.provider import Provider, Use

Make = Callable[..., Provider]

ENVELOPE = """
paths:
  /batches: {post: {operationId: create, responses: {'201': {$ref: '#/components/responses/Made'}}}}
  /any: {post: {operationId: any, responses: {'200': {description: ok, content: {application/json: {}}}}}}
components:
  responses:
    Made:
      description: ok
      content:
        application/json:
          schema:
            type: object
            properties: {success: {type: boolean}, data: {$ref: '#/components/schemas/Data'}}
  schemas: {Data: {type: object, properties: {batchId: {type: string}, ref: {type: string}}}}
x-runner:
  version: 1
  resources:
    batch:
      effect: paid
      create: {operation: create}
      body: $response.body#/data
      id: $response.body#/data/batchId
      outputs: {first: "$.data.renders[0]"}
  actions: {any: {operation: any, effect: free}}
"""


def use(name: str) -> Use:
    found = Catalogue().use(name)
    assert found is not None
    return found


def test_the_outputs_of_a_resource_are_the_fields_of_its_answers_and_the_named_ones() -> None:
    names = use("dubformer.project").output_names()
    assert names is not None
    assert {"id", "status", "speakers", "target_script", "output_video_url", "balance_minutes"} <= names
    assert "speaker" not in names


def test_the_outputs_of_a_list_are_a_list() -> None:
    assert use("revoice.batches").output_names() == {"list"}
    assert use("revoice.media_files").output_names() == {"list"}
    assert use("dubformer.projects").output_names() == {"list"}


def test_what_answers_nothing_has_no_outputs() -> None:
    assert use("revoice.assign_member").output_names() == frozenset()


def test_the_fields_of_an_envelope_are_those_inside(acme: Make) -> None:
    provider = acme(ENVELOPE)
    batch = Use(provider, "batch", provider.resources["batch"])
    assert batch.output_names() == {"id", "batchId", "ref", "first"}


def test_where_the_answer_is_not_described_any_name_may_be_there(acme: Make) -> None:
    provider = acme(ENVELOPE)
    assert Use(provider, "any", provider.actions["any"]).output_names() is None


def test_the_schema_of_an_answer_stands_alone(acme: Make) -> None:
    schema = answer_schema(acme(ENVELOPE).operation("create"))
    assert schema["properties"]["data"] == {"$ref": "#/$defs/Data"}
    assert set(schema["$defs"]["Data"]["properties"]) == {"batchId", "ref"}


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("revoice.batch", "createBatch"),
        ("revoice.assign_member", "assignMember"),
        ("revoice.batches", "listBatches"),
        ("dubformer.balance", "getBalance"),
    ],
)
def test_a_use_knows_the_operation_that_takes_its_inputs(name: str, operation: str) -> None:
    assert use(name).operation.id == operation
