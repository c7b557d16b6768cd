"""What the journal says was paid."""

from typing import Any

from runner.model.charge import ESTIMATE, RECEIPT, UNKNOWN, Charge, Entry, charges


def told(kind: str, address: str = "dub/a", generation: int = 1, **fields: Any) -> Entry:
    return Entry("2026-11-01T10:00:00.000Z", kind, address, {"generation": generation, **fields})


def intended(generation: int = 1, address: str = "dub/a", **fields: Any) -> Entry:
    return told("intended", address, generation, uses="dubformer.project", **fields)


def received(generation: int = 1, address: str = "dub/a", **fields: Any) -> Entry:
    return told("received", address, generation, id=f"p{generation}", how="answered", **fields)


def only(*entries: Entry) -> Charge:
    (found,) = charges(entries)
    return found


def test_a_receipt_tells_the_price_and_corrects_the_estimate() -> None:
    charge = only(intended(estimate=10.0, unit="minutes"), received(cost=12.5, unit="minutes"))

    assert (charge.amount, charge.unit, charge.source, charge.open) == (12.5, "minutes", RECEIPT, False)


def test_without_a_receipt_the_estimate_stands_and_says_that_it_is_one() -> None:
    charge = only(intended(estimate=10.0, unit="minutes"), received())

    assert (charge.amount, charge.source) == (10.0, ESTIMATE)


def test_what_nobody_told_stays_unknown() -> None:
    charge = only(intended(), received())

    assert (charge.amount, charge.source) == (None, UNKNOWN)


def test_the_price_may_come_with_the_end_of_the_work() -> None:
    assert only(intended(), received(), told("finished", outcome="ready", cost=3, unit="usd")).amount == 3.0


def test_a_call_without_effect_costs_nothing() -> None:
    refused = [intended(), told("refused", status=422, code="x", message="no")]
    absent = [intended(2), told("withdrawn", generation=2, reason="absent")]

    assert charges([*refused, *absent]) == []


def test_a_call_without_an_outcome_is_open() -> None:
    assert only(intended(estimate=1.0), told("settling", reason="lost")).open


def test_a_call_that_was_sent_again_counts_once() -> None:
    assert only(intended(), intended(attempt=2), received(cost=1, unit="minutes")).amount == 1.0


def test_a_second_generation_is_redone_unless_the_first_had_no_effect() -> None:
    paid = charges([intended(), received(), intended(2), received(2)])
    refused = charges([intended(), told("refused", status=422), intended(2), received(2)])

    assert [charge.redone for charge in paid] == [False, True]
    assert [charge.redone for charge in refused] == [False]


def test_each_row_of_a_bulk_request_is_a_charge() -> None:
    members = [{"address": f"batch/{key}", "generation": 1} for key in "ab"]
    group = Entry(
        "2026-11-01T10:00:00.000Z", "group-intended", "batch@1", {"uses": "revoice.batch", "members": members}
    )

    found = charges([group, received(address="batch/a")])

    assert [(charge.address, charge.open) for charge in found] == [("batch/a", False), ("batch/b", True)]


def test_what_was_paid_under_a_former_name_belongs_to_the_new_one() -> None:
    moved = Entry("2026-11-02T10:00:00.000Z", "moved", "dub/a", {"to": "dub/b"})

    found = charges([intended(), received(), moved, intended(2, "dub/b"), received(2, "dub/b")])

    assert [(charge.address, charge.redone) for charge in found] == [("dub/b", False), ("dub/b", True)]


def test_what_was_imported_was_paid_by_somebody_and_counts() -> None:
    charge = only(received(uses="dubformer.project", cost=4, unit="minutes"))

    assert (charge.uses, charge.amount, charge.open) == ("dubformer.project", 4.0, False)


def test_what_is_made_again_after_it_was_forgotten_is_a_charge_of_its_own() -> None:
    forgotten = Entry("2026-11-02T10:00:00.000Z", "forgotten", "dub/a", {})

    found = charges(
        [intended(), received(cost=2, unit="usd"), forgotten, intended(), received(cost=3, unit="usd")]
    )

    assert [(one.address, one.amount, one.redone) for one in found] == [
        ("dub/a", 2.0, False),
        ("dub/a", 3.0, True),
    ]
