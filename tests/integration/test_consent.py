"""What only apply can find out asks for consent as a plan does: a call behind a changing one is not made unasked."""

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import acmeworld
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runner.cli.main import run

DOCUMENT = """
openapi: 3.1.0
info: {title: Plain, version: "1"}
servers: [{url: /api}]
paths:
  /first:
    post:
      operationId: first
      requestBody: {content: {application/json: {schema: {type: object, properties: {t: {type: string}}}}}}
      responses: {"200": {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}}
  /second:
    post:
      operationId: second
      requestBody: {content: {application/json: {schema: {type: object, properties: {t: {type: string}}}}}}
      responses: {"200": {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}}
"""

MANIFEST = """
version: 1
name: plain
providers: {plain: {openapi: plain.yaml, base_url: URL/api}}
jobs:
  one: {uses: plain.first, with: {t: red}}
  two: {uses: plain.second, with: {t: "${{ jobs.one.outputs.id }}"}}
"""


class Seen:
    """The folder of the manifest, and the paths that were called; each answer has another id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls: list[str] = []
        self.answers = 0

    async def any(self, request: Request) -> Response:
        self.calls.append(request.scope["path"].rpartition("/")[2])
        self.answers += 1
        return JSONResponse({"id": f"f-{self.answers}"})

    def apply(self, *words: str) -> tuple[int, str]:
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            code = run(["apply", "-f", str(self.folder / "m.yaml"), "--auto-approve", *words])
        return code, out.getvalue()


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    made = Seen(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    with acmeworld.served([Route("/api/{rest:path}", made.any, methods=["POST"])]) as url:
        (tmp_path / "plain.yaml").write_text(DOCUMENT)
        (tmp_path / "m.yaml").write_text(MANIFEST.replace("URL", url))
        made.apply()
        file = tmp_path / "m.yaml"
        file.write_text(file.read_text().replace("t: red", "t: blue"))
        made.calls.clear()
        yield made


def test_a_call_behind_a_replaced_one_waits_for_its_own_consent(seen: Seen) -> None:
    code, told = seen.apply("--replace", "one")

    assert "call?     two  one changes; if that changes its inputs, it waits for consent" in told
    assert seen.calls == ["first"], told
    assert code == 7
    assert "its inputs changed, and it is paid for" in told


def test_a_call_behind_a_replaced_one_is_repeated_with_consent(seen: Seen) -> None:
    code, told = seen.apply("--replace", "one", "--replace", "two")

    assert seen.calls == ["first", "second"], told
    assert code == 0
