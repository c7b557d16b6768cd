"""Whole runs: a manifest in a folder of its own, a sandbox beside it in this process, and `runner` called on both."""

import io
import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from seasons import DUB, HEAD

from runner.cli.main import run
from runner.engine.state.store import read_state
from runner.model.state import State
from runner.sandbox.serve import Sandbox, SandboxSettings, running

SPEED = 1200.0
"""The sandbox's seconds in a real one: a dub takes a tenth of a second, a lost answer is settled in two tenths."""

READING = frozenset(
    {"listProjects", "getProject", "getBalance", "getVoices", "getOptions", "getResult", "getSource"}
)
READING_TOO = frozenset({"createToken", "refreshToken", "listBatches", "getBatch", "bulkStatus", "getFile"})

SEASON = f"{HEAD}jobs:\n{DUB}"
"""One dub an episode; `episodes.csv` says which."""


ROWS = """\
version: 1
name: season
publish: {directory: published, base_url: "https://files.example.com/runner/"}
data: {episodes: {file: episodes.csv}}
jobs:
  batch:
    uses: revoice.batch
    bulk: true
    for_each: ${{ data.episodes }}
    with:
      projectId: 6f1c2b1e
      name: ${{ each.id }}
      scriptPath: https://files.example.com/${{ each.id }}.docx
      languageCode: fr-FR
"""
SHORT = "providers: {revoice: {settle: {effect: 300ms, lag: 50ms}}}\njobs:\n"
"""Put in place of `jobs:`: lost rows are settled in a third of a second."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended: what it printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything it said, for the message of an assertion."""
        return f"exit {self.code}\n{self.out}{self.err}"


def captured(words: list[str]) -> Ended:
    """`runner WORDS…` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(words)
    return Ended(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder with a manifest, and the sandbox that stands in for the APIs."""

    folder: Path
    file: Path
    name: str
    sandbox: Sandbox
    speed: float

    def run(self, command: str, *words: str) -> Ended:
        """`runner COMMAND -f MANIFEST --sandbox …` in this process."""
        return captured([command, *words, "-f", str(self.file), "--sandbox"])

    def apply(self, *words: str) -> Ended:
        """`runner apply --sandbox --auto-approve …`."""
        return self.run("apply", "--auto-approve", "--speed", str(self.speed), *words)

    def write(self, name: str, text: str) -> Path:
        """A file beside the manifest."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return file

    def change(self, before: str, after: str) -> None:
        """Another manifest: with `after` in place of `before`."""
        text = self.file.read_text(encoding="utf-8")
        assert before in text, before
        self.file.write_text(text.replace(before, after), encoding="utf-8")

    def faults(self, *rules: Mapping[str, Any], **settings: Any) -> None:
        """From now on these faults and no others."""
        self.sandbox.set_faults({"settings": settings, "rules": list(rules)})

    def paid(self) -> dict[str, int]:
        """How often each thing was accepted for payment, by its name; re-translations are free and not among them."""
        rows = [row for row in self.sandbox.ledger() if row["operation"] != "createTranslation"]
        return dict(Counter(row["name"] for row in rows))

    def changing(self) -> dict[str, int]:
        """Requests so far of operations that change something there."""
        return {
            name: count
            for name, count in self.sandbox.requests().items()
            if name.partition(".")[2] not in READING | READING_TOO
        }

    def state(self) -> State:
        """What the journal says."""
        return read_state(self.database, self.name)

    def phases(self) -> dict[str, str]:
        """Address → phase."""
        return {address: held.phase.value for address, held in self.state().instances.items()}

    @property
    def database(self) -> Path:
        return self.folder / ".runner" / f"{self.name}.sandbox.db"

    def lose_state(self) -> None:
        """As when a laptop is lost: nothing of the journal is left."""
        for file in self.database.parent.glob(f"{self.database.name}*"):
            file.unlink()

    def saved(self) -> set[str]:
        """The files under `out`."""
        return {
            str(path.relative_to(self.folder)) for path in (self.folder / "out").rglob("*") if path.is_file()
        }

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Speak to Dubformer past runner, as a person at its web page would."""
        request = urllib.request.Request(
            self.sandbox.base_urls["dubformer"] + path,
            None if body is None else json.dumps(body).encode(),
            {
                "Authorization": f"Bearer {self.sandbox.credentials['dubformer']['token']}",
                "Content-Type": "application/json",
            },
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def create_by_hand(self, name: str) -> str:
        """A project of this name that runner knows nothing of; its id."""
        made = self.ask(
            "POST",
            "/api/v1/projects",
            {
                "name": name,
                "source_lang": "en",
                "target_lang": "fr-FR",
                "source_video_url": f"https://cdn.example.com/{name}.mp4?minutes=3",
            },
        )
        return str(made["project_id"])


def episodes(*ids: str) -> str:
    """The text of `episodes.csv`."""
    return "\n".join(["id", *ids]) + "\n"


@contextmanager
def staged(
    folder: Path, manifest: str = SEASON, *, ids: tuple[str, ...] = ("e1", "e2"), speed: float = SPEED
) -> Iterator[Stage]:
    """A folder with this manifest and these episodes, and a sandbox for the time of the block."""
    file = folder / "season.yaml"
    if manifest:
        file.write_text(dedent(manifest), encoding="utf-8")
        (folder / "episodes.csv").write_text(episodes(*ids), encoding="utf-8")
    with served(folder, file, "season", speed=speed) as stage:
        yield stage


@contextmanager
def served(folder: Path, file: Path, name: str, *, speed: float = SPEED) -> Iterator[Stage]:
    """A sandbox for a manifest that is there already."""
    published = folder / "published" if "\npublish:" in file.read_text(encoding="utf-8") else None
    settings = SandboxSettings(folder / ".runner" / f"{name}.sandbox", speed=speed, files=published)
    with running(settings) as sandbox:
        yield Stage(folder, file, name, sandbox, speed)


def fault(operation: str, times: int = 1, **deed: Any) -> dict[str, Any]:
    """A rule: the first so many requests of an operation suffer this."""
    return {"match": {"operation": operation}, "times": times, "do": deed}
