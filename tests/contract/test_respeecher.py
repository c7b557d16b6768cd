"""Each operation of Respeecher's text in its documented form, on the sandbox."""

import hashlib
import io
import time
import wave
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from contractclient import Client, used

from runner.api.catalogue import Catalogue
from runner.api.messages.encode import encode
from runner.api.messages.reading import read_answer, read_item
from runner.api.provider import Use
from runner.model.text import LocalFile
from runner.sandbox.ground.film import sound

PATIENCE = 20.0
CATALOGUE = Catalogue()


def use(name: str) -> Use:
    return used(f"respeecher.{name}")


def asked(client: Client, operation: str, inputs: dict[str, Any] | None = None) -> Any:
    """The body of a documented, successful answer."""
    answer = client.call(operation, inputs)
    assert answer.ok, answer
    client.documented(operation, answer)
    return answer.body


def until(ask: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < end, "the condition never came true"
    return answer


@dataclass
class Studio:
    """A project with a folder, and what is recorded there."""

    client: Client
    folder: Path
    project_id: str
    folder_id: str

    def take(self, **more: Any) -> dict[str, Any]:
        """The inputs of an upload."""
        file = self.folder / "take.wav"
        file.write_bytes(sound("take"))
        data = LocalFile(str(file), hashlib.sha256(file.read_bytes()).hexdigest())
        return {"data": data, "parent_folder_id": self.folder_id, "microphone": "file", **more}

    def upload(self, **more: Any) -> str:
        """The id of an original that is done."""
        return self.done(asked(self.client, "uploadRecording", self.take(**more))["id"])

    def text(self, **more: Any) -> str:
        """The id of an original of a text that is done."""
        inputs = {"parent_folder_id": self.folder_id, "text": "Once upon a time.", **more}
        return self.done(asked(self.client, "createTts", inputs)["id"])

    def done(self, id: str) -> str:
        until(lambda: self.state(id) == "done")
        return id

    def state(self, id: str) -> str:
        return str(asked(self.client, "getRecording", {"recording_id": id})["state"])

    def voice(self, place: int = 0) -> Any:
        return asked(self.client, "listVoices", {"limit": 5})["list"][place]

    def order(self, original: str, *labels: str) -> list[str]:
        """The ids of conversions that were ordered."""
        conversions = [
            {"voice_id": self.voice(place)["id"], "label": label} for place, label in enumerate(labels)
        ]
        orders = asked(self.client, "createOrder", {"original_id": original, "conversions": conversions})
        return [order["conversion_id"] for order in orders]


@pytest.fixture
def studio(respeecher: Client, tmp_path: Path) -> Studio:
    project = asked(respeecher, "createProject", {"name": "Season 1", "models": {}})
    folder = asked(respeecher, "createFolder", {"name": "Episode 1", "project_id": project["id"]})
    return Studio(respeecher, tmp_path, project["id"], folder["id"])


def test_projects_are_made_listed_renamed_found_and_deleted(studio: Studio) -> None:
    client = studio.client
    owner = asked(client, "getUser")["groups"][0]["id"]
    made = asked(client, "createProject", {"name": "Of the group", "owner": owner})
    assert made["owner"] == owner
    renamed = asked(client, "renameProject", {"project_id": made["id"], "name": "Other"})
    assert (renamed["id"], renamed["name"]) == (made["id"], "Other")
    assert asked(client, "getProjectByUrl", {"project_url": made["url"]})["id"] == made["id"]
    inputs = {"limit": 2, "offset": 0, "sort": "created_at", "direction": "desc", "owner": owner}
    page = asked(client, "listProjects", inputs)
    assert page["list"][0]["id"] == made["id"]
    assert (page["pagination"]["limit"], page["pagination"]["offset"]) == (2, 0)
    assert page["pagination"]["count"] >= 1
    assert asked(client, "deleteProject", {"project_id": made["id"]}) == {"id": made["id"]}
    assert client.call("getProjectByUrl", {"project_url": made["url"]}).status == 404


def test_folders_are_made_listed_renamed_read_and_deleted(studio: Studio) -> None:
    client = studio.client
    made = asked(client, "createFolder", {"name": "Episode 2", "project_id": studio.project_id})
    asked(client, "renameFolder", {"folder_id": made["id"], "name": "Episode 3"})
    assert asked(client, "getFolder", {"folder_id": made["id"]})["name"] == "Episode 3"
    inputs = {"project_id": studio.project_id, "limit": 1, "offset": 1, "direction": "asc"}
    page = asked(client, "listFolders", inputs)
    assert [item["id"] for item in page["list"]] == [made["id"]]
    assert page["pagination"] == {"count": 2, "limit": 1, "offset": 1}
    assert asked(client, "deleteFolder", {"folder_id": made["id"]}) == [{"id": made["id"]}]


def test_a_sound_file_becomes_a_recording_that_is_waited_for(studio: Studio) -> None:
    inputs = studio.take(label="Take 1")
    answer = studio.client.call("uploadRecording", inputs)
    studio.client.documented("uploadRecording", answer)
    reading = read_answer(use("recording"), answer, inputs)
    assert (reading.id, answer.body["label"]) == (answer.body["id"], "Take 1")
    assert answer.body["duration"] == pytest.approx(1.0, abs=0.01)
    ready = studio.client.call("getRecording", {"recording_id": studio.done(reading.id)})
    assert read_answer(use("recording"), ready).outcome == "ready"


def test_the_file_of_a_recording_is_fetched_from_the_gateway_with_the_key(studio: Studio) -> None:
    recording = asked(studio.client, "getRecording", {"recording_id": studio.upload()})
    url = studio.client.base_url + recording["url"]
    assert httpx.get(url).status_code == 401
    content = httpx.get(url, headers={"api-key": studio.client.auth["api_key"]}).content
    with wave.open(io.BytesIO(content)) as opened:
        assert opened.getnframes() > 0


def test_a_text_becomes_a_recording(studio: Studio) -> None:
    inputs = {
        "parent_folder_id": studio.folder_id,
        "text": "Bonjour.",
        "text_language": "fr",
        "label": "Line 1",
    }
    made = asked(studio.client, "createTts", inputs)
    assert (made["tts"], made["text"], made["label"]) == (True, "Bonjour.", "Line 1")
    studio.done(made["id"])


def test_the_deprecated_way_speaks_a_text_with_a_voice(studio: Studio) -> None:
    voice = asked(studio.client, "listTtsVoices")[0]
    inputs = {
        "project_id": studio.project_id,
        "parent_folder_id": studio.folder_id,
        "label": "Line 1",
        "voice_id": voice["id"],
        "text": "Hello.",
    }
    made = asked(studio.client, "createTtsV1", inputs)
    assert (made["tts_voice"], made["tts_voice_id"]) == (voice["name"], voice["id"])


def test_recordings_are_listed_by_folder_project_and_original(studio: Studio) -> None:
    client, original = studio.client, studio.upload(label="Take 1")
    conversion = studio.order(original, "As Ada")[0]
    folder, pages = {"folder_id": studio.folder_id}, {"limit": 10, "offset": 0, "direction": "asc"}
    both = asked(client, "listRecordings", {**folder, **pages})["list"]
    assert [item["id"] for item in both] == [original, conversion]
    newest = asked(client, "listRecordings", {"project_id": studio.project_id, "direction": "desc"})["list"]
    assert [item["id"] for item in newest] == [conversion, original]
    originals = asked(client, "listOriginals", {**folder, **pages})["list"]
    assert [item["id"] for item in originals] == [original]
    converted = asked(client, "listConversions", {"original_id": original, **pages})["list"]
    assert [(item["id"], item["type"]) for item in converted] == [(conversion, "converted")]


def test_what_a_list_shows_can_be_read_like_an_answer(studio: Studio) -> None:
    original = studio.upload()
    item = asked(studio.client, "listOriginals", {"folder_id": studio.folder_id})["list"][0]
    assert read_item(use("recording"), original, item).outcome == "ready"


def test_a_recording_is_changed_in_part_and_as_a_whole(studio: Studio) -> None:
    id = studio.upload(label="Take 1")
    starred = asked(studio.client, "updateRecording", {"recording_id": id, "starred": True})
    assert (starred["label"], starred["starred"]) == ("Take 1", True)
    whole = {"recording_id": id, "label": "Take 2", "starred": False}
    changed = asked(studio.client, "replaceRecording", whole)
    assert (changed["label"], changed["starred"]) == ("Take 2", False)


def test_deleting_an_original_deletes_its_conversions(studio: Studio) -> None:
    original = studio.upload()
    conversion = studio.order(original, "As Ada")[0]
    gone = asked(studio.client, "deleteRecording", {"recording_id": original})
    assert gone == [{"id": original}, {"id": conversion}]
    assert studio.client.call("getRecording", {"recording_id": conversion}).status == 404


def test_an_order_makes_a_conversion_for_each_entry_and_charges_it(studio: Studio) -> None:
    client, original = studio.client, studio.upload()
    before = asked(client, "getCredits")["credits"]
    paid = len(client.sandbox.ledger())
    voice = studio.voice()
    conversions = [
        {
            "voice_id": voice["id"],
            "accent_id": voice["accents"][1]["id"],
            "semitones_correction": -2,
            "label": "Deep",
        },
        {"voice_id": voice["id"], "label": "Plain"},
    ]
    inputs = {"original_id": original, "conversions": conversions, "use_calibration": False}
    orders = asked(client, "createOrder", inputs)
    rows = client.sandbox.ledger()[paid:]
    assert [row["id"] for row in rows] == [order["conversion_id"] for order in orders]
    assert [row["name"] for row in rows] == ["Deep", "Plain"]
    left = asked(client, "getCredits")["credits"]
    assert left == pytest.approx(before - sum(row["cost"] for row in rows))
    assert left < before
    for order, label in zip(orders, ("Deep", "Plain"), strict=True):
        studio.done(order["conversion_id"])
        recording = asked(client, "getRecording", {"recording_id": order["conversion_id"]})
        assert (recording["label"], recording["original_id"]) == (label, original)


def test_a_text_is_converted_in_a_narration_style(studio: Studio) -> None:
    voice, original = studio.voice(), studio.text()
    style = voice["narration_styles"][0]["id"]
    conversion = {"voice_id": voice["id"], "narration_style_id": style, "label": "Calm"}
    orders = asked(studio.client, "createOrder", {"original_id": original, "conversions": [conversion]})
    studio.done(orders[0]["conversion_id"])
    assert studio.state(orders[0]["conversion_id"]) == "done"


@pytest.mark.parametrize("by", ["conversion", "original"])
def test_a_conversion_that_failed_is_tried_again_without_a_second_price(studio: Studio, by: str) -> None:
    client, original = studio.client, studio.upload()
    conversion = studio.order(original, "will fail")[0]
    until(lambda: studio.state(conversion) == "error")
    failed = client.call("getRecording", {"recording_id": conversion})
    assert read_answer(use("recording"), failed).message == "The recording could not be processed"
    credits = asked(client, "getCredits")["credits"]
    again = asked(client, "retryOrder", {"recording_id": conversion if by == "conversion" else original})
    assert again["conversion_id"] == conversion
    studio.done(conversion)
    assert asked(client, "getCredits")["credits"] == credits


def test_a_calibration_is_made_enabled_used_and_deleted(studio: Studio) -> None:
    client = studio.client
    data = studio.take()["data"]
    made = asked(client, "createCalibration", {"name": f"Calm {studio.folder_id[:8]}", "data": data})
    one = {"calibration_id": made["id"]}
    until(lambda: asked(client, "getCalibration", one)["state"] == "calibrated")
    assert asked(client, "enableCalibration", one)["enabled"] is True
    assert made["id"] in [item["id"] for item in asked(client, "listCalibrations")]
    chosen = {"use_calibration": True, "calibration_id": made["id"]}
    conversions = [{"voice_id": studio.voice()["id"]}]
    order = asked(
        client, "createOrder", {"original_id": studio.upload(), "conversions": conversions, **chosen}
    )
    assert order[0]["calibration_id"] == made["id"]
    assert asked(client, "setAutoCalibration")["id"] == made["user_id"]
    assert asked(client, "deleteCalibration", one)["enabled"] is False
    assert client.call("getCalibration", one).status == 400


def test_a_note_is_written_changed_shown_listed_and_deleted(studio: Studio) -> None:
    client, id = studio.client, studio.upload()
    made = asked(client, "createNote", {"recording_id": id, "text": "Too fast"})
    asked(client, "updateNote", {"recording_id": id, "text": "Too slow"})
    note = asked(client, "getRecording", {"recording_id": id})["note"]
    assert note == {"id": made["id"], "text": "Too slow", "active": True}
    assert [item["id"] for item in asked(client, "listNotes", {"folder_id": studio.folder_id})] == [
        made["id"]
    ]
    assert asked(client, "deleteNote", {"recording_id": id})["id"] == made["id"]
    assert asked(client, "getRecording", {"recording_id": id})["note"] is None


def test_statistics_count_conversions(studio: Studio) -> None:
    client = studio.client
    studio.done(studio.order(studio.upload(), "As Ada")[0])
    counts = {"total": 1, "completed": 1, "in_progress": 0, "failed": 0}
    project = asked(client, "getProjectStats", {"project_ids": [studio.project_id]})
    assert [(item["project_id"], item["conversions"]) for item in project] == [(studio.project_id, counts)]
    assert project[0]["time_converted"]["total"] > 0
    folder = asked(client, "getFolderStats", {"folder_ids": [studio.folder_id]})
    assert folder == [{"folder_id": studio.folder_id, "stats": counts}]
    account = asked(client, "getStats")
    assert account["conversions"]["total"] >= 1
    assert sum(model["conversions_count"] for model in account["models"]) >= 1


@pytest.mark.parametrize(
    ("operation", "inputs"),
    [
        ("exportProject", lambda studio, _: {"project_id": studio.project_id}),
        ("exportRecording", lambda _, original: {"original_id": original}),
    ],
)
def test_an_export_is_a_zip_of_sounds(studio: Studio, operation: str, inputs: Any) -> None:
    client, original = studio.client, studio.upload(label="Take 1")
    conversions = studio.order(original, "As Ada", "As Bruno")
    for id in conversions:
        studio.done(id)
    asked(client, "updateRecording", {"recording_id": conversions[1], "starred": True})

    def names(starred: bool) -> list[str]:
        call = encode(
            client.provider.operation(operation), {**inputs(studio, original), "starred_only": starred}
        )
        headers = {**dict(call.headers), "api-key": client.auth["api_key"]}
        answer = httpx.get(client.base_url + call.path, headers=headers)
        assert answer.headers["content-type"] == "application/zip"
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            return [name.rsplit("/", 1)[-1] for name in archive.namelist()]

    whole = ["As Ada.wav", "As Bruno.wav"]
    assert names(False) == (["Take 1.wav", *whole] if operation == "exportProject" else whole)
    assert names(True) == ["As Bruno.wav"]


def test_voices_are_filtered_sorted_and_paged(respeecher: Client) -> None:
    filters = {
        "visibility": "public",
        "species": "human",
        "gender": "male",
        "pitch_group": "low",
    }
    inputs = {**filters, "limit": 1, "offset": 1, "sort": "pitch", "direction": "desc"}
    first = asked(respeecher, "listVoices", inputs)
    assert len(first["list"]) == 1
    every = asked(respeecher, "listVoices", {**filters, "limit": 100})["list"]
    assert first["pagination"]["count"] == len(every) > 1
    assert all(voice[name] == value for voice in every for name, value in filters.items())
    for name, value in (("age_group", "adult"), ("nationality", "British")):
        found = asked(respeecher, "listVoices", {name: value, "limit": 100})["list"]
        assert {voice[name] for voice in found} == {value}
    pages = [asked(respeecher, "listVoices", {"offset": at})["list"] for at in (0, 25, 50)]
    assert len({voice["id"] for page in pages for voice in page}) == 60


def test_a_voice_is_found_by_name_and_marked_and_set(respeecher: Client) -> None:
    voice = asked(respeecher, "searchVoices", {"name": "clar", "limit": 1})[0]
    one = {"voice_id": voice["id"]}
    assert asked(respeecher, "favoriteVoice", {**one, "favorite": True})["favorite"] is True
    assert asked(respeecher, "favoriteVoice", {**one, "favorite": False})["favorite"] is False
    accent, style = voice["accents"][1]["id"], voice["narration_styles"][1]["id"]
    settings = {**one, "narration_style_id": style, "accent_id": accent, "semitones_correction": 1.5}
    changed = asked(respeecher, "setVoiceSettings", settings)
    assert changed["accents"][1]["settings"] == {"favorite": True, "semitones_correction": 1.5}
    assert changed["narration_styles"][1]["settings"] == {"favorite": True}
    assert asked(respeecher, "getAccentSamples", {"accent_id": accent})["samples"]
    assert asked(respeecher, "getNarrationStyleSamples", {"narration_style_id": style})["samples"]


def test_a_key_is_made_works_and_ends(respeecher: Client) -> None:
    made = asked(respeecher, "createApiKey", {"expires_at": "2126-09-15T15:53:00+05:00"})["api_key"]
    own, respeecher.auth["api_key"] = respeecher.auth["api_key"], made
    assert asked(respeecher, "getCredits")["credits"] > 0
    respeecher.documented("deleteApiKey", respeecher.call("deleteApiKey"))
    assert respeecher.call("getCredits").status == 401
    respeecher.auth["api_key"] = own
    assert respeecher.call("deleteApiKey").status == 404


def test_a_session_carries_its_cookie_and_token_until_it_is_ended(respeecher_login: Client) -> None:
    client = respeecher_login
    assert asked(client, "getCredits")["credits"] > 0
    assert asked(client, "logout") == {"detail": "OK"}
    ended = client.call("getCredits")
    assert (ended.status, client.verdict(ended).unauthorized) == (401, True)


def test_a_login_answers_with_the_user_and_the_token(respeecher_login: Client) -> None:
    answer = respeecher_login.call("login", {**respeecher_login.auth, "session_duration": 3600})
    respeecher_login.documented("login", answer)
    assert answer.body["user"]["email"] == respeecher_login.auth["email"]
    assert answer.headers["set-cookie"].startswith("session_id=")
