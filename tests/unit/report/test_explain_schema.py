"""The schema for editors: what runner takes fits it, and what runner refuses does not."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from runner.api.catalogue import Catalogue
from runner.report.explain_schema import editor_schema

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "manifests" / "acme"


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    return editor_schema(Catalogue())


@pytest.fixture(scope="module")
def own() -> dict[str, Any]:
    catalogue = Catalogue({"acme": EXAMPLE / "acme.openapi.yaml"}, {"acme": EXAMPLE / "acme.x-runner.yaml"})
    return editor_schema(catalogue, complete=True)


def faults(schema: dict[str, Any], manifest: Any) -> list[str]:
    found = jsonschema.Draft202012Validator(schema).iter_errors(manifest)
    return ["/".join(map(str, error.absolute_path)) for error in found]


def job(uses: str, with_: Any, **more: Any) -> dict[str, Any]:
    return {"jobs": {"a": {"uses": uses, "with": with_, **more}}}


def test_the_schema_is_one(shipped: dict[str, Any], own: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(shipped)
    jsonschema.Draft202012Validator.check_schema(own)
    refs = {ref for ref in _refs(own) if ref.removeprefix("#/$defs/") not in own["$defs"]}
    assert refs == set()


def _refs(value: Any) -> set[str]:
    if isinstance(value, dict):
        here = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return here.union(*(_refs(child) for child in value.values()))
    return set().union(*(_refs(child) for child in value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("file", sorted(ROOT.glob("manifests/*/*.yaml")), ids=lambda file: file.stem)
def test_the_manifests_that_come_along_fit(own: dict[str, Any], file: Path) -> None:
    manifest = yaml.safe_load(file.read_text())
    if "jobs" in manifest:
        assert faults(own, manifest) == []


GOOD = {"source_lang": "en", "target_lang": "fr-FR", "source_video_url": "https://x"}


def test_inputs_are_checked_by_what_the_job_uses(shipped: dict[str, Any]) -> None:
    assert faults(shipped, job("dubformer.project", GOOD)) == []
    assert faults(shipped, job("dubformer.project", {**GOOD, "mixing_mode": "loud"})) != []
    assert faults(shipped, job("dubformer.project", {**GOOD, "mixing": "x"})) != []
    assert faults(shipped, job("dubformer.project", {"source_lang": "en"})) != []
    assert faults(shipped, {"jobs": {"a": {"uses": "dubformer.project"}}}) != []


def test_expressions_nulls_and_lists_from_data_fit_anywhere(shipped: dict[str, Any]) -> None:
    script = {"$each": "${{ data.lines }}", "$item": {"text": "${{ item.Text }}"}}
    inputs = {
        "id": "${{ jobs.dub.outputs.id }}",
        "target_script": script,
        "target_speakers": "${{ vars.cast }}",
    }
    assert faults(shipped, job("dubformer.translation", {**inputs, "use_fixed_timings": None})) == []
    assert faults(shipped, job("dubformer.project", "${{ vars.inputs }}")) == []
    assert faults(shipped, job("dubformer.project", {**GOOD, "mixing_mode": "${{ vars.mode }}"})) == []


def test_a_use_that_nobody_knows_may_be_the_users_own_unless_all_are_known(
    shipped: dict[str, Any], own: dict[str, Any]
) -> None:
    assert faults(shipped, job("acme.anything", {})) == []
    assert faults(own, job("acme.anything", {})) == ["jobs/a/uses"]
    assert faults(own, job("acme.share_render", {"render_id": "r", "email": "a"})) == []
    assert faults(own, job("acme.share_render", {"render_id": "r"})) != []


def test_credentials_are_known_by_name(shipped: dict[str, Any]) -> None:
    manifest = {**job("dubformer.voices", {}), "providers": {"dubformer": {"auth": {"tokn": "x"}}}}
    assert faults(shipped, manifest) == ["providers/dubformer/auth"]
