import hashlib
import io
import json
import struct
import wave
from contextlib import ExitStack

import httpx
import pytest

from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.film import sound
from runner.sandbox.ground.wire import Ask, FilePart, Refusal
from runner.sandbox.ground.world import World
from runner.sandbox.respeecher.catalogue import ACCENTS, STYLES, USER, VOICES, made_id
from runner.sandbox.respeecher.recording import Order, Recording, order_shown
from runner.sandbox.respeecher.recordings import seconds_of
from runner.sandbox.respeecher.session import PASSWORD, SESSION_LIFE, Doors
from runner.sandbox.serve import SandboxSettings, running

VOICE = next(iter(VOICES.values()))
SLOW = 1.0
FAST = 6000.0


@pytest.fixture
def respeecher():
    """Makes clients with the sandbox's key, or with other headers, that end with the test."""
    with ExitStack() as stack:

        def _client(sandbox, **headers):
            given = headers or {"api-key": sandbox.credentials["respeecher"]["api_key"]}
            return stack.enter_context(
                httpx.Client(
                    base_url=sandbox.base_urls["respeecher"], headers=given, trust_env=False, verify=False
                )
            )

        yield _client


def folder(client):
    project = client.post("/api/projects", json={"name": "Season"}).json()["id"]
    return client.post("/api/folders", json={"name": "Episode", "project_id": project}).json()["id"]


def upload(client, folder_id, content=None, **fields):
    data = {"parent_folder_id": folder_id, "microphone": "file", **fields}
    files = {"data": ("take.wav", sound("take") if content is None else content, "audio/wav")}
    answer = client.post("/api/recordings", data=data, files=files)
    assert answer.status_code == 200, answer.text
    return answer.json()


def recording(client, id):
    return client.get(f"/api/recordings/{id}").json()


def done(client, id):
    return (found := recording(client, id))["state"] == "done" and found


def order(client, original, *labels):
    conversions = [{"voice_id": VOICE["id"], "label": label} for label in labels]
    return client.post("/api/v2/orders", json={"original_id": original, "conversions": conversions}).json()


def test_the_size_and_digest_of_an_upload_are_kept_and_its_bytes_are_not(start, respeecher):
    sandbox = start(speed=SLOW)
    client = respeecher(sandbox)
    content = sound("another") * 3
    made = upload(client, folder(client), content)
    kept = sandbox.world()["things"]["respeecher.recording"][0]
    assert (made["size"], kept["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert made["file_name"] == "take.wav"


def test_an_upload_is_processed_before_it_has_a_file(start, respeecher):
    client = respeecher(start(speed=SLOW))
    made = upload(client, folder(client))
    assert (made["state"], made["url"], made["type"]) == ("processing", None, "original")
    assert client.get(f"/api/storage/{made['id']}/sound.wav").status_code == 404
    refused = client.post(
        "/api/v2/orders", json={"original_id": made["id"], "conversions": [{"voice_id": VOICE["id"]}]}
    )
    assert refused.json()["detail"][0]["msg"] == "the original is not done"


def test_the_sound_of_a_recording_is_always_the_same(shared, respeecher, until):
    client = respeecher(shared)
    id = upload(client, folder(client))["id"]
    found = until(lambda: done(client, id))
    contents = {client.get(found["url"]).content for _ in range(2)}
    assert len(contents) == 1
    with wave.open(io.BytesIO(contents.pop())) as opened:
        assert opened.getnframes() > 0


def test_a_label_with_fail_in_it_ends_in_error(shared, respeecher, until):
    client = respeecher(shared)
    id = upload(client, folder(client), label="will Fail")["id"]
    ended = until(lambda: (found := recording(client, id))["state"] == "error" and found)
    assert (ended["error"], ended["url"]) == ("The recording could not be processed", None)


def test_a_text_with_fail_in_it_ends_in_error(shared, respeecher, until):
    client = respeecher(shared)
    body = {"parent_folder_id": folder(client), "text": "this will fail"}
    id = client.post("/api/v2/recordings/tts", json=body).json()["id"]
    assert until(lambda: recording(client, id)["state"] == "error")


@pytest.mark.parametrize(
    ("age", "state"),
    [(0, "new"), (12, "pre_processing"), (22, "processing"), (32, "post_processing"), (40, "done")],
)
def test_an_order_goes_through_its_documented_states(age, state):
    made = Recording("r", "p", "f", "converted", "", created_at=0, born=0, due=40)
    clock = Clock(1.0, {"real": 0, "virtual": 0, "speed": 1}, real=lambda: age)
    shown = order_shown(Order("o", "original", "r", 0), made, "u", clock)
    assert (shown["state"], shown["closed_at"] is not None) == (state, state == "done")


def test_all_is_there_again_after_a_restart(tmp_path, respeecher, until):
    settings = SandboxSettings(tmp_path, speed=FAST)
    with running(settings) as sandbox:
        client = respeecher(sandbox)
        original = upload(client, folder(client), label="Take 1")["id"]
        until(lambda: done(client, original))
        order(client, original, "a")
        credits, ledger = client.get("/api/credits").json(), sandbox.ledger()
    with running(settings) as again:
        client = respeecher(again)
        assert recording(client, original)["label"] == "Take 1"
        assert client.get("/api/credits").json() == credits
        assert again.ledger() == ledger


def test_lists_come_newest_first_unless_asked_otherwise(start, respeecher):
    client = respeecher(start(speed=SLOW))
    place = folder(client)
    ids = [upload(client, place, label=f"Take {number}")["id"] for number in range(3)]
    found = client.get("/api/recordings/originals", params={"folder_id": place}).json()["list"]
    assert [each["id"] for each in found] == ids[::-1]


def test_lists_can_lag_and_be_capped(start, respeecher):
    sandbox = start(speed=SLOW)
    client = respeecher(sandbox)
    place = folder(client)
    ids = [upload(client, place)["id"] for _ in range(3)]

    def listed():
        answer = client.get("/api/recordings/originals", params={"folder_id": place, "direction": "asc"})
        return [each["id"] for each in answer.json()["list"]]

    sandbox.set_faults({"settings": {"lists": {"cap": 2}}})
    assert listed() == ids[1:]
    sandbox.set_faults({"settings": {"lists": {"lag": 1000}}})
    assert listed() == []


def test_deleting_a_project_deletes_what_is_in_it(shared, respeecher):
    client = respeecher(shared)
    place = folder(client)
    made = upload(client, place)
    client.request("DELETE", f"/api/projects/{made['project_id']}")
    assert client.get(f"/api/recordings/{made['id']}").status_code == 404
    assert client.get(f"/api/folders/{place}").status_code == 403


def test_credits_are_set_by_the_faults_balance(start, respeecher):
    sandbox = start(speed=SLOW)
    client = respeecher(sandbox)
    sandbox.set_faults({"settings": {"balance": 3}})
    assert client.get("/api/credits").json() == {"credits": 3, "initial_credits": 10_000}


def login(client):
    return client.post("/api/login", json={"email": USER["email"], "password": PASSWORD})


def test_a_session_needs_both_its_cookie_and_its_token(start, respeecher):
    sandbox = start(speed=SLOW)
    begun = login(respeecher(sandbox, accept="*/*"))
    cookie, token = begun.headers["set-cookie"].partition(";")[0], begun.json()["csrf_token"]

    def status(**headers):
        return respeecher(sandbox, **headers).get("/api/credits").status_code

    assert status(**{"cookie": cookie, "x-csrf-token": token}) == 200
    assert status(cookie=cookie) == 401
    assert status(**{"x-csrf-token": token}) == 401
    assert status(**{"cookie": cookie, "x-csrf-token": "wrong"}) == 401
    assert status(**{"cookie": "session_id=wrong", "x-csrf-token": token}) == 401


def test_a_session_ends_after_a_day(tmp_path):
    now = [1_000_000.0]
    world = World(tmp_path / "world.db")
    doors = Doors(world, Clock(1.0, real=lambda: now[0]))
    body = json.dumps({"email": USER["email"], "password": PASSWORD}).encode()
    begun = doors.login(Ask("login", "", "", {}, {}, {"content-type": "application/json"}, body))
    cookie, token = begun.headers["Set-Cookie"].partition(";")[0], begun.value["csrf_token"]
    ask = Ask("getCredits", "", "", {}, {}, {"cookie": cookie, "x-csrf-token": token})
    assert doors.refused(ask) is None
    now[0] += SESSION_LIFE + 1
    assert doors.refused(ask).status == 401
    world.close()


def test_a_key_that_has_expired_is_refused(start, respeecher):
    sandbox = start(speed=SLOW)
    made = respeecher(sandbox).post("/api/api-key", json={"expires_at": "2001-01-01T00:00:00+00:00"}).json()
    refused = respeecher(sandbox, **{"api-key": made["api_key"]}).get("/api/credits")
    assert (refused.status_code, refused.json()) == (401, {"detail": "The API key is wrong or expired"})


def test_a_body_that_is_no_form_is_named(shared, respeecher):
    answer = respeecher(shared).post("/api/recordings", json={"label": "x"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body"]


def test_statistics_are_also_told_by_post(shared, respeecher):
    client = respeecher(shared)
    place = folder(client)
    answer = client.post("/api/stats/folders", json={"folder_ids": [place]})
    assert answer.json()[0]["folder_id"] == place


def test_ids_of_the_catalogue_are_distinct_and_of_version_4():
    ids = [*VOICES, *ACCENTS, *STYLES]
    assert len(set(ids)) == len(ids)
    assert made_id("voice", "Ada")[14] == "4"


@pytest.mark.parametrize(
    ("head", "size", "seconds"),
    [
        (b"RIFF----WAVE" + bytes(16) + struct.pack("<I", 1000) + bytes(8), 5000, 5.0),
        (b"RIFF----WAVE", 32_000, 2.0),
        (b"OggS", 16_000, 1.0),
        (b"fLaC", 8_000, 0.5),
        (b"ID3", 16_000, 1.0),
        (b"\xff\xfb", 16_000, 1.0),
    ],
)
def test_the_length_of_a_sound_is_told_by_its_first_bytes(head, size, seconds):
    assert seconds_of(FilePart("x", "audio/wav", size, "", head)) == seconds


@pytest.mark.parametrize("head", [b"", b"RIFF----AVI ", b"\xff\x00", b"PK\x03\x04"])
def test_what_is_no_sound_is_refused(head):
    with pytest.raises(Refusal) as refusal:
        seconds_of(FilePart("x", "audio/wav", 10, "", head))
    assert refusal.value.reply.status == 400
