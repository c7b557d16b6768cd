"""Secrets never surface: canaries are put wherever a secret may stand, every command is run, and all that they print
and write is searched for them, plain and in every spelling in which they may travel.
"""

import base64
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from applying import Ended, Stage, captured
from seasons import DUB_FROM_MEDIA, DUBFORMER, HEAD

from runner.cli.main import COMMANDS as KNOWN

SECRET_INPUTS = """\
      glossary_content: ${{ file("glossary.txt", secret=true) }}
      source_script_content: ${{ "as told by " + file("author.txt", secret=true) }}
    labels: {episode: "${{ each.id }}"}
"""
GATED = """\
  later:
    uses: dubformer.project
    approve: true
    with:
      name: later
      source_lang: en
      target_lang: de-DE
      source_video_url: ${{ env.MEDIA_URL }}later.mp4?minutes=3
      glossary_content: ${{ file("glossary.txt", secret=true) }}
"""
SECRET_DUB = DUB_FROM_MEDIA.replace("    save:", f"{SECRET_INPUTS}    save:")
MANIFEST = f"{HEAD}providers:\n{DUBFORMER}jobs:\n{SECRET_DUB}{GATED}"
GLOSSARY = "Canary&Glossary/9f3b+77=é"
AUTHOR = "Canary:Author \\"
COMMANDS = (
    ["validate"],
    ["plan", "--offline"],
    [
        "plan",
        "--json",
        "--out",
        "made/plan.json",
        "--junit",
        "made/p.xml",
        "--markdown",
        "made/p.md",
        "--annotations",
    ],
    [
        "apply",
        "--auto-approve",
        "--verbose",
        "--max-time",
        "3s",
        "--junit",
        "made/a.xml",
        "--markdown",
        "made/a.md",
    ],
    ["apply", "--auto-approve", "--json", "--max-time", "20s"],
    ["status", "--json"],
    ["status", "--verbose"],
    ["refresh", "--json"],
    ["report", "cost", "--by", "label.episode"],
    ["graph", "--instances"],
    ["plan", "--refresh", "--verbose"],
    ["accept", "dub/*", "--json"],
    ["approve", "later", "--json"],
    ["import", "--match", "dub/*", "--json"],
    ["cancel", "dub/e1", "--auto-approve"],
    ["state", "list", "--json"],
    ["state", "history", "--json"],
    ["state", "export", "made/state.json"],
    ["state", "unlock", "--auto-approve"],
    ["state", "mv", "dub/e2", "dub/e9"],
    ["workbook", "build"],
    ["show", "dub/e1", "--json"],
    ["resolve", "dub/e1", "--abandon"],
    ["destroy", "--auto-approve", "--verbose"],
)
ELSEWHERE = (
    ["show", "made/plan.json"],
    ["apply", "made/plan.json"],
    ["explain", "dubformer.project"],
    ["schema"],
    ["init", "fresh"],
    ["completion", "bash"],
)
"""What is told by itself which file it is about, or needs none."""


@pytest.fixture
def season(stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = stage(MANIFEST, ids=("e1", "e2", "refused"), speed=500.0)
    made.write("glossary.txt", GLOSSARY)
    made.write("author.txt", AUTHOR)
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("DUBFORMER_URL", made.sandbox.base_urls["dubformer"])
    monkeypatch.setenv("DUBFORMER_TOKEN", made.sandbox.credentials["dubformer"]["token"])
    monkeypatch.setenv("MEDIA_URL", made.sandbox.media_url)
    return made


def spellings(secret: str) -> set[bytes]:
    raw = secret.encode()
    shown = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    shown.add(json.dumps(secret, ensure_ascii=False)[1:-1])
    for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        shown.add(encoded.decode().rstrip("="))
    return {one.encode() for one in shown}


def found_in(content: bytes, season: Stage) -> list[str]:
    secrets = {
        "token": season.sandbox.credentials["dubformer"]["token"],
        "glossary": GLOSSARY,
        "author": AUTHOR,
    }
    return [name for name, secret in secrets.items() if any(one in content for one in spellings(secret))]


def written(season: Stage) -> list[Path]:
    """Every file of the project but the secrets themselves; the sandbox's world is the other side's."""
    own = {season.folder / "glossary.txt", season.folder / "author.txt"}
    world = season.folder / ".runner" / "season.sandbox"
    files = [path for path in season.folder.rglob("*") if path.is_file() and path not in own]
    return [path for path in files if not path.is_relative_to(world)]


def typed(season: Stage, words: list[str]) -> Ended:
    return captured([*words, "-f", str(season.file)])


def test_no_command_prints_or_writes_a_secret(season: Stage) -> None:
    season.faults(
        {"match": {"operation": "createProject"}, "times": 1, "do": {"drop": "after"}},
        {"match": {"operation": "createProject"}, "times": 1, "do": {"status": 400}},
        {"match": {"operation": "listProjects"}, "times": 1, "do": {"garbage": True}},
    )

    told = {" ".join(words): typed(season, words) for words in COMMANDS}
    told |= {" ".join(words): captured(words) for words in ELSEWHERE}

    assert season.paid(), "nothing was sent at all"
    assert {
        name: found for name, ended in told.items() if (found := found_in(ended.all.encode(), season))
    } == {}
    files = {str(path): found for path in written(season) if (found := found_in(path.read_bytes(), season))}
    assert files == {}
    assert (season.folder / "made/plan.json").exists()


def test_every_command_is_run_with_secrets() -> None:
    run = {words[0] for words in (*COMMANDS, *ELSEWHERE)}

    assert run == KNOWN.keys() - {"sandbox"}  # which reads no manifest, and serves until it is stopped


def test_an_api_that_sends_secrets_back_does_not_bring_them_to_the_surface(season: Stage) -> None:
    token = season.sandbox.credentials["dubformer"]["token"]
    season.write("episodes.csv", f"id\n{token}\n")

    ended = typed(season, ["apply", "--auto-approve"])

    assert token not in ended.all


def test_an_error_that_repeats_a_secret_does_not_show_it(season: Stage) -> None:
    token = season.sandbox.credentials["dubformer"]["token"]

    ended = typed(season, ["destroy", "--auto-approve", "--target", token])

    assert ended.code == 64, ended.all
    assert "names nothing that the state knows" in ended.err
    assert token not in ended.all


def test_a_wrong_token_is_not_named_when_it_is_refused(
    season: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUBFORMER_TOKEN", "Canary-Wrong-Token-1234")

    ended = typed(season, ["apply", "--auto-approve", "--verbose"])

    assert ended.code != 0
    assert "Canary-Wrong-Token-1234" not in ended.all
