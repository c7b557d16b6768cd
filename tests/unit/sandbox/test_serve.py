import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from runner.model.errors import RunnerError, StateLocked
from runner.sandbox.ground.credentials import CREDENTIALS
from runner.sandbox.ground.world import read_ledger
from runner.sandbox.serve import SandboxSettings, announcement, running, serve_forever

PROJECT = {
    "name": "a",
    "source_lang": "en",
    "target_lang": "fr-FR",
    "source_video_url": "https://x.org/v.mp4?minutes=1",
}
SERVE = """
import sys
from pathlib import Path
from runner.sandbox.serve import SandboxSettings, serve_forever
serve_forever(SandboxSettings(Path(sys.argv[1])), lambda line: print(line, flush=True))
"""


def serve_apart(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A sandbox in a process of its own, and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout is not None
    return process, process.stdout.readline().split()[3]


def headers(provider="dubformer"):
    return {"Authorization": f"Bearer {CREDENTIALS[provider]['token']}"}


def test_all_five_providers_have_credentials_under_the_names_of_manifests():
    assert {name: set(held) for name, held in CREDENTIALS.items()} == {
        "revoice": {"client_id", "client_secret"},
        "dubformer": {"token"},
        "blurb": {"token"},
        "respeecher": {"api_key"},
        "rev": {"client_key", "user_key"},
    }


def test_the_urls_are_on_loopback(start):
    sandbox = start()
    assert sandbox.url.startswith("http://127.0.0.1:")
    assert sandbox.base_urls["dubformer"] == sandbox.url + "/dubformer"
    assert sandbox.base_urls["revoice"] == sandbox.url + "/revoice"
    assert sandbox.files_url == sandbox.url + "/files/"


def test_a_second_run_has_the_same_url_and_the_same_world(tmp_path, dubformer):
    settings = SandboxSettings(tmp_path)
    with running(settings) as first:
        made = dubformer(first).post("/projects", json=PROJECT).json()
        ledger = first.ledger()
    with running(settings) as second:
        assert second.url == first.url
        assert dubformer(second).get(f"/projects/{made['project_id']}").json()["name"] == "a"
        assert second.ledger() == ledger
        assert dubformer(second).get("/balance").json() == {"balance_minutes": made["balance_minutes"]}


def test_a_taken_port_is_replaced_by_a_free_one_that_is_kept(tmp_path):
    settings = SandboxSettings(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (tmp_path / "port").write_text(str(taken.getsockname()[1]))
        with running(settings) as sandbox:
            assert not sandbox.url.endswith(f":{taken.getsockname()[1]}")
    assert (tmp_path / "port").read_text() == sandbox.url.rpartition(":")[2]


def test_a_free_port_is_one_that_no_connection_is_lent(tmp_path):
    with running(SandboxSettings(tmp_path)) as sandbox:
        port = int(sandbox.url.rpartition(":")[2])

    assert 20_000 <= port < 32_768


def test_a_given_port_that_is_taken_is_an_error(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(RunnerError, match=f"port {port} is taken"),
            running(SandboxSettings(tmp_path, port=port)),
        ):
            pass


def test_fresh_forgets_the_world(tmp_path, dubformer):
    with running(SandboxSettings(tmp_path)) as sandbox:
        dubformer(sandbox).post("/projects", json=PROJECT)
    with running(SandboxSettings(tmp_path, fresh=True)) as sandbox:
        assert sandbox.ledger() == []


def test_another_process_on_the_same_folder_is_used_as_it_is(tmp_path, dubformer):
    with running(SandboxSettings(tmp_path, speed=5.0)) as first, running(SandboxSettings(tmp_path)) as second:
        dubformer(first).post("/projects", json=PROJECT)
        assert second.url == first.url
        assert second.speed == 5.0
        assert len(second.ledger()) == 1


def test_another_process_with_other_files_keeps_the_folder(files, tmp_path):
    other = SandboxSettings(tmp_path, files=files)
    with (
        running(SandboxSettings(tmp_path)),
        pytest.raises(StateLocked, match="another process"),
        running(other),
    ):
        pass


def test_what_was_answered_survives_a_kill(http, tmp_path):
    process, url = serve_apart(tmp_path)
    answered: list[str] = []

    def create(_: int) -> None:
        with httpx.Client(headers=headers(), trust_env=False, verify=False) as client:
            for _ in range(1000):
                try:
                    answer = client.post(f"{url}/dubformer/api/v1/projects", json=PROJECT)
                except httpx.HTTPError:
                    return
                answered.append(answer.json()["project_id"])
                if len(answered) == 200:
                    process.kill()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(4)))
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    ledger = read_ledger(tmp_path)
    ids = [row["id"] for row in ledger]
    assert len(answered) >= 200
    assert set(answered) <= set(ids)
    assert len(set(ids)) == len(ids)
    with running(SandboxSettings(tmp_path)) as sandbox:
        assert sandbox.url == url
        listed = http.get(f"{url}/dubformer/api/v1/projects", headers=headers()).json()["projects"]
        balance = http.get(f"{url}/dubformer/api/v1/balance", headers=headers()).json()["balance_minutes"]
    assert [item["project_id"] for item in listed] == ids
    assert balance == 100_000 - len(ids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_at_a_signal(http, tmp_path, number):
    process, url = serve_apart(tmp_path)
    assert http.get(f"{url}/dubformer/api/v1/balance", headers=headers()).status_code == 200
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_serving_restores_the_signal_handlers(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    lines: list[str] = []

    def announce(line: str) -> None:
        lines.append(line)
        if len(lines) == 1:
            os.kill(os.getpid(), signal.SIGTERM)

    serve_forever(SandboxSettings(tmp_path), announce)
    assert signal.getsignal(signal.SIGTERM) is before
    assert len(lines) > 5


def test_the_announcement_is_yaml_to_paste(start):
    import yaml

    sandbox = start()
    pasted = yaml.safe_load("\n".join(announcement(sandbox)))["providers"]
    assert pasted["dubformer"] == {
        "base_url": sandbox.base_urls["dubformer"],
        "auth": dict(CREDENTIALS["dubformer"]),
    }
    assert set(pasted) == set(sandbox.base_urls)


def test_no_thread_is_left_behind(tmp_path):
    before = threading.active_count()
    with running(SandboxSettings(tmp_path)):
        assert threading.active_count() > before
    assert threading.active_count() == before


def test_requests_are_counted_over_restarts(tmp_path, dubformer):
    for _ in "ab":
        with running(SandboxSettings(tmp_path)) as sandbox:
            dubformer(sandbox).get("/balance")
            counts = sandbox.requests()
    assert counts["dubformer.getBalance"] == 2


def test_the_world_page_shows_what_exists_but_not_the_secret(start, dubformer):
    sandbox = start()
    dubformer(sandbox).post("/projects", json=PROJECT)
    world = sandbox.world()
    assert [project["name"] for project in world["things"]["dubformer.project"]] == ["a"]
    assert "secret" not in world["facts"]
