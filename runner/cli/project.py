"""A checked manifest for a command: found, loaded, checked, and its sandbox started where one is asked for."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.cli.chosen import SANDBOX_FRESH, Chosen
from runner.cli.find import find_manifest
from runner.cli.screen import here
from runner.model.errors import InvalidInput, RunnerError, WrongUsage
from runner.model.frozen import frozen
from runner.report.words import quoted

if TYPE_CHECKING:
    from runner.compile.checks.work import Work
    from runner.compile.instances.surroundings import SandboxOverrides
    from runner.model.manifest import Manifest
    from runner.model.problem import Problem
    from runner.model.state import State
    from runner.model.state_place import StatePlace
    from runner.model.text import Secret
    from runner.sandbox.serve import Sandbox


_NAME = re.compile(r"^[A-Za-z0-9][\w.-]*$")
_FIRST = re.compile(
    r"(?:(?:[ \t]*|#.*|version:[ \t]*1[ \t]*(?:[ \t]#.*)?)\r?\n)*"
    r"name:[ \t]+([A-Za-z][\w.-]*)[ \t]*(?:[ \t]#.*)?\r?\n"
    r"(?:[ \t]*(?:#.*)?\r?\n)*(?=[a-z]+:)"
)
"""A manifest that begins with its plain name, and goes on with another key."""
_FURTHER = re.compile(r"^(?:name|state)\b|^[^a-z#\s]", re.MULTILINE)
"""What may say more of the name or the state, or is no plain key at the beginning of a line."""
_WORDS = frozenset({"true", "false", "null"})


@frozen
class SandboxWishes:
    """How a sandbox is to be served: how many times faster than the world, and with which faults."""

    speed: float = 60.0
    faults: Path | None = None


class Project:
    """The manifest that a command speaks of, and the screen that it prints on."""

    def __init__(self, chosen: Chosen) -> None:
        self.chosen = chosen
        self.file = find_manifest(chosen.file)
        self.shown = here(self.file)
        of_runs = f"--out-dir {quoted(str(chosen.out_dir))}" if chosen.out_dir is not None else ""
        self.screen = chosen.screen(_repeated(chosen, self.shown), of_runs)

    @cached_property
    def manifest(self) -> "Manifest":
        """The manifest in its right shape; raises InvalidInput with every problem otherwise."""
        from runner.compile.text.load import load

        loaded = load(self.file, self.variables)
        if loaded.manifest is None:
            raise InvalidInput(loaded.problems)
        return loaded.manifest

    @cached_property
    def variables(self) -> dict[str, Any]:
        """What `--vars` and `--var` set, the latter over the former."""
        from runner.compile.text.variables import read_variables

        found: dict[str, Any] = {}
        for file in self.chosen.variable_files:
            values, problems = read_variables(file)
            if problems:
                raise InvalidInput(problems)
            found.update(values)
        for word in self.chosen.variables:
            name, equals, value = word.partition("=")
            if not equals or not name:
                raise WrongUsage(f"`--var {word}` sets nothing", "write `--var NAME=VALUE`")
            found[name] = value
        return found

    def check(
        self, *, offline: bool = False, sandbox: "SandboxOverrides | None" = None, building: bool = True
    ) -> "tuple[Work | None, tuple[Problem, ...]]":
        """Everything about the manifest that can be known here: the work, or every problem in one pass."""
        from runner.compile.checks.check import check_file
        from runner.compile.instances.surroundings import Surroundings

        out_dir = self.chosen.out_dir.absolute() if self.chosen.out_dir is not None else None
        surroundings = Surroundings(
            os.environ, offline=offline, sandbox=sandbox, out_dir=out_dir, building=building
        )
        return check_file(self.file, self.variables, surroundings)

    def work(self, *, offline: bool = False, sandbox: "SandboxOverrides | None" = None) -> "Work":
        """The same for commands that go on: problems are raised, warnings printed aside."""
        from runner.model.text import Secret
        from runner.report.problems import problem_text

        work, problems = self.check(offline=offline, sandbox=sandbox)
        if work is None:
            raise InvalidInput(problems)
        auth = [value for settings in work.settings.values() for value in settings.auth.values()]
        if work.publish is not None and work.publish.web is not None:
            auth.append(work.publish.web.auth)
        secrets = [value for value in auth if isinstance(value, Secret)]
        self.screen.hide([*secrets, *hidden(work.state_place)])
        for problem in problems:
            self.screen.aside(problem_text(problem, Path.cwd(), self.screen.look_aside))
        return work

    @contextmanager
    def opened(self, *, offline: bool = False, sandbox: SandboxWishes | None = None) -> "Iterator[Work]":
        """The work, and with `--sandbox` a sandbox that answers for the time of the block. What is raised in it names
        no secret."""
        try:
            with self._opened(offline, sandbox) as work:
                yield work
        except RunnerError as error:
            error.message = self.screen.without_secrets(error.message)
            error.hint = self.screen.without_secrets(error.hint)
            raise

    @contextmanager
    def _opened(self, offline: bool, sandbox: SandboxWishes | None) -> "Iterator[Work]":
        if not self.chosen.sandbox:
            yield self.work(offline=offline)
            return
        if offline:
            yield self.work(offline=True, sandbox=self._absent_sandbox())
            return
        with self._sandbox(sandbox or SandboxWishes()) as running:
            yield self.work(sandbox=_overrides(running))

    @contextmanager
    def _sandbox(self, wishes: SandboxWishes) -> "Iterator[Sandbox]":
        from runner.sandbox.serve import SandboxSettings, running

        fresh = self.chosen.sandbox == SANDBOX_FRESH
        name, place = self.state_place()
        if fresh and isinstance(place, Path):
            _forget(place, name, self.manifest.folder)
        settings = SandboxSettings(
            folder=self.manifest.folder / ".runner" / f"{name}.sandbox",
            speed=wishes.speed,
            faults=wishes.faults,
            files=self._published(),
            fresh=fresh,
        )
        with running(settings) as sandbox:
            yield sandbox

    def state(self) -> "State":
        """A snapshot of the state, without its lock."""
        from runner.engine.state.states import read_state

        name, place = self.state_place()
        return read_state(place, name)

    def state_place(self) -> "tuple[str, StatePlace]":
        """The manifest's name and the place of its state; with `--sandbox` that of the sandbox.

        Raises InvalidInput where `state` cannot be evaluated.
        """
        quick = self._quick_place()
        if quick is not None:
            return quick
        from runner.compile.instances.findings import Findings
        from runner.compile.instances.settings import evaluate_settings
        from runner.compile.instances.surroundings import Surroundings

        manifest = self.manifest
        sandbox = self._absent_sandbox() if self.chosen.sandbox else None
        findings = Findings(manifest.locate)
        settings = evaluate_settings(manifest, Surroundings(os.environ, sandbox=sandbox), findings)
        if not settings.state_fit:
            raise InvalidInput(findings.problems())
        self.screen.hide(hidden(settings.state_place))
        return manifest.name, settings.state_place

    def _quick_place(self) -> tuple[str, Path] | None:
        """The same without checking anything, where name and state are plain texts: `status` is instant."""
        try:
            text = self.file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return None
        name, state = (_plain_name(text), None) if _plain_name(text) else self._read_place(text)
        if not isinstance(name, str) or not _NAME.match(name):
            return None
        if self.chosen.sandbox:
            state = None
        ending = ".sandbox.db" if self.chosen.sandbox else ".db"
        if state is None:
            state = f".runner/{name}{ending}"
        plain = isinstance(state, str) and "${{" not in state and "://" not in state
        return (name, self.file.parent / state) if plain else None

    def _read_place(self, text: str) -> tuple[Any, Any]:
        """What stands under `name` and `state`, read as YAML."""
        from runner.compile.text.source import parse_yaml

        source = parse_yaml(text, str(self.file))
        if source.problems or not isinstance(source.value, dict):
            return None, None
        return source.value.get("name"), source.value.get("state")

    def _published(self) -> Path | None:
        """The folder that a sandbox serves in place of `publish.base_url`."""
        from runner.compile.instances.findings import Findings
        from runner.compile.instances.settings import evaluate_settings
        from runner.compile.instances.surroundings import Surroundings

        manifest = self.manifest
        surroundings = Surroundings(os.environ, sandbox=self._absent_sandbox())
        publish = evaluate_settings(manifest, surroundings, Findings(manifest.locate)).publish
        return publish.directory if publish is not None else None

    def _absent_sandbox(self) -> "SandboxOverrides":
        """Overrides as a sandbox would give them, where none is asked."""
        from runner.compile.instances.surroundings import SandboxOverrides
        from runner.sandbox.ground.credentials import CREDENTIALS

        urls = {name: f"http://127.0.0.1:1/{name}" for name in CREDENTIALS}
        return SandboxOverrides(CREDENTIALS, urls, publish_base_url="http://127.0.0.1:1/files/")


def _plain_name(text: str) -> str:
    """The name of a manifest that has no `state:`, where it is certain without reading YAML; else nothing.

    Reading YAML takes longer than all the rest of `status`.
    """
    first = _FIRST.match(text)
    if first is None or first[1].lower() in _WORDS or _FURTHER.search(text, first.end()):
        return ""
    return first[1]


def hidden(place: "StatePlace") -> "tuple[Secret, ...]":
    """What of the state's place must not be printed."""
    return () if isinstance(place, Path) else place.secrets


def _overrides(sandbox: "Sandbox") -> "SandboxOverrides":
    from runner.compile.instances.surroundings import SandboxOverrides

    return SandboxOverrides(sandbox.credentials, sandbox.base_urls, publish_base_url=sandbox.files_url)


def _forget(state: Path, name: str, folder: Path) -> None:
    """Removes a sandbox's state, and the downloads that stand as that state recorded them, and nothing else.

    Raises StateLocked while another run works on it.
    """
    import socket

    from runner.engine.machine.daytime import now_text
    from runner.engine.state.lock import Holder, Lock

    lock = Lock(state)
    lock.take(Holder(socket.gethostname(), os.getpid(), "apply --sandbox=fresh", now_text()), 0.0)
    try:
        _remove(state, name, folder)
    finally:
        lock.release()


def _remove(state: Path, name: str, folder: Path) -> None:
    from runner.engine.machine.files import UnsafePath, inside, unchanged
    from runner.engine.state.store import read_state
    from runner.model.errors import StateError

    try:
        held = tuple(read_state(state, name).instances.values())
    except StateError:
        held = ()
    for recorded in [file for one in held for file in one.files.values() if file.done]:
        try:
            path = inside(folder, recorded.path)
        except UnsafePath:
            continue
        if unchanged(path, recorded.size, recorded.mtime_ns, recorded.sha256):
            path.unlink()
    for file in state.parent.glob(f"{state.name}*"):
        if file.is_file() and not file.name.endswith(".lock"):
            file.unlink()


def _repeated(chosen: Chosen, shown: str) -> str:
    """The options that hints repeat, so that a printed command can be typed as it stands."""
    words = [f"-f {quoted(shown)}"]
    words += [f"--var {quoted(word)}" for word in chosen.variables]
    words += [f"--vars {quoted(here(file.absolute()))}" for file in chosen.variable_files]
    words += ["--sandbox"] if chosen.sandbox else []
    return " ".join(words)
