"""Each operation of Dubformer's text in its documented form, success and every documented error, on the sandbox."""

import time
from typing import Any

import pytest
from contractclient import Client, used

from runner.api.catalogue import Catalogue
from runner.api.messages.reading import read_answer, read_item
from runner.api.provider import Use
from runner.model.http import Answer

PATIENCE = 20.0


def project(client: Client, **more: Any) -> dict[str, Any]:
    return {
        "name": "My project",
        "source_lang": "en",
        "target_lang": "fr-FR",
        "source_video_url": client.sandbox.media_url + "video.mp4?minutes=2",
        **more,
    }


def use(name: str) -> Use:
    return used(f"dubformer.{name}")


def made(client: Client, **more: Any) -> str:
    answer = client.call("createProject", project(client, **more))
    return read_answer(use("project"), answer).id


def ended(client: Client, id: str) -> Answer:
    """The details of a project once its work has ended."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = client.call("getProject", {"id": id})
        if read_answer(use("project"), answer, id=id).outcome != "running":
            return answer
    raise AssertionError(f"{id} did not end in {PATIENCE} s")


def translation(answer: Answer, **more: Any) -> dict[str, Any]:
    return {
        "target_script": answer.body["output_target_script"],
        "target_speakers": answer.body["output_target_speakers"],
        **more,
    }


def test_a_project_is_created_with_every_documented_field(dubformer: Client) -> None:
    inputs = project(
        dubformer,
        mixing_mode="voiceover_only",
        use_emotional_transfer=True,
        use_soundalike_voices=True,
        source_script_content="Hello",
        glossary_content="a\tb",
    )
    answer = dubformer.call("createProject", inputs)
    dubformer.documented("createProject", answer)
    reading = read_answer(use("project"), answer, inputs)
    assert reading.id
    assert (reading.cost, reading.unit, reading.outcome) == (2.0, "minutes", "running")


def test_a_project_is_read_until_it_is_ready(dubformer: Client) -> None:
    id = made(dubformer)
    answer = ended(dubformer, id)
    dubformer.documented("getProject", answer)
    reading = read_answer(use("project"), answer, id=id)
    assert (reading.id, reading.status, reading.outcome) == (id, "ready", "ready")
    assert reading.outputs["target_script"]
    assert reading.outputs["speakers"]
    assert reading.outputs["output_video_url"].startswith("http")


def test_a_project_that_fails_there_says_why(dubformer: Client) -> None:
    id = made(dubformer, source_video_url=dubformer.sandbox.media_url + "fail.mp4")
    answer = ended(dubformer, id)
    dubformer.documented("getProject", answer)
    reading = read_answer(use("project"), answer, id=id)
    assert reading.outcome == "failed"
    assert reading.message


def test_a_project_stands_in_the_list_with_its_mark_and_what_is_compared(dubformer: Client) -> None:
    id = made(dubformer, name="marked 7f3a")
    answer = dubformer.call("listProjects")
    dubformer.documented("listProjects", answer)
    (item,) = [item for item in answer.body["projects"] if item["name"] == "marked 7f3a"]
    assert (item["source_lang"], item["target_lang"]) == ("en", "fr-FR")
    reading = read_item(use("project"), item["project_id"], item)
    assert (reading.id, reading.cost) == (id, 2.0)


def test_a_ready_project_is_validated_and_translated_again(dubformer: Client) -> None:
    id = made(dubformer)
    inputs = {"id": id, **translation(ended(dubformer, id), mixing_mode="voiceover_only")}
    checked = dubformer.call("validateTranslation", inputs)
    dubformer.documented("validateTranslation", checked)
    assert checked.body == {"valid": True}
    answer = dubformer.call("createTranslation", inputs)
    dubformer.documented("createTranslation", answer)
    reading = read_answer(use("translation"), answer, inputs)
    assert reading.id == id
    assert reading.outputs["cost_minutes"] == 0
    assert reading.outputs["translations_count"] == 1


def test_every_documented_field_of_a_translation_is_taken_and_a_repeated_key_is_the_same_one(
    dubformer: Client,
) -> None:
    id = made(dubformer)
    ended(dubformer, id)
    inputs = {
        "id": id,
        "target_script": [{"start_ms": 100, "end_ms": 900, "text": "Au revoir le monde !", "speaker_id": 1}],
        "target_speakers": [{"speaker_id": 1, "voice_key": "soundalike", "style": "feminine"}],
        "mixing_mode": "voiceover_only",
    }
    checked = dubformer.call("validateTranslation", inputs, Idempotency_Key="check 1")
    first = dubformer.call("createTranslation", inputs, Idempotency_Key="fix 1")
    again = dubformer.call("createTranslation", inputs, Idempotency_Key="fix 1")
    assert checked.body == {"valid": True}
    assert first.ok
    assert again.body == first.body


def test_an_invalid_translation_is_refused_by_both_operations(dubformer: Client) -> None:
    id = made(dubformer)
    inputs = {"id": id, **translation(ended(dubformer, id))}
    inputs["target_speakers"] = [{**each, "voice_key": "unknown-voice"} for each in inputs["target_speakers"]]
    for operation in ("validateTranslation", "createTranslation"):
        verdict = dubformer.verdict(dubformer.call(operation, inputs))
        assert (verdict.meaning, verdict.code) == ("refused", "ValidationError")
        assert verdict.message == "Unknown voice unknown-voice"


def test_a_project_is_deleted(dubformer: Client) -> None:
    id = made(dubformer)
    answer = dubformer.call("deleteProject", {"id": id})
    dubformer.documented("deleteProject", answer)
    assert answer.body == {"success": True}
    assert dubformer.verdict(dubformer.call("getProject", {"id": id})).meaning == "refused"


@pytest.mark.parametrize("operation", ["getOptions", "getVoices", "getBalance"])
def test_a_lookup_answers_as_documented(dubformer: Client, operation: str) -> None:
    answer = dubformer.call(operation)
    dubformer.documented(operation, answer)
    assert answer.ok


def test_the_same_key_and_bytes_are_the_same_project(dubformer: Client) -> None:
    inputs = project(dubformer, name="keyed")
    first = dubformer.call("createProject", inputs, Idempotency_Key="k-1")
    again = dubformer.call("createProject", inputs, Idempotency_Key="k-1")
    assert again.body == first.body


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"source_lang": None}, "ValidationError"),
    ({"target_lang": "xx-XX"}, "ValidationError"),
    ({"mixing_mode": "loud"}, "ValidationError"),
    ({"source_video_url": "https://media.test/film.broken"}, "VideoInfoError"),
]


@pytest.mark.parametrize(("more", "code"), WRONG)
def test_a_wrong_create_is_refused_with_the_documented_type(
    dubformer: Client, more: dict[str, Any], code: str
) -> None:
    verdict = dubformer.verdict(dubformer.call("createProject", project(dubformer, **more)))
    assert (verdict.meaning, verdict.code, verdict.out_of_credit) == ("refused", code, False)
    assert verdict.message


def test_out_of_minutes_is_told_as_such(dubformer: Client) -> None:
    before = dubformer.call("getBalance").body["balance_minutes"]
    dubformer.sandbox.set_faults({"settings": {"balance": 1}})
    verdict = dubformer.verdict(dubformer.call("createProject", project(dubformer)))
    dubformer.sandbox.set_faults({"settings": {"balance": before}})
    assert (verdict.meaning, verdict.code, verdict.out_of_credit) == ("refused", "PaymentRequiredError", True)
    assert verdict.help


def test_a_missing_subscription_has_the_same_type_as_an_empty_balance(dubformer: Client) -> None:
    dubformer.sandbox.set_faults({"settings": {"subscription": False}})
    verdict = dubformer.verdict(
        dubformer.call("createProject", project(dubformer, use_soundalike_voices=True))
    )
    assert (verdict.meaning, verdict.code) == ("refused", "PaymentRequiredError")
    assert dubformer.call("getBalance").body["balance_minutes"] > 0


CALLS: dict[str, dict[str, Any]] = {
    "createProject": {"source_lang": "en"},
    "listProjects": {},
    "getProject": {"id": "1"},
    "deleteProject": {"id": "1"},
    "createTranslation": {"id": "1", "target_script": []},
    "validateTranslation": {"id": "1", "target_script": []},
    "getOptions": {},
    "getVoices": {},
    "getBalance": {},
}
each_operation = pytest.mark.parametrize("operation", sorted(CALLS))


def test_no_operation_is_left_out_here() -> None:
    assert set(CALLS) == set(Catalogue().provider("dubformer").index)


@each_operation
def test_a_wrong_key_is_refused_everywhere(dubformer: Client, operation: str) -> None:
    dubformer.auth["token"] = "wrong"
    verdict = dubformer.verdict(dubformer.call(operation, CALLS[operation]))
    assert (verdict.meaning, verdict.code, verdict.unauthorized) == ("refused", "UnauthorizedError", True)


@each_operation
def test_a_server_error_must_be_settled_and_not_now_is_safe_everywhere(
    dubformer: Client, operation: str
) -> None:
    rule = {"match": {"provider": "dubformer", "operation": operation}, "times": 1}
    dubformer.sandbox.set_faults({"rules": [{**rule, "do": {"status": 500}}]})
    assert dubformer.verdict(dubformer.call(operation, CALLS[operation])).meaning == "ambiguous"
    dubformer.sandbox.set_faults({"rules": [{**rule, "do": {"retry_after": 7, "form": "date"}}]})
    verdict = dubformer.verdict(dubformer.call(operation, CALLS[operation]))
    assert verdict.meaning == "safe"
    assert verdict.retry_after == pytest.approx(7.0, abs=1.5)


@pytest.mark.parametrize(
    "operation", ["getProject", "deleteProject", "createTranslation", "validateTranslation"]
)
def test_an_unknown_project_is_refused(dubformer: Client, operation: str) -> None:
    assert (
        dubformer.verdict(dubformer.call(operation, {**CALLS[operation], "id": "nobody"})).meaning
        == "refused"
    )


def test_an_answer_that_is_a_page_is_accepted_without_an_identity(dubformer: Client) -> None:
    rule = {"match": {"operation": "createProject"}, "times": 1, "do": {"html": 200, "when": "after"}}
    dubformer.sandbox.set_faults({"rules": [rule]})
    answer = dubformer.call("createProject", project(dubformer))
    assert dubformer.verdict(answer).meaning == "accepted"
    assert read_answer(use("project"), answer).id == ""
