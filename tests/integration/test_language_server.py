"""What `runner schema` prints serves a real YAML language server: completion and diagnostics where they belong."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from languageserver import Editor, editor, missing_program

from runner.cli.main import run

pytestmark = pytest.mark.skipif(missing_program() != "", reason=missing_program())

EXAMPLE = Path(__file__).parents[2] / "manifests" / "acme"
HEAD = "# yaml-language-server: $schema=./manifest.schema.json\nversion: 1\njobs:\n  dub:\n"
WHOLE = """\
    uses: dubformer.project
    for_each: ${{ data.episodes }}
    with:
      source_lang: en
      target_lang: ${{ each.lang }}
      source_video_url: https://cdn.example.com/a.mp4
      mixing_mode: MODE
"""


def schema(*words: str) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        assert run(["schema", *words]) == 0
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("editor")
    (made / "manifest.schema.json").write_text(schema())
    (made / "own").mkdir()
    (made / "own" / "manifest.schema.json").write_text(schema("-f", str(EXAMPLE / "trailers.yaml")))
    return made


@pytest.fixture(scope="module")
def opened(folder: Path) -> Iterator[Editor]:
    with editor(folder) as made:
        yield made


def test_an_editor_is_told_what_is_wrong_where_it_stands(opened: Editor, folder: Path) -> None:
    good, bad = folder / "good.yaml", folder / "bad.yaml"
    opened.open(good, HEAD + WHOLE.replace("MODE", "voiceover_only"))
    assert opened.diagnostics(good) == []
    text = HEAD + WHOLE.replace("MODE", "loud")
    opened.open(bad, text)
    (found,) = opened.diagnostics(bad)
    line, place = found["range"]["start"]["line"], found["range"]["start"]["character"]
    assert text.split("\n")[line][place:] == "loud"
    assert "voiceover_only" in json.dumps(found)


def test_an_unknown_input_is_marked(opened: Editor, folder: Path) -> None:
    file = folder / "unknown.yaml"
    text = HEAD + WHOLE.replace("mixing_mode: MODE", "mixing_mod: voiceover_only")
    opened.open(file, text)
    marked = [text.split("\n")[found["range"]["start"]["line"]] for found in opened.diagnostics(file)]
    assert marked == ["      mixing_mod: voiceover_only"]


def test_an_editor_completes_inputs_values_and_uses(opened: Editor, folder: Path) -> None:
    file = folder / "typing.yaml"
    opened.open(file, HEAD + "    uses: dubformer.project\n    with:\n      source_lang: en\n      ")
    assert {"mixing_mode", "target_lang", "use_soundalike_voices"} <= set(opened.completions(file, 7, 6))
    values = folder / "values.yaml"
    opened.open(values, HEAD + "    uses: dubformer.project\n    with:\n      mixing_mode: ")
    assert {"voiceover_only", "voiceover_with_original_track"} <= set(opened.completions(values, 6, 19))
    uses = folder / "uses.yaml"
    opened.open(uses, HEAD + "    uses: ")
    assert {"dubformer.project", "revoice.batch", "workbook.file"} <= set(opened.completions(uses, 4, 10))


def test_the_manifests_own_providers_are_completed_too(opened: Editor, folder: Path) -> None:
    file = folder / "own" / "trailers.yaml"
    opened.open(file, HEAD + "    uses: acme.render\n    with:\n      title: x\n      ")
    assert {"template", "source", "quality"} <= set(opened.completions(file, 7, 6))
    example = folder / "own" / "example.yaml"
    modeline = HEAD.split("\n")[0]
    opened.open(example, f"{modeline}\n{(EXAMPLE / 'trailers.yaml').read_text()}")
    assert opened.diagnostics(example) == []
