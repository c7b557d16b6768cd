"""Plain documents over real HTTP: what a manifest says arrives as the document says, with a session of OAuth 2."""

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

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
security: [{login: [write]}]
paths:
  /things/{id}{?}:
  /things/{id},{rev}/:
    parameters:
      - {name: id, in: path, required: true, style: label, explode: true, schema: {type: array, items: {type: string}}}
      - {name: rev, in: path, required: true, schema: {type: integer}}
    get:
      operationId: Thing · lesen
      parameters:
        - {name: filter, in: query, style: deepObject, schema: {type: object, additionalProperties: {type: string}}}
        - {name: tags, in: query, style: pipeDelimited, explode: false, schema: {type: array, items: {type: string}}}
        - {name: X-Mode, in: header, schema: {type: string}}
        - {name: theme, in: cookie, schema: {type: string}}
      responses: {default: {description: whatever}}
  /upload:
    post:
      operationId: upload
      requestBody:
        content:
          multipart/form-data:
            schema:
              type: object
              required: [file]
              properties: {file: {type: string, contentMediaType: audio/wav}, meta: {type: object}}
      responses: {"200": {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}}
  /raw/{name}:
    put:
      requestBody: {content: {application/octet-stream: {}}}
  /order:
    post:
      operationId: order
      requestBody:
        content:
          application/xml:
            schema:
              type: object
              xml: {name: Order}
              properties: {title: {type: string}, lines: {type: array, items: {type: string, xml: {name: Line}}}}
components:
  securitySchemes:
    login: {type: oauth2, flows: {clientCredentials: {tokenUrl: TOKEN/oauth/token, scopes: {write: w}}}}
"""

MANIFEST = """
version: 1
name: plain
providers:
  plain:
    openapi: plain.yaml
    base_url: URL/api
    auth: {client_id: me, client_secret: "${{ env.PLAIN_SECRET }}"}
jobs:
  thing:
    uses: plain.thing_lesen
    with: {id: [a/b, ü], rev: 3, filter: {state: "x&y"}, tags: [p, q r], X-Mode: quick, theme: "dark; blue"}
  sound:
    uses: plain.upload
    with: {file: sound.wav, meta: {takes: 2}}
  raw:
    uses: plain.put_raw_name
    with: {name: "${{ jobs.sound.outputs.id }}", body: sound.wav}
  order:
    uses: plain.order
    with: {title: "A < B ${{ jobs.thing.outputs.id }}", lines: [one, two]}
"""


@dataclass
class Seen:
    """The requests that came, by path; `grants` how a token was asked for; `basic_only`: the form is refused."""

    requests: dict[str, tuple[str, dict[str, str], bytes]] = field(default_factory=dict)
    grants: list[str] = field(default_factory=list)
    basic_only: bool = False

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        basic = request.headers.get("authorization", "").startswith("Basic ")
        self.grants.append("basic" if basic else "form")
        if self.basic_only and not basic:
            return JSONResponse({"error": "invalid_client"}, 401)
        assert (form["grant_type"], form["scope"]) == ("client_credentials", "write")
        return JSONResponse({"access_token": "tok-1", "token_type": "bearer", "expires_in": 60})

    async def any(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer tok-1":
            return JSONResponse({"error": "no token"}, 401)
        target = request.scope["raw_path"].decode()
        query = request.scope["query_string"].decode()
        self.requests[f"{target}?{query}" if query else target] = (
            request.method,
            dict(request.headers),
            await request.body(),
        )
        return JSONResponse({"id": "f-1"})


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    made = Seen()
    methods = ["GET", "POST", "PUT"]
    routes = [
        Route("/oauth/token", made.token, methods=["POST"]),
        Route("/api/{rest:path}", made.any, methods=methods),
    ]
    with acmeworld.served(routes) as url:
        (tmp_path / "plain.yaml").write_text(DOCUMENT.replace("TOKEN", url))
        (tmp_path / "m.yaml").write_text(MANIFEST.replace("URL", url))
        (tmp_path / "sound.wav").write_bytes(b"RIFF....WAVE")
        monkeypatch.setenv("PLAIN_SECRET", "s&cret")
        monkeypatch.setenv("NO_COLOR", "1")
        yield made


def applied(folder: Path) -> tuple[int, str]:
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        code = run(["apply", "-f", str(folder / "m.yaml"), "--auto-approve"])
    return code, out.getvalue()


def test_every_place_and_form_arrives_as_the_document_says(seen: Seen, tmp_path: Path) -> None:
    code, out = applied(tmp_path)
    assert code == 0, out
    assert "s&cret" not in out
    paths = {path.partition("?")[0]: path for path in seen.requests}
    thing = paths["/api/things/.a%2Fb.%C3%BC,3/"]
    assert thing.partition("?")[2] == "filter[state]=x%26y&tags=p%7Cq%20r"
    _, headers, _ = seen.requests[thing]
    assert (headers["x-mode"], headers["cookie"]) == ("quick", "theme=dark%3B%20blue")
    method, headers, body = seen.requests["/api/upload"]
    assert method == "POST"
    assert headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b"RIFF....WAVE" in body
    assert b'{"takes":2}' in body
    assert seen.requests["/api/raw/f-1"][::2] == ("PUT", b"RIFF....WAVE")
    _, headers, body = seen.requests["/api/order"]
    assert headers["content-type"].startswith("application/xml")
    assert b"<title>A &lt; B f-1</title>" in body
    assert body.count(b"<Line>") == 2
    assert set(seen.grants) == {"form"}


def test_a_server_that_takes_a_client_by_basic_alone_is_met_that_way(seen: Seen, tmp_path: Path) -> None:
    seen.basic_only = True
    code, out = applied(tmp_path)
    assert code == 0, out
    assert seen.grants[:2] == ["form", "basic"]
