"""Documents of several files: references lead into files beside the document, and nowhere else."""

import json
from pathlib import Path

import jsonschema
import pytest

from runner.api.catalogue import Catalogue
from runner.api.provider import Use
from runner.compile.instances.binary import binary_fields
from runner.model.errors import InvalidInput

ROOT = """
openapi: 3.0.3
info: {title: Split}
servers: [{url: https://acme.test}]
paths:
  /renders: {$ref: paths/renders.yaml}
  /people/{id}:
    get:
      operationId: getPerson
      parameters: [{$ref: "./parts/common.json#/parameters/Id"}]
"""
RENDERS = """
post:
  operationId: makeRender
  requestBody:
    content: {application/json: {schema: {$ref: ../parts/common.json#/schemas/Render}}}
  responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "../acme.yaml#/components/x"}}}}}
"""
COMMON = {
    "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"$ref": "#/schemas/Id"}}},
    "schemas": {
        "Id": {"type": "string"},
        "Render": {
            "type": "object",
            "required": ["title"],
            "properties": {
                "title": {"$ref": "#/schemas/Id"},
                "then": {"$ref": "common.json#/schemas/Render"},
                "size": {"$ref": "size.yaml"},
            },
        },
    },
}


def written(folder: Path, **files: str) -> Path:
    held = {
        "acme.yaml": ROOT + "components: {x: {type: object, properties: {id: {type: string}}}}\n",
        "paths/renders.yaml": RENDERS,
        "parts/common.json": json.dumps(COMMON),
        "parts/size.yaml": "type: integer\nminimum: 1\n",
        **{name.replace("__", "/").replace("_yaml", ".yaml"): text for name, text in files.items()},
    }
    for name, text in held.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "acme.yaml"


def use(folder: Path, name: str) -> Use:
    found = Catalogue({"acme": folder / "acme.yaml"}, folder=folder).use(f"acme.{name}")
    assert found is not None
    return found


def test_references_lead_through_files_and_back(tmp_path: Path) -> None:
    written(tmp_path)
    render = use(tmp_path, "makeRender")
    check = jsonschema.Draft202012Validator(render.inputs_schema())
    assert check.is_valid({"title": "a", "then": {"title": "b", "size": 3}})
    assert not check.is_valid({"title": "a", "then": {"title": "b", "size": 0}})
    assert render.output_names() == {"id"}
    assert [one.name for one in use(tmp_path, "getPerson").operation.parameters] == ["id"]


def test_a_file_that_nobody_refers_to_is_never_read(tmp_path: Path) -> None:
    written(tmp_path, paths__renders_yaml="post: {operationId: makeRender}\n")
    (tmp_path / "parts" / "common.json").unlink()
    assert use(tmp_path, "makeRender").inputs_schema()["properties"] == {}


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("missing.yaml", "cannot be read"),
        ("https://acme.test/x.yaml#/a", "leads to the network"),
        ("../outside.yaml#/a", "leads out of the folder"),
        ("/etc/passwd", "leads out of the folder"),
        ("parts/size.yaml#/none", "leads to nothing"),
        ("#/paths/~1loop", "leads to itself"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_at_its_place(tmp_path: Path, ref: str, reason: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "outside.yaml").write_text("a: {}")
    file = written(tmp_path / "in")
    text = f"openapi: 3.0.3\npaths:\n  /loop: {{$ref: '#/paths/~1loop'}}\n  /a:\n    $ref: {ref}\n"
    file.write_text(text if "loop" in ref else text.replace("  /loop: {$ref: '#/paths/~1loop'}\n", ""))
    with pytest.raises(InvalidInput) as caught:
        use(tmp_path / "in", "x")
    (problem,) = caught.value.problems
    assert reason in problem.message
    assert problem.where.file == str(file)
    assert problem.where.line >= 3


def test_a_problem_in_another_file_is_told_there(tmp_path: Path) -> None:
    written(
        tmp_path,
        paths__renders_yaml="post:\n  operationId: makeRender\n  requestBody:\n"
        "    content: {application/json: {schema: {$ref: ../parts/size.yaml#/minimum/x}}}\n",
    )
    with pytest.raises(InvalidInput) as caught:
        use(tmp_path, "makeRender").inputs_schema()
    (problem,) = caught.value.problems
    assert problem.where.file == str(tmp_path / "paths" / "renders.yaml")
    assert problem.where.line == 4


def test_a_broken_file_beside_the_document_is_told(tmp_path: Path) -> None:
    written(tmp_path, paths__renders_yaml="post: {operationId: [\n")
    with pytest.raises(InvalidInput) as caught:
        use(tmp_path, "makeRender")
    assert caught.value.problems[0].where.file == str(tmp_path / "paths" / "renders.yaml")


def test_a_reference_may_lead_up_within_the_manifests_folder(tmp_path: Path) -> None:
    file = written(tmp_path / "apis" / "acme")
    (tmp_path / "shared.yaml").write_text("get: {operationId: shared}")
    file.write_text("openapi: 3.1.0\npaths: {/a: {$ref: ../../shared.yaml}}\n")
    provider = Catalogue({"acme": file}, folder=tmp_path).provider("acme")
    assert provider.names() == ("shared",)


def test_an_anchor_is_a_place_too(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(
        "openapi: 3.1.0\npaths: {/a: {get: {operationId: a, parameters: [{name: q, in: query,"
        " schema: {$ref: '#word'}}]}}}\ncomponents: {schemas: {W: {$anchor: word, type: string}}}\n"
    )
    schema = use(tmp_path, "a").inputs_schema()
    assert jsonschema.Draft202012Validator(schema).is_valid({"q": "x"})
    assert not jsonschema.Draft202012Validator(schema).is_valid({"q": 1})


def test_a_file_whose_schema_is_shared_is_a_file_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(
        "openapi: 3.0.0\npaths: {/a: {post: {operationId: a, requestBody: {content: {multipart/form-data:"
        " {schema: {type: object, properties: {one: {$ref: '#/components/schemas/F'}, many: {$ref:"
        " '#/components/schemas/L'}}}}}}}}}\ncomponents: {schemas: {F: {type: string, format: binary},"
        " L: {type: array, items: {$ref: '#/components/schemas/F'}}}}\n"
    )
    used = use(tmp_path, "a")
    assert used.operation.files() == {"one", "many"}
    assert binary_fields(used.inputs_schema()) == (("one",), ("many", "*"))
