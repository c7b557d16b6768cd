"""Every documented error of Respeecher's operations, on the sandbox, and what each means for a paid call."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from contractclient import Client

from runner.api.catalogue import Catalogue
from runner.model.http import Answer
from runner.model.text import LocalFile
from runner.sandbox.ground.film import sound
from runner.sandbox.respeecher.rules import MOST_UPLOAD

NOBODY = str(uuid.UUID(int=1, version=4))
PROVIDER = Catalogue().provider("respeecher")
FORMS = ("createCalibration", "uploadRecording")


CONVERSION = {"voice_id": NOBODY, "label": "x"}
CALLS: dict[str, dict[str, Any]] = {
    "createApiKey": {"expires_at": "2126-09-15T15:53:00+05:00"},
    "deleteApiKey": {},
    "login": {"email": "a@b.example", "password": "x"},
    "logout": {},
    "getUser": {},
    "createCalibration": {"name": "x"},
    "listCalibrations": {},
    "setAutoCalibration": {},
    "getCalibration": {"calibration_id": NOBODY},
    "deleteCalibration": {"calibration_id": NOBODY},
    "enableCalibration": {"calibration_id": NOBODY},
    "getCredits": {},
    "listProjects": {},
    "createProject": {"name": "x"},
    "getProjectByUrl": {"project_url": "nowhere"},
    "renameProject": {"project_id": NOBODY, "name": "x"},
    "deleteProject": {"project_id": NOBODY},
    "exportProject": {"project_id": NOBODY},
    "listFolders": {"project_id": NOBODY},
    "createFolder": {"project_id": NOBODY, "name": "x"},
    "getFolder": {"folder_id": NOBODY},
    "renameFolder": {"folder_id": NOBODY, "name": "x"},
    "deleteFolder": {"folder_id": NOBODY},
    "listRecordings": {"folder_id": NOBODY},
    "uploadRecording": {"parent_folder_id": NOBODY, "microphone": "file"},
    "listOriginals": {"folder_id": NOBODY},
    "listConversions": {"original_id": NOBODY},
    "createTtsV1": {"project_id": NOBODY, "parent_folder_id": NOBODY, "voice_id": NOBODY, "text": "x"},
    "exportRecording": {"original_id": NOBODY},
    "getRecording": {"recording_id": NOBODY},
    "updateRecording": {"recording_id": NOBODY, "label": "x"},
    "replaceRecording": {"recording_id": NOBODY, "label": "x", "starred": True},
    "deleteRecording": {"recording_id": NOBODY},
    "createTts": {"parent_folder_id": NOBODY, "text": "x"},
    "listTtsVoices": {},
    "createNote": {"recording_id": NOBODY, "text": "x"},
    "updateNote": {"recording_id": NOBODY, "text": "x"},
    "deleteNote": {"recording_id": NOBODY},
    "listNotes": {"folder_id": NOBODY},
    "getStats": {},
    "getProjectStats": {"project_ids": []},
    "getFolderStats": {"folder_ids": []},
    "createOrder": {"original_id": NOBODY, "conversions": [CONVERSION]},
    "retryOrder": {"recording_id": NOBODY},
    "listVoices": {},
    "searchVoices": {"name": "ada"},
    "favoriteVoice": {"voice_id": NOBODY, "favorite": True},
    "setVoiceSettings": {"voice_id": NOBODY},
    "getAccentSamples": {"accent_id": NOBODY},
    "getNarrationStyleSamples": {"narration_style_id": NOBODY},
}
MISSING = {
    **dict.fromkeys(("getCalibration", "deleteCalibration", "enableCalibration"), 400),
    **dict.fromkeys(("renameProject", "listFolders", "createFolder", "getFolder", "renameFolder"), 403),
    **dict.fromkeys(("listRecordings", "uploadRecording", "listOriginals", "listConversions"), 403),
    **dict.fromkeys(("createTts", "createTtsV1", "listNotes", "createOrder", "retryOrder"), 403),
    **dict.fromkeys(("login", "getProjectByUrl", "deleteProject", "exportProject", "deleteFolder"), 404),
    **dict.fromkeys(("exportRecording", "getRecording", "updateRecording", "replaceRecording"), 404),
    **dict.fromkeys(("deleteRecording", "createNote", "updateNote", "deleteNote"), 404),
    **dict.fromkeys(("favoriteVoice", "setVoiceSettings", "getAccentSamples"), 404),
    "getNarrationStyleSamples": 404,
}
each_operation = pytest.mark.parametrize("operation", sorted(CALLS))


@pytest.fixture
def call(respeecher: Client, tmp_path: Path) -> Any:
    """Calls an operation as it stands in CALLS, with changes."""
    file = tmp_path / "take.wav"
    file.write_bytes(sound("take"))

    def _call(operation: str, **more: Any) -> Answer:
        data = {"data": LocalFile(str(file), "")} if operation in FORMS else {}
        return respeecher.call(operation, {**CALLS[operation], **data, **more})

    return _call


def told(answer: Answer) -> Any:
    """Where the first field of a 422 stands, or the text of any other error; both in their documented form."""
    assert set(answer.body) == {"detail"}
    if answer.status != 422:
        assert isinstance(answer.body["detail"], str)
        return answer.body["detail"]
    assert all(set(entry) == {"loc", "msg", "type"} for entry in answer.body["detail"])
    return answer.body["detail"][0]["loc"]


def test_no_operation_is_left_out_here() -> None:
    assert set(CALLS) == set(PROVIDER.index)


@each_operation
def test_a_wrong_key_is_refused_everywhere(respeecher: Client, call: Any, operation: str) -> None:
    respeecher.auth["api_key"] = "wrong"
    answer = call(operation)
    verdict = respeecher.verdict(answer)
    if operation == "login":
        assert answer.status == 404
        return
    assert (verdict.meaning, verdict.status, verdict.unauthorized) == ("refused", 401, True)
    assert told(answer) == "The API key is wrong or expired"


@pytest.mark.parametrize("operation", sorted(MISSING))
def test_what_is_not_there_is_refused_with_the_documented_code(
    respeecher: Client, call: Any, operation: str
) -> None:
    answer = call(operation)
    assert answer.status == MISSING[operation]
    assert str(answer.status) in PROVIDER.operation(operation).responses
    assert respeecher.verdict(answer).meaning == "refused"
    assert told(answer) == respeecher.verdict(answer).message


@each_operation
def test_every_documented_code_is_understood(respeecher: Client, call: Any, operation: str) -> None:
    codes = [
        int(word) for word in PROVIDER.operation(operation).responses if word.isdecimal() and word != "200"
    ]
    assert codes
    for code in codes:
        rule = {
            "match": {"provider": "respeecher", "operation": operation},
            "do": {"status": code},
            "times": 1,
        }
        respeecher.sandbox.set_faults({"rules": [rule]})
        answer = call(operation)
        assert answer.status == code
        assert told(answer)
        verdict = respeecher.verdict(answer)
        assert verdict.meaning == ("ambiguous" if code >= 500 else "refused")
        assert verdict.message in ("Something went wrong", "Internal server error")


@each_operation
def test_not_now_is_safe_everywhere(respeecher: Client, call: Any, operation: str) -> None:
    rule = {"match": {"provider": "respeecher", "operation": operation}, "do": {"retry_after": 7}, "times": 1}
    respeecher.sandbox.set_faults({"rules": [rule]})
    verdict = respeecher.verdict(call(operation))
    assert (verdict.meaning, verdict.retry_after) == ("safe", 7.0)


@pytest.mark.parametrize(
    ("operation", "change", "at"),
    [
        ("createApiKey", {"expires_at": "tomorrow"}, ["body", "expires_at"]),
        ("createApiKey", {"expires_at": "2126-09-15T15:53:00"}, ["body", "expires_at"]),
        ("login", {"password": None}, ["body", "password"]),
        ("login", {"session_duration": 0}, ["body", "session_duration"]),
        ("createCalibration", {"name": "a/b"}, ["body", "name"]),
        ("getCalibration", {"calibration_id": "x"}, ["path", "calibration_id"]),
        ("listProjects", {"limit": 101}, ["query", "limit"]),
        ("listProjects", {"offset": -1}, ["query", "offset"]),
        ("listProjects", {"sort": "size"}, ["query", "sort"]),
        ("listProjects", {"owner": "me"}, ["query", "owner"]),
        ("createProject", {"name": None}, ["body", "name"]),
        ("createProject", {"name": "x" * 41}, ["body", "name"]),
        ("createProject", {"owner": "me"}, ["body", "owner"]),
        ("createFolder", {"project_id": 7}, ["body", "project_id"]),
        ("listRecordings", {"folder_id": None}, ["query", "folder_id"]),
        ("uploadRecording", {"parent_folder_id": "x"}, ["body", "parent_folder_id"]),
        ("createTts", {"text": ""}, ["body", "text"]),
        ("createOrder", {"conversions": []}, ["body", "conversions"]),
        ("createOrder", {"conversions": [{}]}, ["body", "conversions", 0, "voice_id"]),
        ("createNote", {"recording_id": "x"}, ["body", "recording_id"]),
        ("getProjectStats", {"project_ids": ["x"]}, ["body", "project_ids", 0]),
        ("listVoices", {"gender": "both"}, ["query", "gender"]),
        ("listVoices", {"direction": "up"}, ["query", "direction"]),
        ("favoriteVoice", {"voice_id": "ada"}, ["path", "voice_id"]),
        ("favoriteVoice", {"favorite": "yes"}, ["body", "favorite"]),
    ],
)
def test_a_wrong_field_is_named(
    respeecher: Client, call: Any, operation: str, change: dict[str, Any], at: list[Any]
) -> None:
    answer = call(operation, **change)
    assert (answer.status, told(answer)) == (422, at)
    verdict = respeecher.verdict(answer)
    assert (verdict.meaning, verdict.code) == ("refused", at[1])
    assert verdict.message == answer.body["detail"][0]["msg"]


def folder_with(respeecher: Client) -> str:
    project = respeecher.call("createProject", {"name": "Errors"}).body
    return str(respeecher.call("createFolder", {"name": "x", "project_id": project["id"]}).body["id"])


def test_a_file_that_is_no_sound_is_refused(respeecher: Client, call: Any, tmp_path: Path) -> None:
    file = tmp_path / "take.wav"
    file.write_bytes(b"no sound at all")
    answer = call("uploadRecording", parent_folder_id=folder_with(respeecher), data=LocalFile(str(file), ""))
    assert answer.status == 400
    assert "send wav, ogg, mp3 or flac" in told(answer)


def test_a_file_that_is_too_large_is_refused(respeecher: Client) -> None:
    url = f"{respeecher.base_url}/api/recordings"
    headers = {"api-key": respeecher.auth["api_key"], "Content-Type": "multipart/form-data; boundary=b"}
    head = b'--b\r\nContent-Disposition: form-data; name="data"; filename="a.wav"\r\n\r\n'

    def body() -> Iterator[bytes]:
        yield head
        for _ in range(MOST_UPLOAD // 1024**2):
            yield bytes(1024**2)
        yield b"\r\n--b--\r\n"

    with httpx.Client(trust_env=False, verify=False, timeout=60) as client:
        answer = client.post(url, headers=headers, content=body())
    assert (answer.status_code, answer.json()) == (413, {"detail": "The file is too large"})


def test_a_calibrations_name_is_unique(call: Any) -> None:
    name = f"Same {uuid.uuid4().hex[:8]}"
    assert call("createCalibration", name=name).status == 200
    again = call("createCalibration", name=name)
    assert (again.status, told(again)) == (400, "There is a calibration of this name already")


def test_a_project_of_a_strangers_is_forbidden(call: Any) -> None:
    assert call("createProject", owner=NOBODY).status == 403


def test_an_order_without_credits_is_refused_and_has_no_effect(respeecher: Client, call: Any) -> None:
    folder = folder_with(respeecher)
    original = call("uploadRecording", parent_folder_id=folder).body["id"]
    while call("getRecording", recording_id=original).body["state"] != "done":
        continue
    voice = respeecher.call("listVoices", {"limit": 1}).body["list"][0]["id"]
    paid = len(respeecher.sandbox.ledger())
    respeecher.sandbox.set_faults({"settings": {"balance": 0}})
    answer = call("createOrder", original_id=original, conversions=[{"voice_id": voice}])
    respeecher.sandbox.set_faults({"settings": {"balance": 10_000}})
    assert told(answer) == "Not enough credits"
    assert respeecher.verdict(answer).meaning == "refused"
    assert len(respeecher.sandbox.ledger()) == paid
    assert respeecher.call("listConversions", {"original_id": original}).body["list"] == []
