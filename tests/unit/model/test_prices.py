"""What units are in money, and what a call takes of each unit."""

import pytest

from runner.model.prices import Prices, spend_of


@pytest.mark.parametrize(
    ("units", "amount", "unit", "money"),
    [
        ({"minutes": 0.5}, 10.0, "minutes", 5.0),
        ({"minutes": 0.5, "calls": 2}, 10.0, "minutes", 7.0),
        ({"calls": 2}, 10.0, "minutes", 2.0),
        ({"calls": 2}, None, "", 2.0),
        ({"minutes": 0.5}, None, "minutes", None),
        ({"minutes": 0.5, "calls": 2}, None, "minutes", None),
        ({"credits": 0.5, "calls": 2}, 10.0, "minutes", None),
        ({}, 10.0, "minutes", None),
        ({}, 10.0, "money", 10.0),
        ({}, None, "money", None),
        ({"calls": 1}, 10.0, "money", 11.0),
    ],
)
def test_what_is_not_known_is_never_taken_for_nothing(units, amount, unit, money) -> None:
    assert Prices(units).money(amount, unit) == money


def test_a_call_takes_itself_its_unit_and_money() -> None:
    spend = spend_of(Prices({"minutes": 0.5}, "EUR"), 10.0, "minutes")

    taken = {unit: spend.of(unit, own=True) for unit in ("calls", "minutes", "EUR", "credits")}

    assert taken == {"calls": 1.0, "minutes": 10.0, "EUR": 5.0, "credits": 0.0}


def test_who_is_paid_in_no_unit_that_anybody_names_takes_an_unknown_amount_of_his_own_budget_alone() -> None:
    spend = spend_of(Prices(), None, "")

    assert spend.of("minutes", own=True) is None
    assert spend.of("minutes", own=False) == 0.0
