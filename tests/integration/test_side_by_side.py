"""Several people at once: one state, two states on one account, copies of one state; and looking while others work."""

import shutil
import signal
import subprocess

import pytest
from applying import SEASON, Stage, captured
from applying import fault as suffers
from failing import start, until

MINTED = SEASON.replace("      name: ${{ each.id }}\n", "")


def begin(season: Stage, *words: str) -> "subprocess.Popen[str]":
    options = ["--sandbox", "--auto-approve", "--speed", str(season.speed)]
    return start("apply", "-f", str(season.file), *options, *words, cwd=season.folder)


def beside(season: Stage, text: str, name: str) -> Stage:
    """Another manifest, with a state of its own, on the same account."""
    (season.folder / ".runner" / f"{name}.sandbox").symlink_to(f"{season.name}.sandbox")
    file = season.write(
        f"{name}.yaml", text.replace("name: season", f"name: {name}").replace("out/", f"out/{name}/")
    )
    return Stage(season.folder, file, name, season.sandbox, season.speed)


@pytest.mark.fault(
    "people",
    "A second run on one state",
    sees="the state is in use by 'apply' on … (process … since … — wait for it to end, or give --lock-timeout 10m",
    kept={"orders": 1, "facts": ("a run that was killed is taken over, and its holder is named",)},
)
def test_a_second_run_is_told_of_the_first_and_takes_over_once_it_was_killed(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.faults(suffers("createProject", delay=120, when="after"))
    first = begin(season)
    until(lambda: len(season.sandbox.ledger()) == 1, "the order")

    second = season.apply()
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    season.faults()
    third = season.apply()

    assert second.code == 4, second.all
    fault.saw(second.err)
    fault.kept(orders=len(season.sandbox.ledger()))
    named = third.err.startswith("Taken over from 'apply' on ") and f"(process {first.pid}" in third.err
    fault.fact("a run that was killed is taken over, and its holder is named", named and third.code == 0)


@pytest.mark.fault(
    "people",
    "Another state on the same account ordered under the same names",
    sees="runner import -f other.yaml",
    kept={"orders": 2, "facts": ("nothing is sent, and it exits with 7",)},
)
def test_two_states_do_not_order_the_same_name_twice(stage, fault) -> None:
    season = stage()
    season.apply()
    other = beside(season, SEASON, "other")

    ended = other.apply()

    assert ended.code == 7, ended.all
    fault.saw(ended.out.replace(str(other.file), "other.yaml"))
    fault.kept(orders=len(season.sandbox.ledger()))
    fault.fact("nothing is sent, and it exits with 7", ended.code == 7)


@pytest.mark.fault(
    "people",
    "Two states order on one account at the same time, and answers are lost",
    sees="sending dub/e1 … adopted dub/e1",
    kept={"orders": 4, "facts": ("each has its own, and all of it",)},
)
def test_minted_marks_keep_two_states_apart(stage, fault) -> None:
    season = stage(MINTED)
    other = beside(season, MINTED, "other")
    season.faults(suffers("createProject", times=4, drop="after"), idempotency="ignore")

    process = begin(other)
    mine = season.apply()
    _, err = process.communicate(timeout=90)

    assert (mine.code, process.returncode) == (0, 0), mine.all + err
    fault.saw(mine.err)
    fault.kept(orders=len(season.sandbox.ledger()))
    ids = [held.id for one in (season, other) for held in one.state().instances.values()]
    fault.fact("each has its own, and all of it", len(set(ids)) == 4)


@pytest.mark.fault(
    "people",
    "Two people work with copies of one state",
    sees="runner import",
    kept={"orders": 2, "facts": ("who comes second sends nothing, and is told",)},
)
def test_a_copy_of_a_state_orders_nothing_that_the_other_has_ordered(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.apply()
    copy = season.folder / "copy.db"
    shutil.copy(season.database, copy)
    season.write("episodes.csv", "id\ne1\ne2\n")
    season.apply()
    shutil.copy(copy, season.database)

    ended = season.apply()

    assert ended.code == 7, ended.all
    fault.saw(ended.out)
    fault.kept(orders=len(season.sandbox.ledger()))
    fault.fact("who comes second sends nothing, and is told", season.paid() == {"e1": 1, "e2": 1})


def test_looking_while_a_run_works_never_waits_and_never_fails(stage) -> None:
    season = stage(ids=tuple(f"e{number:02}" for number in range(30)))
    process = begin(season)
    until(lambda: season.database.exists(), "the state")

    told = []
    while process.poll() is None:
        told.append(captured(["status", "-f", str(season.file), "--sandbox"]))
        told.append(captured(["show", "dub/e00", "-f", str(season.file), "--sandbox"]))
    _, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    assert {one.code for one in told} <= {0, 64}, [one.all for one in told if one.code not in (0, 64)]
    assert any("running" in one.out for one in told)
