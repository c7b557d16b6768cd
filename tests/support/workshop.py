"""A small API of our own with a resource for each contract: what offers no more than `find`, `key`, both, `webhook`, or
nothing. It keeps a ledger of what was ordered, is slow to do it, and can lose answers."""

import asyncio
import copy
import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

from acmeworld import Lost, served
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

SETTLE = {"effect": "120s", "lag": "30s"}
DOCUMENTED = {"header": "Idempotency-Key", "life": "24h", "replay": "same_answer"}
UNKNOWN = {"header": "Idempotency-Key", "life": "unknown", "replay": "unknown"}


def find_in(kind: str, field: str = "/ref") -> dict[str, Any]:
    """What the document says of finding a lost call in a list."""
    compare = {} if field != "/ref" else {"compare": {"title": "$item#/title"}}
    named = {"mark": "$item#/ref", "created": "$item#/created", "limit": {"max": 80}}
    return {"list": kind, "field": field, **named, **compare}


USES: dict[str, tuple[str, dict[str, Any]]] = {
    "find": ("things", {"find": find_in("things"), "settle": SETTLE}),
    "key": ("keyed", {"key": DOCUMENTED}),
    "both": ("things", {"find": find_in("things"), "key": UNKNOWN, "settle": SETTLE}),
    "hook": (
        "hooks",
        {"webhook": {"field": "/ref", "window": "600ms"}, "compare": {"ref": "$response.body#/ref"}},
    ),
    "none": ("plain", {}),
    "clip": ("clips", {"find": find_in("clips"), "settle": SETTLE}),
    "set": ("pieces", {"find": find_in("pieces", "/parts/*/ref"), "settle": SETTLE}),
    "card": ("cards", {"find": find_in("cards"), "settle": SETTLE}),
    "sign": ("signs", {"find": find_in("signs"), "settle": SETTLE}),
    "proof": ("proofs", {"find": find_in("proofs"), "settle": SETTLE}),
    "stub": ("stubs", {"find": find_in("stubs"), "settle": SETTLE}),
    "press": ("presses", {}),
    "stamp": ("stamps", {"key": DOCUMENTED}),
}
"""Each use with the collection it makes things in, and its contract; the last two are actions."""


UPDATES: dict[str, dict[str, Any]] = {
    "card": {"effect": "free"},
    "sign": {"effect": "paid"},
    "proof": {"effect": "paid", "fresh": {"differs": ["revision"], "within": "10m"}},
    "stub": {"effect": "paid", "takes": ["token"]},
}
"""What can be changed of a thing, of which all but the card's must be paid for: a lost one is sent again, looked for by
what it changes, looked for by the revision it makes, or, since nothing ever shows a token, in doubt."""


def document(*uses: str) -> str:
    """The OpenAPI document of the workshop with the `x-runner` of these uses alone: each of a thousand processes reads
    it, so it is small. JSON is YAML too."""
    kinds = {USES[name][0] for name in uses}
    actions = [name for name in uses if name in ("press", "stamp")]
    lists = {
        kind: {
            "operation": f"list_{kind}",
            "items": "$[*]",
            "id": "$item#/id",
            "page": {"kind": "none"},
            "whole": True,
            "lag": "1s",
        }
        for kind in kinds
    }
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "Workshop", "version": "1"},
            "servers": [{"url": "https://workshop.example"}],
            "paths": {path: item for kind in kinds for path, item in _paths(kind).items()},
            "x-runner": {
                "version": 1,
                "lists": lists,
                "resources": {name: _resource(name) for name in uses if name not in actions},
                "actions": {
                    name: {
                        "operation": f"create_{USES[name][0]}",
                        "effect": "paid",
                        "delivery": USES[name][1],
                    }
                    for name in actions
                },
            },
        }
    )


def _paths(kind: str) -> dict[str, Any]:
    text = {"type": "string"}
    fields = {"title": text, "ref": text, "notify": text, "token": text}
    if kind == "pieces":
        fields["parts"] = {
            "type": "array",
            "items": {"type": "object", "properties": {"title": text, "ref": text}},
        }
    media, more = "application/json", {}
    if kind == "clips":
        media, more = "multipart/form-data", {"data": {"type": "string", "format": "binary"}}
    body = {"required": True, "content": {media: {"schema": {"type": "object", "properties": fields | more}}}}
    said = {"200": {"description": "it"}}
    id = {"name": "id", "in": "path", "required": True, "schema": text}
    shown: Any = said
    if kind == "stubs":
        one = {"type": "object", "properties": {"id": text, "title": text, "state": text, "file": text}}
        shown = {"200": {"description": "it", "content": {"application/json": {"schema": one}}}}
    changed = {"operationId": f"change_{kind}", "parameters": [id], "requestBody": body, "responses": said}
    return {
        f"/{kind}": {
            "get": {"operationId": f"list_{kind}", "responses": said},
            "post": {"operationId": f"create_{kind}", "requestBody": body, "responses": said},
        },
        f"/{kind}/{{id}}": {
            "get": {"operationId": f"read_{kind}", "parameters": [id], "responses": shown},
            "patch": changed,
        },
    }


def _resource(name: str) -> dict[str, Any]:
    kind, delivery = USES[name]
    done = {"at": "$response.body#/state", "in": ["done"]}
    made: dict[str, Any] = {
        "effect": "paid",
        "create": {"operation": f"create_{kind}"},
        "status": {"at": "$response.body#/state", "ready": [done]},
        "delivery": delivery,
        "wait": {"every": ["20ms", "40ms"]},
        "downloads": {"file": {"url": "$response.body#/file"}},
    }
    if name == "set":
        made["downloads"]["file"]["each"] = "part"
        made["parts"] = {
            "request": "/parts",
            "response": "$.parts[*]",
            "id": "$part#/id",
            "name": "$response.body#/ref",
            "read": {"operation": f"read_{kind}", "send": {"id": "$part.id"}},
        }
        return made
    made |= {"read": {"operation": f"read_{kind}", "send": {"id": "$id"}}, "id": "$response.body#/id"}
    if name in UPDATES:
        made["update"] = {"operation": f"change_{kind}", "send": {"id": "$id"}, **UPDATES[name]}
        made["outputs"] = {"title": "$response.body#/title"}
    if name == "hook":
        made["webhook"] = {"field": "/notify", "id": "$request.body#/id", "mark": "$request.body#/ref"}
    return made


@dataclass
class World:
    """What was ordered and exists, and `changes`, each of them (id, what it sent). `lose`: so many answers are cut
    after the effect; `drop`: before it; `slow`: seconds between a request's last byte and its effect, which comes
    whether or not somebody still waits for the answer; `quick`: so many are made at once all the same. `asked`: the
    orders that were read, made or not. `stale`: so many orders are answered with the first thing that was ever made;
    `huge`: so many with a text without end."""

    base: str = ""
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    ledger: list[dict[str, str]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    lose: int = 0
    drop: int = 0
    slow: float = 0.0
    quick: int = 0
    asked: int = 0
    deaf: bool = False
    stale: int = 0
    huge: int = 0
    refuse: str = ""
    changes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def files(self) -> list[str]:
        """The names of the files that are there, by which `content_of` knows them."""
        return [str(one["file"]).rpartition("/")[2] for one in self.things.values()]

    def ordered(self) -> Counter[str]:
        """How often each title was ordered."""
        return Counter(row["title"] for row in self.ledger)

    def copy(self) -> "World":
        return copy.deepcopy(self)

    async def create(self, request: Request, kind: str) -> Response:
        asked = await self._asked(request)
        self.asked += 1
        if self.drop:
            self.drop -= 1
            return Lost()
        if self.refuse and self.refuse in str(asked.get("title")):
            return JSONResponse({"problem": "no"}, 422)
        if self.quick:
            self.quick -= 1
        else:
            await self._take_time()
        key = request.headers.get("idempotency-key", "") if kind in ("keyed", "stamps") else ""
        body = self._repeated(key) or self._make(kind, asked, key)
        if asked.get("notify") and not self.deaf:
            told: set[asyncio.Task[None]] = request.app.state._state.setdefault("told", set())
            task = asyncio.get_running_loop().create_task(_notify(str(asked["notify"]), body))
            told.add(task)  # the loop itself holds tasks weakly
            task.add_done_callback(told.discard)
        if self.lose:
            self.lose -= 1
            return Lost()
        if self.huge:
            self.huge -= 1
            return StreamingResponse(
                itertools.repeat(b'"' + b"x" * 2**20), 201, media_type="application/json"
            )
        if self.stale:
            self.stale -= 1
            body = next(iter(self.things.values()))
        return JSONResponse(body, 201)

    async def _take_time(self) -> None:
        """As many seconds as `slow` says by the time they are over."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while (left := began + self.slow - clock()) > 0:  # noqa: ASYNC110 — a test changes it from its own thread
            await asyncio.sleep(min(left, 0.02))

    async def _asked(self, request: Request) -> dict[str, Any]:
        if not request.headers.get("content-type", "").startswith("multipart/"):
            asked: dict[str, Any] = await request.json()
            return asked
        body = await request.body()
        found = re.findall(rb'name="(title|ref)"[^\r]*(?:\r\n[^\r]+)*\r\n\r\n([^\r]*)\r\n', body)
        return {name.decode(): value.decode() for name, value in found}

    def _repeated(self, key: str) -> dict[str, Any] | None:
        return self.things[self.keys[key]] if key in self.keys else None

    def _make(self, kind: str, asked: dict[str, Any], key: str) -> dict[str, Any]:
        if kind == "pieces":
            return {"parts": [self._one(kind, part) for part in asked["parts"]]}
        made = self._one(kind, asked)
        if key:
            self.keys[key] = made["id"]
        return made

    def _one(self, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        id = f"{kind}-{len(self.things) + 1}"
        self.ledger.append({"title": str(asked.get("title", "")), "ref": str(asked.get("ref", "")), "id": id})
        self.things[id] = {
            "id": id,
            "kind": kind,
            "title": asked.get("title"),
            "ref": asked.get("ref"),
            "state": "made",
            "created": datetime.now(UTC).isoformat(),
            "file": f"{self.base}/files/{id}",
            "revision": 1,
        }
        return self.things[id]

    async def listed(self, kind: str) -> Response:
        return _dated([one for one in reversed(self.things.values()) if one["kind"] == kind])

    async def change(self, request: Request, id: str) -> Response:
        """A change of what is there; a paid one stands in the ledger, and what is made anew by it is another file."""
        asked = await self._asked(request)
        if self.drop:
            self.drop -= 1
            return Lost()
        if self.refuse and self.refuse in str(asked.get("title")):
            return JSONResponse({"problem": "no"}, 422)
        await asyncio.sleep(self.slow)
        held = self.things[id]
        self.changes.append((id, asked))
        held.update({name: value for name, value in asked.items() if name in ("title", "ref")})
        if held["kind"] != "cards":
            self.ledger.append({"title": str(held["title"]), "ref": str(held["ref"]), "id": id})
        if held["kind"] == "proofs":
            held |= {"revision": held["revision"] + 1, "state": "made"}
            held["file"] = f"{self.base}/files/{id}-{held['revision']}"
        if self.lose:
            self.lose -= 1
            return Lost()
        return JSONResponse(held)

    async def read(self, id: str, kind: str) -> Response:
        if id not in self.things:
            return JSONResponse({}, 404)
        self.things[id]["state"] = "done"
        return _dated(self.things[id])


@dataclass
class Counted(World):
    """Counts the things of each kind by themselves: there is a card 1 beside a sign 1."""

    def _one(self, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        made = super()._one(kind, asked)
        made["id"] = sum(one["kind"] == kind for one in self.things.values())
        return made

    async def read(self, id: str, kind: str) -> Response:
        for held, one in self.things.items():
            if one["kind"] == kind and str(one["id"]) == id:
                return await super().read(held, kind)
        return JSONResponse({}, 404)


def content_of(id: str) -> bytes:
    """The bytes of a thing's file."""
    return hashlib.sha256(id.encode()).digest() * 64


def _dated(body: Any) -> Response:
    return JSONResponse(body, headers={"date": formatdate(usegmt=True)})


@dataclass
class Workshop:
    """Serves worlds, each under a path of its own."""

    url: str = ""
    worlds: dict[str, World] = field(default_factory=dict)

    def put(self, name: str, world: World) -> World:
        """Serve this world under a name, in place of what was there; what still comes for that one stays its own."""
        self.worlds[name] = world
        world.base = f"{self.url}/{name}"
        return world

    def routes(self) -> list[Route]:
        return [
            Route("/{world}/files/{id}", self._file),
            Route("/{world}/{kind}", self._collection, methods=["GET", "POST"]),
            Route("/{world}/{kind}/{id}", self._one, methods=["GET", "PATCH"]),
        ]

    async def _collection(self, request: Request) -> Response:
        world, kind = self.worlds[request.path_params["world"]], request.path_params["kind"]
        return await (world.create(request, kind) if request.method == "POST" else world.listed(kind))

    async def _one(self, request: Request) -> Response:
        world, id = self.worlds[request.path_params["world"]], request.path_params["id"]
        kind = request.path_params["kind"]
        return await (world.change(request, id) if request.method == "PATCH" else world.read(id, kind))

    async def _file(self, request: Request) -> Response:
        return Response(content_of(request.path_params["id"]), media_type="application/octet-stream")


async def _notify(url: str, body: dict[str, Any]) -> None:
    """Tell, and tell again for two seconds while nobody listens."""
    parts = urlsplit(url)
    raw = json.dumps({"id": body["id"], "ref": body["ref"]}).encode()
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(raw)}\r\nConnection: close\r\n\r\n"
    for _ in range(50):
        try:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(head.encode() + raw)
            try:
                if b" 200 " in await reader.readline():
                    return
            finally:
                writer.close()
                await writer.wait_closed()
        except OSError:
            pass  # nobody listens there now: the process may have been killed
        await asyncio.sleep(0.04)


@contextmanager
def open_workshop() -> Iterator[Workshop]:
    """The workshop on this machine, for as long as a test needs it."""
    made = Workshop()
    with served(made.routes()) as made.url:
        yield made
