"""What the emulated Blurb does beyond single answers: renders that advance, films, notifications, restarts."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from runner.sandbox.blurb.batch import Batch, batch_status, moments, notification, status_of
from runner.sandbox.serve import Sandbox

NOWHERE = "http://127.0.0.1:9/nobody"


class Listener:
    """An address that keeps what is posted to it; `status` is what it answers."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.status = 200
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                listener.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(listener.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [body for body in list(self.heard) if body["type"] == kind]


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def blurb() -> Iterator[Callable[[Sandbox], httpx.Client]]:
    with ExitStack() as stack:

        def _client(sandbox: Sandbox) -> httpx.Client:
            headers = {"Authorization": f"Bearer {sandbox.credentials['blurb']['token']}"}
            url = sandbox.base_urls["blurb"] + "/v1"
            return stack.enter_context(
                httpx.Client(base_url=url, headers=headers, trust_env=False, verify=False)
            )

        yield _client


def body(**more: Any) -> dict[str, Any]:
    return {
        "ref": "mine",
        "artist": {"name": "A"},
        "mediaBundle": {"name": "B"},
        "media": {"name": "Ünder / Über"},
        "renders": [{"contentId": "BASE"}],
        **more,
    }


def create(client: httpx.Client, **more: Any) -> str:
    answer = client.post("/batches", json=body(**more))
    assert answer.status_code == 200, answer.text
    id: str = answer.json()["data"]["batchId"]
    return id


def of(client: httpx.Client, id: str) -> dict[str, Any]:
    data: dict[str, Any] = client.get(f"/batches/{id}").json()["data"]
    return data


def kept(**more: Any) -> Batch:
    renders = [
        {"id": "r1", "contentId": "", "aspectRatio": "16x9", "fileName": "a.mp4", "due": 80, "fails": False}
    ]
    return Batch("b", "mine", "a", "c", "m", 0.0, 0.0, "http://x", **{"renders": renders, **more})


@pytest.mark.parametrize(
    ("now", "word"),
    [(0, "PENDING"), (5, "COLLECTING_ASSETS"), (30, "RENDERING"), (79, "RENDERING"), (80, "COMPLETED")],
)
def test_a_render_goes_through_the_documented_words(now: float, word: str) -> None:
    batch = kept()
    assert status_of(batch, batch.renders[0], now) == word
    assert batch_status(batch, now) == ("COMPLETED" if word == "COMPLETED" else "PENDING")


def test_a_batch_waits_for_its_last_render_and_fails_with_any() -> None:
    first = kept().renders[0]
    batch = kept(renders=[first, first | {"due": 90, "fails": True}])
    assert [batch_status(batch, now) for now in (85, 90)] == ["PENDING", "FAILED"]
    assert [moment.index for moment in moments(batch)] == [0, 1, 0, 1, 0, 1]


def test_notifications_have_exactly_the_documented_fields() -> None:
    batch = kept()
    told = [notification(batch, moment, {"r1": "http://film"}) for moment in moments(batch)]
    assert [one["status"] for one in told] == ["COLLECTING_ASSETS", "RENDERING", "COMPLETE", "COMPLETE"]
    assert told[1] == {
        "type": "RENDER", "ref": "mine", "status": "RENDERING", "progress": 0, "message": "Rendering.",
        "renderId": "r1", "batchId": "b", "renderUrl": "",
    }  # fmt: skip
    assert told[3] == {
        "type": "BATCH", "batchId": "b", "ref": "mine", "status": "COMPLETE",
        "renders": [
            {"renderId": "r1", "status": "COMPLETE", "message": "Render completed.", "progress": 100,
             "renderUrl": "http://film"},
        ],
    }  # fmt: skip


def test_a_completed_render_is_a_real_film_that_needs_no_token(shared, blurb, http, until) -> None:
    client = blurb(shared)
    id = create(client)
    render = until(lambda: (data := of(client, id))["status"] == "COMPLETED" and data["renders"][0])
    assert (render["progress"], render["fileName"]) == (100, "nder-ber.mp4")
    film = http.get(render["renderUrl"])
    assert film.headers["content-type"] == "video/mp4"
    assert film.content[4:8] == b"ftyp"


def test_every_render_has_a_film_of_its_own(shared, blurb, http, until) -> None:
    client = blurb(shared)
    id = create(client, renders=[{"contentId": "BASE"}] * 3)
    data = until(lambda: (data := of(client, id))["status"] == "COMPLETED" and data)
    films = {http.get(render["renderUrl"]).content for render in data["renders"]}
    assert len(films) == 3


def test_a_song_to_point_at_is_a_real_mp3(shared, http) -> None:
    song = http.get(shared.media_url + "song.mp3")
    assert song.headers["content-type"] == "audio/mpeg"
    assert song.content[:2] == b"\xff\xfb"
    assert song.content[-128:-125] == b"TAG"
    assert (len(song.content) - 128) % 417 == 0


def test_each_step_of_each_render_and_the_end_are_notified_in_order(shared, blurb, listener, until) -> None:
    client = blurb(shared)
    id = create(client, webhookUrl=listener.url, renders=[{"contentId": "ONE"}, {"contentId": "TWO"}])
    until(lambda: listener.of("BATCH"))
    assert len(listener.heard) == 7
    assert {(told["batchId"], told["ref"]) for told in listener.heard} == {(id, "mine")}
    for render in of(client, id)["renders"]:
        mine = [told for told in listener.of("RENDER") if told["renderId"] == render["renderId"]]
        assert [told["status"] for told in mine] == ["COLLECTING_ASSETS", "RENDERING", "COMPLETE"]
        assert mine[-1]["renderUrl"] == render["renderUrl"]


def test_a_failed_render_is_notified_and_the_batch_is_not(shared, blurb, listener, until) -> None:
    create(blurb(shared), webhookUrl=listener.url, renders=[{"contentId": "fail"}])
    until(lambda: len(listener.heard) == 3)
    assert [told["status"] for told in listener.heard] == ["COLLECTING_ASSETS", "RENDERING", "FAILED"]


def test_a_notification_is_sent_once_whatever_is_answered(shared, blurb, listener, until) -> None:
    listener.status = 500
    create(blurb(shared), webhookUrl=listener.url)
    until(lambda: listener.of("BATCH"))
    assert len(listener.heard) == 4


def test_a_fault_rule_loses_notifications_and_the_rest_still_comes(start, blurb, listener, until) -> None:
    sandbox = start(speed=6000.0)
    match = {"provider": "blurb", "operation": "webhook"}
    sandbox.set_faults([{"match": match, "times": 3, "do": {"drop": "before"}}])
    create(blurb(sandbox), webhookUrl=listener.url)
    until(lambda: listener.heard)
    assert [told["type"] for told in listener.heard] == ["BATCH"]


def test_a_notification_waits_for_a_listener_that_comes_a_moment_later(start, blurb, until) -> None:
    sandbox = start(speed=6000.0)
    late = Listener()
    late.close()
    client = blurb(sandbox)
    id = create(client, webhookUrl=late.url)
    until(lambda: of(client, id)["status"] == "COMPLETED")
    heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", int(late.url.split(":")[2].split("/")[0])), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        until(lambda: len(heard) == 4)
        server.shutdown()
        thread.join()
    assert heard


def test_what_fell_due_while_no_sandbox_ran_is_told_by_the_next_and_nothing_twice(
    start, blurb, listener, until, tmp_path, files
) -> None:
    from runner.sandbox.serve import SandboxSettings, running

    settings = SandboxSettings(tmp_path / "sandbox", speed=10.0, files=files)
    with running(settings) as sandbox:
        create(blurb(sandbox), webhookUrl=listener.url)
        until(lambda: listener.heard)
    first = len(listener.heard)
    assert first < 4
    start(speed=6000.0)
    until(lambda: listener.of("BATCH"))
    words = [told["status"] for told in listener.heard]
    assert words == ["COLLECTING_ASSETS", "RENDERING", "COMPLETE", "COMPLETE"]


def test_nobody_beyond_this_machine_is_notified(shared, blurb, until) -> None:
    client = blurb(shared)
    id = create(client, webhookUrl="https://example.com/webhook")
    until(lambda: of(client, id)["status"] == "COMPLETED")
    assert of(client, id)["webhookUrl"] == "https://example.com/webhook"
    assert id not in str(shared.world()["things"].get("blurb.notified", []))


def test_a_listener_that_never_comes_does_not_keep_the_sandbox_from_ending(tmp_path, blurb) -> None:
    from runner.sandbox.serve import SandboxSettings, running

    with running(SandboxSettings(tmp_path / "alone", speed=6000.0)) as sandbox:
        create(blurb(sandbox), webhookUrl=NOWHERE)
        began = time.monotonic()
    assert time.monotonic() - began < 4


def test_things_outlive_the_process(tmp_path, blurb) -> None:
    from runner.sandbox.serve import SandboxSettings, running

    settings = SandboxSettings(tmp_path / "alone")
    with running(settings) as sandbox:
        id = create(blurb(sandbox))
        media = of(blurb(sandbox), id)["mediaId"]
    with running(settings) as sandbox:
        client = blurb(sandbox)
        assert of(client, id)["ref"] == "mine"
        assert client.get(f"/media/{media}").json()["data"]["name"] == "Ünder / Über"
        assert len(sandbox.ledger()) == 1
