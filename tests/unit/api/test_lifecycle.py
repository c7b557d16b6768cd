"""The lifecycle of a paid call, driven without network, clock or disk, on the real Dubformer document."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from lifeworld import DATE, LOST, NOT_SENT, World, dub_order

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.effects import Walked
from runner.api.lifecycles.lifecycle import submit
from runner.api.lifecycles.order import Order
from runner.api.lifecycles.settling import settle
from runner.api.messages.sealing import seal, secrets_in
from runner.api.provider import Use
from runner.model.event import Doubted, Intended, Received, Refused, Withdrawn
from runner.model.http import Answer
from runner.model.observation import Remote
from runner.model.text import Secret


@pytest.fixture(scope="module")
def project() -> Use:
    use = Catalogue().use("dubformer.project")
    assert use is not None
    return use


def order(use: Use, **changes: Any) -> Order:
    return dub_order(use, "dub/ep01/fr-FR", "ep01 fr-FR", **changes)


def remote(id: str, name: str = "ep01 fr-FR", *, lang: str = "fr-FR", created: float = DATE + 5) -> Remote:
    moment = datetime.fromtimestamp(created, UTC).isoformat()
    item = {"project_id": id, "name": name, "status": "in_progress", "source_lang": "en", "target_lang": lang}
    return Remote(id, name, item | {"cost_minutes": 4, "created_date": moment})


CREATED = Answer(
    200, body={"project_id": "77", "cost_minutes": 10, "balance_minutes": 90, "translations_count": 0}
)


def test_an_answered_create_is_intended_before_it_is_sent_and_received_after(project: Use) -> None:
    world = World([CREATED])

    outcome = world.drive(submit(order(project), world))

    assert world.kinds() == ["intended", "received"]
    assert (outcome.kind, outcome.id) == ("received", "77")
    receipt = world.events[-1]
    assert isinstance(receipt, Received)
    assert (receipt.cost, receipt.unit, receipt.how) == (10, "minutes", "answered")


def test_the_intent_holds_the_request_as_it_is_sent_with_its_key(project: Use) -> None:
    world = World([CREATED])

    world.drive(submit(order(project), world))

    intent = world.events[0]
    assert isinstance(intent, Intended)
    assert intent.call == world.requests[0].call
    assert dict(intent.call.headers)["Idempotency-Key"] == intent.key
    assert b'"target_lang":"fr-FR"' in intent.call.content()


def test_an_empty_reference_field_gets_a_minted_mark_with_the_address(project: Use) -> None:
    world = World([CREATED])
    inputs = {
        "source_lang": "en",
        "target_lang": "fr-FR",
        "source_video_url": "https://media.example.com/1.mp4",
    }

    world.drive(submit(order(project, inputs=inputs), world))

    intent = world.events[0]
    assert intent.minted
    assert intent.mark.startswith("dub/ep01/fr-FR bits")
    assert intent.mark.encode() in intent.call.content()


def test_a_given_name_that_exists_already_blocks_the_create(project: Use) -> None:
    world = World([], listed=[remote("12", created=DATE - 500)])

    outcome = world.drive(submit(order(project), world))

    assert outcome.kind == "blocked"
    assert "import" in outcome.command
    assert world.requests == []


def test_with_consent_what_stands_there_becomes_the_baseline(project: Use) -> None:
    world = World([LOST], listed=[remote("12", created=DATE - 500)])
    world.appear[1000.0 + 5] = remote("77")

    outcome = world.drive(submit(order(project, consent=True), world))

    assert world.events[0].baseline == ("12",)
    assert (outcome.kind, outcome.id) == ("received", "77")
    assert len(world.requests) == 1


def test_a_lost_answer_is_adopted_as_soon_as_its_effect_shows(project: Use) -> None:
    world = World([LOST])
    world.appear[1000.0 + 40] = remote("77", created=DATE + 40)

    outcome = world.drive(submit(order(project), world))

    assert (outcome.kind, outcome.id) == ("received", "77")
    assert world.events[-1].how == "adopted"
    assert len(world.requests) == 1


def test_absence_is_believed_only_after_two_walks_begun_late_enough(project: Use) -> None:
    world = World([LOST, CREATED])

    outcome = world.drive(submit(order(project), world))

    assert outcome.id == "77"
    assert len(world.requests) == 2
    assert world.now >= 1000.0 + 120.0 + 30.0


def test_what_is_sent_again_is_the_same_call_with_the_same_key(project: Use) -> None:
    world = World([LOST, CREATED])

    world.drive(submit(order(project), world))

    first, second = (event for event in world.events if isinstance(event, Intended))
    assert second.call == first.call
    assert (second.key, second.mark, second.attempt) == (first.key, first.mark, 2)


def test_several_candidates_need_a_person(project: Use) -> None:
    world = World([], listed=[remote("77"), remote("78")])

    outcome = world.drive(settle(order(project), world, intent_of(project), alive=1000.0))

    assert outcome.kind == "doubt"
    doubt = world.events[-1]
    assert isinstance(doubt, Doubted)
    assert doubt.candidates == ("77", "78")


def test_a_candidate_that_differs_needs_a_person(project: Use) -> None:
    world = World([], listed=[remote("77", lang="de-DE")])

    outcome = world.drive(settle(order(project), world, intent_of(project), alive=1000.0))

    assert outcome.kind == "doubt"
    assert world.requests == []


def test_what_was_created_before_the_baseline_is_no_candidate(project: Use) -> None:
    world = World([], listed=[remote("77", created=DATE - 600), remote("78")])

    outcome = world.drive(settle(order(project), world, intent_of(project), alive=1000.0))

    assert (outcome.kind, outcome.id) == ("received", "78")


def test_what_alone_has_our_name_and_an_older_stamp_keeps_the_call_from_being_sent_again(
    project: Use,
) -> None:
    """Its server's clock may be wrong, or the zone of its stamp: whoever passes over an effect pays for it twice."""
    world = World([CREATED], listed=[remote("77", created=DATE - 8 * 3600)])

    outcome = world.drive(settle(order(project), world, intent_of(project), alive=1000.0))

    assert (outcome.kind, world.requests) == ("doubt", [])
    assert world.events[-1].candidates == ("77",)


@pytest.mark.parametrize(
    ("name", "stamp", "mine", "kind"),
    [
        pytest.param("ep01\u00a0fr-FR", DATE + 5, set(), "doubt", id="another-space"),
        pytest.param("ep01&#32;FR-fr", DATE + 5, set(), "doubt", id="escaped-for-pages"),
        pytest.param("ep01\u00a0fr-FR", DATE + 5, {"78"}, "received", id="somebodys-here"),
        pytest.param("ep01\u00a0fr-FR", DATE - 600, set(), "received", id="older"),
        pytest.param("ep01-fr-FR", DATE + 5, set(), "received", id="another-name"),
    ],
)
def test_what_may_be_ours_under_a_changed_name_keeps_the_call_from_being_sent_again(
    project: Use, name: str, stamp: float, mine: set[str], kind: str
) -> None:
    world = World([CREATED], listed=[remote("78", name, created=stamp)], mine=mine)

    outcome = world.drive(settle(order(project), world, intent_of(project), alive=1000.0))

    assert (outcome.kind, len(world.requests)) == (kind, int(kind == "received"))


def test_a_name_longer_than_the_api_keeps_proves_no_absence(project: Use) -> None:
    name = "e" * 300
    intent = replace(intent_of(project), mark=name)
    made = order(project)
    world = World([CREATED])

    outcome = world.drive(
        settle(replace(made, inputs={**made.inputs, "name": name}), world, intent, alive=1000.0)
    )

    assert (outcome.kind, world.requests) == ("doubt", [])
    assert "longer than the 256 characters" in outcome.reason


def test_a_long_list_that_nobody_vouches_for_proves_no_absence(project: Use) -> None:
    world = World([LOST], listed=[remote(str(number), f"other {number}") for number in range(60)])

    outcome = world.drive(submit(order(project), world))

    assert outcome.kind == "doubt"
    assert len(world.requests) == 1


def test_a_long_list_that_has_grown_since_the_baseline_does(project: Use) -> None:
    world = World([LOST, CREATED], listed=[remote(str(number), f"other {number}") for number in range(60)])
    world.appear[1000.0 + 60] = remote("900", "another")

    outcome = world.drive(submit(order(project), world))

    assert outcome.kind == "received"


def test_the_user_can_vouch_for_a_list(project: Use) -> None:
    world = World([LOST, CREATED], listed=[remote(str(number), f"other {number}") for number in range(60)])

    outcome = world.drive(submit(order(project, whole=True), world))

    assert outcome.kind == "received"


def test_a_call_that_never_left_is_sent_again_without_settling(project: Use) -> None:
    world = World([NOT_SENT, NOT_SENT, CREATED])

    outcome = world.drive(submit(order(project), world))

    assert outcome.id == "77"
    assert world.now < 1000.0 + 10
    assert world.kinds() == ["intended", "withdrawn", "intended", "withdrawn", "intended", "received"]


def test_safe_resends_end_when_the_retries_are_used_up(project: Use) -> None:
    world = World([NOT_SENT] * 10)

    outcome = world.drive(submit(order(project, retries=2), world))

    assert outcome.kind == "failed"
    assert len(world.requests) == 3
    assert isinstance(world.events[-1], Withdrawn)


def test_a_429_is_waited_out_as_long_as_it_says(project: Use) -> None:
    world = World([Answer(429, {"retry-after": "45"}), CREATED])

    outcome = world.drive(submit(order(project), world))

    assert outcome.id == "77"
    assert world.now >= 1045.0


@pytest.mark.parametrize("status", [400, 402, 404, 422])
def test_a_refusal_is_recorded_and_not_repeated(project: Use, status: int) -> None:
    world = World([Answer(status, body={"error": "ValidationError", "message": "no"})] * 2)

    outcome = world.drive(submit(order(project), world))

    assert outcome.kind == "refused"
    assert isinstance(world.events[-1], Refused)
    assert len(world.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 408, 409, 302])
def test_every_other_answer_is_settled_and_never_blindly_resent(project: Use, status: int) -> None:
    world = World([Answer(status)])
    world.appear[1000.0 + 1] = remote("77")

    outcome = world.drive(submit(order(project), world))

    assert outcome.id == "77"
    assert len(world.requests) == 1


def test_an_accepted_call_without_a_readable_id_is_never_sent_again(project: Use) -> None:
    world = World([Answer(200, body="<html>", unreadable="not JSON")])

    outcome = world.drive(submit(order(project), world))

    assert outcome.kind == "doubt"
    assert len(world.requests) == 1


def test_an_accepted_call_without_a_readable_id_is_found_by_its_name(project: Use) -> None:
    world = World([Answer(200, body=None, unreadable="empty")])
    world.appear[1000.0 + 1] = remote("77")

    outcome = world.drive(submit(order(project), world))

    assert outcome.id == "77"


def test_a_refused_repeat_is_in_doubt_because_an_effect_may_exist(project: Use) -> None:
    world = World([LOST, Answer(422, body={"error": "KeyReused", "message": "used before"})])

    outcome = world.drive(submit(order(project), world))

    assert outcome.kind == "doubt"
    assert "refused" not in world.kinds()


def intent_of(project: Use) -> Intended:
    world = World([LOST])
    lifecycle = submit(order(project), world)
    value: Any = None
    while True:
        effect = lifecycle.send(value)
        value = world.answer(effect)
        if world.events:
            intent = world.events[0]
            assert isinstance(intent, Intended)
            lifecycle.close()
            return intent


def test_another_process_counts_from_the_servers_own_time(project: Use) -> None:
    world = World([CREATED], now=5000.0)

    world.drive(settle(order(project), world, intent_of(project), alive=None))

    since = [event.since for event in world.events if event.kind == "settling" and event.since]
    assert since == [str(int(DATE + 4000))]
    assert world.now > 5000.0 + 120.0


def test_a_later_process_goes_on_counting_where_the_journal_stands(project: Use) -> None:
    world = World([CREATED], now=5000.0)

    world.drive(settle(order(project), world, intent_of(project), alive=None, since=str(int(DATE))))

    assert world.now < 5000.0 + 60.0


def test_without_a_server_date_a_process_counts_on_its_own_clock(project: Use) -> None:
    world = World([CREATED], date=None)

    world.drive(settle(order(project), world, intent_of(project), alive=None))

    assert world.now >= 1000.0 + 120.0


def test_what_is_absent_and_no_longer_wanted_is_closed_as_not_done(project: Use) -> None:
    world = World([])

    outcome = world.drive(settle(order(project), world, intent_of(project), alive=1000.0, wanted=False))

    assert outcome.kind == "withdrawn"
    assert world.requests == []
    assert isinstance(world.events[-1], Withdrawn)


def test_a_person_may_have_it_sent_again_at_once(project: Use) -> None:
    world = World([CREATED])

    outcome = world.drive(settle(order(project), world, intent_of(project), alive=None, resend_now=True))

    assert outcome.id == "77"
    assert world.now == 1000.0


def test_ids_that_this_state_owns_are_no_candidates(project: Use) -> None:
    world = World([CREATED], listed=[remote("70")], mine={"70"})

    outcome = world.drive(settle(order(project), world, intent_of(project), alive=1000.0))

    assert outcome.id == "77"
    assert len(world.requests) == 1


def test_a_list_that_loses_items_between_two_looks_is_looked_at_again(project: Use) -> None:
    world = World([CREATED], listed=[remote("1", "other")])
    looks = iter([["1"], [], [], []])
    original = world.walk

    def walk() -> Walked:
        shown = set(next(looks, []))
        world.listed = [item for item in world.listed if item.id in shown]
        return original()

    world.walk = walk  # type: ignore[method-assign]
    intent = intent_of(project)
    world.now = 1200.0

    world.drive(settle(order(project), world, intent, alive=1000.0))

    assert world.now >= 1200.0 + 60.0


def test_a_secret_in_the_inputs_is_stored_by_reference_and_sent_as_it_is(project: Use) -> None:
    world = World([CREATED])
    secret = {"k": Secret('to"p', "file glossary.tsv")}
    inputs = order(project).inputs | {"glossary_content": secret["k"]}

    world.drive(submit(order(project, inputs=inputs, secrets=secrets_in(inputs)), world))

    stored, sent = world.events[0].call.content(), world.requests[0].call.content()
    assert b'to\\"p' in sent
    assert b"to" + b'\\"p' not in stored
    assert b"file glossary.tsv" in stored


def test_a_stored_request_whose_secret_has_gone_is_never_repeated(project: Use) -> None:
    intent = replace(intent_of(project), call=seal(intent_of(project).call, {"r": "fr-FR"}))
    world = World([CREATED])

    outcome = world.drive(settle(order(project), world, intent, alive=1000.0))

    assert outcome.kind == "doubt"
    assert world.requests == []


NO_CREDIT = Answer(402, body={"error": "PaymentRequiredError", "message": "Insufficient balance"})


def test_out_of_credit_stops_the_provider_when_the_balance_agrees(project: Use) -> None:
    world = World([NO_CREDIT, Answer(200, body={"balance_minutes": 0})])

    outcome = world.drive(submit(order(project), world))

    assert (outcome.kind, outcome.close_provider) == ("refused", "Insufficient balance")


def test_a_missing_subscription_refuses_one_call_and_stops_nobody_else(project: Use) -> None:
    world = World([NO_CREDIT, Answer(200, body={"balance_minutes": 500})])

    outcome = world.drive(submit(order(project), world))

    assert (outcome.kind, outcome.close_provider) == ("refused", "")


def test_a_429_without_a_time_is_waited_out_longer_than_the_retries(project: Use) -> None:
    world = World([Answer(429)] * 8 + [CREATED])

    outcome = world.drive(submit(order(project, retries=1), world))

    assert outcome.id == "77"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(Answer(200, unreadable="the answer is an HTML page"), "doubt", id="a-page"),
        pytest.param(Answer(200, body={"ok": True}), "received", id="what-is-documented"),
        pytest.param(Answer(204), "received", id="nothing"),
    ],
)
def test_a_paid_action_is_done_only_by_an_answer_that_can_be_read(answer: Answer, kind: str) -> None:
    use = Catalogue().use("respeecher.retry_order")
    assert use is not None
    inputs = {"recording_id": "r1"}
    made = Order("again", 1, use, inputs, "d", inputs, "respeecher x")
    world = World([answer])

    outcome = world.drive(submit(made, world))

    assert (outcome.kind, len(world.requests)) == (kind, 1)
