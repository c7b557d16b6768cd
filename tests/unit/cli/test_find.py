"""Which manifest a command speaks of."""

from pathlib import Path


def test_the_only_manifest_here_is_taken(runner, folder: Path) -> None:
    (folder / "values.yaml").write_text("languages: [fr-FR]\n")

    assert runner("validate").out == "season.yaml is valid: 1 job, 2 instances.\n"


def test_several_manifests_must_be_told_apart(runner, folder: Path) -> None:
    (folder / "other.yml").write_text("version: 1\njobs: {}\n")

    ended = runner("validate")

    assert ended.code == 64
    assert "other.yml, season.yaml" in ended.err
    assert "-f FILE" in ended.err


def test_without_a_manifest_one_must_be_named(runner, folder: Path) -> None:
    (folder / "season.yaml").unlink()

    assert runner("plan", "--offline").code == 64


def test_a_manifest_is_named_by_place_or_by_option_but_not_two(runner, folder: Path) -> None:
    (folder / "other.yaml").write_text("version: 1\njobs: {}\n")

    assert runner("validate", "season.yaml").code == 0
    assert runner("validate", "-f", "season.yaml").code == 0
    assert runner("validate", "season.yaml", "-f", "other.yaml").code == 64


def test_a_sandbox_option_never_takes_the_manifest_for_its_value(runner) -> None:
    assert runner("status", "--sandbox", "season.yaml").code == 0
