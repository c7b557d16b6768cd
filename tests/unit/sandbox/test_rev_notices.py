"""The notifications of the emulated Rev, heard by a real listener on this machine."""

import json
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import httpx
import pytest

MEDIA = {"audio_length_seconds": 30, "external_link": "https://vimeo.com/{name}"}
FAST = 600.0


class Listener(BaseHTTPRequestHandler):
    """Keeps what is posted, and answers with a failure, which nobody minds."""

    heard: list[tuple[str, str, dict[str, str]]]

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        media = self.headers["Content-Type"]
        body = json.loads(raw) if "json" in media else dict(parse_qsl(raw))
        self.heard.append((self.path, media, body))
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def listener():
    handler = type("Mine", (Listener,), {"heard": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/told", handler.heard
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client():
    with ExitStack() as stack:

        def _client(sandbox):
            keys = sandbox.credentials["rev"]
            headers = {"Authorization": f"Rev {keys['client_key']}:{keys['user_key']}"}
            url = sandbox.base_urls["rev"] + "/api/v1"
            return stack.enter_context(
                httpx.Client(base_url=url, headers=headers, trust_env=False, verify=False)
            )

        yield _client


def ordered(client, url, name="talk", **notification):
    media = {**MEDIA, "external_link": MEDIA["external_link"].format(name=name)}
    body = {
        "client_ref": f"ref {name}",
        "automated_transcription_options": {"inputs": [media]},
        "notification": {"url": url, **notification},
    }
    answer = client.post("/orders", json=body)
    assert answer.status_code == 201
    return answer.headers["Location"].rpartition("/")[2]


def test_completion_is_told_once_as_a_form(start, client, listener, until):
    url, heard = listener
    asked = client(start(speed=FAST))
    id = ordered(asked, url)
    until(lambda: heard)
    last = ordered(asked, url, "last")
    until(lambda: [body for _, _, body in heard if body["order_number"] == last])
    mine = [each for each in heard if each[2]["order_number"] == id]
    form = "application/x-www-form-urlencoded"
    assert mine == [("/told", form, {"order_number": id, "client_ref": "ref talk", "status": "Complete"})]


def test_every_status_is_told_in_json_when_details_are_wanted(start, client, listener, until):
    url, heard = listener
    id = ordered(client(start(speed=FAST)), url, level="Detailed", content_type="ApplicationJson")
    until(lambda: len(heard) == 2)
    assert all(media.startswith("application/json") for _, media, _ in heard)
    assert [(body["order_number"], body["status"]) for _, _, body in heard] == [
        (id, "In Progress"),
        (id, "Complete"),
    ]


def test_each_file_is_told_with_its_attachment(start, client, listener, until):
    url, heard = listener
    asked = client(start(speed=FAST))
    id = ordered(asked, url, level="FileComplete")
    until(lambda: heard)
    ((_, _, body),) = heard
    assert body["deliverable_type"] == "ai_transcript"
    assert asked.get(f"/attachments/{body['attachment_id']}").json()["kind"] == "transcript"
    assert body["order_number"] == id


def test_an_order_that_is_given_up_is_told_with_its_comment_only_in_detail(start, client, listener, until):
    url, heard = listener
    asked = client(start(speed=FAST))
    quiet = ordered(asked, url, "fail")
    loud = ordered(asked, url, "fail", level="Detailed")
    until(lambda: [body for _, _, body in heard if "comment" in body])
    assert {body["order_number"] for _, _, body in heard} == {loud} != {quiet}
    assert [body["status"] for _, _, body in heard] == ["In Progress", "Cancelled", "Cancelled"]


def test_a_cancelled_order_is_told_of_no_completion(start, client, listener, until):
    url, heard = listener
    asked = client(start(speed=20.0))
    id = ordered(asked, url, level="Detailed")
    assert asked.post(f"/orders/{id}/cancel").status_code == 204
    until(lambda: heard)
    assert [(body["order_number"], body["status"]) for _, _, body in heard] == [(id, "Cancelled")]


def test_a_notification_can_be_lost_and_nothing_waits_for_it(start, client, listener, until):
    url, heard = listener
    sandbox = start(speed=FAST)
    asked = client(sandbox)
    lost = {"match": {"provider": "rev", "operation": "webhook"}, "times": 1, "do": {"drop": "before"}}
    sandbox.set_faults([lost])
    first = ordered(asked, url)
    until(lambda: asked.get(f"/orders/{first}").json()["status"] == "Complete")
    until(lambda: sandbox.world()["things"]["rev.told"])
    second = ordered(asked, url)
    until(lambda: heard)
    assert [body["order_number"] for _, _, body in heard] == [second]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/nobody", "https://example.com/told"])
def test_whoever_does_not_listen_stops_nothing(start, client, until, url):
    asked = client(start(speed=FAST))
    id = ordered(asked, url)
    body = until(lambda: (got := asked.get(f"/orders/{id}").json())["status"] == "Complete" and got)
    assert body["order_number"] == id
