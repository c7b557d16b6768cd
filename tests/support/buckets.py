"""Servers that files are published to: one of S3, and one of a folder that takes PUT."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEYS = {"AWS_ACCESS_KEY_ID": "canary-key-id", "AWS_SECRET_ACCESS_KEY": "canary-secret-key"}


@lru_cache(maxsize=1)
def s3_server() -> str:
    """The URL of a server of S3 that lives as long as this process; no object of it is public."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def s3_client() -> Any:
    """A client of that server, as an administrator of AWS would use one."""
    import boto3

    return boto3.client(
        "s3", endpoint_url=s3_server(), region_name="us-east-1",
        aws_access_key_id="admin", aws_secret_access_key="admin",
    )  # fmt: skip


@dataclass
class PutServer:
    """A folder in memory. `auth` is the header that a PUT needs (empty: none), `broken` how many PUTs fail with 503."""

    url: str = ""
    auth: str = ""
    broken: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextmanager
def put_server(auth: str = "") -> Iterator[PutServer]:
    """Such a server for the time of the block."""
    made = PutServer(auth=auth)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._read(True)

        def do_HEAD(self) -> None:
            self._read(False)

        def _read(self, whole: bool) -> None:
            made.asked.append(self.command)
            content = made.files.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if whole and content is not None:
                self.wfile.write(content)

        def do_PUT(self) -> None:
            made.asked.append("PUT")
            content = self.rfile.read(int(self.headers["Content-Length"]))
            status = 201
            if made.auth and self.headers.get("Authorization") != made.auth:
                status = 401
            elif made.broken > 0:
                made.broken -= 1
                status = 503
            else:
                made.files[self.path] = content
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
