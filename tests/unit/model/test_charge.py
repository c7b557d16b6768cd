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


def test_the_rows_of_a_bulk_request_have_estimates_of_their_own() -> None:
    member = {"address": "batch/a", "generation": 1, "estimate": 4.0, "unit": "minutes"}
    group = Entry(
        "2026-11-01T10:00:00.000Z",
        "group-intended",
        "batch@1",
        {"uses": "revoice.batch", "members": [member]},
    )

    charge = only(group, received(address="batch/a"))

    assert (charge.amount, charge.unit, charge.source) == (4.0, "minutes", ESTIMATE)


def test_what_a_person_gave_up_or_had_forgotten_may_have_been_paid() -> None:
    abandoned = only(intended(estimate=1.0), told("resolved", how="abandon"))
    forgotten = only(intended(estimate=1.0), told("forgotten"))
    sent_again = only(intended(estimate=1.0), told("resolved", how="resend"))

    assert [one.given_up for one in (abandoned, forgotten, sent_again)] == [True, True, False]


def test_an_abandoned_call_counts_beside_the_one_that_was_made_instead() -> None:
    found = charges(
        [intended(), told("resolved", how="abandon"), intended(2), received(2, cost=3, unit="minutes")]
    )

    assert [(one.generation, one.open, one.given_up) for one in found] == [(1, True, True), (2, False, False)]


def test_what_was_moved_onto_an_address_that_was_forgotten_is_a_charge_of_its_own() -> None:
    found = charges(
        [
            intended(),
            received(cost=2, unit="usd"),
            told("forgotten"),
            intended(address="dub/b"),
            received(address="dub/b", cost=3, unit="usd"),
            Entry("2026-11-02T10:00:00.000Z", "moved", "dub/b", {"to": "dub/a"}),
            intended(2),
            told("refused", generation=2, status=422, code="x", message="no"),
        ]
    )

    assert [(one.address, one.amount, one.redone) for one in found] == [
        ("dub/a", 2.0, False),
        ("dub/a", 3.0, True),
    ]


def test_what_was_forgotten_and_imported_again_was_paid_once() -> None:
    again = told("received", "dub/b", 1, uses="dubformer.project", cost=4, unit="minutes")
    imported = Entry(again.at, again.kind, again.address, {**again.fields, "id": "p1", "how": "imported"})

    charge = only(intended(), received(cost=4, unit="minutes"), told("forgotten"), imported)

    assert (charge.address, charge.amount, charge.redone) == ("dub/b", 4.0, False)


def update(**fields: Any) -> Entry:
    return intended(update=["name"], **fields)


def test_a_paid_update_is_a_charge_of_its_own() -> None:
    made, changed = charges(
        [intended(), received(cost=2, unit="usd"), update(), received(cost=1, unit="usd")]
    )

    assert (made.amount, made.update, made.redone) == (2.0, False, False)
    assert (changed.amount, changed.update, changed.redone) == (1.0, True, True)


def test_a_free_update_is_no_charge() -> None:
    charge = only(intended(), received(cost=2, unit="usd"), update(free=True), received())

    assert charge.amount == 2.0


def test_an_update_that_was_refused_costs_nothing() -> None:
    refused = told("refused", status=422, code="x", message="no")

    assert only(intended(), received(cost=2, unit="usd"), update(), refused).amount == 2.0


def test_an_update_without_an_outcome_is_open() -> None:
    _, changed = charges([intended(), received(), update(), update(attempt=2)])

    assert changed.open


def test_an_update_under_way_moves_with_its_name() -> None:
    moved = Entry("2026-11-01T11:00:00.000Z", "moved", "dub/a", {"to": "dub/b"})
    after = received(address="dub/b", cost=1, unit="usd")

    found = charges([intended(), received(cost=2, unit="usd"), update(), moved, after])

    assert [(one.address, one.amount, one.open) for one in found] == [
        ("dub/b", 2.0, False),
        ("dub/b", 1.0, False),
    ]
