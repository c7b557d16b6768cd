"""Manifests for tests, written to a folder of their own and checked as a command would."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from runner.compile.checks.check import Checked, catalogue_of, check
from runner.compile.instances.expand import Expanded, expand
from runner.compile.instances.surroundings import SandboxOverrides, Surroundings
from runner.compile.text.load import load
from runner.model.manifest import Manifest


@dataclass(frozen=True)
class Folder:
    """A folder with a manifest in it."""

    path: Path

    def write(self, name: str, text: str) -> Path:
        """A file beside the manifest."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return file

    def manifest(self, text: str) -> Manifest:
        """The manifest of this text, in its right shape."""
        loaded = load(self.write("season.yaml", "version: 1\nname: season\n" + dedent(text)))
        assert loaded.manifest is not None, [str(problem) for problem in loaded.problems]
        return loaded.manifest

    def expand(self, text: str, env: Mapping[str, str] | None = None) -> Expanded:
        """Its instances."""
        manifest = self.manifest(text)
        return expand(manifest, catalogue_of(manifest), Surroundings(env or {}))

    def check(
        self,
        text: str,
        env: Mapping[str, str] | None = None,
        *,
        offline: bool = True,
        sandbox: SandboxOverrides | None = None,
    ) -> Checked:
        """What a check says of it."""
        manifest = self.manifest(text)
        return check(manifest, catalogue_of(manifest), Surroundings(env or {}, offline, sandbox))

    def problems(self, text: str) -> list[str]:
        """The problems of an offline check, without their places."""
        checked = self.check(text)
        return [f"{one.message} — {one.hint}" if one.hint else one.message for one in checked.problems]
