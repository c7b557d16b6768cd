import json
from pathlib import Path

from runner.api.catalogue import Catalogue

EXAMPLE = Path(__file__).parents[3] / "manifests" / "acme" / "trailers.yaml"


def test_explain_prints_a_page_and_its_json(runner) -> None:
    text = runner("explain", "dubformer.project")
    assert text.code == 0
    assert "source_lang *" in text.out
    told = json.loads(runner("explain", "dubformer.project", "--json").out)
    assert {one["name"] for one in told["with"] if one["required"]} >= {"source_lang", "target_lang"}
    assert told["delivery"].startswith("find+key")


def test_explain_knows_the_providers_of_a_manifest(runner) -> None:
    assert runner("explain", "acme.render").code == 64
    assert "acme.x-runner" not in runner("explain", "-f", str(EXAMPLE), "acme").err
    told = json.loads(runner("explain", "-f", str(EXAMPLE), "acme", "--json").out)
    assert ["AcmeKey"] in told["auth"]
    assert "acme.render" in [one["uses"] for one in told["uses"]]


def test_explain_lists_every_provider(runner) -> None:
    out = runner("explain", "--json").out
    assert {one["provider"] for one in json.loads(out)["providers"]} >= {
        *Catalogue().names(),
        "workbook",
        "file",
    }


def test_schema_holds_the_inputs_of_all_providers_and_with_a_manifest_its_own(runner) -> None:
    shipped = json.loads(runner("schema").out)
    assert "with_dubformer.project" in shipped["$defs"]
    assert "with_acme.render" not in shipped["$defs"]
    assert "with_acme.render" in json.loads(runner("schema", "-f", str(EXAMPLE)).out)["$defs"]
    assert json.loads(runner("schema", "plan").out)["$schema"]


def test_a_document_that_names_no_server_can_be_explained(runner, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "openapi: 3.0.0\npaths: {/a: {get: {operationId: getA, servers: [{url: //x}]}}}\n"
    )
    manifest = tmp_path / "m.yaml"
    manifest.write_text("version: 1\nproviders: {a: {openapi: a.yaml}}\njobs: {x: {uses: a.get_a}}\n")
    assert runner("explain", "-f", str(manifest), "a.get_a").code == 0
    assert runner("explain", "-f", str(manifest), "a").code == 0
    assert "a.get_a" in runner("schema", "-f", str(manifest)).out
