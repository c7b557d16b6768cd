"""What may still be spent: reservations, prices that come late, earlier runs, and the budget of one run."""

import random
from collections.abc import Mapping

from runner.api.vocabulary.lifedata import CostSpec
from runner.engine.running.budget import Budget
from runner.model.charge import Charge
from runner.model.prices import NO_PRICES, Prices, spend_of
from runner.model.settings import ProviderSettings

PAID = "dubformer.project"
OTHER = "rev.order"


def budget(
    allowed: Mapping[str, float],
    *known: Charge,
    run: Mapping[str, float] | None = None,
    in_flight: int = 4,
    prices: Prices = NO_PRICES,
    late: bool = False,
) -> Budget:
    settings = {
        "dubformer": ProviderSettings("dubformer", budget=allowed, max_in_flight=in_flight, prices=prices),
        "rev": ProviderSettings("rev"),
    }
    paid = [(one, spend_of(prices, one.amount, one.unit)) for one in known]
    spec = CostSpec("minutes", paid="$response.body#/minutes", on="read" if late else "create")
    return Budget(settings, run or {}, paid, lambda uses: spec if uses == PAID else None)


def held(address: str, generation: int = 1, **more: object) -> Charge:
    return Charge(address, generation, PAID, "2026-11-01T10:00:00Z", **{"open": False, **more})  # type: ignore[arg-type]


def test_what_is_reserved_counts_until_it_is_released() -> None:
    money = budget({"calls": 1})

    first = money.reserve("a", PAID, None, "")
    second = money.reserve("b", PAID, None, "")
    money.release("a")

    assert first == ""
    assert second == "the budget of dubformer is 1 call; spent or reserved: 1 call"
    assert money.reserve("b", PAID, None, "") == ""


def test_a_receipt_corrects_the_estimate() -> None:
    money = budget({"minutes": 10})
    money.reserve("a", PAID, 8, "minutes")

    before = money.reserve("b", PAID, 5, "minutes")
    money.settle("a", 3, "minutes")

    assert (
        before
        == "the budget of dubformer is 10 minutes; spent or reserved: 8 minutes; it needs about 5 minutes"
    )
    assert money.reserve("b", PAID, 5, "minutes") == ""


def test_a_price_that_is_told_at_the_end_corrects_what_was_booked() -> None:
    money = budget({"minutes": 10})
    money.reserve("a", PAID, 8, "minutes")
    money.settle("a", None, "")

    before = money.reserve("b", PAID, 5, "minutes")
    left = money.ended("a", 2, "minutes")

    assert before != ""
    assert left
    assert money.reserve("b", PAID, 5, "minutes") == ""


def test_earlier_runs_count_with_what_they_replaced_and_what_is_unsettled() -> None:
    money = budget({"calls": 4}, held("a", 1), held("a", 2), held("b", open=True))

    assert money.reserve("e", PAID, None, "") == ""
    assert money.reserve("f", PAID, None, "") != ""


def test_what_an_earlier_run_left_open_is_free_again_once_it_is_shown_to_be_absent() -> None:
    money = budget({"calls": 1}, held("a", open=True))

    before = money.reserve("b", PAID, None, "")
    money.release("a")

    assert before != ""
    assert money.reserve("b", PAID, None, "") == ""


def test_a_call_that_was_given_up_counts_as_if_it_were_paid() -> None:
    money = budget({"minutes": 10}, held("a", open=True, given_up=True, amount=8.0, unit="minutes"))

    money.release("a")

    assert money.reserve("a", PAID, 5, "minutes") != ""
    assert not money.pending("dubformer")


def test_an_estimate_of_an_earlier_run_counts_while_no_receipt_corrects_it() -> None:
    money = budget({"minutes": 10}, held("a", amount=8.0, unit="minutes", source="estimate"))

    before = money.reserve("b", PAID, 5, "minutes")
    money.ended("a", 4, "minutes")

    assert before != ""
    assert money.reserve("b", PAID, 5, "minutes") == ""


def test_without_an_estimate_as_many_go_as_can_be_in_flight() -> None:
    money = budget({"minutes": 10}, in_flight=2)

    taken = [money.reserve(address, PAID, None, "minutes") == "" for address in "abc"]
    waiting = money.pending("dubformer")
    money.settle("a", 1, "minutes")

    assert taken == [True, True, False]
    assert waiting
    assert money.reserve("c", PAID, None, "minutes") == ""


def test_a_price_that_nobody_told_is_no_zero() -> None:
    money = budget({"minutes": 10}, in_flight=2)
    for address in "ab":
        money.reserve(address, PAID, None, "minutes")
        money.settle(address, None, "")

    assert money.reserve("c", PAID, None, "minutes") == (
        "the budget of dubformer is 10 minutes; nobody knows how much of it 2 calls took, nor what this one takes:"
        " give its job `cost: {minutes: …}`"
    )
    assert money.reserve("c", PAID, 3, "minutes") == ""


def test_a_price_that_is_told_only_at_the_end_is_waited_for() -> None:
    money = budget({"minutes": 10}, in_flight=1, late=True)
    money.reserve("a", PAID, None, "minutes")
    money.settle("a", None, "")

    waits = money.pending("dubformer")
    money.ended("a", 4, "minutes")

    assert waits
    assert not money.pending("dubformer")
    assert money.reserve("b", PAID, None, "minutes") == ""


def test_prices_hold_a_budget_in_money() -> None:
    money = budget({"EUR": 10}, prices=Prices({"minutes": 0.5, "calls": 1}, "EUR"))

    first = money.reserve("a", PAID, 10, "minutes")
    second = money.reserve("b", PAID, 7, "minutes")
    money.settle("a", 8, "minutes")

    assert first == ""
    assert second == "the budget of dubformer is 10 EUR; spent or reserved: 6 EUR; it needs about 4.5 EUR"
    assert money.reserve("b", PAID, 7, "minutes") == ""


def test_the_budget_of_a_run_counts_what_this_run_pays_only() -> None:
    money = budget({}, held("a"), run={"calls": 1})

    assert money.reserve("b", PAID, None, "") == ""
    assert money.reserve("c", OTHER, None, "") == "the budget of one run is 1 call; spent or reserved: 1 call"


def test_minutes_of_a_run_are_not_taken_by_who_is_paid_otherwise() -> None:
    money = budget({}, run={"minutes": 1}, in_flight=1)

    taken = [money.reserve(f"o{number}", OTHER, None, "") for number in range(6)]

    assert taken == [""] * 6


def test_an_estimate_in_money_alone_tells_nothing_of_minutes() -> None:
    money = budget({"minutes": 10}, in_flight=2, prices=Prices({"minutes": 0.5}, "EUR"))

    taken = [money.reserve(address, PAID, 3, "EUR") == "" for address in "abc"]

    assert taken == [True, True, False]


def test_fractions_that_fill_a_budget_exactly_fit() -> None:
    money = budget({"minutes": 0.3})

    taken = [money.reserve(address, PAID, 0.1, "minutes") == "" for address in "abcd"]

    assert taken == [True, True, True, False]


def test_whatever_happens_in_whatever_order_nothing_passes_a_budget_together() -> None:
    for seed in range(200):
        chance = random.Random(seed)
        money = budget({"calls": 7, "minutes": 20}, run={"calls": 9})
        open_, calls, minutes = dict[str, float](), 0, 0.0
        for number in range(60):
            deed = chance.choice(("reserve", "reserve", "settle", "release"))
            if deed == "reserve":
                wanted = float(chance.randint(1, 6))
                if money.reserve(f"i{number}", PAID, wanted, "minutes") == "":
                    open_[f"i{number}"] = wanted
            elif open_:
                address = chance.choice(sorted(open_))
                wanted = open_.pop(address)
                if deed == "release":
                    money.release(address)
                else:
                    calls, minutes = calls + 1, minutes + wanted
                    money.settle(address, wanted if chance.random() < 0.5 else None, "minutes")
            assert calls + len(open_) <= 7
            assert minutes + sum(open_.values()) <= 20
