"""The state's file and its disk go wrong: nothing is overwritten, nothing is sent that could not be recorded, and every
message names a way out."""

import subprocess
from pathlib import Path

import pytest
from applying import SEASON, Ended, Stage, captured, episodes
from applying import fault as suffers
from failing import can_refuse, start, until
from spoiling import SPOILT, Spoilt, bytes_beside

from runner.engine.state.journal import open_journal
from runner.engine.state.lock import Holder
from runner.model.errors import StateCorrupt
from runner.model.event import Received

SERIAL = SEASON.replace("jobs:\n", "providers: {dubformer: {max_in_flight: 1}}\njobs:\n")
FULL = {"refuse": ["pwrite64"], "error": "ENOSPC"}
NO_SYNC = {"refuse": ["fsync", "fdatasync"], "error": "EIO"}
ME = Holder("here", 1, "apply", "2026-01-01T00:00:00Z")
UNTOUCHED = "the file is as it was, byte for byte"
NOTHING_SENT = "nothing is sent"
ONE_IN_FLIGHT = "the call whose answer could not be recorded is unsettled"
CARRIES_ON = "once mended, the next apply orders the rest"


@pytest.fixture(scope="session")
def refusing() -> None:
    if not can_refuse():
        pytest.skip("this machine lets no process filter its own system calls")


def apart(season: Stage, *words: str, **wishes: object) -> Ended:
    """An apply in a process of its own, on a machine that refuses what `wishes` say."""
    return ended(apply_apart(season, *words, **wishes))


def apply_apart(season: Stage, *words: str, **wishes: object) -> "subprocess.Popen[str]":
    options = ["--sandbox", "--auto-approve", "--speed", str(season.speed)]
    return start("apply", "-f", str(season.file), *options, *words, cwd=season.folder, **wishes)


def ended(process: "subprocess.Popen[str]") -> Ended:
    out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out, err)


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(
            one,
            id=one.spoil.__name__.strip("_"),
            marks=pytest.mark.fault(
                "state", one.title, sees=one.sees, kept={"orders": 2, "facts": (UNTOUCHED, NOTHING_SENT)}
            ),
        )
        for one in SPOILT
    ],
)
def test_a_file_that_cannot_be_used_is_refused_and_left_as_it_is(stage, fault, spoilt: Spoilt) -> None:
    season = stage()
    season.apply()
    spoilt.spoil(season.database)
    before, asked = bytes_beside(season.database), season.changing()

    ended = season.apply()

    assert ended.code == 4, ended.all
    fault.saw(ended.err)
    fault.kept(orders=sum(season.paid().values()))
    fault.fact(UNTOUCHED, bytes_beside(season.database) == before)
    fault.fact(NOTHING_SENT, season.changing() == asked)


@pytest.mark.fault(
    "state",
    "The file is another manifest's state",
    sees="is the state of 'season', and this manifest is 'other' — give this manifest a state: of its own",
    kept={"orders": 2, "facts": (UNTOUCHED, NOTHING_SENT)},
)
def test_the_state_of_another_manifest_is_refused(stage, fault) -> None:
    season = stage()
    season.apply()
    (season.folder / ".runner" / "other.sandbox.db").write_bytes(season.database.read_bytes())
    other = Stage(season.folder, season.write("other.yaml", SEASON.replace("name: season", "name: other")),
                  "other", season.sandbox, season.speed)  # fmt: skip
    before = bytes_beside(other.database)

    ended = apart(other)

    assert ended.code == 4, ended.all
    fault.saw(ended.err)
    fault.kept(orders=sum(season.paid().values()))
    fault.fact(UNTOUCHED, bytes_beside(other.database) == before)
    fault.fact(NOTHING_SENT, season.changing() == {"dubformer.createProject": 2})


@pytest.mark.parametrize("spoilt", SPOILT, ids=lambda one: one.spoil.__name__.strip("_"))
def test_whoever_only_reads_is_told_as_well(tmp_path: Path, spoilt: Spoilt) -> None:
    (tmp_path / "season.yaml").write_text(SEASON)
    (tmp_path / "episodes.csv").write_text(episodes("e1"))
    file = tmp_path / ".runner" / "season.sandbox.db"
    with open_journal(file, name="season", holder=ME) as journal:
        journal.record_now(Received(address="dub/e1", generation=1, id="77", how="answered"))
    spoilt.spoil(file)
    before = bytes_beside(file)

    ended = captured(["status", "--sandbox", "-f", str(tmp_path / "season.yaml")])

    assert ended.code == 4, ended.all
    assert " — " in ended.err
    assert bytes_beside(file) == before


def test_a_link_that_leads_nowhere_is_not_taken_for_a_new_state(stage) -> None:
    season = stage(ids=("e1",))
    season.database.parent.mkdir(exist_ok=True)
    season.database.symlink_to(season.folder / "not mounted" / "season.db")

    ended = season.apply()

    assert ended.code == 4, ended.all
    assert "which is not there — mount it, or mend the link" in ended.err
    assert season.paid() == {}


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")

    with pytest.raises(StateCorrupt, match="cannot be locked"):
        open_journal(tmp_path / "kept" / "season.db", name="season", holder=ME)


# A disk that refuses.


@pytest.mark.fault(
    "state",
    "The disk is full before a run",
    sees="cannot be used: … — make room on its disk, or mend it, then run the same command again",
    kept={"orders": 0, "facts": (CARRIES_ON,)},
)
def test_on_a_full_disk_nothing_is_sent(stage, fault, refusing) -> None:
    season = stage()
    make_state(season)

    full = apart(season, **FULL)

    assert full.code == 4, full.all
    fault.saw(full.err)
    fault.kept(orders=len(season.paid()))
    assert season.apply().code == 0
    fault.fact(CARRIES_ON, season.paid() == {"e1": 1, "e2": 1})


@pytest.mark.fault(
    "state",
    "The disk is full in mid-run",
    sees="database or disk is full — make room … Under way: dub/e2; the next apply finds out what became of it",
    kept={"orders": 2, "facts": (CARRIES_ON, ONE_IN_FLIGHT)},
)
def test_a_disk_that_fills_up_in_mid_run_stops_the_sending(stage, fault, refusing) -> None:
    season = stage(SERIAL, ids=("e1", "e2", "e3", "e4"))

    full = refused_at_the_second_answer(season, FULL)

    assert full.code == 4, full.all
    fault.saw(full.err)
    fault.kept(orders=len(season.sandbox.ledger()))
    fault.fact(ONE_IN_FLIGHT, season.phases() == {"dub/e1": "running", "dub/e2": "unsettled"})
    after = season.apply()
    fault.fact(CARRIES_ON, after.code == 0 and season.paid() == dict.fromkeys(("e1", "e2", "e3", "e4"), 1))


@pytest.mark.fault(
    "state",
    "The disk fails to sync in mid-run",
    sees="could not be written: disk I/O error — make room on its disk, or mend it",
    kept={"orders": 2, "facts": (CARRIES_ON,)},
)
def test_a_disk_that_fails_to_sync_in_mid_run_stops_the_sending(stage, fault, refusing) -> None:
    season = stage(SERIAL, ids=("e1", "e2", "e3", "e4"))

    failed = refused_at_the_second_answer(season, NO_SYNC)

    assert failed.code == 4, failed.all
    fault.saw(failed.err)
    fault.kept(orders=len(season.sandbox.ledger()))
    after = season.apply()
    fault.fact(CARRIES_ON, after.code == 0 and season.paid() == dict.fromkeys(("e1", "e2", "e3", "e4"), 1))


@pytest.mark.fault(
    "state",
    "The disk fails to sync before a run",
    sees="disk I/O error — make room on its disk, or mend it, then run the same command again",
    kept={"orders": 0, "facts": (CARRIES_ON,)},
)
def test_a_disk_that_fails_to_sync_gets_nothing_sent(stage, fault, refusing) -> None:
    season = stage()
    make_state(season)

    failed = apart(season, **NO_SYNC)

    assert failed.code == 4, failed.all
    fault.saw(failed.err)
    fault.kept(orders=len(season.paid()))
    fault.fact(CARRIES_ON, season.apply().code == 0 and season.paid() == {"e1": 1, "e2": 1})


@pytest.mark.fault(
    "state",
    "The file may only be read",
    sees="cannot be used: attempt to write a readonly database — mend the permissions of the file and of its folder",
    kept={"orders": 1, "facts": (UNTOUCHED, "status still tells what is there")},
)
def test_a_file_that_may_only_be_read_is_told_before_anything_is_planned(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.apply()
    season.write("episodes.csv", episodes("e1", "e2"))
    season.database.chmod(0o400)
    before = bytes_beside(season.database)

    ended = apart(season, modes=True)

    assert ended.code == 4, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(season.paid()))
    fault.fact(UNTOUCHED, bytes_beside(season.database) == before)
    told = start("status", "--sandbox", "-f", str(season.file), cwd=season.folder, modes=True)
    fault.fact("status still tells what is there", "1 ready" in told.communicate(timeout=60)[0])


@pytest.mark.fault(
    "state",
    "The folder of the file may only be read",
    sees="Permission denied — check its folder, the permissions there, and the room on its disk",
    kept={"orders": 1, "facts": (UNTOUCHED, "status still tells what is there")},
)
def test_a_folder_that_may_only_be_read_is_told_before_anything_is_planned(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.apply()
    season.write("episodes.csv", episodes("e1", "e2"))
    before = bytes_beside(season.database)
    for file in season.database.parent.glob(f"{season.database.name}?*"):
        file.unlink()  # no lock and no index of the last run is left
    season.database.parent.chmod(0o500)

    ended = apart(season, modes=True)
    told = start("status", "--sandbox", "-f", str(season.file), cwd=season.folder, modes=True)
    text = told.communicate(timeout=60)[0]
    season.database.parent.chmod(0o700)

    assert ended.code == 4, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(season.paid()))
    fault.fact(UNTOUCHED, bytes_beside(season.database) == before)
    fault.fact("status still tells what is there", "1 ready" in text)


def make_state(season: Stage) -> None:
    """A state that holds nothing yet."""
    open_journal(season.database, name=season.name, holder=ME).close()


def refused_at_the_second_answer(season: Stage, refusal: dict[str, object]) -> Ended:
    """An apply whose machine refuses from the moment on that the second order was made and its answer is on its way."""
    season.faults({**suffers("createProject", delay=1.5, when="after"), "skip": 1})
    moment = season.folder / "now"
    process = apply_apart(season, **refusal, when=str(moment))
    until(lambda: len(season.sandbox.ledger()) == 2, "the second order")
    moment.touch()
    until(moment.with_name("now.done").exists, "the refusal")
    return ended(process)
