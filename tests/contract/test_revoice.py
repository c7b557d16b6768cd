"""Each operation of ReVoice's text in its documented form, success and every documented code, on the sandbox."""

import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from contractclient import Client, used

from runner.api.catalogue import Catalogue
from runner.api.messages.encode import call_of
from runner.api.messages.reading import read_answer, read_item
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Resource
from runner.api.vocabulary.locate import Scope, among, find_all, locate
from runner.model.errors import RunnerError

PATIENCE = 20.0
PRODUCTION, MEDIA = "6f1c2b1e", "c9e85f02"
SCRIPT = "https://files.test/script.xlsx"


def use(name: str) -> Use:
    return used(f"revoice.{name}")


def made(client: Client, **more: Any) -> str:
    inputs = {"projectId": PRODUCTION, "name": "line", "scriptPath": SCRIPT, **more}
    return read_answer(use("batch"), client.call("createBatch", inputs)).id


def test_tokens_are_exchanged_and_renewed(revoice: Client) -> None:
    session = revoice.begin({})
    assert session["access"]
    assert session["refresh"]
    renewed = revoice.begin(session)
    assert renewed["refresh"] == session["refresh"]
    answer = revoice.call("refreshToken", {"refreshToken": session["refresh"]})
    revoice.documented("refreshToken", answer)
    assert "refreshToken" not in answer.body


def test_wrong_credentials_are_told_without_them(revoice: Client) -> None:
    revoice.auth["client_secret"] = "very-wrong"
    with pytest.raises(RunnerError, match="the login was refused with 400") as caught:
        revoice.call("listMediaFiles")
    assert "very-wrong" not in str(caught.value)


@pytest.mark.parametrize("form", ["bearer", "bare"])
def test_both_forms_of_the_header_are_accepted(revoice: Client, form: str) -> None:
    revoice.form = form
    assert revoice.call("listMediaFiles").status == 200


def test_a_batch_is_created_with_every_documented_field(revoice: Client) -> None:
    inputs = {
        "projectId": MEDIA,
        "name": "episode 1",
        "scriptPath": "https://files.test/script.srt",
        "videoPath": "files/video/myFile.mp4",
        "languageCode": "fr-fr",
        "settings": {
            "automaticInference": True,
            "noOfAlternativeTakes": 2,
            "autoCasting": True,
            "removeBackgroud": False,
            "automaticSpeakerDetection": False,
            "noOfSpeakers": 2,
            "sourceSpeakerSeparator": ":",
            "importText": True,
            "importTiming": True,
            "importCharacters": True,
        },
    }
    answer = revoice.call("createBatch", inputs)
    assert answer.status == 201
    revoice.documented("createBatch", answer)
    reading = read_answer(use("batch"), answer, inputs)
    assert reading.id
    assert reading.outputs["projectId"] == MEDIA


def test_a_batch_is_read_until_it_is_ready(revoice: Client) -> None:
    id = made(revoice)
    until = time.monotonic() + PATIENCE
    while True:
        answer = revoice.call("getBatch", {"batchId": id})
        reading = read_answer(use("batch"), answer, id=id)
        if reading.outcome == "ready":
            break
        assert reading.outcome == "running"
        assert time.monotonic() < until
    revoice.documented("getBatch", answer)
    assert reading.outputs["completionPercentage"] == 100


def test_a_batch_stands_in_its_projects_list(revoice: Client) -> None:
    id = made(revoice, name="listed 7f3a")
    answer = revoice.call("listBatches", {"projectId": PRODUCTION})
    revoice.documented("listBatches", answer)
    (item,) = [item for item in answer.body if item["name"] == "listed 7f3a"]
    reading = read_item(use("batch"), item["id"], item)
    assert (reading.id, reading.outputs["projectId"]) == (id, PRODUCTION)


def test_several_batches_are_deleted_in_one_call(revoice: Client) -> None:
    ids = [made(revoice), made(revoice)]
    batch = use("batch").kind
    assert isinstance(batch, Resource)
    assert batch.delete is not None
    answer = revoice.send(call_of(revoice.provider, batch.delete, Scope(), ids=ids))
    assert answer.status == 204
    assert [revoice.call("getBatch", {"batchId": id}).status for id in ids] == [404, 404]


def test_a_member_and_a_language_are_added(revoice: Client) -> None:
    id = made(revoice)
    added = {
        "batchId": id,
        "languages": [{"languageId": "it-it", "scriptPath": SCRIPT, "speakerSeparator": ":"}],
    }
    answer = revoice.call("addLanguages", added)
    revoice.documented("addLanguages", answer)
    assert answer.status == 204
    members = {"batchId": id, "members": [{"userId": "u-17", "languageId": "it-it"}]}
    answer = revoice.call("assignMember", members)
    revoice.documented("assignMember", answer)
    assert answer.status == 204


def workbook(files: Path, names: list[str]) -> str:
    book = openpyxl.Workbook()
    book.active.append(["batch_name", "VIDEO_PATH", "script_path", "LANGUAGE_CODE"])
    for name in names:
        book.active.append([name, "files/video/myFile.mp4", None, "fr-fr"])
    book.save(files / "bulk.xlsx")
    return "bulk.xlsx"


def test_a_bulk_request_takes_every_setting_for_all_of_its_rows(revoice: Client, files: Path) -> None:
    file = workbook(files, ["set 1", "set 2"])
    settings = {
        "automaticInference": False,
        "noOfAlternativeTakes": 2,
        "autoCasting": False,
        "removeBackgroud": False,
        "automaticSpeakerDetection": False,
        "noOfSpeakers": 3,
        "sourceSpeakerSeparator": ":",
        "importText": True,
        "importTiming": True,
        "importCharacters": True,
    }
    inputs = {"projectId": MEDIA, "scriptPath": revoice.sandbox.files_url + file, "settings": settings}
    answer = revoice.call("createBulk", inputs)
    revoice.documented("createBulk", answer)
    assert answer.status == 200


def test_a_bulk_request_is_taken_polled_and_read_to_an_empty_page(revoice: Client, files: Path) -> None:
    file = workbook(files, ["row 1", "row 2", "row 3 fail-row"])
    bulk = use("batch").kind.bulk  # type: ignore[union-attr]
    answer = revoice.call("createBulk", {"projectId": MEDIA, "scriptPath": revoice.sandbox.files_url + file})
    assert answer.status == 200
    revoice.documented("createBulk", answer)
    scope = Scope(receipt=locate(bulk.receipt, Scope(answer=answer)))
    until = time.monotonic() + PATIENCE
    while True:
        answer = revoice.send(call_of(revoice.provider, bulk.progress, scope))
        revoice.documented("bulkStatus", answer)
        if among(locate(bulk.progress.at, Scope(answer=answer)), bulk.progress.done):
            break
        assert time.monotonic() < until
    rows: list[Any] = []
    for page in range(bulk.rows.list.page.first, 10):
        answer = revoice.call("bulkStatus", {"requestId": scope.receipt, "page": page, "limit": 2})
        revoice.documented("bulkStatus", answer)
        found = find_all(bulk.rows.list.items, answer.body)
        if not found:
            break
        rows += found
    named = {locate(bulk.rows.name, Scope(item=row)): row for row in rows}
    assert set(named) == {"row 1", "row 2", "row 3 fail-row"}
    assert locate(bulk.rows.list.id, Scope(item=named["row 1"]))
    assert not named["row 3 fail-row"].get("id")
    assert locate(bulk.rows.message, Scope(item=named["row 3 fail-row"]))


def test_a_project_is_created_read_and_listed_by_its_type(revoice: Client) -> None:
    inputs = {
        "name": "Season two",
        "targetLanguages": ["fr-fr"],
        "type": "media-dubbing",
        "model": "xpressive",
        "sourceLanguage": "en-us",
    }
    answer = revoice.call("createProject", inputs)
    assert revoice.verdict(answer).meaning == "accepted"
    id = read_answer(use("project"), answer, inputs).id
    read = revoice.call("getProject", {"projectId": id})
    revoice.documented("getProject", read)
    listing = revoice.provider.lists["projects"]
    spec = {"type": locate(str(listing.send["type"]), Scope(request=inputs))}
    listed = revoice.call("listProjects", spec)
    revoice.documented("listProjects", listed)
    assert id in [item["id"] for item in listed.body]
    assert id not in [item["id"] for item in revoice.call("listProjects").body]


def test_media_files_are_listed_and_deleted_and_a_file_can_be_sent(revoice: Client) -> None:
    listed = revoice.call("listMediaFiles")
    revoice.documented("listMediaFiles", listed)
    url = revoice.call("createUploadUrl", {"fileName": "a/b.wav", "contentType": "audio/wav"})
    revoice.documented("createUploadUrl", url)
    assert read_answer(use("upload_url"), url).outputs["url"].startswith("http")
    gone = revoice.call("deleteMediaFiles", {"paths": ["files/none"]})
    revoice.documented("deleteMediaFiles", gone)
    assert gone.status == 204


@pytest.mark.parametrize(
    ("operation", "inputs"),
    [
        ("listLanguages", {}),
        ("listVoices", {"model": "xpressive"}),
        ("listModels", {}),
        ("listStyles", {"model": "xpressive"}),
    ],
)
def test_a_lookup_answers_as_documented(revoice: Client, operation: str, inputs: dict[str, Any]) -> None:
    answer = revoice.call(operation, inputs)
    revoice.documented(operation, answer)
    assert answer.body


DOCUMENTED_ERRORS: list[tuple[str, dict[str, Any], int]] = [
    ("createToken", {"clientId": "x", "clientSecret": "y"}, 400),
    ("getProject", {"projectId": "nobody"}, 404),
    ("listBatches", {"projectId": "nobody"}, 404),
    ("getBatch", {"batchId": "nobody"}, 404),
    ("createBatch", {"projectId": PRODUCTION, "name": ""}, 400),
    ("createBatch", {"projectId": MEDIA, "name": "no video"}, 400),
    ("createBatch", {"projectId": PRODUCTION, "name": "n", "scriptPath": "https://x.test/a.srt"}, 400),
    (
        "createBatch",
        {"projectId": PRODUCTION, "name": "n", "scriptPath": SCRIPT, "settings": {"removeBackground": 1}},
        400,
    ),
    ("deleteBatches", {"batchIds": "b1"}, 400),
    ("createBulk", {"projectId": MEDIA}, 400),
    ("createBulk", {"projectId": "nobody", "scriptPath": SCRIPT}, 404),
    ("bulkStatus", {"requestId": "nobody"}, 404),
    ("bulkStatus", {"requestId": "nobody", "page": 0}, 400),
    ("bulkStatus", {"requestId": "nobody", "limit": 1001}, 400),
    ("assignMember", {"batchId": "nobody", "members": []}, 400),
    ("addLanguages", {"batchId": "nobody", "languages": []}, 400),
    ("createUploadUrl", {"fileName": "a.xlsx", "contentType": "application/zip"}, 400),
    ("deleteMediaFiles", {"paths": 1}, 400),
    ("listStyles", {"model": "nobody"}, 404),
]


@pytest.mark.parametrize(("operation", "inputs", "status"), DOCUMENTED_ERRORS)
def test_a_documented_error_is_refused(
    revoice: Client, operation: str, inputs: dict[str, Any], status: int
) -> None:
    answer = revoice.call(operation, inputs)
    assert answer.status == status
    assert str(status) in revoice.provider.operation(operation).responses
    verdict = revoice.verdict(answer)
    assert verdict.meaning == "refused"
    assert verdict.message


CALLS: dict[str, dict[str, Any]] = {
    "createToken": {"clientId": "x", "clientSecret": "y"},
    "refreshToken": {"refreshToken": "x"},
    "listProjects": {},
    "createProject": {},
    "getProject": {"projectId": PRODUCTION},
    "listBatches": {"projectId": PRODUCTION},
    "createBatch": {"projectId": PRODUCTION},
    "createBulk": {"projectId": PRODUCTION},
    "getBatch": {"batchId": "1"},
    "deleteBatches": {"batchIds": ["1"]},
    "bulkStatus": {"requestId": "1"},
    "assignMember": {"batchId": "1", "members": []},
    "addLanguages": {"batchId": "1", "languages": []},
    "listMediaFiles": {},
    "deleteMediaFiles": {"paths": []},
    "createUploadUrl": {"fileName": "a", "contentType": "audio/wav"},
    "listLanguages": {},
    "listVoices": {},
    "listModels": {},
    "listStyles": {"model": "xpressive"},
}


def test_no_operation_is_left_out_here() -> None:
    assert set(CALLS) == set(Catalogue().provider("revoice").index)


@pytest.mark.parametrize("operation", sorted(CALLS))
def test_a_server_error_must_be_settled(revoice: Client, operation: str) -> None:
    rule = {"match": {"provider": "revoice", "operation": operation}, "do": {"status": 500}}
    if operation == "createToken":
        revoice.sandbox.set_faults({"rules": [{**rule, "skip": 1}]})
    else:
        revoice.sandbox.set_faults({"rules": [rule]})
    answer = revoice.call(operation, CALLS[operation])
    assert (answer.status, revoice.verdict(answer).meaning) == (500, "ambiguous")
