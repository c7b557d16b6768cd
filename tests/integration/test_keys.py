"""Servers that do not keep what an Idempotency-Key promises: nothing is ordered twice, and nothing is mixed up."""

import pytest
from applying import fault as suffers

LOST = suffers("createProject", drop="after")


@pytest.mark.fault(
    "answers",
    "An Idempotency-Key is ignored, or forgotten, and the answer is lost",
    sees="sending dub/e1 … adopted dub/e1",
    kept={"orders": 1, "files": 1},
)
def test_an_ignored_key_is_not_relied_on(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.faults(LOST, idempotency="ignore")

    ended = season.apply()

    assert ended.code == 0, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(season.sandbox.ledger()), files=len(season.saved()))


@pytest.mark.fault(
    "answers",
    "An Idempotency-Key is refused when it comes again, and the list does not show the order",
    sees="the repeated call was refused: The Idempotency-Key was used before runner resolve",
    kept={"orders": 1, "doubt": 1},
)
def test_a_refused_key_is_never_answered_with_a_new_one(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.faults(LOST, idempotency="refuse", lists={"cap": 0})

    ended = season.apply()

    assert ended.code == 5, ended.all
    fault.saw(ended.out)
    fault.kept(orders=len(season.sandbox.ledger()), doubt=list(season.phases().values()).count("doubt"))


@pytest.mark.fault(
    "answers",
    "A repeated call is answered with what another one got",
    sees="accepted without a readable id, and not in the list runner resolve",
    kept={"orders": 2, "doubt": 1},
)
def test_the_answer_to_another_call_is_not_believed(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.apply()
    season.write("episodes.csv", "id\ne1\ne2\n")
    season.faults(LOST, idempotency="another", lists={"cap": 1, "keep": "oldest"})

    ended = season.apply()

    assert ended.code == 5, ended.all
    fault.saw(ended.out)
    fault.kept(orders=len(season.sandbox.ledger()), doubt=list(season.phases().values()).count("doubt"))
