"""The name of a manifest is seen without reading YAML only where YAML would say the same."""

from pathlib import Path

import pytest

from runner.cli.project import _plain_name
from runner.compile.text.source import parse_yaml

PLAIN = (
    "version: 1\nname: season-one\njobs: {}\n",
    "# a comment\n\nversion: 1   # one\nname: s.2_x  # its name\n\n  # more\nvars:\n  a: 1\njobs: {}\n",
    "name: season\r\nversion: 1\r\njobs:\r\n  a: {}\r\n",
)
ODD = (
    "jobs: {}\nname: season\n",  # another key comes first
    "version: 1\nname: 'season'\njobs: {}\n",
    "version: 1\nname: season\n  two\njobs: {}\n",  # goes on in the next line
    "version: 1\nname: true\njobs: {}\n",
    "version: 1\nname: Null\njobs: {}\n",
    "version: 1\nname: 12\njobs: {}\n",
    "version: 1\nname: &a season\njobs: {}\n",
    "version: 1\nname: season: x\njobs: {}\n",
    "version: 1\nname: season#x\njobs: {}\n",
    "version: 1\nname: season\nstate: ${{ vars.a }}\njobs: {}\n",
    "version: 1\nname: season\nname: other\njobs: {}\n",
    'version: 1\nname: season\njobs: {}\n"state": x.db\n',
    "version: 1\nname: season\njobs: {}\n? state\n: x.db\n",
    "version: 1\nname: season\n<<: {state: x.db}\njobs: {}\n",
    "version: 1\nname: season\njobs: {}\n---\nname: other\n",
    "version: 1\nname: season\njobs: {\nstate: 1}\n",
    "version: 1\nname: season",
    "version: {\nname: season\njobs: 1}\n",
)


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_name_is_seen_at_once(text: str) -> None:
    assert _plain_name(text) == parse_yaml(text, "m.yaml").value["name"]


@pytest.mark.parametrize("text", ODD)
def test_anything_odd_is_left_to_the_reader_of_yaml(text: str) -> None:
    assert _plain_name(text) == ""


@pytest.mark.parametrize("file", sorted(Path("manifests").glob("*/*.yaml")), ids=str)
def test_whatever_is_seen_of_an_example_is_what_yaml_says(file: Path) -> None:
    text = file.read_text("utf-8")

    assert _plain_name(text) in ("", (parse_yaml(text, str(file)).value or {}).get("name"))
