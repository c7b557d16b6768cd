"""Work that never ends, or is nowhere to be found: the wait ends, the order is kept with its id."""

import pytest
from applying import ROWS, SEASON, SHORT
from applying import fault as suffers

BRIEF = SEASON.replace("    save:", "    timeout: 2s\n    save:")
KEPT = "its id is kept, and a later apply fetches it without another order"


@pytest.mark.parametrize(
    ("word", "told"),
    [
        pytest.param(
            "",
            "in_progress",
            id="in-progress",
            marks=pytest.mark.fault(
                "remote",
                "A job never ends, and has a `timeout`",
                sees="1 not waited for any longer: dub/e1 the time given for this run is over; the work goes on there",
                kept={"orders": 2, "files": 1, "facts": (KEPT,)},
            ),
        ),
        pytest.param(
            "archived",
            "archived",
            id="a-word-nobody-knows",
            marks=pytest.mark.fault(
                "remote",
                "A job shows a status that nobody knows, and has a `timeout`",
                sees="1 not waited for any longer: dub/e1 the time given for this run is over; the work goes on there",
                kept={"orders": 2, "files": 1, "facts": (KEPT,)},
            ),
        ),
    ],
)
def test_a_job_that_never_ends_is_not_waited_for_any_longer(stage, fault, word, told) -> None:
    season = stage(BRIEF)
    season.faults(endless="e1", **({"status": word} if word else {}))

    ended = season.apply()

    assert ended.code == 1, ended.all
    fault.saw(ended.out)
    assert season.state().instances["dub/e1"].status == told
    fault.kept(orders=len(season.sandbox.ledger()), files=len(season.saved()))
    id = season.state().instances["dub/e1"].id
    season.faults()
    after = season.apply()
    same = after.code == 0 and season.state().instances["dub/e1"].id == id
    fault.fact(KEPT, same and season.paid() == {"e1": 1, "e2": 1})


@pytest.mark.fault(
    "remote",
    "A job vanishes there",
    sees="dubformer no longer knows",
    kept={"orders": 2, "files": 1, "facts": ("it is not ordered again without consent",)},
)
def test_a_job_that_vanishes_ends_the_wait(stage, fault) -> None:
    season = stage(speed=300.0)
    season.apply("--no-wait")
    season.ask("DELETE", f"/api/v1/projects/{season.state().instances['dub/e1'].id}")

    ended = season.apply()

    assert ended.code == 1, ended.all
    fault.saw(ended.out)
    fault.kept(orders=len(season.sandbox.ledger()), files=len(season.saved()))
    fault.fact(
        "it is not ordered again without consent", season.apply().code == 1 and len(season.paid()) == 2
    )


@pytest.mark.fault(
    "remote",
    "An API is down for a while, in mid-run",
    sees="Finished in … 2 done, 2 files saved.",
    kept={"orders": 2, "files": 2, "facts": ("what runs there is asked about until it answers again",)},
)
def test_an_api_that_is_down_for_a_while_is_asked_again(stage, fault) -> None:
    season = stage(SEASON)
    down = {"do": {"status": 503}, "times": 6}
    season.faults(
        {"match": {"operation": "listProjects"}, "skip": 2, **down},
        {"match": {"operation": "getProject"}, **down},
    )

    ended = season.apply()

    assert ended.code == 0, ended.all
    fault.saw(ended.out)
    fault.kept(orders=len(season.sandbox.ledger()), files=len(season.saved()))
    asked = season.sandbox.requests()
    polls = asked["dubformer.listProjects"] + asked.get("dubformer.getProject", 0)
    fault.fact("what runs there is asked about until it answers again", polls > 8)


@pytest.mark.fault(
    "remote",
    "A bulk request never ends, and its job has a `timeout`",
    sees="left to the next run: the time given for this run is over; the work goes on there",
    kept={"orders": 2, "running": 2, "facts": ("the next apply sends nothing, and ends it",)},
)
def test_a_bulk_request_that_never_ends_is_not_waited_for_any_longer(stage, fault) -> None:
    season = stage(
        ROWS.replace("jobs:\n", SHORT).replace("    bulk: true", "    bulk: true\n    timeout: 500ms")
    )
    season.faults(suffers("bulkStatus", times=1000, status=403))

    ended = season.apply()

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(season.sandbox.ledger()), running=list(season.phases().values()).count("unsettled"))
    season.faults()
    again = season.apply()
    once = season.changing() == {"revoice.createBulk": 1}
    fault.fact("the next apply sends nothing, and ends it", again.code == 0 and once)
