"""What may still be spent: reservations, prices that come late, earlier runs, and the budget of one run."""

from collections.abc import Mapping

from runner.engine.budget import Budget
from runner.model.settings import ProviderSettings
from runner.model.state import InstanceState, Phase

PAID = "dubformer.project"


def budget(
    allowed: Mapping[str, float],
    *known: InstanceState,
    run: Mapping[str, float] | None = None,
    in_flight: int = 4,
) -> Budget:
    settings = {"dubformer": ProviderSettings("dubformer", budget=allowed, max_in_flight=in_flight)}
    return Budget(settings, run or {}, known, lambda uses: uses == PAID)


def held(address: str, phase: Phase = Phase.READY, **more: object) -> InstanceState:
    return InstanceState(address, 1, phase, **{"uses": PAID, **more})  # type: ignore[arg-type]


def test_what_is_reserved_counts_until_it_is_released() -> None:
    money = budget({"calls": 1})

    first = money.reserve("a", "dubformer", None, "")
    second = money.reserve("b", "dubformer", None, "")
    money.release("a")

    assert first == ""
    assert second == "the budget of dubformer is 1 call; spent or reserved: 1 call"
    assert money.reserve("b", "dubformer", None, "") == ""


def test_a_receipt_corrects_the_estimate() -> None:
    money = budget({"minutes": 10})
    money.reserve("a", "dubformer", 8, "minutes")

    before = money.reserve("b", "dubformer", 5, "minutes")
    money.settle("a", 3, "minutes")

    assert before != ""
    assert money.reserve("b", "dubformer", 5, "minutes") == ""


def test_a_price_that_is_told_at_the_end_corrects_what_was_booked() -> None:
    money = budget({"minutes": 10})
    money.reserve("a", "dubformer", 8, "minutes")
    money.settle("a", None, "")

    before = money.reserve("b", "dubformer", 5, "minutes")
    money.correct("a", 2, "minutes")

    assert before != ""
    assert money.reserve("b", "dubformer", 5, "minutes") == ""


def test_earlier_runs_count_with_what_they_replaced_and_what_is_unsettled() -> None:
    money = budget(
        {"calls": 4},
        held("a", id="1", former=((1, "0"),)),
        held("b", Phase.UNSETTLED),
        held("c", uses="dubformer.translation", id="1"),
        held("d", Phase.REFUSED),
    )

    assert money.reserve("e", "dubformer", None, "") == ""
    assert money.reserve("f", "dubformer", None, "") != ""


def test_without_an_estimate_as_many_go_as_can_be_in_flight() -> None:
    money = budget({"minutes": 10}, in_flight=2)

    taken = [money.reserve(address, "dubformer", None, "minutes") == "" for address in "abc"]
    waiting = money.pending("dubformer")
    money.settle("a", 1, "minutes")

    assert taken == [True, True, False]
    assert waiting
    assert money.reserve("c", "dubformer", None, "minutes") == ""


def test_the_budget_of_a_run_counts_what_this_run_pays_only() -> None:
    money = budget({}, held("a", id="1"), run={"calls": 1})

    assert money.reserve("b", "dubformer", None, "") == ""
    assert (
        money.reserve("c", "dubformer", None, "")
        == "the budget of one run is 1 call; spent or reserved: 1 call"
    )
