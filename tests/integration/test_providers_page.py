"""docs/providers.md is true: its manifests are valid, its overlay is one, and what it names exists."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.api.catalogue import Catalogue
from runner.api.vocabulary.lifedata import Action, Lookup, Resource
from runner.compile.checks.check import check_file
from runner.compile.instances.surroundings import Surroundings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
BLOCKS: list[dict[str, Any]] = [
    yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "acme"
    shutil.copytree(ROOT / "manifests" / "acme", made, ignore=shutil.ignore_patterns(".runner", "out"))
    return made


def named(block: dict[str, Any]) -> str:
    return "/".join(block)


def test_every_manifest_of_the_page_is_valid(folder: Path) -> None:
    overlay = next(block for block in BLOCKS if "x-runner" in block)
    (folder / "acme.x-runner.yaml").write_text(yaml.safe_dump(overlay))
    providers = [block for block in BLOCKS if named(block) == "providers"]
    jobs = [block for block in BLOCKS if named(block) == "jobs"]
    assert (len(providers), len(jobs)) == (2, 2)
    for number, (known, wanted) in enumerate(zip(providers, jobs, strict=True)):
        manifest = {**known, **wanted, "data": {"trailers": {"file": "trailers.csv"}}}
        file = folder / f"page{number}.yaml"
        file.write_text(yaml.safe_dump(manifest))
        work, problems = check_file(file, {}, Surroundings(offline=True))
        assert problems == ()
        assert work is not None


def test_the_overlay_of_the_page_makes_what_the_page_says(folder: Path) -> None:
    overlay = next(block for block in BLOCKS if "x-runner" in block)
    (folder / "o.yaml").write_text(yaml.safe_dump(overlay))
    provider = Catalogue({"acme": folder / "acme.openapi.yaml"}, {"acme": folder / "o.yaml"}).provider("acme")
    render = provider.find("render")
    assert isinstance(render, Resource)
    assert render.delivery.contract == "find"
    share = provider.find("share_render")
    assert isinstance(share, Action)
    assert (share.effect, share.delivery.contract) == ("paid", "none")
    assert isinstance(provider.find("list_templates"), Lookup)
    assert {"AcmeKey", "api_key"} == {name for scheme in provider.auth for name in scheme.needs}


def test_names_are_made_as_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("openapi: 3.1.0\npaths: {'/renders/{id}/log': {get: {}}}\n")
    assert Catalogue({"a": tmp_path / "a.yaml"}).provider("a").names() == ("get_renders_id_log",)


def test_the_page_names_all_that_a_document_can_say() -> None:
    schema = yaml.safe_load((ROOT / "schemas" / "x-runner.schema.json").read_text())
    assert [word for word in schema["properties"] if word != "version" and f"`{word}`" not in PAGE] == []
