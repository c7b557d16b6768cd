"""Power loss: the journal's log is cut or torn anywhere after the last byte that was told to be on the disk.

What was told durable is there whatever happened to the rest; and the next apply ends with the ledger right.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from crashpoints import EVERYTHING, KILLED, Case, Scene, carried_on, check, staged, write
from workshop import Workshop, open_workshop

from runner.engine.state.store import read_state
from runner.model.state import State

FRAME = 4096 + 24
"""Bytes of one frame in a log of SQLite with its usual pages."""
SECTOR = 512
JOB = "  one:\n    uses: workshop.{use}\n    with: {{title: T}}\n    save: {{file: out/one.bin}}\n"
FIND = Case("power-find", ("find",), JOB.format(use="find"), ("T",), ("one.bin",))
NONE = Case("power-none", ("none",), JOB.format(use="none"), ("T",), ("one.bin",), doubtful=True)


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with open_workshop() as made:
        yield made


def log_of(folder: Path) -> Path:
    return folder / ".runner" / "m.db-wal"


def lose(folder: Path, log: bytes) -> None:
    """The log as the disk holds it after the power came back; SQLite's index of it was in memory only."""
    log_of(folder).write_bytes(log)
    (folder / ".runner" / "m.db-shm").unlink(missing_ok=True)


def state_with(folder: Path, log: bytes) -> State:
    """What a later command reads."""
    lose(folder, log)
    return read_state(folder / ".runner" / "m.db", "m")


def cuts(synced: list[int], end: int, dice: Random) -> list[int]:
    """Where the log is cut: at the borders of frames, a byte beside them, and anywhere."""
    borders = {at for start in synced for at in range(start, end, FRAME)}
    beside = {at + step for at in borders for step in (-1, 0, 1)}
    anywhere = range(synced[0], end) if EVERYTHING else {dice.randrange(synced[0], end) for _ in range(300)}
    return sorted(at for at in beside | set(anywhere) if synced[0] <= at <= end)


def killed_at_the_end(scene: Scene) -> None:
    """A run that dies after its last commit, so that its whole log is there."""
    assert scene.apply() == 0
    last = max(at for at, kind in enumerate(scene.points, 1) if kind == "commit: durable")
    shutil.rmtree(scene.folder / ".runner")
    shutil.rmtree(scene.folder / "out")
    assert scene.world is not None
    scene.world.ledger.clear()
    scene.world.things.clear()
    code = scene.apply(dies_at=last)
    assert code == KILLED or len(scene.points) < last


@pytest.mark.fault(
    "process",
    "power loss: the journal's log is cut at any byte after the last one that was on the disk",
    sees="Nothing to do: 1 unchanged.",
    kept={"orders": 1, "files": 1, "facts": ("all that was told durable is there", "nothing else is")},
)
def test_a_log_that_is_cut_anywhere_holds_what_was_told_durable(
    workshop: Workshop, tmp_path: Path, fault
) -> None:
    with staged(FIND, workshop, write(FIND, workshop, tmp_path / "run")) as scene:
        killed_at_the_end(scene)
        log, synced = log_of(scene.folder).read_bytes(), scene.synced
        told = {at: state_with(scene.folder, log[:at]) for at in synced}

        wrong = []
        for at in cuts(synced, len(log), Random(5)):
            last = max(size for size in synced if size <= at)
            if state_with(scene.folder, log[:at]) != told[last]:
                wrong.append(at)

        assert len(set(map(repr, told.values()))) > 5
        fault.fact("all that was told durable is there", wrong == [])
        fault.fact("nothing else is", told[synced[-1]] != told[synced[-2]])
        lose(scene.folder, log)
        assert carried_on(FIND, scene, "after the power came back") is False
        assert scene.apply() == 0
        fault.saw((scene.folder / "apply.log").read_text())
        check(FIND, scene, 0)
        fault.kept(orders=len(scene.ledger()), files=len(list((scene.folder / "out").iterdir())))


def test_a_log_whose_last_sectors_are_torn_or_foreign_holds_what_was_told_durable(
    workshop: Workshop, tmp_path: Path
) -> None:
    dice = Random(11)
    with staged(FIND, workshop, write(FIND, workshop, tmp_path / "run")) as scene:
        killed_at_the_end(scene)
        log, synced = log_of(scene.folder).read_bytes(), scene.synced
        told = {at: state_with(scene.folder, log[:at]) for at in synced}

        for _ in range(2000 if EVERYTHING else 200):
            place = dice.randrange(len(synced) - 1)
            start, end = synced[place], synced[place + 1]
            torn = log[:start] + torn_sectors(log[start:end], dice)
            assert state_with(scene.folder, torn) in (told[start], told[end])
            assert state_with(scene.folder, log[:start] + dice.randbytes(end - start)) == told[start]


def torn_sectors(piece: bytes, dice: Random) -> bytes:
    """Some sectors are on the disk, in any order, others hold what stood there before: nothing."""
    sectors = [piece[at : at + SECTOR] for at in range(0, len(piece), SECTOR)]
    return b"".join(one if dice.random() < 0.7 else bytes(len(one)) for one in sectors)


@pytest.mark.parametrize("case", [FIND, NONE], ids=lambda case: case.name)
def test_an_apply_after_a_power_loss_ends_with_the_ledger_right(
    case: Case, workshop: Workshop, tmp_path: Path
) -> None:
    """The power goes while a commit is written: of its bytes any number is on the disk, and the world has gone on."""
    dice = Random(3)
    with staged(case, workshop, write(case, workshop, tmp_path / "whole")) as scene:
        assert scene.apply() == 0
        commits = [at for at, kind in enumerate(scene.points, 1) if kind == "commit: durable"]
    assert len(commits) >= 6

    for number, point in enumerate(commits):
        if not EVERYTHING and number % 2 != (case is NONE):
            continue
        folder = write(case, workshop, tmp_path / str(point))
        with staged(case, workshop, folder) as scene:
            if scene.apply(dies_at=point) != KILLED:
                continue
            before = [0, *scene.synced][-2]
            log = log_of(folder).read_bytes()
            lose(folder, log[: dice.randrange(before, len(log))])
            carried_on(case, scene, f"{case.name}, power lost at point {point}")
            check(case, scene, point)
