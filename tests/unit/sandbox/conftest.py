"""A sandbox on a free port, and clients that carry its credentials."""

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import Workbook

from runner.sandbox.serve import Sandbox, SandboxSettings, running

Start = Callable[..., Sandbox]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published directory of all sandboxes."""
    return tmp_path_factory.mktemp("published")


@pytest.fixture(scope="session")
def shared(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A quick sandbox for tests that mind nobody else's things."""
    folder = tmp_path_factory.mktemp("shared")
    with running(SandboxSettings(folder, speed=6000.0, files=files)) as sandbox:
        yield sandbox


@pytest.fixture
def start(tmp_path: Path, files: Path) -> Iterator[Start]:
    """Starts sandboxes of the test's own, by default on one folder."""
    with ExitStack() as stack:

        def _start(**settings: Any) -> Sandbox:
            settings = {"folder": tmp_path / "sandbox", "files": files, "speed": 60.0, **settings}
            return stack.enter_context(running(SandboxSettings(**settings)))

        yield _start


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """A client for any URL, without the certificates that cost a quarter of a second."""
    with httpx.Client(trust_env=False, verify=False) as client:
        yield client


@pytest.fixture
def dubformer() -> Iterator[Callable[[Sandbox], httpx.Client]]:
    """Makes clients of Dubformer that end with the test."""
    with ExitStack() as stack:

        def _client(sandbox: Sandbox) -> httpx.Client:
            token = sandbox.credentials["dubformer"]["token"]
            url = sandbox.base_urls["dubformer"] + "/api/v1"
            headers = {"Authorization": f"Bearer {token}"}
            return stack.enter_context(
                httpx.Client(base_url=url, headers=headers, trust_env=False, verify=False)
            )

        yield _client


@pytest.fixture
def revoice() -> Iterator[Callable[[Sandbox], httpx.Client]]:
    """Makes clients of ReVoice, logged in, that end with the test."""
    with ExitStack() as stack:

        def _client(sandbox: Sandbox) -> httpx.Client:
            held = sandbox.credentials["revoice"]
            client = stack.enter_context(
                httpx.Client(base_url=sandbox.base_urls["revoice"], trust_env=False, verify=False)
            )
            login = {"clientId": held["client_id"], "clientSecret": held["client_secret"]}
            client.headers["Authorization"] = client.post("/auth/token", json=login).json()["accessToken"]
            return client

        yield _client


@pytest.fixture
def publish(files: Path) -> Callable[[str, Sequence[Sequence[object]], str], str]:
    """Writes rows as a workbook into the published directory and returns its name."""

    def _publish(name: str, rows: Sequence[Sequence[object]], sheet: str = "Sheet1") -> str:
        workbook = Workbook()
        assert workbook.active is not None
        workbook.active.title = sheet
        for row in rows:
            workbook.active.append(list(row))
        content = io.BytesIO()
        workbook.save(content)
        (files / name).write_bytes(content.getvalue())
        return name

    return _publish


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Any]:
    """Asks again and again until the answer is true, for at most ten seconds."""

    def _until(ask: Callable[[], Any]) -> Any:
        end = time.monotonic() + 10
        while not (answer := ask()):
            assert time.monotonic() < end, "the condition never came true"
        return answer

    return _until
