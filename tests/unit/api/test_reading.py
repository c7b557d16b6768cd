from typing import Any

import pytest

from runner.api.catalogue import Catalogue
from runner.api.messages.reading import identity, read_answer, read_item
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Identity
from runner.api.vocabulary.locate import Scope
from runner.model.http import Answer


def use(name: str) -> Use:
    found = Catalogue().use(name)
    assert found is not None
    return found


def test_the_answer_to_a_create_tells_id_and_cost() -> None:
    body = {"project_id": "12345", "cost_minutes": 10, "balance_minutes": 90, "translations_count": 0}
    reading = read_answer(use("dubformer.project"), Answer(201, {}, body))
    assert (reading.id, reading.outcome, reading.cost, reading.unit) == ("12345", "running", 10.0, "minutes")
    assert reading.outputs["id"] == "12345"
    assert reading.outputs["balance_minutes"] == 90


def test_a_read_that_does_not_repeat_the_id_keeps_the_known_one() -> None:
    reading = read_answer(use("dubformer.project"), Answer(200, {}, {"status": "in_progress"}), id="12345")
    assert (reading.id, reading.status, reading.outcome) == ("12345", "in_progress", "running")


def test_a_ready_project_has_its_named_outputs_beside_its_own_fields() -> None:
    script = [{"start_ms": 100, "end_ms": 1544, "text": "Bonjour", "speaker_id": 1}]
    body = {"status": "ready", "output_target_script": script, "output_video_url": "https://x/v.mp4"}
    outputs = read_answer(use("dubformer.project"), Answer(200, {}, body), id="1").outputs
    assert outputs["target_script"] == outputs["output_target_script"] == script
    assert "speakers" not in outputs


def test_an_error_there_tells_its_message() -> None:
    reading = read_answer(
        use("dubformer.project"), Answer(200, {}, {"status": "error", "error_message": "no"})
    )
    assert (reading.outcome, reading.message) == ("failed", "no")


def test_the_identity_of_a_translation_is_its_projects() -> None:
    reading = read_answer(use("dubformer.translation"), Answer(200, {}, {"cost_minutes": 0}), {"id": "77"})
    assert reading.id == "77"


@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        ({"completionPercentage": 100, "status": "anything"}, "ready"),
        ({"completionPercentage": 99.9, "status": "DONE"}, "running"),
        ({"completionPercentage": 0, "translations": []}, "running"),
        ({"translations": [{"isCompleted": True}, {"isCompleted": True}]}, "ready"),
        ({"translations": [{"isCompleted": True}, {"isCompleted": False}]}, "running"),
        ({"status": "Failed"}, "stalled"),
        ({"status": "FAILED", "completionPercentage": 100}, "ready"),
        ({"status": None}, "running"),
    ],
)
def test_where_a_batch_stands(item: dict[str, Any], outcome: str) -> None:
    assert read_item(use("revoice.batch"), "b1", item).outcome == outcome


def test_an_item_of_a_list_is_read_like_an_answer() -> None:
    item = {"id": "b1", "status": "working", "message": "half way", "completionPercentage": 50}
    reading = read_item(use("revoice.batch"), "b1", item)
    assert (reading.id, reading.status, reading.message) == ("b1", "working", "half way")
    assert reading.outputs["completionPercentage"] == 50


def test_what_needs_no_waiting_is_ready_at_once() -> None:
    reading = read_answer(use("revoice.project"), Answer(200, {}, {"id": "p1", "status": "whatever"}))
    assert (reading.id, reading.outcome) == ("p1", "ready")


def test_the_answer_of_an_action_or_a_lookup_is_its_outputs() -> None:
    assert read_answer(use("revoice.media_files"), Answer(200, {}, ["a", "b"])).outputs == {
        "list": ["a", "b"]
    }
    assert read_answer(use("dubformer.balance"), Answer(200, {}, {"balance_minutes": 9})).outputs == {
        "balance_minutes": 9
    }
    assert (
        read_answer(use("revoice.upload_url"), Answer(200, {}, "https://up")).outputs["url"] == "https://up"
    )
    assert read_answer(use("revoice.assign_member"), Answer(204)).outputs == {}


@pytest.mark.parametrize(
    ("location", "found"),
    [("https://api/orders/CP1", "CP1"), ("/orders/CP1/", "CP1"), ("", ""), (None, "")],
)
def test_an_id_can_be_cut_out_of_a_header(location: str | None, found: str) -> None:
    headers = {} if location is None else {"location": location}
    spec = Identity("$response.header.Location", "([^/]+)/?$")
    assert identity(spec, Scope(answer=Answer(201, headers))) == found


@pytest.mark.parametrize(
    ("value", "text"), [(17, "17"), ("x ", "x"), (True, ""), (None, ""), ({}, ""), (1.5, "")]
)
def test_ids_are_texts_or_whole_numbers(value: Any, text: str) -> None:
    answer = Answer(200, {}, {"id": value})
    assert identity(Identity("$response.body#/id"), Scope(answer=answer)) == text


def test_a_cost_may_be_written_as_text_and_junk_is_none() -> None:
    project = use("dubformer.project")
    assert read_answer(project, Answer(200, {}, {"cost_minutes": "7.5"})).cost == 7.5
    for junk in ("much", None, True, "nan", [1]):
        assert read_answer(project, Answer(200, {}, {"cost_minutes": junk})).cost is None
