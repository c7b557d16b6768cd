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


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts sandboxes that end with the test; by default on one folder, with `published/` as its files."""
    files = tmp_path / "published"
    files.mkdir()
    with ExitStack() as stack:

        def _start(**settings: Any) -> Sandbox:
            settings = {"folder": tmp_path / "sandbox", "files": files, "speed": 60.0, **settings}
            return stack.enter_context(running(SandboxSettings(**settings)))

        yield _start


@pytest.fixture
def dubformer() -> Iterator[Callable[[Sandbox], httpx.Client]]:
    """Makes clients of Dubformer that end with the test."""
    with ExitStack() as stack:

        def _client(sandbox: Sandbox) -> httpx.Client:
            token = sandbox.credentials["dubformer"]["token"]
            url = sandbox.base_urls["dubformer"] + "/api/v1"
            headers = {"Authorization": f"Bearer {token}"}
            return stack.enter_context(httpx.Client(base_url=url, headers=headers, trust_env=False))

        yield _client


@pytest.fixture
def revoice() -> Iterator[Callable[[Sandbox], httpx.Client]]:
    """Makes clients of ReVoice, logged in, that end with the test."""
    with ExitStack() as stack:

        def _client(sandbox: Sandbox) -> httpx.Client:
            held = sandbox.credentials["revoice"]
            client = stack.enter_context(httpx.Client(base_url=sandbox.base_urls["revoice"], trust_env=False))
            login = {"clientId": held["client_id"], "clientSecret": held["client_secret"]}
            client.headers["Authorization"] = client.post("/auth/token", json=login).json()["accessToken"]
            return client

        yield _client


@pytest.fixture
def publish(tmp_path: Path) -> Callable[[str, Sequence[Sequence[object]], str], str]:
    """Writes rows as a workbook into the published directory and returns its name."""

    def _publish(name: str, rows: Sequence[Sequence[object]], sheet: str = "Sheet1") -> str:
        workbook = Workbook()
        assert workbook.active is not None
        workbook.active.title = sheet
        for row in rows:
            workbook.active.append(list(row))
        content = io.BytesIO()
        workbook.save(content)
        (tmp_path / "published" / name).write_bytes(content.getvalue())
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
