"""Starts and stops the sandbox on a loopback port, inside a run or on its own."""

import json
import secrets
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.model.errors import RunnerError, StateError, StateLocked
from runner.sandbox.ground.credentials import CREDENTIALS

HOST = "127.0.0.1"
_KEEPABLE = range(20_000, 32_768)
"""Ports that systems do not lend to connections going out, so that one of them is free the next time as well."""

_PATIENCE = 5.0
"""Real seconds that a start, a stop, or another process's start may take."""


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Where the world lives (`folder`), and how it is served. `speed`: virtual seconds a real second. `port`
    None: the port of the last time, else a free one. `faults`: a YAML file. `files`: the directory served at
    `/files/`. `fresh`: forget the world first."""

    folder: Path
    speed: float = 60.0
    port: int | None = None
    faults: Path | None = None
    files: Path | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that answers. `base_urls` and `credentials` are by provider."""

    url: str
    base_urls: Mapping[str, str]
    credentials: Mapping[str, Mapping[str, str]]
    files_url: str
    media_url: str
    speed: float

    def ledger(self) -> list[dict[str, Any]]:
        """Every accepted piece of paid work: seq, at, provider, operation, name, id, key, cost, request."""
        rows: list[dict[str, Any]] = self._page("ledger")
        return rows

    def requests(self) -> dict[str, int]:
        """How many requests came in, by `provider.operation`."""
        counts: dict[str, int] = self._page("requests")
        return counts

    def world(self) -> dict[str, Any]:
        """Clocks, facts, and everything that exists."""
        world: dict[str, Any] = self._page("world")
        return world

    def set_faults(self, config: Any) -> None:
        """Replaces the faults; the form is that of the YAML file (see `faults.py`)."""
        _fetch(f"{self.url}/__sandbox__/faults", json.dumps(config).encode())

    def _page(self, name: str) -> Any:
        return json.loads(_fetch(f"{self.url}/__sandbox__/{name}"))


@contextmanager
def running(settings: SandboxSettings) -> Iterator[Sandbox]:
    """A sandbox for the time of a `with` block, in a thread of its own.

    When another process already serves this folder, that one is used (its speed and faults hold). Raises
    StateLocked when it does not answer or serves other files, WrongUsage for wrong faults, RunnerError when a
    given port is taken.
    """
    from runner.sandbox.app import make_app
    from runner.sandbox.ground.faults import FaultPlan, read_faults
    from runner.sandbox.ground.world import World

    plan = read_faults(settings.faults) if settings.faults is not None else FaultPlan()
    if settings.fresh:
        _forget(settings.folder)
    world = _world_or_other(settings)
    if isinstance(world, Sandbox):
        yield world
        return
    assert isinstance(world, World)
    try:
        listener = _listen(settings)
        try:
            app = make_app(world, plan, settings.speed, settings.files)
            with _served(app, listener):
                yield _sandbox(listener.getsockname()[1], settings.speed)
        finally:
            listener.close()
    finally:
        world.close()


def serve_forever(settings: SandboxSettings, announce: Callable[[str], None]) -> None:
    """Serves until SIGINT or SIGTERM, after announcing what to paste into a manifest."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with running(settings) as sandbox:
            for line in announcement(sandbox):
                announce(line)
            while not stop.wait(3600):
                continue
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def announcement(sandbox: Sandbox) -> list[str]:
    """The lines that tell how to reach a sandbox, as YAML for a manifest."""
    lines = [f"# sandbox at {sandbox.url} — one second here is {sandbox.speed:g} seconds there", "providers:"]
    for name, url in sandbox.base_urls.items():
        credentials = ", ".join(f"{key}: {value}" for key, value in sandbox.credentials[name].items())
        lines += [f"  {name}:", f"    base_url: {url}", f"    auth: {{{credentials}}}"]
    lines.append(f"# published files: {sandbox.files_url} — source films: {sandbox.media_url}NAME.mp4")
    lines.append(f"# what was paid for: {sandbox.url}/__sandbox__/ledger")
    return lines


def _sandbox(port: int, speed: float) -> Sandbox:
    from runner.sandbox.app import EMULATED

    url = f"http://{HOST}:{port}"
    base_urls = {name: f"{url}/{name}" for name in EMULATED}
    return Sandbox(url, base_urls, CREDENTIALS, f"{url}/files/", f"{url}/media/source/", speed)


def _world_or_other(settings: SandboxSettings) -> Any:
    """The opened World, or the Sandbox of the process that has it."""
    from runner.sandbox.ground.world import World

    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return World(settings.folder / "world.db")
        except StateLocked:
            if (other := _other(settings)) is not None:
                return other
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _other(settings: SandboxSettings) -> Sandbox | None:
    port = _kept_port(settings.folder)
    if port is None:
        return None
    try:
        about = json.loads(_fetch(f"http://{HOST}:{port}/__sandbox__/about"))
    except (RunnerError, ValueError):
        return None
    if about.get("files") != str(settings.files or "") or settings.fresh:
        raise StateLocked(
            f"another process runs the sandbox in {settings.folder}, with other files", "stop it first"
        )
    return _sandbox(port, about["speed"])


def _forget(folder: Path) -> None:
    """Empties the world, unless another process has it."""
    from runner.model.errors import StateCorrupt
    from runner.sandbox.ground.world import World

    with suppress(StateCorrupt):  # a broken world is forgotten as well
        World(folder / "world.db").close()
    for name in ("world.db", "world.db-wal", "world.db-shm", "world.db-journal", "port"):
        (folder / name).unlink(missing_ok=True)


def _kept_port(folder: Path) -> int | None:
    try:
        return int((folder / "port").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _wanted_ports(settings: SandboxSettings) -> list[int]:
    """Ports to be tried in turn; 0 is whichever the system gives."""
    if settings.port is not None:
        return [settings.port]
    kept = _kept_port(settings.folder)
    some = [_KEEPABLE.start + secrets.randbelow(len(_KEEPABLE)) for _ in range(8)]
    return [*([] if kept is None else [kept]), *some, 0]


def _listen(settings: SandboxSettings) -> socket.socket:
    """A listening socket on the wanted, the kept or a free port; the port is kept."""
    for port in (wanted := _wanted_ports(settings)):
        # Only a socket that says TCP gets TCP_NODELAY from asyncio; without it every answer waits 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(1024)
        except OSError:
            listener.close()
            continue
        (settings.folder / "port").write_text(str(listener.getsockname()[1]), encoding="ascii")
        return listener
    raise RunnerError(f"port {wanted[-1]} is taken", "give another --port, or none")


@contextmanager
def _served(app: Any, listener: socket.socket) -> Iterator[None]:
    """Serves an application on a socket, in a daemon thread with its own event loop."""
    import uvicorn

    from runner.sandbox.ground.protocol import BreakableProtocol

    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=BreakableProtocol,
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            log_level="critical",
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
    thread.start()
    try:
        until = time.monotonic() + _PATIENCE
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise StateError("the sandbox did not start")
            time.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)


def _fetch(url: str, body: bytes | None = None) -> bytes:
    """A page of a sandbox. Raises RunnerError when it does not answer or refuses."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(
        url, body, {"Content-Type": "application/json"} if body is not None else {}
    )
    try:
        with opener.open(request, timeout=_PATIENCE) as answer:
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        with error:
            raise RunnerError(f"the sandbox refused: {error.read().decode(errors='replace')}") from error
    except OSError as error:
        raise RunnerError(f"no sandbox answers at {url}: {error}") from error
