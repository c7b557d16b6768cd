"""A small API that costs its callers little: jobs are created, waited for and fetched. It is a process of its own.

python tests/bench/server.py [--latency SECONDS] [--polls N] prints its port, and serves until its input ends. It speaks
as much HTTP/1.1 as its callers here do (keep-alive, pipelining, bodies with a length) and makes some 15,000 answers a
second. `--polls` is how many looks a job takes until it is done; with `--seconds` it is done after that time instead,
and a job that names a `notify` URL is told of there.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RESULT = b"the bytes of a small result\n" * 40
DOCUMENT = Path(__file__).with_name("mill.openapi.yaml")


@dataclass
class Mill:
    """What the API holds. A job is done after `polls` looks at it, or after `seconds`."""

    polls: int = 0
    seconds: float = 0.0
    latency: float = 0.0
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """The status and the body of an answer."""
        path, _, query = target.partition("?")
        if path == "/jobs":
            return self.create(body) if method == "POST" else self.listed(query)
        if path == "/steps":
            self.counts["step"] += 1
            return 201, b'{"id": "s%d"}' % self.counts["step"]
        if path.startswith("/jobs/"):
            return self.read(path[6:])
        if path.startswith("/files/"):
            self.counts["download"] += 1
            return 200, RESULT
        if path == "/counts":
            return 200, json.dumps(self.counts).encode()
        if path == "/forget":
            self.jobs.clear(), self.began.clear(), self.seen.clear(), self.counts.clear()
            return 200, b"{}"
        return 404, b"{}"

    def create(self, body: bytes) -> tuple[int, bytes]:
        self.counts["create"] += 1
        asked = json.loads(body)
        id = f"j{len(self.jobs) + 1}"
        ready = not self.polls and not self.seconds
        self.jobs[id] = job = {"id": id, "name": asked["name"], "state": "done" if ready else "queued"}
        job["file"] = f"/files/{id}"
        self.began[id] = time.monotonic()
        if asked.get("notify"):
            asyncio.get_running_loop().call_later(self.seconds, self.notify, asked["notify"], id)
        return 201, json.dumps(job).encode()

    def read(self, id: str) -> tuple[int, bytes]:
        self.counts["read"] += 1
        self.look(id)
        return 200, json.dumps(self.jobs[id]).encode()

    def listed(self, query: str) -> tuple[int, bytes]:
        self.counts["list"] += 1
        asked = dict(pair.split("=") for pair in query.split("&") if pair)
        page, size = int(asked.get("page", 1)), int(asked.get("per_page", 100))
        ids = list(self.jobs)[(page - 1) * size : page * size]
        for id in ids:
            self.look(id)
        found = {"jobs": [self.jobs[id] for id in ids], "total": len(self.jobs)}
        return 200, json.dumps(found).encode()

    def look(self, id: str) -> None:
        """One look further."""
        self.seen[id] += 1
        if self.seen[id] >= self.polls and time.monotonic() - self.began[id] >= self.seconds:
            self.jobs[id]["state"] = "done"

    def notify(self, url: str, id: str) -> None:
        """Tell that a job is done, aside from the loop."""
        self.jobs[id]["state"] = "done"
        self.counts["notice"] += 1
        asyncio.get_running_loop().run_in_executor(None, _post, url, json.dumps({"id": id}).encode())


def _post(url: str, body: bytes) -> None:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).read()


class Connection(asyncio.Protocol):
    """One connection: requests in, answers out, in their order."""

    def __init__(self, mill: Mill) -> None:
        self._mill = mill
        self._held = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        held = self._held + data if self._held else data
        while (end := held.find(b"\r\n\r\n")) >= 0:
            head = held[:end]
            at = head.lower().find(b"\r\ncontent-length:")
            length = int(head[at + 17 :].partition(b"\r\n")[0]) if at >= 0 else 0
            if len(held) < end + 4 + length:
                break
            body, held = held[end + 4 : end + 4 + length], held[end + 4 + length :]
            method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
            status, content = self._mill.answer(method, target, body)
            self._send(status, content, target)
        self._held = held

    def _send(self, status: int, content: bytes, target: str) -> None:
        media = b"application/octet-stream" if target.startswith("/files/") else b"application/json"
        said = b"HTTP/1.1 %d OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (
            status,
            media,
            len(content),
        )
        if self._mill.latency:
            asyncio.get_running_loop().call_later(self._mill.latency, self._transport.write, said + content)
        else:
            self._transport.write(said + content)


async def serve(mill: Mill) -> None:
    """Serve until the standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(mill), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def serving(*, latency: float = 0.0, polls: int = 0, seconds: float = 0.0) -> Iterator[str]:
    """The API in a process of its own; its URL."""
    words = ["--latency", str(latency), "--polls", str(polls), "--seconds", str(seconds)]
    process = subprocess.Popen(
        [sys.executable, __file__, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def counted(url: str) -> dict[str, int]:
    """How many requests of each operation came so far."""
    with urllib.request.urlopen(f"{url}/counts", timeout=10) as answer:
        found: dict[str, int] = json.loads(answer.read())
        return found


def forget(url: str) -> None:
    """Begin anew: no jobs, no counts."""
    urllib.request.urlopen(f"{url}/forget", timeout=10).read()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--polls", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0)
    options = parser.parse_args()
    asyncio.run(serve(Mill(options.polls, options.seconds, options.latency)))


if __name__ == "__main__":
    main()
