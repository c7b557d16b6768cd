"""A season on disk and a way to call `runner` on it, in this process and with its exit code."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.cli.main import run

SEASON = """\
version: 1
name: season
data: {episodes: {file: episodes.csv}}
providers:
  dubformer: {auth: {token: "${{ env.SEASON_TOKEN }}"}}
jobs:
  dub:
    uses: dubformer.project
    for_each: ${{ data.episodes }}
    with:
      name: ${{ each.id }}
      source_lang: en
      target_lang: fr-FR
      source_video_url: https://cdn.example.com/${{ each.id }}.mp4
    cost: {minutes: "${{ each.minutes | number }}"}
    save: {video: "out/${{ each.key }}.mp4"}
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Call = Callable[..., Ended]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with one manifest of two episodes, and no colours or credentials around it."""
    (tmp_path / "season.yaml").write_text(SEASON)
    (tmp_path / "episodes.csv").write_text("id,minutes\ne1,10\ne2,20\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("SEASON_TOKEN", raising=False)
    return tmp_path


@pytest.fixture
def runner(folder: Path, capfd: pytest.CaptureFixture[str]) -> Call:
    """Calls `runner` in that directory."""

    def call(*words: str) -> Ended:
        capfd.readouterr()
        code = run(list(words))
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return call
