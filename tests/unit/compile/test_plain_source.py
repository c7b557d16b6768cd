"""A manifest in the plain style is read without a parser, and means what the parser says."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from runner.compile.text.source import parse_yaml
from runner.compile.text.yaml_whole import parse_whole
from tests.support.odd_yaml import TEXTS, TRICKY, damaged, same


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_manifest_has_the_value_and_the_problems_that_the_parser_finds(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(80):
        text = damaged(chance.choice([*TEXTS, TRICKY]), chance)
        found = parse_yaml(text, "d.yaml")
        value, problems, *_ = parse_whole(text, "d.yaml")
        assert same(found.value, value), text
        assert found.problems == problems, text


@pytest.mark.parametrize(
    "text",
    [
        "a: ${{ each.x # cut }}\n",
        "a: {b: ${{ each.x }}}\n",
        "a: [${{ each.x }}, 1]\n",
        'a: {b: "${{ each.x }}"}\n',
        "a: one\n  ${{ two\n  }}\n",
        "a: {b: '\\${{'}\n",
        "a: 1e3\nb: 012\nc: -5\nd: 0.50\n",
        "a: &x 1\nb: *x\n",
        "a: 1\na: 2\n",
        "a: " + "[" * 150 + "]" * 150 + "\n",
        "\n".join(" " * depth + "a:" for depth in range(150)) + "\n",
    ],
)
def test_what_manifests_judge_by_rules_of_their_own_is_judged_by_them(text: str) -> None:
    found = parse_yaml(text, "d.yaml")
    value, problems, *_ = parse_whole(text, "d.yaml")
    assert same(found.value, value)
    assert found.problems == problems


def test_places_are_known_of_a_text_that_no_parser_read() -> None:
    place, line = parse_yaml("a: 1\nb:\n  - c: 2\n", "d.yaml").place(("b", 0, "c"))
    assert (str(place), line) == ("d.yaml:3:8", "  - c: 2")


def test_the_quickstart_is_read_without_the_parser_and_without_the_template_engine() -> None:
    season = Path(__file__).parents[3] / "manifests" / "quickstart" / "season.yaml"
    asked = (
        "import sys; from runner.cli.main import run;"
        f"code = run(['validate', {str(season)!r}]);"
        "print(code, sorted({'yaml', 'jinja2', 'openpyxl', 'jsonschema'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
