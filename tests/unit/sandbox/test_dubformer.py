import io
import wave
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

PROJECT = {
    "name": "My project",
    "source_lang": "en",
    "target_lang": "fr-FR",
    "source_video_url": "https://example.com/video.mp4",
    "use_soundalike_voices": True,
    "mixing_mode": "voiceover_with_original_track",
}
TRANSLATION = {
    "target_script": [{"start_ms": 100, "end_ms": 1544, "text": "Au revoir le monde!", "speaker_id": 1}],
    "target_speakers": [{"speaker_id": 1, "voice_key": "voice:NewVoice", "style": "feminine"}],
    "mixing_mode": "voiceover_only",
}
FAST = 6000.0


def ready(client, id):
    return (answer := client.get(f"/projects/{id}").json())["status"] == "ready" and answer


def test_create_answers_with_exactly_the_documented_fields(start, dubformer):
    client = dubformer(start())
    answer = client.post("/projects", json=PROJECT | {"source_video_url": "https://x.org/v.mp4?minutes=10"})
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("estimated_completion_date").endswith("Z")
    assert isinstance(body.pop("project_id"), str)
    assert body == {"cost_minutes": 10, "balance_minutes": 99_990, "translations_count": 0}


def test_the_cost_of_a_video_is_always_the_same_and_from_1_to_20(shared, dubformer):
    client = dubformer(shared)
    costs = [client.post("/projects", json=PROJECT).json()["cost_minutes"] for _ in range(2)]
    assert costs[0] == costs[1]
    assert 1 <= costs[0] <= 20


def test_a_project_in_progress_shows_exactly_the_documented_fields(start, dubformer):
    client = dubformer(start(speed=1.0))
    id = client.post("/projects", json=PROJECT).json()["project_id"]
    body = client.get(f"/projects/{id}").json()
    assert body["status"] == "in_progress"
    assert set(body) == {
        "name", "source_lang", "target_lang", "mixing_mode", "cost_minutes", "created_date", "status",
        "estimated_completion_date",
    }  # fmt: skip


def test_a_ready_project_shows_exactly_the_documented_fields_and_its_files_are_real(
    http, shared, dubformer, until
):
    client = dubformer(shared)
    id = client.post("/projects", json=PROJECT).json()["project_id"]
    body = until(lambda: ready(client, id))
    assert set(body) == {
        "name", "source_lang", "target_lang", "mixing_mode", "cost_minutes", "created_date", "status",
        "completion_date", "output_video_url", "output_tts_audio_url", "output_source_script",
        "output_target_script", "output_target_speakers",
    }  # fmt: skip
    assert set(body["output_target_script"][0]) == {"start_ms", "end_ms", "text", "speaker_id"}
    assert set(body["output_target_speakers"][0]) == {"speaker_id", "voice_key", "style"}
    with wave.open(io.BytesIO(http.get(body["output_tts_audio_url"]).content)) as sound:
        assert sound.getnframes() > 0
    assert http.get(body["output_video_url"]).content[4:8] == b"ftyp"


def test_a_source_with_fail_in_its_path_ends_in_the_documented_error_form(shared, dubformer, until):
    client = dubformer(shared)
    id = client.post("/projects", json=PROJECT | {"source_video_url": "https://x.org/fail.mp4"}).json()[
        "project_id"
    ]
    body = until(lambda: (got := client.get(f"/projects/{id}").json())["status"] == "error" and got)
    assert body["error_message"] == "An error occurred during processing."
    assert "output_video_url" not in body


def test_the_list_shows_what_was_created_with_the_documented_fields(start, dubformer):
    client = dubformer(start())
    made = client.post("/projects", json=PROJECT).json()
    listed = client.get("/projects").json()["projects"]
    assert [item["project_id"] for item in listed] == [made["project_id"]]
    assert set(listed[0]) == {
        "project_id", "name", "status", "source_lang", "target_lang", "cost_minutes", "created_date",
    }  # fmt: skip


def test_the_list_follows_the_status_although_it_is_cached(start, dubformer, until):
    client = dubformer(start(speed=1200.0))
    client.post("/projects", json=PROJECT)
    assert client.get("/projects").json()["projects"][0]["status"] == "in_progress"
    assert until(lambda: client.get("/projects").json()["projects"][0]["status"] == "ready")


def test_a_deleted_project_is_gone(start, dubformer):
    client = dubformer(start())
    id = client.post("/projects", json=PROJECT).json()["project_id"]
    assert client.delete(f"/projects/{id}").json() == {"success": True}
    assert client.get(f"/projects/{id}").status_code == 404
    assert client.get("/projects").json() == {"projects": []}


def test_an_id_is_not_used_again_after_a_delete(start, dubformer):
    client = dubformer(start())
    first = client.post("/projects", json=PROJECT).json()["project_id"]
    client.delete(f"/projects/{first}")
    assert client.post("/projects", json=PROJECT).json()["project_id"] != first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source_lang": None}, "source_lang must be a string"),
        ({"source_lang": ...}, "source_lang is required"),
        ({"target_lang": ...}, "target_lang is required"),
        ({"source_video_url": ...}, "source_video_url is required"),
        ({"source_lang": "en-US"}, "Unknown source_lang en-US"),
        ({"target_lang": "fr"}, "Unknown target_lang fr"),
        ({"mixing_mode": "loud"}, "mixing_mode must be one of"),
        ({"use_soundalike_voices": "yes"}, "use_soundalike_voices must be a boolean"),
        ({"target_langs": ["fr-FR"]}, "target_langs is not a known field"),
    ],
)
def test_a_wrong_body_is_a_validation_error(shared, dubformer, change, message):
    before = shared.ledger()
    body = {name: value for name, value in (PROJECT | change).items() if value is not ...}
    answer = dubformer(shared).post("/projects", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"] == "ValidationError"
    assert message in answer.json()["message"]
    assert shared.ledger() == before


@pytest.mark.parametrize("url", ["https://x.org/a.broken", "files/a.mp4"])
def test_an_unusable_video_is_a_video_info_error(shared, dubformer, url):
    answer = dubformer(shared).post("/projects", json=PROJECT | {"source_video_url": url})
    assert (answer.status_code, answer.json()["error"]) == (400, "VideoInfoError")


def test_a_body_that_is_no_json_is_a_validation_error(shared, dubformer):
    client = dubformer(shared)
    broken = client.post("/projects", content=b"{", headers={"Content-Type": "application/json"})
    untyped = client.post("/projects", content=b"{}")
    assert [broken.json()["error"], untyped.json()["error"]] == ["ValidationError"] * 2


def test_a_wrong_key_is_an_unauthorized_error(http, shared):
    answer = http.get(
        shared.base_urls["dubformer"] + "/api/v1/balance", headers={"Authorization": "Bearer x"}
    )
    assert answer.status_code == 401
    assert answer.json() == {"error": "UnauthorizedError", "message": "Invalid API key"}


def test_more_than_the_balance_is_a_payment_required_error_and_costs_nothing(start, dubformer):
    sandbox = start()
    sandbox.set_faults({"settings": {"balance": 5}})
    client = dubformer(sandbox)
    answer = client.post("/projects", json=PROJECT | {"source_video_url": "https://x.org/v.mp4?minutes=6"})
    assert answer.status_code == 402
    assert answer.json() == {
        "error": "PaymentRequiredError",
        "message": "Insufficient balance for this project",
    }
    assert client.get("/balance").json() == {"balance_minutes": 5}


def test_without_a_subscription_some_fields_are_a_payment_required_error(start, dubformer):
    sandbox = start()
    sandbox.set_faults({"settings": {"subscription": False}})
    answer = dubformer(sandbox).post("/projects", json=PROJECT)
    assert answer.json()["error"] == "PaymentRequiredError"
    assert "subscription" in answer.json()["message"]


def test_a_voice_that_is_withdrawn_is_not_offered_any_more(start, dubformer):
    sandbox = start()
    client = dubformer(sandbox)
    before = {voice["name"] for voice in client.get("/voices").json()["voices"]["fr-FR"]}
    sandbox.set_faults({"settings": {"withdrawn": "Rach*"}})
    after = {voice["name"] for voice in client.get("/voices").json()["voices"]["fr-FR"]}
    assert before - after == {"Rachel"}


def test_the_same_key_is_answered_with_the_same_answer_and_no_second_effect(start, dubformer):
    sandbox = start()
    client = dubformer(sandbox)
    answers = [client.post("/projects", json=PROJECT, headers={"Idempotency-Key": "k1"}).json() for _ in "ab"]
    assert answers[0] == answers[1]
    assert [row["key"] for row in sandbox.ledger()] == ["k1"]


@pytest.mark.parametrize(("conduct", "status", "effects"), [("ignore", 200, 2), ("refuse", 422, 1)])
def test_an_idempotency_key_can_be_ignored_or_refused(start, dubformer, conduct, status, effects):
    sandbox = start()
    sandbox.set_faults({"settings": {"idempotency": conduct}})
    client = dubformer(sandbox)
    for _ in "ab":
        answer = client.post("/projects", json=PROJECT, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == status
    assert len(sandbox.ledger()) == effects


def test_the_same_key_with_another_body_is_refused(shared, dubformer):
    client = dubformer(shared)
    client.post("/projects", json=PROJECT, headers={"Idempotency-Key": "k1"})
    answer = client.post("/projects", json=PROJECT | {"name": "other"}, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 422


def test_a_re_translation_starts_the_project_again_and_gives_new_files(start, dubformer, until):
    client = dubformer(start(speed=1200.0))
    id = client.post("/projects", json=PROJECT).json()["project_id"]
    before = until(lambda: ready(client, id))
    answer = client.post(f"/projects/{id}/translations", json=TRANSLATION).json()
    assert (answer["project_id"], answer["cost_minutes"], answer["translations_count"]) == (id, 0, 1)
    assert client.get(f"/projects/{id}").json()["status"] == "in_progress"
    after = until(lambda: ready(client, id))
    assert after["output_target_script"] == TRANSLATION["target_script"]
    assert after["mixing_mode"] == "voiceover_only"
    assert after["completion_date"] > before["completion_date"]
    assert after["output_video_url"] != before["output_video_url"]


def _with(script=None, speaker=None):
    changed = {**TRANSLATION}
    changed["target_script"] = [TRANSLATION["target_script"][0] | (script or {})]
    changed["target_speakers"] = [TRANSLATION["target_speakers"][0] | (speaker or {})]
    return changed


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (_with(speaker={"voice_key": "unknown-voice"}), "Unknown voice unknown-voice"),
        (_with(speaker={"voice_key": "53f154:de-DE-KatjaNeural"}), "Unknown voice 53f154:de-DE-KatjaNeural"),
        (
            _with(script={"speaker_id": 2}),
            "Speaker ID 2 referenced in script but not found in target_speakers",
        ),
        (_with(script={"start_ms": 1544}), "Invalid timing: start_ms must be less than end_ms"),
        (_with(script={"text": " "}), "target_script[0].text must not be empty"),
        (_with(speaker={"style": "neutral"}), "target_speakers[0].style must be one of masculine, feminine"),
        ({"target_script": []}, "target_script must not be empty"),
        ({"target_script": TRANSLATION["target_script"]}, "target_speakers is required"),
        (
            TRANSLATION | {"target_speakers": TRANSLATION["target_speakers"] * 2},
            "Duplicate speaker ID 1 in target_speakers",
        ),
    ],
)
def test_a_wrong_re_translation_is_refused_when_validated_and_when_sent(
    shared, dubformer, until, body, message
):
    client = dubformer(shared)
    id = client.post("/projects", json=PROJECT).json()["project_id"]
    until(lambda: ready(client, id))
    for operation in ("validate-translation-request", "translations"):
        answer = client.post(f"/projects/{id}/{operation}", json=body)
        assert answer.status_code == 400
        assert answer.json() == {"error": "ValidationError", "message": message}


def test_validating_a_right_re_translation_changes_nothing(shared, dubformer, until):
    client = dubformer(shared)
    id = client.post("/projects", json=PROJECT).json()["project_id"]
    before = until(lambda: ready(client, id))
    answer = client.post(f"/projects/{id}/validate-translation-request", json=TRANSLATION)
    assert answer.json() == {"valid": True}
    assert client.get(f"/projects/{id}").json() == before


def test_a_voice_from_the_list_is_accepted_for_its_language(shared, dubformer, until):
    client = dubformer(shared)
    id = client.post("/projects", json=PROJECT | {"target_lang": "af-ZA"}).json()["project_id"]
    until(lambda: ready(client, id))
    voices = client.get("/voices").json()["voices"]["af-ZA"]
    assert voices[0] == {"name": "Adri", "voice_key": "53f154:af-ZA-AdriNeural", "style": "feminine"}
    for voice in voices:
        body = _with(speaker={"voice_key": voice["voice_key"]})
        assert client.post(f"/projects/{id}/validate-translation-request", json=body).json() == {
            "valid": True
        }


def test_the_options_hold_the_languages_of_the_examples(shared, dubformer):
    options = dubformer(shared).get("/options").json()
    assert {"ar", "de", "en"} <= set(options["source_langs"])
    assert {"fr-FR", "de-DE", "es-ES", "it-IT", "af-ZA", "en-US"} <= set(options["target_langs"])


def test_the_ledger_holds_each_accepted_work_with_its_cost(start, dubformer):
    sandbox = start()
    url = "https://x.org/v.mp4?minutes=3"
    id = dubformer(sandbox).post("/projects", json=PROJECT | {"source_video_url": url}).json()["project_id"]
    (row,) = sandbox.ledger()
    assert (row["seq"], row["provider"], row["operation"]) == (1, "dubformer", "createProject")
    assert (row["name"], row["id"], row["cost"]) == ("My project", id, 3)
    assert row["request"]["target_lang"] == "fr-FR"


def test_answers_are_dated_by_the_clock_that_dates_projects(start, dubformer):
    client = dubformer(start())
    answer = client.post("/projects", json=PROJECT)
    dated = parsedate_to_datetime(answer.headers["Date"])
    created = client.get("/projects").json()["projects"][0]["created_date"]
    assert (
        timedelta(0) <= dated - datetime.fromisoformat(created).replace(microsecond=0) < timedelta(seconds=9)
    )


@pytest.mark.parametrize(
    "content", [b"{", b"", b"NaN", b'{"name": 1e999}', b'{"name": "\\ud800"}', b"[" * 100_000]
)
def test_what_is_no_json_text_is_a_validation_error(shared, dubformer, content):
    headers = {"Content-Type": "application/json"}
    answer = dubformer(shared).post("/projects", content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "ValidationError")
