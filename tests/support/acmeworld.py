"""The small render service of `manifests/acme`, served on this machine for as long as a test needs it."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEY = "acme-secret-1"


@dataclass
class Acme:
    """`ledger` counts the paid renders by reference, `mails` what was shared; `lose` answers are dropped after their
    effect. `link`: where videos are, instead of here; `files/moved` has moved to `moved`, and was asked for with
    `keys["moved"]`."""

    url: str = ""
    renders: dict[str, dict[str, Any]] = field(default_factory=dict)
    ledger: Counter[str] = field(default_factory=Counter)
    mails: list[tuple[str, str]] = field(default_factory=list)
    lose: int = 0
    link: str = ""
    moved: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        return [
            Route("/v2/templates", self.templates),
            Route("/v2/renders", self.listed),
            Route("/v2/renders", self.create, methods=["POST"]),
            Route("/v2/renders/{id}", self.read),
            Route("/v2/renders/{id}/share", self.share, methods=["POST"]),
            Route("/files/moved", self.moved_on),
            Route("/files/{name}", self.file),
        ]

    async def templates(self, request: Request) -> Response:
        return refused(request) or JSONResponse({"templates": [{"id": "tpl-7", "name": "Trailer"}]})

    async def listed(self, request: Request) -> Response:
        page, size = (int(request.query_params.get(name, 1)) for name in ("page", "per_page"))
        newest = list(reversed(self.renders.values()))
        for one in newest:
            self.advance(one)
        found = newest[(page - 1) * size : page * size]
        return refused(request) or JSONResponse({"renders": found, "total": len(newest)})

    async def create(self, request: Request) -> Response:
        if refusal := refused(request):
            return refusal
        asked = await request.json()
        if asked["template"] != "tpl-7":
            return JSONResponse({"problem": "no such template", "code": "unknown_template"}, 422)
        id = f"r{len(self.renders) + 1}"
        self.ledger[asked.get("reference", "")] += 1
        seconds = asked["source"].get("seconds", 60)
        self.renders[id] = {
            **asked,
            "id": id,
            "state": "queued",
            "minutes": seconds / 60,
            "created": datetime.now(UTC).isoformat(),
        }
        if self.lose:
            self.lose -= 1
            return Lost()
        return JSONResponse(self.renders[id], 201)

    async def read(self, request: Request) -> Response:
        held = self.renders[request.path_params["id"]]
        self.advance(held)
        return refused(request) or JSONResponse(held)

    def advance(self, render: dict[str, Any]) -> None:
        """One look further: queued, working, done."""
        render["state"] = {"queued": "working"}.get(render["state"], "done")
        if render["state"] == "done":
            render["files"] = {
                kind: f"{self.url}/files/{render['id']}.{kind}" for kind in ("video", "poster")
            }
            if self.link:
                render["looks"] = render.get("looks", 0) + 1
                render["files"]["video"] = self.link.format(**render)

    async def share(self, request: Request) -> Response:
        sent = dict(parse_qsl((await request.body()).decode()))
        self.mails.append((request.path_params["id"], sent["email"]))
        return refused(request) or Response(status_code=204)

    async def moved_on(self, request: Request) -> Response:
        self.keys["moved"] = request.headers.get("x-acme-key", "")
        return Response(status_code=302, headers={"Location": self.moved})

    async def file(self, request: Request) -> Response:
        return Response(f"the bytes of {request.path_params['name']}", media_type="application/octet-stream")


class Lost(Response):
    """An answer that never arrives: the connection is cut."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


def refused(request: Request) -> Response | None:
    if request.headers.get("x-acme-key") == KEY:
        return None
    return JSONResponse({"problem": "no key", "code": "unauthorized"}, 401)


@contextmanager
def serving() -> Iterator[Acme]:
    """The service under `Acme.url`."""
    acme = Acme()
    with served(acme.routes()) as acme.url:
        yield acme


@contextmanager
def served(routes: list[Route]) -> Iterator[str]:
    """Any routes, under the URL that is given."""
    config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
