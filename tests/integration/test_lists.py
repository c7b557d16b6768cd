"""Lists that lie: late, cut off, lossy, repeating. Whatever they show, nothing is ordered twice."""

from typing import Any

import pytest
from applying import Stage
from applying import fault as suffers

LOST = suffers("createProject", drop="after")


@pytest.mark.fault(
    "lists",
    "A list shows late what was made",
    sees="sending dub/e1 … adopted dub/e1",
    kept={"orders": 1, "files": 1},
)
def test_a_list_that_lags_behind_is_waited_for(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.faults(LOST, idempotency="ignore", lists={"lag": 60})

    assert _settled(season, fault) == 0


@pytest.mark.fault(
    "lists",
    "A list loses items, each time others",
    sees="sending … adopted … adopted … adopted",
    kept={"orders": 3, "files": 3},
)
def test_a_list_that_loses_items_does_not_prove_that_something_is_absent(stage, fault) -> None:
    season = stage(ids=("e1", "e2", "e3"))
    season.faults({**LOST, "times": 3}, idempotency="ignore", lists={"lose": 3})

    assert _settled(season, fault) == 0


@pytest.mark.fault(
    "lists", "A list shows items twice", sees="sending … adopted", kept={"orders": 2, "files": 2}
)
def test_an_item_that_is_shown_twice_is_one(stage, fault) -> None:
    season = stage()
    season.faults(LOST, idempotency="ignore", lists={"twice": 1})

    assert _settled(season, fault) == 0


@pytest.mark.fault(
    "lists",
    "A list is cut off, at a usual length, before what was made last",
    sees="not found among 20, but nobody says that this list is complete (settle: {whole: true} vouches for it)",
    kept={"orders": 1, "doubt": 1},
)
def test_a_list_that_may_be_a_first_page_proves_nothing(stage, fault) -> None:
    season = stage(ids=("e1",))
    _fill(season, 20)
    season.faults(LOST, idempotency="ignore", lists={"cap": 20, "keep": "oldest"})

    ended = season.apply()

    assert ended.code == 5, ended.all
    fault.saw(ended.out)
    fault.kept(orders=season.paid()["e1"], doubt=list(season.phases().values()).count("doubt"))


@pytest.mark.fault(
    "lists",
    "A thing of the same name exists, and this state does not know it",
    sees="runner import … --match",
    kept={"orders": 1, "facts": ("nothing is sent, and it exits with 7",)},
)
def test_a_name_that_existed_before_is_not_ordered_again(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.create_by_hand("e1")

    ended = season.apply()

    assert ended.code == 7, ended.all
    fault.saw(ended.out)
    fault.kept(orders=season.paid()["e1"])
    fault.fact("nothing is sent, and it exits with 7", ended.code == 7)


def _fill(season: Stage, count: int) -> None:
    for number in range(count):
        season.create_by_hand(f"old {number}")


def _settled(season: Stage, fault: Any) -> int:
    """One apply, which finds every answer that was lost; its exit code."""
    ended = season.apply()

    fault.saw(ended.err)
    fault.kept(orders=len(season.sandbox.ledger()), files=len(season.saved()))
    return ended.code
