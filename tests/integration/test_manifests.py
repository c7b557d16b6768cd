"""The manifests that come with the product, applied from end to end."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from applying import Stage

MANIFESTS = Path(__file__).parents[2] / "manifests"

QUICKSTART = {
    f"out/ep{number:02}/{lang}.{kind}"
    for number in range(1, 5)
    for lang in ("fr-FR", "de-DE")
    for kind in ("mp4", "wav")
}
TITLES = {"ep01": "Low Tide", "ep02": "The Boat, Empty", "ep03": "Three Twelve", "ep04": "A Letter"}


@pytest.fixture
def copied(tmp_path: Path, serving: Callable[..., Stage]) -> Callable[[str, str, str], Stage]:
    """A copy of one of the manifests, with its sandbox."""

    def copy(folder: str, file: str, name: str) -> Stage:
        there = tmp_path / folder
        shutil.copytree(
            MANIFESTS / folder, there, ignore=shutil.ignore_patterns(".runner", "out", "published")
        )
        return serving(there, there / file, name)

    return copy


def test_the_quickstart_orders_each_item_once_and_saves_every_file(copied) -> None:
    season = copied("quickstart", "season.yaml", "season-one")

    ended = season.apply()

    assert ended.code == 0, ended.all
    batches = {f"{key} {title}": 1 for key, title in TITLES.items()}
    dubs = {f"{key} {title} {lang}": 1 for key, title in TITLES.items() for lang in ("fr-FR", "de-DE")}
    assert season.paid() == batches | dubs
    assert season.saved() == QUICKSTART
    assert all((season.folder / name).stat().st_size > 0 for name in QUICKSTART)


def test_a_second_apply_of_the_quickstart_changes_nothing_anywhere(copied) -> None:
    season = copied("quickstart", "season.yaml", "season-one")
    season.apply()
    before = season.sandbox.requests()

    second = season.apply()

    assert (second.code, second.out) == (0, "Nothing to do: 16 unchanged.\n")
    assert season.sandbox.requests() == before


def test_dub_and_fix_mends_a_dub_after_its_files_are_saved(copied) -> None:
    trailer = copied("dub-and-fix", "dub.yaml", "dub-and-fix")

    ended = trailer.apply()

    assert ended.code == 0, ended.all
    assert trailer.paid() == {"trailer fr-FR": 1, "trailer de-DE": 1}
    assert trailer.changing() == {"dubformer.createProject": 2, "dubformer.validateTranslation": 1} | {
        "dubformer.createTranslation": 1
    }
    assert trailer.saved() == {"out/fr-FR.mp4", "out/de-DE.mp4", "out/fr-FR-fixed.mp4"}
    first, fixed = (trailer.folder / "out" / name for name in ("fr-FR.mp4", "fr-FR-fixed.mp4"))
    assert first.read_bytes() != fixed.read_bytes()


def test_a_second_apply_of_dub_and_fix_changes_nothing(copied) -> None:
    trailer = copied("dub-and-fix", "dub.yaml", "dub-and-fix")
    trailer.apply()
    before = trailer.changing()

    second = trailer.apply()

    assert second.code == 0, second.all
    assert second.out.startswith("Nothing to do"), second.all
    assert trailer.changing() == before
