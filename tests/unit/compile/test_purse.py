"""What the plan foresees of budgets: what fits in its order, what nobody can foresee, and what was refused before."""

from collections.abc import Mapping

from runner.compile.planning.purse import RUN, Purse
from runner.model.prices import Prices, Spend, spend_of
from runner.model.settings import ProviderSettings


def purse(allowed: Mapping[str, float], run: Mapping[str, float] | None = None, in_flight: int = 2) -> Purse:
    settings = ProviderSettings("dubformer", budget=allowed, max_in_flight=in_flight)
    return Purse({"dubformer": settings}, run or {})


def minutes(amount: float | None, *, told: bool = True) -> Spend:
    return spend_of(Prices(), amount, "minutes", "minutes", told=told)


def test_a_later_call_that_needs_less_may_still_fit() -> None:
    money = purse({"minutes": 10})

    fits = [money.plan("dubformer", minutes(amount)) == "" for amount in (6, 5, 4, 1)]

    assert fits == [True, False, True, False]
    (line,) = money.allowances()
    assert (line.planned, line.blocked, line.left) == (10, 2, 10)


def test_a_price_that_is_told_after_the_call_holds_nobody_back_and_one_that_is_never_told_does() -> None:
    told, never = purse({"minutes": 10}), purse({"minutes": 10})

    after = [told.plan("dubformer", minutes(None)) == "" for _ in range(4)]
    blind = [never.plan("dubformer", minutes(None, told=False)) == "" for _ in range(4)]

    assert after == [True] * 4
    assert blind == [True, True, False, False]
    assert told.allowances()[0].unknown == 4


def test_a_budget_that_is_used_up_lets_nothing_of_unknown_cost_through() -> None:
    money = purse({"minutes": 10})
    money.pay(money.scopes("dubformer"), "dubformer", minutes(10))

    assert money.plan("dubformer", minutes(None)) == (
        "the budget of dubformer is 10 minutes; spent or reserved: 10 minutes"
    )


def test_what_was_refused_before_takes_no_share_from_what_was_not() -> None:
    money = purse({"calls": 2})

    refused = [money.plan("dubformer", minutes(None), again=True) == "" for _ in range(3)]
    others = [money.plan("dubformer", minutes(None)) == "" for _ in range(3)]

    assert refused == [True, True, False]
    assert others == [True, True, False]


def test_the_budget_of_a_run_stands_beside_that_of_a_provider() -> None:
    money = purse({"calls": 5}, run={"calls": 1})

    fits = [money.plan("dubformer", minutes(3)) for _ in range(2)]

    assert fits == ["", "the budget of one run is 1 call; spent, reserved or planned before it: 1 call"]
    assert [(one.provider, one.planned) for one in money.allowances()] == [("dubformer", 1), (RUN, 1)]
