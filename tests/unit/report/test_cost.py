"""Sums of charges, for people, for spreadsheets and for programs."""

import csv
import io
from collections.abc import Mapping

from runner.model.charge import Charge
from runner.model.prices import Prices
from runner.report.cost import NONE, cost_csv, cost_json, cost_text, sums

LABELS = {"dub/a": {"episode": "ep01"}, "dub/b": {"episode": "ep02"}}


def labels(address: str) -> Mapping[str, str]:
    return LABELS.get(address, {})


def charge(
    address: str = "dub/a", amount: float | None = 10.0, source: str = "receipt", **more: object
) -> Charge:
    made: dict[str, object] = {"unit": "minutes" if amount is not None else "", "open": False, **more}
    return Charge(address, 1, "dubformer.project", "2026-11-05T10:00:00.000Z", amount, source=source, **made)  # type: ignore[arg-type]


def test_charges_are_added_up_by_label_provider_and_unit() -> None:
    found = sums([charge(), charge(redone=True), charge("dub/b", 5.0)], ["label.episode"], labels)

    assert [(one.group, one.calls, one.paid, one.redone) for one in found] == [
        (("ep01",), 2, 20.0, 10.0),
        (("ep02",), 1, 5.0, 0.0),
    ]


def test_what_left_the_manifest_has_no_label_and_is_not_forgotten() -> None:
    (found,) = sums([charge("dub/gone")], ["label.episode"], labels)

    assert found.group == (NONE,)


def test_what_nobody_told_is_unknown_in_every_form() -> None:
    found = sums([charge(amount=None, source="unknown")], [], labels)

    assert "unknown" in cost_text(found, []).splitlines()[1]
    assert cost_json(found, [])["sums"][0]["paid"] is None
    assert next(csv.DictReader(io.StringIO(cost_csv(found, []))))["paid"] == ""


def test_an_estimate_says_that_it_is_one() -> None:
    found = sums([charge(), charge(amount=5.0, source="estimate")], [], labels)

    assert found[0].source == "receipt + estimate"
    assert found[0].estimated == 5.0


def test_the_table_has_a_total_for_each_provider_and_unit() -> None:
    lines = cost_text(sums([charge(), charge("dub/b", 5.0)], ["address"], labels), ["address"]).splitlines()

    assert lines[0].split() == ["address", "provider", "calls", "paid", "redone", "source"]
    assert lines[-1].split() == ["total", "dubformer", "2", "15", "minutes", "-", "receipt"]


def test_calls_that_may_have_been_accepted_are_told_apart() -> None:
    found = sums([charge(open=True)], ["month"], labels)

    assert (found[0].calls, found[0].open) == (0, 1)
    assert "1 call may have been accepted: `runner apply` finds out." in cost_text(found, ["month"])


def test_prices_make_money_of_units_and_say_about() -> None:
    prices = {"dubformer": Prices({"minutes": 0.5, "calls": 1}, "EUR")}
    found = sums([charge(), charge("dub/b", 5.0)], ["label.episode"], labels, prices)

    lines = cost_text(found, ["label.episode"]).splitlines()

    assert lines[0].split() == ["label.episode", "provider", "calls", "paid", "money", "redone", "source"]
    assert lines[1].split()[5:8] == ["about", "6", "EUR"]
    assert lines[-1].split()[5:8] == ["about", "9.5", "EUR"]
    assert [one["money"] for one in cost_json(found, ["label.episode"])["sums"]] == [6.0, 3.5]


def test_money_of_what_nobody_told_is_unknown() -> None:
    prices = {"dubformer": Prices({"minutes": 0.5}, "EUR")}
    charges = [charge(), charge(unit="minutes", amount=None, source="unknown")]

    (found,) = sums(charges, [], labels, prices)

    assert "about 5 EUR and 1 call unknown" in cost_text([found], [])
    assert (found.money, found.valued, found.calls) == (5.0, 1, 2)


def test_money_that_the_api_told_is_exact() -> None:
    (found,) = sums([charge(unit="money")], [], labels)

    assert cost_text([found], []).splitlines()[1].split()[2:6] == ["10", "money", "10", "money"]


def test_calls_that_were_given_up_are_told_apart() -> None:
    found = sums([charge(open=True), charge("dub/b", open=True, given_up=True)], [], labels)

    told = cost_text(found, [])

    assert "1 call may have been accepted: `runner apply` finds out." in told
    assert "1 call that was given up may have been accepted; budgets count it as paid." in told
