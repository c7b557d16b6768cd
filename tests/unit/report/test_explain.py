"""`runner explain` and docs/reference say what the provider documents say."""

from pathlib import Path

import pytest

from runner.api.catalogue import Catalogue
from runner.api.provider import Use
from runner.model.errors import WrongUsage
from runner.report.explain import explain
from runner.report.explain_markdown import reference_pages
from runner.report.explain_pages import FieldPage, IndexPage, ProviderPage, UsePage
from runner.report.explain_text import page_text
from runner.report.words import Look

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "manifests" / "acme"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    own = {"acme": EXAMPLE / "acme.openapi.yaml"}
    return Catalogue(own, {"acme": EXAMPLE / "acme.x-runner.yaml"}, folder=EXAMPLE)


def test_every_provider_is_listed_and_the_built_in_uses_too(catalogue: Catalogue) -> None:
    page = explain(catalogue, "")
    assert isinstance(page, IndexPage)
    assert {name for name, _, _ in page.providers} == {*catalogue.names(), "workbook", "file"}


def test_every_use_and_every_input_of_every_provider_can_be_explained(catalogue: Catalogue) -> None:
    for name in catalogue.names():
        provider = catalogue.provider(name)
        assert isinstance(explain(catalogue, name), ProviderPage)
        for inner in provider.names():
            page = explain(catalogue, f"{name}.{inner}")
            assert isinstance(page, UsePage)
            kind = provider.find(inner)
            assert kind is not None
            assert {one.name for one in page.inputs} == set(
                Use(provider, inner, kind).inputs_schema()["properties"]
            )
            for one in page.inputs:
                below = explain(catalogue, f"{page.uses}.with.{one.name}")
                assert isinstance(below, FieldPage)
                assert bool(below.inside) == one.inside
                assert page_text(below, Look())


def test_a_resource_tells_its_fields_cost_delivery_outputs_and_downloads(catalogue: Catalogue) -> None:
    page = explain(catalogue, "dubformer.project")
    assert isinstance(page, UsePage)
    fields = {one.name: one for one in page.inputs}
    assert fields["source_lang"].required
    assert fields["mixing_mode"].default == "voiceover_with_original_track"
    assert "voiceover_only" in fields["mixing_mode"].values
    assert fields["use_soundalike_voices"].has_default
    assert page.facts["cost"].startswith("paid in minutes")
    assert page.facts["delivery"].startswith("find+key")
    assert set(page.downloads) == {"video", "audio"}
    assert {"id", "status", "speakers"} <= set(page.outputs)
    assert page.calls["create"] == "POST /api/v1/projects"


def test_a_path_leads_through_lists_and_branches(catalogue: Catalogue) -> None:
    page = explain(catalogue, "dubformer.translation.with.target_script.start_ms")
    assert isinstance(page, FieldPage)
    assert (page.held.kind, page.held.required) == ("number", True)
    source = explain(catalogue, "acme.render.with.source")
    assert isinstance(source, FieldPage)
    assert {one.name: one.required for one in source.inside} == {
        "kind": True, "url": False, "seconds": False, "text": False, "voice": False,
    }  # fmt: skip
    kind = next(one for one in source.inside if one.name == "kind")
    assert set(kind.values) >= {"footage"}


def test_an_own_documents_operations_are_explained_under_both_names(catalogue: Catalogue) -> None:
    for name in ("acme.share-render", "acme.share_render"):
        page = explain(catalogue, name)
        assert isinstance(page, UsePage)
        assert page.facts["delivery"].startswith("none")


@pytest.mark.parametrize(
    ("topic", "message", "hint"),
    [
        ("dubfromer", "there is no provider `dubfromer`", "dubformer"),
        ("dubformer.projekt", "`dubformer` has no `projekt`", "project"),
        ("dubformer.project.with.sorce_lang", "has no input `sorce_lang`", "source_lang"),
        ("dubformer.translation.with.target_script.txt", "`target_script` has no field `txt`", "text"),
        ("dubformer.project.width", "has no part `width`", "with.<input>"),
        ("workbook.fiel", "`workbook` has no `fiel`", "file"),
    ],
)
def test_what_there_is_not_is_answered_with_what_was_meant(
    catalogue: Catalogue, topic: str, message: str, hint: str
) -> None:
    with pytest.raises(WrongUsage) as caught:
        explain(catalogue, topic)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_line_of_text_is_never_too_long_for_a_terminal(catalogue: Catalogue) -> None:
    for topic in ("", "rev", "rev.order", "workbook.file", "file.publish"):
        lines = page_text(explain(catalogue, topic), Look()).split("\n")
        assert max(len(line) for line in lines) <= 100


def test_the_reference_in_docs_is_what_the_documents_say() -> None:
    folder = ROOT / "docs" / "reference"
    written = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.md")}
    assert written == reference_pages(Catalogue()), "run `make docs`"
