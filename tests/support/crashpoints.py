"""Every point at which a run can die, one after the other: the run is killed there and applied again.

A `Case` is a piece of work under one contract. `every_point` runs it with a death at the first point, the second, and
so on, until a run ends by itself. After each death it is applied again to its end, a person's word is given where (and
only where) the contract allows a doubt, and then the ledger, the files and the state must be right.
"""

import multiprocessing
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.context import ForkServerContext
from pathlib import Path

from dying import MUTE, die_within
from pgserver import end_lease, place_of, schema
from ports import free_port
from workshop import Workshop, World, content_of, document

from runner.engine.state.states import read_state as read_any_state
from runner.engine.state.store import read_state
from runner.model.state import InstanceState, Phase, State
from runner.sandbox.serve import SandboxSettings, running

LOADED = (
    "runner.cli.main", "runner.cli.apply", "runner.cli.session", "runner.cli.project", "runner.cli.resolve",
    "runner.cli.wishes", "runner.engine.run", "runner.engine.wire.webhooks", "runner.engine.wire.lookups",
    "runner.compile.checks.check", "runner.compile.planning.plan", "runner.compile.checks.moves",
    "runner.report.plan_json",
    "runner.report.plan_text", "runner.report.outcome", "runner.report.progress", "runner.sandbox.app",
    "runner.sandbox.ground.world", "runner.workbook.build", "aiohttp.web", "jinja2", "jsonschema", "jsonpath_rfc9535",
    "rich.live", "openpyxl", "openpyxl.cell._writer", "yaml", "uvicorn", "starlette.routing",
)  # fmt: skip
"""What each process would load for itself; a name that is gone costs time, and nothing else."""

EVERYTHING = bool(os.environ.get("CRASH_RANDOM"))
"""Whether `make crash` runs, and not the bounded part of it."""

IN_DATABASE = "state: ${{ env.RUNNER_STATE }}\n"

KILLED = -9
IN_DOUBT = 5


def processes() -> ForkServerContext:
    """Where processes come from that have loaded the program already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    return context


def command(folder: Path, *words: str, dies_at: int = 0, env: Mapping[str, str] | None = None) -> int:
    """A command in a process of its own, dead at a point or (0) alive to its end; its exit code."""
    process = processes().Process(target=die_within, args=(words, str(folder), dies_at, dict(env or {})))
    process.start()
    process.join(60)
    assert not process.is_alive(), f"runner {words} hangs:\n{said(folder)}"
    return process.exitcode or 0


def said(folder: Path) -> str:
    """The last of what the commands printed there."""
    return (folder / "apply.log").read_text(encoding="utf-8", errors="replace")[-4000:]


@dataclass
class Scene:
    """A folder, its manifest, and what was ordered of the API that it speaks to: (name, id) of each order.

    `flags` go with each command; `things` are the names of files that can be checked, None where they cannot.
    `database`: the URL of its state, where that is no file."""

    folder: Path
    ledger: Callable[[], list[tuple[str, str]]]
    flags: tuple[str, ...] = ()
    things: Callable[[], list[str]] | None = None
    world: World | None = None
    database: str = ""

    def apply(self, *words: str, dies_at: int = 0) -> int:
        speed = ("--speed", SPEED) if self.flags else ()
        return self._command("apply", "--auto-approve", *speed, *words, dies_at=dies_at)

    def resolve(self, address: str, *words: str, dies_at: int = 0) -> int:
        return self._command("resolve", address, *words, dies_at=dies_at)

    def approve(self, address: str, dies_at: int = 0) -> int:
        return self._command("approve", address, dies_at=dies_at)

    def _command(self, *words: str, dies_at: int) -> int:
        env = {"RUNNER_STATE": self.database} if self.database else {}
        return command(self.folder, *words, "-f", "m.yaml", *self.flags, dies_at=dies_at, env=env)

    def died(self) -> None:
        """What must pass before another may take over what a killed command held."""
        if self.database:
            end_lease(self.database)

    def state(self) -> State:
        if self.database:
            return read_any_state(place_of(self.database, "m"), "m")
        return read_state(self.folder / ".runner" / ("m.sandbox.db" if self.flags else "m.db"), "m")

    def doubts(self) -> list[InstanceState]:
        return [one for one in self.state().instances.values() if one.phase is Phase.DOUBT]

    def settle_by_hand(self) -> None:
        """What a person does about a call in doubt: look there, and adopt what is found or have it sent again."""
        known = {id for one in self.state().instances.values() for id in one.ids}
        for one in self.doubts():
            name = next(one.inputs[field] for field in ("title", "ref", "name") if field in one.inputs)
            there = [id for ordered, id in self.ledger() if ordered == name and id not in known]
            words = ["--adopt", there[0]] if there else ["--resend"]
            assert self.resolve(one.address, *words) == 0, said(self.folder)

    @property
    def points(self) -> list[str]:
        """What the last command passed, in its order."""
        return [kind for kind, _ in self._passed()]

    @property
    def synced(self) -> list[int]:
        """How many bytes of the journal's log were on the disk after each commit of the last command."""
        return [size for kind, size in self._passed() if kind == "commit: durable"]

    def _passed(self) -> list[tuple[str, int]]:
        lines = (self.folder / MUTE).read_text().splitlines()
        return [(kind, int(size)) for kind, size in (line.split("\t") for line in lines)]


def plainly(scene: Scene, dies_at: int) -> int:
    """One apply."""
    return scene.apply(dies_at=dies_at)


def nothing(_: Scene) -> None:
    """Nothing goes before."""


@dataclass(frozen=True)
class Case:
    """`uses` are those of the workshop that `jobs` name (none: the jobs are of the sandbox's providers); `orders` must
    stand in the ledger in the end, once each, and `files` in the folder. `doubtful`: a lost call may need a person.
    `points`: how many a run passes, at the least. `before`: what is done unkilled first; `act`: what is killed, and
    done again alive; `stands`: the titles of what must stand there in the end, where that is looked at."""

    name: str
    uses: tuple[str, ...]
    jobs: str
    orders: tuple[str, ...]
    files: tuple[str, ...] = ()
    doubtful: bool = False
    points: int = 22
    before: Callable[[Scene], None] = nothing
    act: Callable[[Scene, int], int] = plainly
    stands: tuple[str, ...] | None = None


@dataclass
class Seen:
    """What an enumeration met."""

    deaths: Counter[str] = field(default_factory=Counter)
    doubts: int = 0


SPEED = "1200"
WORKSHOP = """\
version: 1
name: m
webhooks: {{listen: "127.0.0.1:{port}"}}
providers:
  workshop: {{openapi: workshop.yaml, base_url: "{base}", settle: {{effect: 250ms, lag: 30ms}}}}
jobs:
{jobs}"""
SANDBOX = """\
version: 1
name: m
publish: {{directory: published, base_url: "https://files.example.com/runner/"}}
webhooks: {{listen: "127.0.0.1:{port}"}}
providers: {{revoice: {{settle: {{effect: 300ms, lag: 50ms}}}}}}
jobs:
{jobs}"""


def every_point(
    case: Case, workshop: Workshop, folder: Path, *, step: int = 1, first: int = 1, server: str = ""
) -> Seen:
    """Die at every `step`-th point from the `first` on, and look each time whether all came right. `server`: a database
    server that holds the states, each in a schema of its own; else they are files."""
    seen = Seen()
    base = write(case, workshop, folder / "base")
    if server:
        manifest = base / "m.yaml"
        manifest.write_text(manifest.read_text().replace("name: m\n", f"name: m\n{IN_DATABASE}"))
    with staged(case, workshop, base, server=server) as made:
        case.before(made)
        world = made.world
    for at in count(first, step):
        shutil.copytree(base, folder / str(at))
        with staged(case, workshop, folder / str(at), world, server=server) as scene:
            code = case.act(scene, at)
            if code != KILLED:
                assert code == 0, (
                    f"{case.name}, unkilled after {at} points: exit {code}\n{said(scene.folder)}"
                )
                check(case, scene, at)
                return seen
            seen.deaths[scene.points[-1]] += 1
            scene.died()
            where = f"{case.name}, killed at point {at} ({scene.points[-1]})"
            seen.doubts += carried_on(case, scene, where)
            check(case, scene, at)
        shutil.rmtree(folder / str(at))
    raise AssertionError("unreachable")


def write(case: Case, workshop: Workshop, folder: Path) -> Path:
    """A folder with the manifest of a case."""
    folder.mkdir(parents=True)
    text = WORKSHOP if case.uses else SANDBOX
    (folder / "workshop.yaml").write_text(document(*case.uses))
    (folder / "clip.bin").write_bytes(b"\x00\x01clip" * 2000)
    (folder / "published").mkdir()
    base = f"{workshop.url}/{case.name}"
    (folder / "m.yaml").write_text(text.format(port=free_port(), base=base, jobs=case.jobs))
    return folder


@contextmanager
def staged(
    case: Case, workshop: Workshop, folder: Path, world: World | None = None, server: str = ""
) -> Iterator[Scene]:
    """A folder that `write` made, and a world for it: a copy of `world`, or a new one."""
    if server:
        with schema(server) as url, staged(case, workshop, folder, world) as scene:
            scene.database = url
            yield scene
        return
    if case.uses:
        held = workshop.put(case.name, world.copy() if world is not None else World(slow=0.03))
        ordered = lambda: [(row["title"], row["id"]) for row in held.ledger]  # noqa: E731
        yield Scene(folder, ordered, things=held.files, world=held)
        return
    settings = SandboxSettings(
        folder / ".runner" / "m.sandbox", speed=float(SPEED), files=folder / "published"
    )
    with running(settings) as sandbox:
        rows = lambda: [(str(row["name"]), str(row["id"])) for row in sandbox.ledger()]  # noqa: E731
        yield Scene(folder, rows, ("--sandbox",))


def carried_on(case: Case, scene: Scene, where: str) -> bool:
    """Apply to the end; whether a person had to speak."""
    code = case.act(scene, 0)
    if code == 0:
        return False
    assert (code, case.doubtful) == (IN_DOUBT, True), f"{where}: exit {code}\n{said(scene.folder)}"
    assert scene.doubts(), f"{where}: exit 5, and nothing is in doubt"
    scene.settle_by_hand()
    code = scene.apply()
    assert code == 0, f"{where}, settled by hand: exit {code}\n{said(scene.folder)}"
    return True


def check(case: Case, scene: Scene, at: int) -> None:
    where = f"{case.name}, killed at point {at}:"
    ordered = Counter(name for name, _ in scene.ledger())
    assert ordered == Counter(case.orders), f"{where} ordered {dict(ordered)}\n{said(scene.folder)}"
    if case.stands is not None and scene.world is not None:
        there = tuple(str(one["title"]) for one in scene.world.things.values())
        assert there == case.stands, f"{where} there stands {there}\n{said(scene.folder)}"
    state = scene.state()
    phases = {
        one.address: one.phase.value for one in state.instances.values() if one.phase is not Phase.READY
    }
    assert phases == {}, f"{where} {phases}\n{said(scene.folder)}"
    assert [group for group in state.groups.values() if not group.closed] == [], where
    out = scene.folder / "out"
    files = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    assert set(files) == set(case.files), f"{where} {sorted(files)}\n{said(scene.folder)}"
    if scene.things is not None:
        whole = {content_of(id) for id in scene.things()}
        assert all(path.read_bytes() in whole for path in files.values()), (
            f"{where} a file is not what it should be"
        )
