"""The worked example of docs/providers.md: somebody's own API, from its document to the files."""

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import acmeworld
import pytest
from acmeworld import Acme

from runner.cli.main import run

EXAMPLE = Path(__file__).parents[2] / "manifests" / "acme"


@dataclass
class Example:
    folder: Path
    acme: Acme

    def run(self, command: str, *words: str) -> tuple[int, str]:
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            code = run([command, "-f", str(self.folder / "trailers.yaml"), *words])
        return code, out.getvalue()


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Example]:
    shutil.copytree(EXAMPLE, tmp_path / "acme", ignore=shutil.ignore_patterns(".runner", "out"))
    with acmeworld.serving() as acme:
        monkeypatch.setenv("ACME_URL", f"{acme.url}/v2")
        monkeypatch.setenv("ACME_KEY", acmeworld.KEY)
        monkeypatch.setenv("NO_COLOR", "1")
        yield Example(tmp_path / "acme", acme)


def test_the_example_is_valid_without_any_network(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_URL")
    monkeypatch.delenv("ACME_KEY")
    code, out = example.run("validate")
    assert code == 0, out
    assert example.run("plan", "--offline")[0] == 0


def test_renders_are_paid_once_waited_for_downloaded_and_shared(example: Example) -> None:
    code, out = example.run("apply", "--auto-approve")
    assert code == 0, out
    assert example.acme.ledger == {"t1": 1, "t2": 1}
    assert (example.folder / "out" / "t1.mp4").read_text().startswith("the bytes of r")
    assert (example.folder / "out" / "t2.png").exists()
    assert sorted(mail for _, mail in example.acme.mails) == ["producer@example.com"] * 2
    assert acmeworld.KEY not in out
    code, out = example.run("apply", "--auto-approve")
    assert code == 0, out
    assert sum(example.acme.ledger.values()) == 2


def test_a_render_whose_answer_was_lost_is_found_and_not_paid_again(example: Example) -> None:
    example.acme.lose = 1
    code, out = example.run("apply", "--auto-approve")
    assert code == 0, out
    assert sorted(example.acme.ledger.values()) == [1, 1]


def test_inputs_are_checked_against_the_document(example: Example) -> None:
    manifest = example.folder / "trailers.yaml"
    manifest.write_text(manifest.read_text().replace("kind: footage", "kind: footige"))
    code, out = example.run("validate", "--json")
    assert code == 3
    (problem,) = json.loads(out)["problems"]
    assert "footige" in problem["message"]
