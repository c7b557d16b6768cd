"""Runs that are killed: a season against a faulty sandbox in this process, and `runner apply` in others."""

import csv
import json
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import yaml

from runner.sandbox.serve import Sandbox, SandboxSettings, running

SPEED = 300.0

MANIFEST = """
version: 1
name: season
publish: {directory: published, base_url: "https://files.example.com/runner/"}
data:
  episodes: {file: episodes.csv}
vars:
  languages: [fr-FR, de-DE]
jobs:
  dub:
    uses: dubformer.project
    for_each: {product: {episode: "${{ data.episodes }}", lang: "${{ vars.languages }}"}}
    with:
      name: ${{ each.episode.id }} ${{ each.lang }}
      source_lang: en
      target_lang: ${{ each.lang }}
      source_video_url: https://media.example.com/${{ each.episode.id }}.mp4
    save: {video: "out/${{ each.key }}.mp4", audio: "out/${{ each.key }}.wav"}
  minted:
    uses: dubformer.project
    for_each: ${{ data.episodes }}
    with:
      source_lang: en
      target_lang: es-ES
      source_video_url: https://media.example.com/${{ each.id }}.mp4
    save: {video: "out/minted/${{ each.key }}.mp4"}
  fix:
    uses: dubformer.translation
    for_each: ${{ jobs.minted }}
    with:
      id: ${{ jobs.minted[each.key].outputs.id }}
      target_script: [{start_ms: 100, end_ms: 900, text: "Encore", speaker_id: 1}]
      target_speakers: [{speaker_id: 1, voice_key: "soundalike", style: feminine}]
    save: {video: "out/fixed/${{ each.key }}.mp4"}
  batch:
    uses: revoice.batch
    bulk: {size: 3}
    for_each: ${{ data.episodes }}
    with:
      projectId: 6f1c2b1e
      name: ${{ each.id }}
      scriptPath: https://files.example.com/${{ each.id }}.docx
      languageCode: fr-FR
  single:
    uses: revoice.batch
    for_each: ${{ data.episodes }}
    with:
      projectId: 6f1c2b1e
      name: single ${{ each.id }}
      scriptPath: https://files.example.com/${{ each.id }}.docx
      languageCode: fr-FR
"""


def _rule(operation: str, probability: float, **deed: Any) -> dict[str, Any]:
    return {"match": {"operation": operation}, "probability": probability, "do": deed}


FAULTS: dict[str, Any] = {
    "seed": 11,
    "settings": {"idempotency": "ignore"},
    "rules": [
        _rule("createProject", 0.12, drop="after"),
        _rule("createProject", 0.1, drop="before"),
        _rule("createProject", 0.1, status=500, when="after"),
        _rule("createTranslation", 0.2, drop="after"),
        _rule("createTranslation", 0.2, status=503, when="before"),
        _rule("createBatch", 0.15, drop="after"),
        _rule("createBatch", 0.1, status=500, when="before"),
        _rule("createBulk", 0.3, drop="after"),
        _rule("createBulk", 0.2, status=502, when="before"),
        {"match": {"method": "GET"}, "probability": 0.03, "do": {"drop": "before"}},
        {"match": {"method": "GET"}, "probability": 0.03, "do": {"status": 503}},
    ],
}
"""Faults that a client must survive: effects whose answers are lost, refusals without effect, unreadable lists."""


def _apply(folder: str, log: str) -> None:
    """One `runner apply` in a process of its own; its exit code is that of the command."""
    from runner.cli.main import run

    os.chdir(folder)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ["NO_COLOR"] = "1"
    code = run(["apply", "season.yaml", "--sandbox", "--auto-approve", "--speed", str(SPEED)])
    os._exit(code)


@dataclass
class Season:
    """A season, its sandbox, and what was done to it."""

    folder: Path
    sandbox: Sandbox
    dice: random.Random
    exits: list[int] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """How many runs were really killed."""
        return self.exits.count(-signal.SIGKILL)

    @property
    def log(self) -> Path:
        return self.folder / "apply.log"

    def start(self) -> BaseProcess:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(
            ["runner.cli.main", "runner.engine.run", "runner.compile.checks.check", "runner.cli.apply"]
        )
        process = context.Process(target=_apply, args=(str(self.folder), str(self.log)))
        process.start()
        return process

    def killed_after(self, seconds: float) -> int:
        """Begin an apply and kill it with SIGKILL after so long; its exit code (-9: it was killed)."""
        process = self.start()
        process.join(seconds)
        if process.is_alive():
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        self.exits.append(process.exitcode or 0)
        return process.exitcode or 0

    def finish(self, most: int = 6) -> int:
        """Apply until there is nothing left to do; the last exit code."""
        code = -1
        for _ in range(most):
            process = self.start()
            process.join(120)
            assert not process.is_alive(), f"apply hangs:\n{self.log.read_text()[-3000:]}"
            code = process.exitcode or 0
            if code == 0:
                break
        return code

    def settle_doubts(self) -> list[str]:
        """Do what a person does about calls in doubt: look there, and adopt what is found or have it sent again."""
        from runner.cli.main import run
        from runner.engine.state.store import read_state
        from runner.model.state import Phase

        name = yaml.safe_load((self.folder / "season.yaml").read_text())["name"]
        state = read_state(self.folder / ".runner" / f"{name}.sandbox.db", name)
        doubts = [one for one in state.instances.values() if one.phase is Phase.DOUBT]
        for one in doubts:
            there = [row for row in self.sandbox.ledger() if one.mark and row["name"] == one.mark]
            words = ["--adopt", str(there[0]["id"])] if there else ["--resend"]
            assert (
                run(["resolve", one.address, "-f", str(self.folder / "season.yaml"), "--sandbox", *words])
                == 0
            )
        return [one.address for one in doubts]

    def ordered(self) -> Counter[str]:
        """How often each thing stands in the sandbox's ledger of accepted work, by operation and name."""
        return Counter(f"{row['operation']} {row['name']}" for row in self.sandbox.ledger())


def quota(usual: int, shares: int) -> int:
    """How many kills one of `shares` tests is to do: `usual` together, or as many as CRASH_KILLS says."""
    return -(-int(os.environ.get("CRASH_KILLS", usual)) // shares)


def first_seed(usual: int) -> int:
    """The seed of the first season: always the same in `make test`, another each time in `make crash`."""
    return int(time.time()) if os.environ.get("CRASH_RANDOM") else usual


@contextmanager
def faulty_season(folder: Path, seed: int, episodes: int = 5) -> Iterator[Season]:
    """A season against a sandbox that drops, fails and ignores idempotency keys, in a folder of its own."""
    folder.mkdir(parents=True)
    faults = folder / "faults.yaml"
    faults.write_text(json.dumps(FAULTS | {"seed": seed}))
    (folder / "published").mkdir()
    settings = SandboxSettings(
        folder / ".runner" / "season.sandbox", speed=SPEED, faults=faults, files=folder / "published"
    )
    with running(settings) as sandbox:
        yield season_of(folder, sandbox, episodes, seed)


def season_of(folder: Path, sandbox: Sandbox, episodes: int, seed: int) -> Season:
    with open(folder / "episodes.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title"])
        writer.writerows([f"ep{number:02}", f"Episode {number}"] for number in range(1, episodes + 1))
    (folder / "season.yaml").write_text(MANIFEST)
    return Season(folder, sandbox, random.Random(seed))
