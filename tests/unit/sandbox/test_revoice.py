import pytest

PROJECT = "6f1c2b1e"
LINES = "a3d07c44"
FILMS = "c9e85f02"
SCRIPT = [["ID", "Character", "Emotion", "Intensity", "Text_FR-FR"], [1, "Ada", "Joy", "High", "Bonjour"]]
SHEET = "Revoiceit_Prod_Template_Script"
BATCH = {"name": "ep01", "scriptPath": "https://files.example.com/ep01.xlsx"}
FAST = 6000.0


def create(client, project=PROJECT, **fields):
    return client.post(f"/projects/{project}/batches", json=BATCH | fields)


def test_a_token_is_accepted_bare_and_as_bearer(shared, revoice):
    client = revoice(shared)
    bare = client.headers["Authorization"]
    for header in (bare, f"Bearer {bare}"):
        assert client.get("/projects", headers={"Authorization": header}).status_code == 200


def test_a_call_without_a_token_is_401_with_a_message(http, shared):
    answer = http.get(shared.base_urls["revoice"] + "/projects")
    assert answer.status_code == 401
    assert set(answer.json()) == {"message"}


def test_a_changed_token_is_refused(shared, revoice):
    client = revoice(shared)
    token = client.headers["Authorization"].replace("access-", "access-9")
    assert client.get("/projects", headers={"Authorization": token}).status_code == 401


def test_a_refresh_gives_only_a_new_access_token(shared, revoice):
    held = shared.credentials["revoice"]
    login = {"clientId": held["client_id"], "clientSecret": held["client_secret"]}
    client = revoice(shared)
    tokens = client.post("/auth/token", json=login).json()
    assert set(tokens) == {"accessToken", "refreshToken"}
    answer = client.post("/auth/refresh", json={"refreshToken": tokens["refreshToken"]}).json()
    assert set(answer) == {"accessToken"}
    client.headers["Authorization"] = answer["accessToken"]
    assert client.get("/projects").status_code == 200


def test_an_access_token_does_not_refresh(shared, revoice):
    client = revoice(shared)
    token = client.headers["Authorization"]
    assert client.post("/auth/refresh", json={"refreshToken": token}).status_code == 401


def test_wrong_credentials_are_400(shared, revoice):
    body = {"clientId": "sandbox-client", "clientSecret": "no"}
    assert revoice(shared).post("/auth/token", json=body).status_code == 400


def test_projects_are_listed_by_type_and_line_dubbing_by_default(start, revoice):
    client = revoice(start())
    assert [each["id"] for each in client.get("/projects").json()] == [LINES]
    (project,) = client.get("/projects", params={"type": "audio-production"}).json()
    assert project == client.get(f"/projects/{PROJECT}").json()
    assert set(project) == {"id", "name", "status", "type", "model", "createdAt", "updatedAt"}


def test_a_new_project_can_be_read_and_takes_batches(shared, revoice):
    client = revoice(shared)
    body = {"name": "P", "targetLanguages": ["it-it"], "type": "audio-production", "model": "xpressive"}
    made = client.post("/projects", json=body)
    assert made.status_code == 201
    id = made.json()["id"]
    assert client.get(f"/projects/{id}").json() == made.json()
    assert create(client, id).json()["translations"][0]["languageId"] == "it-it"


@pytest.mark.parametrize(
    "change", [{"type": "dubbing"}, {"targetLanguages": ["xx-xx"]}, {"model": "none"}, {"name": ""}]
)
def test_a_wrong_project_is_400(shared, revoice, change):
    body = {"name": "P", "targetLanguages": ["it-it"], "type": "audio-production", "model": "xpressive"}
    assert revoice(shared).post("/projects", json=body | change).status_code == 400


def test_a_create_answers_201_with_exactly_the_documented_fields(shared, revoice):
    answer = create(revoice(shared))
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {
        "id", "projectId", "name", "status", "completionPercentage", "translations", "isCastingCompleted",
        "createdAt", "updatedAt",
    }  # fmt: skip
    assert set(body["translations"][0]) == {"languageId", "type", "isCompleted", "status"}
    assert (body["projectId"], body["name"], body["completionPercentage"]) == (PROJECT, "ep01", 0)


def test_the_list_and_the_read_show_a_message_and_no_translation_type(start, revoice):
    client = revoice(start(speed=1.0))
    made = create(client).json()
    (listed,) = client.get(f"/projects/{PROJECT}/batches").json()
    assert listed == client.get(f"/batches/{made['id']}").json()
    assert set(listed) == set(made) | {"message"}
    assert set(listed["translations"][0]) == {"languageId", "isCompleted", "status"}


def test_a_list_shows_only_its_project(start, revoice):
    client = revoice(start())
    create(client)
    assert client.get(f"/projects/{LINES}/batches").json() == []


def test_the_percentage_grows_until_all_translations_are_completed(start, revoice, until):
    client = revoice(start(speed=600.0))
    id = create(client).json()["id"]
    seen = []
    until(lambda: seen.append(client.get(f"/batches/{id}").json()) or seen[-1]["completionPercentage"] == 100)
    percentages = [batch["completionPercentage"] for batch in seen]
    assert percentages == sorted(percentages)
    assert len(set(percentages)) > 3
    assert all(each["isCompleted"] for each in seen[-1]["translations"])
    assert seen[-1]["isCastingCompleted"]


def test_a_batch_with_fail_in_its_name_gets_stuck_with_a_message(shared, revoice, until):
    client = revoice(shared)
    id = create(client, name="ep-fail").json()["id"]
    batch = until(lambda: (got := client.get(f"/batches/{id}").json())["status"] == "FAILED" and got)
    assert batch["message"]
    assert batch["completionPercentage"] < 100
    assert not any(each["isCompleted"] for each in batch["translations"])


@pytest.mark.parametrize(
    ("project", "change", "message"),
    [
        (PROJECT, {"name": ...}, "name is required"),
        (PROJECT, {"name": " "}, "name must not be empty"),
        (PROJECT, {"scriptPath": ...}, "scriptPath is required"),
        (LINES, {"scriptPath": ...}, "scriptPath is required"),
        (FILMS, {}, "videoPath is required"),
        (PROJECT, {"scriptPath": "script.xlsx"}, "scriptPath must be a URL"),
        (PROJECT, {"scriptPath": "https://x.org/a.srt"}, "languageCode is required for .srt scripts"),
        (PROJECT, {"languageCode": "klingon"}, "unknown languageCode klingon"),
        (PROJECT, {"videoPath": "files/video/none.mp4"}, "neither a URL nor in the media gallery"),
        (PROJECT, {"settings": {"noOfAlternativeTakes": 3}}, "must be between 0 and 2"),
        (PROJECT, {"settings": {"autoCasting": "true"}}, "settings.autoCasting must be a boolean"),
        (PROJECT, {"settings": {"removeBackground": True}}, "settings.removeBackground is not a known field"),
        ("unknown", {}, "Project not found"),
    ],
)
def test_a_wrong_batch_is_400_and_costs_nothing(shared, revoice, project, change, message):
    before = shared.ledger()
    body = {name: value for name, value in (BATCH | change).items() if value is not ...}
    answer = revoice(shared).post(f"/projects/{project}/batches", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert shared.ledger() == before


def test_a_media_dubbing_batch_needs_no_script_and_takes_a_gallery_path(shared, revoice):
    body = {"name": "film", "videoPath": "files/video/myFile.mp4", "settings": {"removeBackgroud": False}}
    assert revoice(shared).post(f"/projects/{FILMS}/batches", json=body).status_code == 201


def test_the_languages_of_a_production_script_become_translations(shared, revoice, publish):
    publish("a.xlsx", [[*SCRIPT[0], "Text_DE-DE"], [*SCRIPT[1], "Hallo"]], SHEET)
    answer = create(revoice(shared), scriptPath=shared.files_url + "a.xlsx").json()
    assert [each["languageId"] for each in answer["translations"]] == ["fr-fr", "de-de"]


@pytest.mark.parametrize(
    ("rows", "sheet", "message"),
    [
        (SCRIPT, "Sheet1", f"has no sheet {SHEET}"),
        ([["Character", "Text_FR-FR"], ["Ada", "Bonjour"]], SHEET, "needs the columns ID and Text_<LANG>"),
        ([["ID", "Text"], [1, "Bonjour"]], SHEET, "needs the columns ID and Text_<LANG>"),
        ([["ID", "Text_XX-XX"], [1, "?"]], SHEET, "unknown language XX-XX"),
        (SCRIPT[:1], SHEET, "the script has no lines"),
        ([*SCRIPT, [2, "Ada", "Joy", "High", ""]], SHEET, "line 3 of the script needs an ID and a text"),
    ],
)
def test_a_wrong_production_script_is_400(shared, revoice, publish, rows, sheet, message):
    publish("a.xlsx", rows, sheet)
    answer = create(revoice(shared), scriptPath=shared.files_url + "a.xlsx")
    assert answer.status_code == 400
    assert message in answer.json()["message"]


def test_a_script_that_is_not_there_or_is_no_workbook_is_400(files, shared, revoice):
    (files / "bad.xlsx").write_bytes(b"not a workbook")
    client = revoice(shared)
    missing = create(client, scriptPath=shared.files_url + "none.xlsx").json()["message"]
    broken = create(client, scriptPath=shared.files_url + "bad.xlsx").json()["message"]
    assert "answers 404" in missing
    assert "is not a readable xlsx workbook" in broken


def test_a_line_dubbing_script_needs_a_source_audio_in_each_line(shared, revoice, publish):
    client = revoice(shared)
    publish("good.xlsx", [["Source_Audio", "Text"], ["files/audio/myFile.wav", "Hi"]])
    publish("bad.xlsx", [["Source_Audio", "Text"], ["", "Hi"]])
    good = create(client, LINES, scriptPath=shared.files_url + "good.xlsx")
    bad = create(client, LINES, scriptPath=shared.files_url + "bad.xlsx")
    assert (good.status_code, bad.status_code) == (201, 400)


def test_deleted_batches_are_gone(start, revoice):
    client = revoice(start())
    ids = [create(client).json()["id"] for _ in "ab"]
    answer = client.post("/batches/delete", json={"batchIds": ids})
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(f"/batches/{ids[0]}").status_code == 404
    assert client.get(f"/projects/{PROJECT}/batches").json() == []


@pytest.mark.parametrize("body", [{}, {"batchIds": "a"}, {"batchIds": [1]}, {"batchIds": []}])
def test_a_delete_without_ids_is_400(shared, revoice, body):
    assert revoice(shared).post("/batches/delete", json=body).status_code == 400


def test_unknown_projects_batches_and_requests_are_404_where_that_is_documented(shared, revoice):
    client = revoice(shared)
    body = {"scriptPath": "http://127.0.0.1:1/a.xlsx"}
    answers = [
        client.get("/projects/no/batches"),
        client.get("/batches/no"),
        client.get("/batches/bulk/no/status"),
        client.post("/projects/no/batches/bulk", json=body),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4


def test_a_member_is_assigned_to_a_language_of_the_batch_only(shared, revoice):
    client = revoice(shared)
    id = create(client).json()["id"]
    right = {"members": [{"userId": "u-17", "languageId": "fr-fr"}]}
    wrong = {"members": [{"userId": "u-17", "languageId": "it-it"}]}
    assert client.post(f"/batches/{id}/assign-member", json=right).status_code == 204
    assert client.post(f"/batches/{id}/assign-member", json=wrong).status_code == 400
    assert client.post("/batches/no/assign-member", json=right).status_code == 400


def test_an_added_language_becomes_a_translation_of_the_batch_and_is_in_the_ledger(start, revoice):
    sandbox = start()
    client = revoice(sandbox)
    id = create(client).json()["id"]
    body = {
        "languages": [{"languageId": "it-it", "scriptPath": "https://x.org/it.srt", "speakerSeparator": ":"}]
    }
    assert client.post(f"/batches/{id}/languages", json=body).status_code == 204
    languages = [each["languageId"] for each in client.get(f"/batches/{id}").json()["translations"]]
    assert languages == ["fr-fr", "de-de", "it-it"]
    assert [row["operation"] for row in sandbox.ledger()] == ["createBatch", "addLanguages"]


@pytest.mark.parametrize("language", ["fr-fr", "xx-xx"])
def test_a_language_that_is_there_or_unknown_is_not_added(shared, revoice, language):
    client = revoice(shared)
    id = create(client).json()["id"]
    body = {"languages": [{"languageId": language}]}
    assert client.post(f"/batches/{id}/languages", json=body).status_code == 400


def test_a_file_put_to_an_upload_url_is_in_the_gallery_until_deleted(http, start, revoice):
    client = revoice(start())
    asked = client.post("/media/upload-url", json={"fileName": "s 1/a.mp4", "contentType": "video/mp4"})
    assert isinstance(asked.json(), str)
    assert http.put(asked.json(), content=b"film").status_code == 200
    assert "files/video/s 1/a.mp4" in client.get("/media/files").json()
    assert client.post("/media/files/delete", json={"paths": ["files/video"]}).status_code == 204
    assert client.get("/media/files").json() == ["files/audio/myFile.wav"]


def test_an_upload_to_a_changed_address_is_refused(http, shared, revoice):
    client = revoice(shared)
    url = client.post("/media/upload-url", json={"fileName": "a.mp4", "contentType": "video/mp4"}).json()
    assert http.put(url.replace("a.mp4", "b.mp4"), content=b"film").status_code == 403


def test_a_script_cannot_be_uploaded_to_the_gallery(shared, revoice):
    body = {"fileName": "a.xlsx", "contentType": "application/vnd.ms-excel"}
    assert revoice(shared).post("/media/upload-url", json=body).status_code == 400


def test_languages_voices_models_and_styles_are_listed(shared, revoice):
    client = revoice(shared)
    assert set(client.get("/languages").json()[0]) == {
        "id", "name", "code", "isTextSupported", "isAudioSupported",
    }  # fmt: skip
    assert set(client.get("/voices").json()[0]) == {"name", "age", "timbre", "gender"}
    assert client.get("/models").json()[0]["model"] == "xpressive"
    assert set(client.get("/models/xpressive/styles").json()[0]) == {
        "style", "supportedGenders", "description",
    }  # fmt: skip
    assert client.get("/models/none/styles").status_code == 404
