"""What the pages show is what the program does."""

import re
from pathlib import Path

import click
import pytest
import yaml

from runner.cli.main import COMMANDS, main
from runner.compile.checks.check import check_file
from runner.compile.instances.surroundings import Surroundings
from runner.model.plan import Verb

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TYPED = re.compile(r"(?:^\$ |`)runner ([a-z]+(?: [a-z]+)?)([^`\n#]*)", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()) if "://" not in link]

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_shown_exists_with_its_options(page: Path) -> None:
    context = click.Context(main)
    unknown = []
    for name, rest in TYPED.findall(page.read_text()):
        words = name.split()
        command = main.get_command(context, words[0]) if words[0] in COMMANDS else None
        if isinstance(command, click.Group):
            command = command.commands.get(words[-1])
        known = {option for parameter in command.params for option in parameter.opts} if command else set()
        given = set(re.findall(r"--[a-z-]+", rest))
        unknown += [f"runner {name}{rest}"] if command is None or given - known else []

    assert unknown == []


def test_the_manifest_of_the_readme_is_valid(tmp_path: Path) -> None:
    text = next(
        block for block in re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    )
    (tmp_path / "season.yaml").write_text(text)
    (tmp_path / "episodes.csv").write_text("id,title,video,minutes\ne1,One,e1.mp4,10\n")

    work, problems = check_file(tmp_path / "season.yaml", {}, Surroundings(offline=True))

    assert problems == ()
    assert work is not None


def test_every_verb_that_a_plan_can_show_is_explained() -> None:
    page = (ROOT / "docs" / "running.md").read_text()
    later = {Verb.ADOPT, Verb.UPDATE, Verb.DELETE}

    assert [verb for verb in Verb if verb not in later and f"`{verb}`" not in page] == []


def test_every_field_of_a_job_is_explained() -> None:
    schema = yaml.safe_load((ROOT / "schemas" / "manifest.schema.json").read_text())
    page = (ROOT / "docs" / "manifest.md").read_text()
    fields = schema["$defs"]["job"]["properties"]

    missing = [name for name in fields if f"| `{name}` |" not in page and f"| `{name}:" not in page]

    assert missing == []
