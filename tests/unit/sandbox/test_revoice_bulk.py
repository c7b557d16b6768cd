import pytest

from runner.sandbox.serve import SandboxSettings, running

PROJECT = "6f1c2b1e"
FAR = "https://files.example.com/a.xlsx"
SHEET = "Revoiceit_Prod_Template_Script"


def send(client, sandbox, name="bulk.xlsx", project=PROJECT, **fields):
    return client.post(
        f"/projects/{project}/batches/bulk", json={"scriptPath": sandbox.files_url + name, **fields}
    )


def ended(client, id):
    return client.get(f"/batches/bulk/{id}/status").json()["status"] == "COMPLETED"


def rows(client, id, page=1, limit=1000):
    return client.get(f"/batches/bulk/{id}/status", params={"page": page, "limit": limit}).json()["batches"]


def test_a_bulk_request_is_answered_with_its_id_alone(shared, revoice, publish):
    publish("bulk.xlsx", [["batch_name", "script_path"], ["ep01", FAR]])
    answer = send(revoice(shared), shared)
    assert answer.status_code == 200
    assert set(answer.json()) == {"requestId"}


def test_the_rows_become_batches_one_after_the_other(start, revoice, publish, until):
    sandbox = start(speed=20.0)
    client = revoice(sandbox)
    names = [f"ep{number:02}" for number in range(12)]
    publish("bulk.xlsx", [["batch_name", "script_path"], *([name, FAR] for name in names)])
    id = send(client, sandbox).json()["requestId"]
    assert client.get(f"/batches/bulk/{id}/status").json() == {
        "requestId": id,
        "status": "IN_PROGRESS",
        "progress": "0%",
    }
    seen = []
    until(lambda: seen.append(rows(client, id)) or all("id" in row for row in seen[-1]))
    assert any(0 < sum("id" in row for row in page) < len(names) for page in seen)
    assert all([row["name"] for row in page] == names for page in seen)
    assert client.get(f"/batches/bulk/{id}/status").json()["progress"] == "100%"
    batches = client.get(f"/projects/{PROJECT}/batches").json()
    assert [batch["name"] for batch in batches] == names
    assert [row["id"] for row in seen[-1]] == [batch["id"] for batch in batches]


def test_the_rows_are_paged_from_1_up_to_an_empty_page(start, revoice, publish, until):
    sandbox = start(speed=60_000.0)
    client = revoice(sandbox)
    publish("bulk.xlsx", [["batch_name", "script_path"], *([f"e{n}", FAR] for n in range(55))])
    id = send(client, sandbox).json()["requestId"]
    until(lambda: ended(client, id))
    path = f"/batches/bulk/{id}/status"
    assert [row["name"] for row in rows(client, id, 2, 3)] == ["e3", "e4", "e5"]
    default = client.get(path, params={"page": 1}).json()
    assert set(default) == {"requestId", "page", "limit", "batches"}
    assert (default["page"], default["limit"], len(default["batches"])) == (1, 50, 50)
    assert len(client.get(path, params={"page": 2}).json()["batches"]) == 5
    assert client.get(path, params={"page": 3}).json()["batches"] == []
    assert client.get(path, params={"limit": 2}).json()["page"] == 1


@pytest.mark.parametrize("query", [{"page": 0}, {"page": "x"}, {"limit": 0}, {"limit": 1001}, {"limit": -1}])
def test_a_page_or_limit_out_of_bounds_is_400(shared, revoice, publish, query):
    client = revoice(shared)
    publish("bulk.xlsx", [["batch_name", "script_path"], ["a", FAR]])
    id = send(client, shared).json()["requestId"]
    assert client.get(f"/batches/bulk/{id}/status", params=query).status_code == 400


def test_each_row_has_its_own_outcome(start, revoice, publish, until):
    sandbox = start(speed=60_000.0)
    client = revoice(sandbox)
    publish("good.xlsx", [["ID", "Text_IT-IT"], [1, "Ciao"]], SHEET)
    good = sandbox.files_url + "good.xlsx"
    publish(
        "bulk.xlsx",
        [
            ["batch_name", "script_path", "VIDEO_PATH", "LANGUAGE_CODE", "noOfAlternativeTakes"],
            ["good", good, "", "", 1],
            ["missing", sandbox.files_url + "none.xlsx", "", "", ""],
            ["fail-row", good, "", "", ""],
            ["good", good, "", "", ""],
            ["takes", good, "", "", 7],
            ["subtitles", "https://x.org/a.srt", "", "", ""],
            ["subtitles", "https://x.org/a.srt", "", "fr-FR", ""],
        ],
    )
    id = send(client, sandbox).json()["requestId"]
    until(lambda: ended(client, id))
    listed = rows(client, id)
    assert ["id" in row for row in listed] == [True, False, False, True, False, False, True]
    assert all(bool(row["message"]) != ("id" in row) for row in listed)
    assert [row["name"] for row in sandbox.ledger()] == ["good", "good", "subtitles"]
    translations = client.get(f"/batches/{listed[0]['id']}").json()["translations"]
    assert [each["languageId"] for each in translations] == ["it-it"]


def test_the_settings_of_a_row_win_over_those_of_the_request(start, revoice, publish, until):
    sandbox = start(speed=60_000.0)
    client = revoice(sandbox)
    publish(
        "bulk.xlsx",
        [["BATCH_NAME", "Script_Path", "removebackgroud"], ["own", FAR, True], ["shared", FAR, ""]],
    )
    settings = {"removeBackgroud": False, "noOfAlternativeTakes": 2}
    id = send(client, sandbox, settings=settings).json()["requestId"]
    until(lambda: ended(client, id))
    sent = {row["name"]: row["request"]["settings"] for row in sandbox.ledger()}
    assert sent == {"own": {"removeBackgroud": True, "noOfAlternativeTakes": 2}, "shared": settings}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([["name", "script_path"], ["a", FAR]], "unknown column name"),
        ([["script_path"], [FAR]], "no column batch_name"),
        ([["batch_name", "script_path"]], "has no rows"),
    ],
)
def test_a_wrong_workbook_is_400(shared, revoice, publish, table, message):
    publish("bulk.xlsx", table)
    answer = send(revoice(shared), shared)
    assert answer.status_code == 400
    assert message in answer.json()["message"]


def test_a_workbook_that_cannot_be_fetched_is_400(shared, revoice):
    client = revoice(shared)
    assert send(client, shared, "none.xlsx").status_code == 400
    body = {"scriptPath": FAR}
    assert client.post(f"/projects/{PROJECT}/batches/bulk", json=body).status_code == 400


def test_a_request_goes_on_after_a_restart(files, tmp_path, start, revoice, publish, until):
    publish("bulk.xlsx", [["batch_name", "script_path"], *([f"e{n}", FAR] for n in range(20))])
    settings = SandboxSettings(tmp_path / "own", speed=1.0, files=files)
    with running(settings) as sandbox:
        id = send(revoice(sandbox), sandbox).json()["requestId"]
    again = start(folder=tmp_path / "own", speed=60_000.0)
    client = revoice(again)
    until(lambda: ended(client, id))
    assert [row["name"] for row in again.ledger()] == [f"e{n}" for n in range(20)]
