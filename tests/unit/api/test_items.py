"""Items of lists that tell all: one request of a list ends the waits of many, files and all."""

import json
from typing import Any

import pytest

from runner.api.catalogue import load_provider
from runner.api.lifecycles.items import item_is_whole, shows
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Resource

WHOLE: dict[str, Any] = {"$ref": "#/components/schemas/Job"}
PARTLY = {"type": "object", "properties": {"id": {"type": "string"}, "state": {"type": "string"}}}
DONE = {"id": "1", "state": "done", "file": "/f/1", "minutes": 2}


def use_of(item: Any, **more: Any) -> Use:
    answer = {"type": "object", "properties": {"jobs": {"type": "array", "items": item}}}

    def operation(id: str, schema: Any) -> dict[str, Any]:
        good = {"description": "", "content": {"application/json": {"schema": schema}}}
        return {"operationId": id, "responses": {"200": good}}

    job = {
        "effect": "free",
        "create": {"operation": "create"},
        "read": {"operation": "read", "send": {"id": "$id"}},
        "id": "$response.body#/id",
        "status": {"at": "$response.body#/state", "ready": [{"at": "$response.body#/state", "in": ["done"]}]},
        "wait": {"list": "jobs"},
        "downloads": {"result": {"url": "$response.body#/file"}},
        "cost": {"unit": "minutes", "paid": "$response.body#/minutes"},
        **more,
    }
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    names = ("id", "state", "file", "note")
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://mill.test"}],
        "paths": {
            "/jobs": {"post": operation("create", WHOLE), "get": operation("list", answer)},
            "/jobs/{id}": {"get": {**operation("read", WHOLE), "parameters": [parameter]}},
        },
        "components": {
            "schemas": {"Job": {"type": "object", "properties": {name: {"type": "string"} for name in names}}}
        },
        "x-runner": {
            "version": 1,
            "lists": {
                "jobs": {
                    "operation": "list",
                    "items": "$.jobs[*]",
                    "id": "$item#/id",
                    "page": {"kind": "none"},
                }
            },
            "resources": {"job": job},
        },
    }
    provider = load_provider("mill", json.dumps(document), "mill.yaml")
    found = provider.find("job")
    assert found is not None
    return Use(provider, "job", found)


def kind_of(use: Use) -> Resource:
    assert isinstance(use.kind, Resource)
    return use.kind


def test_an_item_of_the_schema_that_read_answers_with_is_whole() -> None:
    assert item_is_whole(use_of(WHOLE), "jobs")


def test_an_item_of_another_schema_is_not() -> None:
    assert not item_is_whole(use_of(PARTLY), "jobs")


def test_an_item_of_what_answers_in_an_envelope_is_not() -> None:
    assert not item_is_whole(use_of(WHOLE, body="$response.body#/data"), "jobs")


def test_a_whole_item_with_its_link_and_price_needs_no_further_look() -> None:
    assert shows(kind_of(use_of(WHOLE)), DONE, {"file"})


@pytest.mark.parametrize("lacking", ["file", "minutes"])
def test_an_item_that_lacks_what_is_needed_does(lacking: str) -> None:
    item = {name: value for name, value in DONE.items() if name != lacking}

    assert not shows(kind_of(use_of(WHOLE)), item, ())


def test_so_does_one_that_lacks_a_field_which_an_expression_names() -> None:
    assert not shows(kind_of(use_of(WHOLE)), DONE, {"note"})


@pytest.mark.parametrize(
    "download", [{"url": "$item#/file", "each": "$.files[*]"}, {"operation": "read", "each": "part"}]
)
def test_files_of_parts_and_of_lists_need_the_answer_itself(download: dict[str, Any]) -> None:
    use = use_of(WHOLE, downloads={"result": download})

    assert not shows(kind_of(use), DONE, ())
