"""action.yml, .pre-commit-hooks.yaml and the Containerfile: their commands run, and what they name exists."""

import json
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from applying import SEASON, episodes
from workflows import ROOT, Done, Hub, git

EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
INSTALLED = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
"""pip asks no registry: what the package needs, and what builds it, is in this environment."""


def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return found


def used(folder: Path, **inputs: str) -> tuple[Hub, dict[str, Any]]:
    """The surroundings of the step that runs a command, with inputs beside the defaults; and that step."""
    made = action()
    given = {name: one["default"] for name, one in made["inputs"].items()}
    hub = Hub(folder / "home", given | inputs)
    return hub, next(step for step in made["runs"]["steps"] if step.get("id") == "run")


def ran(folder: Path, arguments: str, **inputs: str) -> Done:
    hub, step = used(folder, arguments=arguments, **inputs)
    return hub.step(step, folder)


@pytest.fixture
def season(tmp_path: Path) -> Path:
    folder = tmp_path / "the season"
    folder.mkdir()
    (folder / "season.yaml").write_text(SEASON)
    (folder / "episodes.csv").write_text(episodes("e1", "e2"))
    return folder


def test_every_input_and_output_is_described_in_the_action_and_on_the_page() -> None:
    page = (ROOT / "docs" / "gitops.md").read_text()
    made = action()
    described = made["inputs"] | made["outputs"]

    assert [
        name for name, one in described.items() if not one["description"] or f"| `{name}` |" not in page
    ] == []


def test_only_inputs_that_exist_are_read() -> None:
    made = action()
    read = set(re.findall(r"inputs\.([\w-]+)", json.dumps(made["runs"])))

    assert read == set(made["inputs"])


def test_no_input_becomes_a_part_of_a_script() -> None:
    scripts = [step["run"] for step in action()["runs"]["steps"] if "run" in step]

    assert len(scripts) == 2
    assert [script for script in scripts if "${{" in script] == []


def test_a_command_is_run_and_its_markdown_stands_in_the_summary(season: Path) -> None:
    ended = ran(season, "plan -f season.yaml --offline --target 'dub/e1'")

    assert ended.code == 0, ended.all
    assert "1 to create" in ended.summary
    assert ended.outputs["exit-code"] == "0"
    assert Path(ended.outputs["markdown"]).read_text() == ended.summary


def test_the_exit_code_is_the_steps_own_and_an_output(season: Path) -> None:
    ended = ran(season.parent, "plan --offline --detailed-exitcode", **{"working-directory": season.name})

    assert (ended.code, ended.outputs["exit-code"]) == (2, "2"), ended.all


def test_without_a_summary_none_is_written(season: Path) -> None:
    ended = ran(season, "plan --offline", summary="false")

    assert (ended.code, ended.summary, ended.outputs["markdown"]) == (0, "", ""), ended.all


def test_words_of_the_input_are_never_commands(season: Path) -> None:
    ended = ran(season, "plan --offline --target '$(touch broken)'; touch broken")

    assert ended.code == 64, ended.all
    assert not (season / "broken").exists()


def test_a_quote_that_does_not_end_fails_the_step(season: Path) -> None:
    ended = ran(season, "plan --target 'dub")

    assert ended.code != 0
    assert "No closing quotation" in ended.printed


def test_a_cancelled_step_ends_its_command_in_order(season: Path) -> None:
    hub, step = used(season, arguments="sandbox --port 0")
    process, _, outputs = hub.start(step, season)
    assert process.stdout is not None
    process.stdout.readline()  # it serves

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert outputs.read_text().startswith(f"exit-code={process.returncode}\n")


def test_this_checkout_is_what_is_installed(tmp_path: Path) -> None:
    place = tmp_path / "site"
    surroundings = INSTALLED | {"PIP_TARGET": str(place), "GITHUB_ACTION_PATH": str(ROOT)}
    install = next(step for step in action()["runs"]["steps"] if step.get("name") == "Install runner")

    ended = Hub(tmp_path / "home", {"extras": ""}, surroundings).step(install, tmp_path)

    assert ended.code == 0, ended.all
    assert (place / "runner" / "schemas" / "events.schema.json").is_file()


def test_the_hook_finds_a_mistake_in_a_repository(season: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    git(season, "init", "-q")
    words = [sys.executable, "-m", "runner.cli.main", *hook["entry"].split()[1:], *hook["args"]]
    right = subprocess.run(words, cwd=season, capture_output=True, text=True, timeout=60, check=False)

    (season / "episodes.csv").write_text("name\ne1\n")
    wrong = subprocess.run(words, cwd=season, capture_output=True, text=True, timeout=60, check=False)

    assert re.search(hook["files"], "episodes.csv")
    assert (right.returncode, wrong.returncode) == (0, 3), right.stderr + wrong.stderr


def test_the_image_copies_what_exists_installs_an_extra_that_exists_and_is_not_root() -> None:
    text = (ROOT / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip() and line[0] != "#"]
    copied = [rest.split()[:-1] for word, rest in lines if word == "COPY" and "--from" not in rest]
    known = {"FROM", "ARG", "WORKDIR", "COPY", "RUN", "ENV", "USER", "ENTRYPOINT", "CMD"}
    ignored = (ROOT / ".dockerignore").read_text().split()

    names = [name for names in copied for name in names]
    assert {word for word, _ in lines} <= known
    assert [name for name in names if not (ROOT / name).exists() or f"!{name}" not in ignored] == []
    assert set(re.findall(r"EXTRAS=(\w+)", text)) <= EXTRAS
    assert [rest for word, rest in lines if word == "USER"] == ["10001"]
    assert [json.loads(rest) for word, rest in lines if word == "ENTRYPOINT"] == [["runner"]]


def test_every_extra_that_the_page_installs_exists() -> None:
    page = (ROOT / "docs" / "gitops.md").read_text()

    assert set(re.findall(r"extras: (\w+)", page)) <= EXTRAS
