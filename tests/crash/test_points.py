"""kill -9 at every point of a run, under every contract: nothing is ordered twice, nothing ordered is lost.

`make test` dies at every fourth point, each case beginning with another, so that cases of one shape cover all of them;
`make crash` dies at every point of every case.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from crashpoints import EVERYTHING, IN_DOUBT, KILLED, Case, Scene, every_point, said, staged, write
from workshop import Workshop, open_workshop

from runner.cli.exits import BLOCKED, USAGE
from runner.model.phase import Phase

GIVEN = (
    "  one:\n    uses: workshop.{use}\n    with: {{title: T, ref: mine}}\n    save: {{file: out/one.bin}}\n"
)
MINTED = "  one:\n    uses: workshop.{use}\n    with: {{title: T}}\n    save: {{file: out/one.bin}}\n"

KINDS = {
    "tables: before": 1,
    "tables: durable": 1,
    "commit: before": 6,
    "commit: durable": 6,
    "call: before": 1,
    "call: left": 1,
    "call: answered": 1,
    "file: durable": 4,
    "file: before its name": 1,
    "file: named": 1,
}
"""What the run of one paid call with one file passes, at the least: else the harness looks past something."""


def single(contract: str, text: str = MINTED, kind: str = "minted") -> Case:
    doubtful = contract in ("hook", "none")
    return Case(
        f"{contract}-{kind}", (contract,), text.format(use=contract), ("T",), ("one.bin",), doubtful=doubtful
    )


PARTS = """\
  one:
    uses: workshop.set
    with: {{parts: [{first}, {second}]}}
    save: {{file: "out/${{{{ item.index }}}}.bin"}}
"""
CLIP = (
    "  one:\n    uses: workshop.clip\n    with: {title: T, data: clip.bin}\n    save: {file: out/one.bin}\n"
)
ACTION = "  one:\n    uses: workshop.{use}\n    with: {{title: T}}\n"


def parts(kind: str, first: str, second: str) -> Case:
    jobs = PARTS.format(first=first, second=second)
    return Case(f"parts-{kind}", ("set",), jobs, ("A", "B"), ("0.bin", "1.bin"), points=28)


def replaced(contract: str) -> Case:
    """What is finished is made anew from other inputs."""

    def before(scene: Scene) -> None:
        assert scene.apply() == 0
        manifest = scene.folder / "m.yaml"
        manifest.write_text(manifest.read_text().replace("title: T", "title: U"))

    def act(scene: Scene, dies_at: int) -> int:
        return scene.apply("--replace", "one", dies_at=dies_at)

    made = single(contract)
    return replace(made, name=f"{contract}-replaced", orders=("T", "U"), before=before, act=act, points=18)


def budgeted() -> Case:
    """The same within a budget that both calls fill: whatever was recorded before a kill counts once, and no more."""
    made = replaced("find")

    def before(scene: Scene) -> None:
        manifest = scene.folder / "m.yaml"
        manifest.write_text(manifest.read_text().replace("openapi:", "budget: {calls: 2}, openapi:"))
        made.before(scene)

    return replace(made, name="find-budgeted", before=before)


def updated(use: str, orders: tuple[str, ...], *flags: str, changed: str = "title") -> Case:
    """What is finished is changed where it stands."""
    text = f"  one:\n    uses: workshop.{use}\n    with: {{title: T, token: A}}\n    save: {{file: out/one.bin}}\n"

    def before(scene: Scene) -> None:
        assert scene.apply() == 0
        manifest = scene.folder / "m.yaml"
        after = ("title: T", "title: U") if changed == "title" else ("token: A", "token: B")
        manifest.write_text(manifest.read_text().replace(*after))

    def act(scene: Scene, dies_at: int) -> int:
        return scene.apply(*flags, dies_at=dies_at)

    stands = ("U",) if changed == "title" else ("T",)
    made = Case(f"{use}-updated", (use,), text, orders, ("one.bin",), before=before, act=act, stands=stands)
    return replace(made, points=14, doubtful=use == "stub")


def resolved(how: str) -> Case:
    """A call in doubt, a person's word about it, and the apply that follows the word."""

    def before(scene: Scene) -> None:
        assert scene.world is not None
        scene.world.lose, scene.world.drop = (1, 0) if how == "adopt" else (0, 1)
        assert scene.apply() == IN_DOUBT

    def act(scene: Scene, dies_at: int) -> int:
        passed = 0
        if scene.doubts():
            word = ("--adopt", scene.ledger()[0][1]) if how == "adopt" else ("--resend",)
            code = scene.resolve("one", *word, dies_at=dies_at)
            if code != 0:
                return code
            passed = len(scene.points)
        return scene.apply(dies_at=max(dies_at - passed, 0))

    made = single("none")
    return replace(made, name=f"resolve-{how}", before=before, act=act, points=18)


def approved() -> Case:
    """A call that waits at its gate, a person's approval, and the apply that follows it."""

    def before(scene: Scene) -> None:
        assert scene.apply() == BLOCKED

    def act(scene: Scene, dies_at: int) -> int:
        passed = 0
        if scene.state().instances["one"].standing is Phase.GATED:
            code = scene.approve("one", dies_at=dies_at)
            if code == KILLED:
                return code
            assert code in (0, USAGE), said(scene.folder)  # a word that was left before is not left twice
            passed = len(scene.points)
        return scene.apply(dies_at=max(dies_at - passed, 0))

    made = single("find")
    return replace(made, name="approved", jobs=f"{made.jobs}    approve: true\n", before=before, act=act)


PROJECT = """\
  dub:
    uses: dubformer.project
    with: {name: P, source_lang: en, target_lang: fr-FR, source_video_url: "https://cdn.example.com/a.mp4?minutes=3"}
    save: {video: out/p.mp4}
"""
FIX = """\
  fix:
    uses: dubformer.translation
    with:
      id: ${{ jobs.dub.outputs.id }}
      target_script: [{start_ms: 100, end_ms: 900, text: Encore, speaker_id: 1}]
      target_speakers: [{speaker_id: 1, voice_key: soundalike, style: feminine}]
    save: {video: out/fixed.mp4}
"""
ROWS = """\
  batch:
    uses: revoice.batch
    bulk: true
    for_each: [r1, r2, r3]
    with: {projectId: 6f1c2b1e, name: "${{ each.value }}", scriptPath: "https://f.example/a.docx", languageCode: fr-FR}
"""

CASES = [
    single("find"), single("find", GIVEN, "given"), single("both"), single("both", GIVEN, "given"),
    single("key"), single("hook"), single("none"), single("hook", GIVEN, "given"),
    parts("given", "{title: A, ref: a}", "{title: B, ref: b}"), parts("minted", "{title: A}", "{title: B}"),
    Case("upload", ("clip",), CLIP, ("T",), ("one.bin",)),
    Case("action-none", ("press",), ACTION.format(use="press"), ("T",), doubtful=True, points=14),
    Case("action-key", ("stamp",), ACTION.format(use="stamp"), ("T",), points=14),
    updated("card", ("T",)), updated("sign", ("T", "U"), "--replace", "one"),
    updated("proof", ("T", "U"), "--replace", "one"),
    updated("stub", ("T", "T"), "--replace", "one", changed="token"),
    replaced("find"), replaced("none"), resolved("adopt"), resolved("resend"),
    Case("dubformer", (), PROJECT, ("P",), ("p.mp4",)),
    Case("dubformer-fixed", (), PROJECT + FIX, ("P", "P"), ("p.mp4", "fixed.mp4"), points=40),
    Case("revoice-rows", (), ROWS, ("r1", "r2", "r3")),
    approved(), budgeted(),
]  # fmt: skip


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with open_workshop() as made:
        yield made


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
def test_a_run_may_die_at_any_point(
    number: int, workshop: Workshop, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    case, step = CASES[number], 1 if EVERYTHING else 4

    seen = every_point(case, workshop, tmp_path, first=1 + number % step, step=step)

    assert sum(seen.deaths.values()) >= case.points // step
    assert seen.doubts == 0 or case.doubtful
    record_property("points", sum(seen.deaths.values()))
    record_property("settled by hand", seen.doubts)


def test_the_points_of_a_run_are_all_met(workshop: Workshop, tmp_path: Path) -> None:
    with staged(CASES[0], workshop, write(CASES[0], workshop, tmp_path / "run")) as scene:
        assert scene.apply() == 0

    assert {kind: scene.points.count(kind) for kind in KINDS if scene.points.count(kind) < KINDS[kind]} == {}


SHARED = [single("find"), single("none"), resolved("adopt"), single("both", GIVEN, "given")]


@pytest.mark.parametrize("number", range(len(SHARED) if EVERYTHING else 2))
def test_a_run_over_a_state_in_a_database_may_die_at_any_point(
    number: int, workshop: Workshop, tmp_path: Path, postgres_server: str
) -> None:
    case, step = replace(SHARED[number], name=f"shared-{number}"), 1 if EVERYTHING else 6

    seen = every_point(
        case, workshop, tmp_path, first=1 + 3 * number % step, step=step, server=postgres_server
    )

    assert sum(seen.deaths.values()) >= case.points // step
    assert EVERYTHING is False or seen.deaths["transaction: before"] >= 5
    assert seen.doubts == 0 or case.doubtful
