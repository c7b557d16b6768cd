"""A real YAML language server (npm `yaml-language-server`), driven as an editor drives it: LSP over its pipes."""

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

VERSION = "1.25.0"
CACHE = Path(__file__).parents[2] / ".venv" / f"yaml-language-server-{VERSION}"
PATIENCE = 40.0


def missing_program() -> str:
    """Why there can be no server here; empty when there can."""
    lacking = [name for name in ("node", "npm") if shutil.which(name) is None]
    return f"{' and '.join(lacking)} not found: install Node.js 20 to run this test" if lacking else ""


def installed() -> Path:
    """The server's program; it is installed once, into a folder that git ignores."""
    program = CACHE / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    if not program.exists():
        fresh = CACHE.with_name(f"{CACHE.name}-{threading.get_native_id()}")
        fresh.mkdir(parents=True)
        words = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(fresh)]
        subprocess.run(
            [*words, f"yaml-language-server@{VERSION}"], check=True, capture_output=True, timeout=50
        )
        try:
            fresh.rename(CACHE)
        except OSError:  # another worker was quicker
            shutil.rmtree(fresh)
    return program


class Editor:
    """An open connection. `diagnostics` and `completions` wait for the server's word."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._arrived: queue.Queue[dict[str, Any]] = queue.Queue()
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        self._ids = iter(range(1, 1000))
        threading.Thread(target=self._read, daemon=True).start()

    def start(self, folder: Path) -> None:
        """The handshake; schemas come from the files alone, never from the network."""
        self._ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
        self._tell("initialized", {})
        held = {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}
        self._tell("workspace/didChangeConfiguration", {"settings": {"yaml": held}})

    def open(self, file: Path, text: str) -> None:
        """Shows a text to the server, as if it had just been typed."""
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})

    def diagnostics(self, file: Path) -> list[dict[str, Any]]:
        """What the server finds wrong with an open file."""
        while file.as_uri() not in self._diagnostics:
            self._take()
        return self._diagnostics[file.as_uri()]

    def completions(self, file: Path, line: int, column: int) -> list[str]:
        """The words that the server offers at a place (from 0)."""
        place = {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": column}}
        answer = self._ask("textDocument/completion", place)
        items = answer["items"] if isinstance(answer, Mapping) else answer
        return [str(item["label"]) for item in items]

    def _ask(self, method: str, params: Any) -> Any:
        id = next(self._ids)
        self._send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        while True:
            message = self._take()
            if message.get("id") == id and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _tell(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def _take(self) -> dict[str, Any]:
        message = self._arrived.get(timeout=PATIENCE)
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message and "method" in message:  # the server asks the editor something
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": None})
        return message

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps(message).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                header = stream.readline()
            self._arrived.put(json.loads(stream.read(length)))


@contextmanager
def editor(folder: Path) -> Iterator[Editor]:
    """An editor with its server for the time of a block."""
    words = ["node", str(installed()), "--stdio"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        try:
            made = Editor(process)
            made.start(folder)
            yield made
        finally:
            process.kill()
