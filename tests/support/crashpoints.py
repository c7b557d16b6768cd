"""Every point at which a run can die, one after the other: the run is killed there and applied again.

A `Case` is a piece of work under one contract. `every_point` runs it with a death at the first point, the second, and
so on, until a run ends by itself. After each death it is applied again to its end, a person's word is given where (and
only where) the contract allows a doubt, and then the ledger, the files and the state must be right.
"""

import multiprocessing
import os
import shutil
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.context import ForkServerContext
from pathlib import Path

from dying import MUTE, die_within
from workshop import Workshop, World, content_of, document

from runner.engine.store import read_state
from runner.model.state import InstanceState, Phase, State

LOADED = (
    "runner.cli.main", "runner.cli.apply", "runner.cli.session", "runner.cli.project", "runner.cli.resolve",
    "runner.cli.wishes", "runner.engine.run", "runner.engine.webhooks", "runner.engine.lookups",
    "runner.compile.check", "runner.compile.plan", "runner.compile.moves", "runner.report.plan_json",
    "runner.report.plan_text", "runner.report.outcome", "runner.report.progress", "runner.sandbox.app",
    "runner.sandbox.world", "runner.workbook.build", "aiohttp.web", "jinja2", "jsonschema", "jsonpath_rfc9535",
    "rich.live", "openpyxl", "openpyxl.cell._writer", "yaml", "uvicorn", "starlette.routing",
)  # fmt: skip
"""What each process would load for itself; a name that is gone costs time, and nothing else."""

EVERYTHING = bool(os.environ.get("CRASH_RANDOM"))
"""Whether `make crash` runs, and not the bounded part of it."""

KILLED = -9
IN_DOUBT = 5


def processes() -> ForkServerContext:
    """Where processes come from that have loaded the program already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    return context


def command(folder: Path, *words: str, dies_at: int = 0) -> int:
    """A command in a process of its own, dead at a point or (0) alive to its end; its exit code."""
    process = processes().Process(target=die_within, args=(words, str(folder), dies_at))
    process.start()
    process.join(60)
    assert not process.is_alive(), f"runner {words} hangs:\n{said(folder)}"
    return process.exitcode or 0


def said(folder: Path) -> str:
    """The last of what the commands printed there."""
    return (folder / "apply.log").read_text(encoding="utf-8", errors="replace")[-4000:]


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Scene:
    """A folder, its manifest, and the world that it speaks to."""

    folder: Path
    world: World

    def apply(self, *words: str, dies_at: int = 0) -> int:
        return command(self.folder, "apply", "m.yaml", "--auto-approve", *words, dies_at=dies_at)

    def resolve(self, address: str, *words: str, dies_at: int = 0) -> int:
        return command(self.folder, "resolve", address, "-f", "m.yaml", *words, dies_at=dies_at)

    def state(self) -> State:
        return read_state(self.folder / ".runner" / "m.db", "m")

    def doubts(self) -> list[InstanceState]:
        return [one for one in self.state().instances.values() if one.phase is Phase.DOUBT]

    def settle_by_hand(self) -> None:
        """What a person does about a call in doubt: look there, and adopt what is found or have it sent again."""
        known = {id for one in self.state().instances.values() for id in one.ids}
        for one in self.doubts():
            title = one.inputs.get("title", one.address)
            there = [
                row["id"] for row in self.world.ledger if row["title"] == title and row["id"] not in known
            ]
            words = ["--adopt", there[0]] if there else ["--resend"]
            assert self.resolve(one.address, *words) == 0, said(self.folder)

    @property
    def points(self) -> list[str]:
        return (self.folder / MUTE).read_text().split("\n")[:-1]


def plainly(scene: Scene, dies_at: int) -> int:
    """One apply."""
    return scene.apply(dies_at=dies_at)


def nothing(_: Scene) -> None:
    """Nothing goes before."""


@dataclass(frozen=True)
class Case:
    """`uses` are those of the workshop that `jobs` name; `orders` must stand in the ledger in the end, once each, and
    `files` in the folder. `doubtful`: a lost call may need a person. `points`: how many a run passes, at the least.
    `before`: what is done unkilled first; `act`: what is killed, and done again alive."""

    name: str
    uses: tuple[str, ...]
    jobs: str
    orders: tuple[str, ...]
    files: tuple[str, ...] = ()
    doubtful: bool = False
    points: int = 22
    before: Callable[[Scene], None] = nothing
    act: Callable[[Scene, int], int] = plainly


@dataclass
class Seen:
    """What an enumeration met."""

    deaths: Counter[str] = field(default_factory=Counter)
    doubts: int = 0


MANIFEST = """\
version: 1
name: m
webhooks: {{listen: "127.0.0.1:{port}"}}
providers:
  workshop: {{openapi: workshop.yaml, base_url: "{base}", settle: {{effect: 250ms, lag: 30ms}}}}
jobs:
{jobs}"""


def every_point(case: Case, workshop: Workshop, folder: Path, *, step: int = 1, first: int = 1) -> Seen:
    """Die at every `step`-th point from the `first` on, and look each time whether all came right."""
    seen = Seen()
    made = scene_of(case, workshop, folder / "base")
    case.before(made)
    for at in count(first, step):
        scene = Scene(folder / str(at), workshop.put(case.name, made.world.copy()))
        shutil.copytree(made.folder, scene.folder)
        code = case.act(scene, at)
        if code != KILLED:
            assert code == 0, f"{case.name}, unkilled after {at} points: exit {code}\n{said(scene.folder)}"
            _check(case, scene, at)
            return seen
        seen.deaths[scene.points[-1]] += 1
        where = f"{case.name}, killed at point {at} ({scene.points[-1]})"
        seen.doubts += _carried_on(case, scene, where)
        _check(case, scene, at)
        shutil.rmtree(scene.folder)
    raise AssertionError("unreachable")


def scene_of(case: Case, workshop: Workshop, folder: Path) -> Scene:
    """A folder with the manifest of a case, and a world of its own."""
    world = workshop.put(case.name, World(slow=0.03))
    folder.mkdir(parents=True)
    (folder / "workshop.yaml").write_text(document(*case.uses))
    (folder / "clip.bin").write_bytes(b"\x00\x01clip" * 2000)
    (folder / "m.yaml").write_text(MANIFEST.format(port=free_port(), base=world.base, jobs=case.jobs))
    return Scene(folder, world)


def _carried_on(case: Case, scene: Scene, where: str) -> bool:
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


def _check(case: Case, scene: Scene, at: int) -> None:
    where = f"{case.name}, killed at point {at}:"
    ordered = scene.world.ordered()
    assert ordered == Counter(case.orders), f"{where} ordered {dict(ordered)}\n{said(scene.folder)}"
    state = scene.state()
    phases = {
        address: one.phase.value for address, one in state.instances.items() if one.phase is not Phase.READY
    }
    assert phases == {}, f"{where} {phases}\n{said(scene.folder)}"
    out = scene.folder / "out"
    files = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    assert set(files) == set(case.files), f"{where} {sorted(files)}\n{said(scene.folder)}"
    whole = {content_of(id) for id in scene.world.things}
    assert all(path.read_bytes() in whole for path in files.values()), (
        f"{where} a file is not what it should be"
    )
    left = [group for group in state.groups.values() if not group.closed]
    assert left == [], where
