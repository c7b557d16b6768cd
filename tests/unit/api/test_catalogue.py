import gc
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.api.catalogue import Catalogue
from runner.api.provider import Provider
from runner.api.vocabulary.lifedata import Action, Lookup, Resource
from runner.model.errors import InvalidInput

Make = Callable[..., Provider]

PLAIN = """
openapi: 3.0.3
info: {title: Plain}
servers: [{url: "https://{region}.acme.test/v2/", variables: {region: {default: eu}}}]
paths:
  /a: {get: {operationId: listThings}, head: {operationId: peek}, post: {operationId: makeThing}}
  /a/{id}: {put: {operationId: putThing}, delete: {operationId: dropThing}, patch: {operationId: patchThing}}
components: {securitySchemes: {Key: {type: apiKey, in: query, name: k}, Basic: {type: http, scheme: basic}}}
"""


def test_the_shipped_providers_are_known_by_name() -> None:
    assert {"dubformer", "revoice"} <= set(Catalogue().names())


def test_a_name_leads_to_a_resource_an_action_or_a_lookup() -> None:
    catalogue = Catalogue()
    kinds = {"dubformer.project": Resource, "revoice.assign_member": Action, "dubformer.voices": Lookup}
    for name, kind in kinds.items():
        used = catalogue.use(name)
        assert used is not None
        assert isinstance(used.kind, kind)
        assert used.name == name.partition(".")[2]


@pytest.mark.parametrize(
    "name", ["dubformer.projekt", "nobody.project", "dubformer", "", "dubformer.createProject"]
)
def test_an_unknown_name_leads_nowhere(name: str) -> None:
    assert Catalogue().use(name) is None


def test_an_unknown_provider_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Catalogue().provider("nobody")


def test_a_documents_own_operations_are_actions_and_lookups_without_x_runner(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PLAIN)
    catalogue = Catalogue(own={"acme": tmp_path / "a.yaml"})
    provider = catalogue.provider("acme")
    assert "acme" in catalogue.names()
    assert provider.base_url == "https://eu.acme.test/v2"
    assert provider.title == "Plain"
    assert set(provider.lookups) == {"listThings", "peek"}
    paid = {name: (action.effect, action.repeat) for name, action in provider.actions.items()}
    assert paid == {
        "makeThing": ("paid", "unsafe"),
        "patchThing": ("paid", "unsafe"),
        "putThing": ("free", "safe"),
        "dropThing": ("free", "safe"),
    }
    assert provider.actions["makeThing"].delivery.contract == "none"


def test_an_operation_answers_to_its_name_in_snake_case_too(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PLAIN)
    used = Catalogue(own={"acme": tmp_path / "a.yaml"}).use("acme.make_thing")
    assert used is not None
    assert used.operation.id == "makeThing"


def test_the_documents_own_security_schemes_ask_for_credentials(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PLAIN)
    schemes = Catalogue(own={"acme": tmp_path / "a.yaml"}).provider("acme").auth
    assert [scheme.needs for scheme in schemes] == [("Key",), ("username", "password"), ("api_key",)]
    assert schemes[0].query == {"k": "{auth.Key}"}


def test_an_overlay_gives_a_document_its_lifecycle(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PLAIN)
    overlay = "x-runner: {version: 1, resources: {thing: {create: {operation: makeThing}, effect: free}}}"
    (tmp_path / "o.yaml").write_text(overlay)
    own = {"acme": tmp_path / "a.yaml"}
    provider = Catalogue(own, {"acme": tmp_path / "o.yaml"}).provider("acme")
    assert set(provider.resources) == {"thing"}
    assert provider.names() == ("dropThing", "listThings", "patchThing", "peek", "putThing", "thing")
    assert provider.auth
    assert provider.digest != Catalogue(own).provider("acme").digest


def test_the_users_own_document_wins_over_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PLAIN)
    assert Catalogue(own={"dubformer": tmp_path / "a.yaml"}).provider("dubformer").title == "Plain"


def test_every_problem_of_an_x_runner_object_is_told_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        PLAIN
        + "x-runner:\n"
        + "  version: 1\n"
        + "  lists: {things: {operation: listThings, items: $.a, id: $item#/id, page: {kind: sideways}}}\n"
        + "  surprise: 1\n"
    )
    with pytest.raises(InvalidInput) as caught:
        Catalogue(own={"acme": tmp_path / "a.yaml"}).provider("acme")
    lines = {problem.where.line for problem in caught.value.problems}
    assert lines == {9, 11}
    assert all(problem.code == "bad-x-runner" for problem in caught.value.problems)


def test_a_large_document_of_which_one_operation_is_used_loads_quickly(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {f"field{n}": {"type": "string", "description": "x" * 60} for n in range(20)},
    }
    paths = {
        f"/things{n}": {
            "post": {
                "operationId": f"make{n}",
                "requestBody": {"content": {"application/json": {"schema": schema}}},
                "responses": {"200": {"description": "ok"}},
            }
        }
        for n in range(750)
    }
    text = json.dumps(
        {"openapi": "3.0.3", "info": {"title": "Big", "version": "1"}, "paths": paths}, indent=1
    )
    assert len(text) > 1_800_000
    (tmp_path / "big.json").write_text(text)
    gc.collect()
    began = time.process_time()
    used = Catalogue(own={"big": tmp_path / "big.json"}).use("big.make7")
    assert used is not None
    assert len(used.inputs_schema()["properties"]) == 20
    assert time.process_time() - began < 1.0
